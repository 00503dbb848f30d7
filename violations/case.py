"""The life of a violation case: states, who may move it, under which condition; and four attributes beside it.

One table holds the case itself, four small ones the attributes that run once it is signed (registration, delivery,
payment, appeal, enforcement). All functions are pure: they say whether a step is allowed, and change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from qyran.errors import AccessError, TransitionError
from qyran.roles import OFFICERS, Actor, Role


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


@dataclass(frozen=True, slots=True)
class CaseStep:
    """A step somebody wants to take: to which state, when, for which reason code."""

    target: CaseState
    at: datetime
    reason: str | None = None
    terms: Terms = Terms()


Guard = Callable[[CaseView, CaseStep, Actor], str | None]
"""Returns why the step is refused, or None."""


def _in_territory(case: CaseView, _: CaseStep, actor: Actor) -> str | None:
    if case.territory and actor.territories and case.territory not in actor.territories:
        return f"the case belongs to the territory {case.territory}, which is not the officer's"
    return None


def _claim_held(case: CaseView, step: CaseStep, actor: Actor) -> str | None:
    if case.state is not CaseState.IN_REVIEW:
        return None
    if case.claimed_by != actor.id:
        return "another officer reviews it; claim a case from the queue"
    return "the claim has lapsed; claim the case again" if claim_lapsed(case, step.at, step.terms) else None


def _releasable(case: CaseView, step: CaseStep, actor: Actor) -> str | None:
    if actor.id == case.claimed_by or Role.SENIOR_OFFICER in actor.roles or claim_lapsed(case, step.at, step.terms):
        return None
    if Role.SYSTEM in actor.roles:
        return "the claim has not lapsed yet"
    return "another officer reviews it; a senior officer can reassign it"


def _another_pair_of_eyes(case: CaseView, _: CaseStep, actor: Actor) -> str | None:
    if case.state is CaseState.SECOND_LOOK and actor.id == case.first_reviewer:
        return "the second look must be another officer's"
    return None


def _complete(case: CaseView, _: CaseStep, __: Actor) -> str | None:
    return f"fill in first: {', '.join(case.missing)}" if case.missing else None


def _payable(case: CaseView, _: CaseStep, __: Actor) -> str | None:
    if case.penalty_kind == "non_payable":
        return "the penalty of the chosen article is not a fine; send it on as non-payable material"
    return None


def _not_payable(case: CaseView, _: CaseStep, __: Actor) -> str | None:
    return None if case.penalty_kind == "non_payable" else "the penalty of the chosen article is a fine or a warning"


def _looked_at_twice(case: CaseView, _: CaseStep, __: Actor) -> str | None:
    if case.state is CaseState.IN_REVIEW and case.second_look_due:
        return "a second look is due before it can be confirmed"
    return None


def _second_look_due(case: CaseView, _: CaseStep, __: Actor) -> str | None:
    return None if case.second_look_due else "no second look is due"


def _before_limitation(case: CaseView, step: CaseStep, _: Actor) -> str | None:
    if case.limitation_ends is not None and step.at >= case.limitation_ends:
        return "the limitation has passed"
    return None


def _after_limitation(case: CaseView, step: CaseStep, _: Actor) -> str | None:
    if case.limitation_ends is None or step.at < case.limitation_ends:
        return "the limitation has not passed"
    return None


def _same_officer(case: CaseView, _: CaseStep, actor: Actor) -> str | None:
    return None if actor.id == case.confirmed_by else "only the officer who confirmed it can sign it"


def _confirmer_or_senior(case: CaseView, _: CaseStep, actor: Actor) -> str | None:
    if actor.id == case.confirmed_by or Role.SENIOR_OFFICER in actor.roles:
        return None
    return "only the officer who confirmed it or a senior officer can take the confirmation back"


def _ended(case: CaseView, _: CaseStep, __: Actor) -> str | None:
    return None if case.ended else "registration, delivery, payment, appeal or enforcement has not ended"


def _retention_over(case: CaseView, step: CaseStep, _: Actor) -> str | None:
    if case.retained_until is None or step.at < case.retained_until:
        return "its retention has not ended"
    return None


REASONS: dict[str, tuple[str, ...]] = {
    "auto_reject": ("evidence_missing", "evidence_altered", "camera_unknown", "clock_wrong", "exempt_zone",
                    "certificate_expired", "emergency_vehicle", "permit", "grace_time", "directed_by_officer",
                    "roadworks", "parking_paid", "payments_unknown"),
    "sample": ("random_sample", "reconsidered"),
    "return": ("picture_poor", "clip_unplayable", "camera_moved", "scene_drawn_wrong", "clock_wrong"),
    "release": ("released", "reassigned", "claim_lapsed"),
    "second_look": ("penalty_high", "repeat", "random_sample"),
    "withdraw": ("mistake_noticed", "officer_absent"),
    "reject": ("no_violation", "wrong_vehicle", "plate_unreadable", "plate_mismatch", "signal_misread",
               "markings_absent", "emergency_vehicle", "directed_by_officer", "forced_manoeuvre", "duplicate"),
    "cancel": ("vehicle_sold", "plate_forged", "emergency_vehicle", "appeal_granted", "court_ruling",
               "issued_in_error"),
}  # fmt: skip
"""Reason codes by step; the words stand in `violations/texts` under `[reason]`."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table.

    Attributes:
        name: the step's name, key into `REASONS` where a reason code is required.
        sources: states it may start from; None in it means "does not exist yet".
        roles: who may take it.
        guards: conditions, all of which must hold.
    """

    name: str
    sources: tuple[CaseState | None, ...]
    target: CaseState
    roles: frozenset[Role]
    guards: tuple[Guard, ...] = ()


def _roles(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


_S = CaseState
_MACHINE = _roles(Role.SYSTEM)

TRANSITIONS: tuple[Transition, ...] = (
    Transition("detect", (None,), _S.DETECTED, _roles(Role.DETECTOR)),
    Transition("screen", (_S.DETECTED,), _S.SCREENED, _MACHINE),
    Transition("merge", (_S.DETECTED,), _S.MERGED, _MACHINE),
    Transition("auto_reject", (_S.DETECTED,), _S.AUTO_REJECTED, _MACHINE),
    Transition("sample", (_S.AUTO_REJECTED,), _S.SCREENED, _roles(Role.SYSTEM, Role.SENIOR_OFFICER)),
    # A senior officer is a police officer too and may take a case from the queue.
    Transition("claim", (_S.SCREENED,), _S.IN_REVIEW, OFFICERS, (_in_territory, _before_limitation)),
    Transition("release", (_S.IN_REVIEW,), _S.SCREENED, OFFICERS | _MACHINE, (_releasable,)),
    # Before a claim a camera operator or an officer; during a review only the officer who holds it.
    Transition("return", (_S.SCREENED,), _S.RETURNED, OFFICERS | _roles(Role.CAMERA_OPERATOR)),
    Transition("return", (_S.IN_REVIEW,), _S.RETURNED, OFFICERS, (_claim_held,)),
    Transition("repair", (_S.RETURNED,), _S.SCREENED, OFFICERS | _roles(Role.CAMERA_OPERATOR)),
    Transition("second_look", (_S.IN_REVIEW,), _S.SECOND_LOOK, _MACHINE, (_second_look_due,)),
    Transition("remark", (_S.SECOND_LOOK,), _S.IN_REVIEW, _roles(Role.SENIOR_OFFICER), (_another_pair_of_eyes,)),
    Transition("confirm", (_S.IN_REVIEW, _S.SECOND_LOOK), _S.OFFICER_CONFIRMED, OFFICERS,
               (_in_territory, _claim_held, _another_pair_of_eyes, _complete, _payable, _looked_at_twice,
                _before_limitation)),
    Transition("reject", (_S.IN_REVIEW, _S.SECOND_LOOK), _S.OFFICER_REJECTED, OFFICERS,
               (_in_territory, _claim_held, _another_pair_of_eyes)),
    Transition("send_on", (_S.IN_REVIEW, _S.SECOND_LOOK), _S.NON_PAYABLE, OFFICERS,
               (_in_territory, _claim_held, _another_pair_of_eyes, _complete, _not_payable, _before_limitation)),
    Transition("sign", (_S.OFFICER_CONFIRMED,), _S.SIGNED, OFFICERS, (_same_officer, _before_limitation)),
    # Nobody but the confirming officer can sign: without this exit a slip seen before signing, or an officer who
    # fell ill, would leave the case waiting for its limitation.
    Transition("withdraw", (_S.OFFICER_CONFIRMED,), _S.SCREENED, OFFICERS, (_confirmer_or_senior,)),
    # An automatic rejection is no open case: it closes with its retention instead of expiring.
    Transition("expire", (_S.DETECTED, _S.SCREENED, _S.IN_REVIEW, _S.RETURNED, _S.SECOND_LOOK, _S.OFFICER_CONFIRMED),
               _S.EXPIRED, _MACHINE, (_after_limitation,)),
    # A court does not log in: a senior officer records its ruling.
    Transition("cancel", (_S.SIGNED,), _S.CANCELLED, _roles(Role.SENIOR_OFFICER)),
    Transition("close", (_S.OFFICER_REJECTED, _S.NON_PAYABLE, _S.EXPIRED, _S.CANCELLED, _S.SIGNED), _S.CLOSED,
               _MACHINE, (_ended,)),
    # What was never decided ends too, or its evidence would be kept for ever.
    Transition("close", (_S.RETURNED, _S.AUTO_REJECTED, _S.MERGED), _S.CLOSED, _MACHINE, (_retention_over,)),
)  # fmt: skip

DECIDED_TRUE = frozenset({_S.OFFICER_CONFIRMED, _S.NON_PAYABLE})
DECIDED_FALSE = frozenset({_S.OFFICER_REJECTED})


def claim_lapsed(case: CaseView, at: datetime, terms: Terms) -> bool:
    """True when the reviewing officer did nothing for longer than the term."""
    return case.claimed_at is not None and at - case.claimed_at >= terms.claim_lapse


def find(source: CaseState | None, target: CaseState) -> Transition:
    """The row from one state to another.

    Raises:
        TransitionError: there is none.
    """
    for row in TRANSITIONS:
        if source in row.sources and row.target is target:
            return row
    raise TransitionError(f"A case that is {source or 'new'} cannot become {target}.")


def check(case: CaseView, step: CaseStep, actor: Actor) -> Transition:
    """The row of the table this step follows; nothing is changed.

    Raises:
        TransitionError: the state, a condition or the reason code forbids it.
        AccessError: none of the actor's roles may take it.
    """
    row = find(case.state, step.target)
    if actor.acts_as(row.roles) is None:
        raise AccessError(f"The step {row.name} needs one of these roles: {', '.join(sorted(row.roles))}.")
    codes = REASONS.get(row.name)
    if codes is not None and step.reason not in codes:
        raise TransitionError(f"The step {row.name} needs a reason code: {', '.join(codes)}.")
    for guard in row.guards:
        refusal = guard(case, step, actor)
        if refusal is not None:
            raise TransitionError(f"The step {row.name} is refused: {refusal}.")
    return row


class Attribute(StrEnum):
    """What runs beside a signed case."""

    REGISTRATION = "registration"
    DELIVERY = "delivery"
    PAYMENT = "payment"
    APPEAL = "appeal"
    ENFORCEMENT = "enforcement"


_CLERK = _roles(Role.SYSTEM, Role.SENIOR_OFFICER)
_PAID = ("half", "full", "part", "overpaid", "late")

ATTRIBUTES: dict[Attribute, dict[str, tuple[str, ...]]] = {
    # One register number for ever; a refusal is repaired and sent again.
    Attribute.REGISTRATION: {
        "pending": ("sent",), "sent": ("registered", "refused"), "refused": ("sent",), "registered": (),
    },
    # An undeliverable notice goes out again by another channel or address.
    Attribute.DELIVERY: {
        "pending": ("notified",), "notified": ("delivered", "undeliverable"), "undeliverable": ("notified",),
        "delivered": (),
    },
    # Money is accepted at any time, also after enforcement began; what was paid can be paid back.
    Attribute.PAYMENT: {
        "due": (*_PAID, "none_due"), "part": ("full", "overpaid", "late", "refunded"), "half": ("overpaid", "refunded"),
        "full": ("overpaid", "refunded"), "late": ("overpaid", "refunded"), "overpaid": ("full", "refunded"),
        "refunded": (), "none_due": (),
    },
    # A higher instance can be asked after every answer but a cancellation.
    Attribute.APPEAL: {
        "none": ("filed",), "filed": ("upheld", "changed", "cancelled"), "upheld": ("filed",), "changed": ("filed",),
        "cancelled": (),
    },
    Attribute.ENFORCEMENT: {
        "none": ("resolved",), "resolved": ("enforcement", "ended"), "enforcement": ("ended",), "ended": (),
    },
}  # fmt: skip

FIRST = {attribute: next(iter(table)) for attribute, table in ATTRIBUTES.items()}


def check_attribute(attribute: Attribute, source: str, target: str, actor: Actor, *, appeal: str = "none") -> None:
    """Whether an attribute may change; an appeal that runs stops enforcement.

    Raises:
        TransitionError: the table has no such change.
        AccessError: only the system and a senior officer write attributes.
    """
    if actor.acts_as(_CLERK) is None:
        raise AccessError(f"The {attribute} of a case is written by the system or a senior officer.")
    if target not in ATTRIBUTES[attribute].get(source, ()):
        raise TransitionError(f"The {attribute} of a case cannot go from {source} to {target}.")
    if attribute is Attribute.ENFORCEMENT and target != "ended" and appeal == "filed":
        raise TransitionError("Enforcement waits until the appeal is answered.")


def has_ended(state: CaseState, penalty_kind: str | None, attributes: dict[Attribute, str]) -> bool:
    """Whether nothing more will happen to a decided case, so that it can be closed and its retention starts."""
    if state in {_S.OFFICER_REJECTED, _S.NON_PAYABLE, _S.EXPIRED}:
        return True
    if attributes[Attribute.APPEAL] == "filed":
        return False
    if state is _S.CANCELLED:
        return attributes[Attribute.PAYMENT] not in _PAID  # what was paid is paid back first
    sent = attributes[Attribute.REGISTRATION] == "registered" and attributes[Attribute.DELIVERY] == "delivered"
    paid = attributes[Attribute.PAYMENT] in {"half", "full", "overpaid", "late"}
    return sent and (paid or penalty_kind == "warning" or attributes[Attribute.ENFORCEMENT] == "ended")
