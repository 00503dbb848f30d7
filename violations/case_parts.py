"""The parts of a violation case's life: states, terms, what the conditions look at, the step somebody wants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class CaseState(StrEnum):
    """Where a case stands."""

    DETECTED = "detected"
    SCREENED = "screened"
    MERGED = "merged"
    AUTO_REJECTED = "auto_rejected"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    SECOND_LOOK = "second_look"
    OFFICER_CONFIRMED = "officer_confirmed"
    OFFICER_REJECTED = "officer_rejected"
    NON_PAYABLE = "non_payable"
    SIGNED = "signed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Terms:
    """Organisational terms, parameters of the city.

    Attributes:
        claim_lapse: a claim without an action lapses after this.
        queue_warning: a case nobody claimed is shown as late after this.
        second_look_mci: a penalty from this many monthly calculation indices gets a second pair of eyes.
        second_look_share: share of the other confirmations sampled for it, 0 to 1.
        sample_auto_rejected: share of automatic rejections looked at by people, 0 to 1.
    """

    claim_lapse: timedelta = timedelta(minutes=30)
    queue_warning: timedelta = timedelta(hours=24)
    second_look_mci: float = 20.0
    second_look_share: float = 0.02
    sample_auto_rejected: float = 0.01


@dataclass(frozen=True, slots=True)
class CaseView:
    """What the conditions look at.

    Attributes:
        state: None before the case exists.
        claimed_by, claimed_at: who reviews it, and that officer's last action.
        first_reviewer: who had it before the second look.
        confirmed_by: who confirmed it.
        territory: district of the camera, None when the city is not divided.
        missing: names of mandatory fields still empty (plate, article, ...).
        penalty_kind: fine, warning or non_payable, once an article is chosen.
        second_look_due: it must be looked at by another officer before it is confirmed, and was not yet.
        limitation_ends: after this no decision may be made.
        ended: every attribute beside the case has ended.
        retained_until: returned, merged and automatically rejected cases close after this.
        held: its camera and rule are under quarantine: it waits, and nobody may claim it.
    """

    state: CaseState | None
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    first_reviewer: str | None = None
    confirmed_by: str | None = None
    territory: str | None = None
    missing: tuple[str, ...] = ()
    penalty_kind: str | None = None
    second_look_due: bool = False
    limitation_ends: datetime | None = None
    ended: bool = False
    retained_until: datetime | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class CaseStep:
    """A step somebody wants to take.

    Attributes:
        target: the state wanted.
        at: the moment its conditions are asked for.
        reason: reason code.
        terms: of the city.
        name: of the step, where whoever takes it named one: no other step to the same state is taken instead.
    """

    target: CaseState
    at: datetime
    reason: str | None = None
    terms: Terms = Terms()
    name: str | None = None
