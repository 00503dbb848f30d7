"""The conditions of a case's steps; each docstring says what must be there, and `docs/case-life.md` quotes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from qyran.roles import Actor, Role
from violations.case_parts import CaseState, CaseStep, CaseView, Terms

Guard = Callable[[CaseView, CaseStep, Actor], str | None]
"""Returns why the step is refused, or None."""


def claim_lapsed(case: CaseView, at: datetime, terms: Terms) -> bool:
    """True when the reviewing officer did nothing for longer than the term."""
    return case.claimed_at is not None and at - case.claimed_at >= terms.claim_lapse


def in_territory(case: CaseView, _: CaseStep, actor: Actor) -> str | None:
    """The camera stands in a territory of the officer."""
    if not actor.sees(case.territory):
        return f"the case belongs to the territory {case.territory}, which is not the officer's"
    return None


def not_held(case: CaseView, _: CaseStep, __: Actor) -> str | None:
    """The camera and the rule are not under quarantine."""
    return "its camera is under quarantine; a senior officer ends it" if case.held else None


def claim_held(case: CaseView, step: CaseStep, actor: Actor) -> str | None:
    """During a review the officer holds the claim, and it has not lapsed."""
    if case.state is not CaseState.IN_REVIEW:
        return None
    if case.claimed_by != actor.id:
        return "another officer reviews it; claim a case from the queue"
    return "the claim has lapsed; claim the case again" if claim_lapsed(case, step.at, step.terms) else None


def releasable(case: CaseView, step: CaseStep, actor: Actor) -> str | None:
    """By the officer who reviews it, by a senior officer, or once the claim has lapsed."""
    if actor.id == case.claimed_by or Role.SENIOR_OFFICER in actor.roles or claim_lapsed(case, step.at, step.terms):
        return None
    if Role.SYSTEM in actor.roles:
        return "the claim has not lapsed yet"
    return "another officer reviews it; a senior officer can reassign it"


def another_pair_of_eyes(case: CaseView, _: CaseStep, actor: Actor) -> str | None:
    """The second look is never the first officer's."""
    if case.state is CaseState.SECOND_LOOK and actor.id == case.first_reviewer:
        return "the second look must be another officer's"
    return None


def complete(case: CaseView, _: CaseStep, __: Actor) -> str | None:
    """Plate and article are filled in, and a certified measurement is there where the article asks for one."""
    return f"fill in first: {', '.join(case.missing)}" if case.missing else None


def payable(case: CaseView, _: CaseStep, __: Actor) -> str | None:
    """The penalty of the chosen article is a fine or a warning."""
    if case.penalty_kind == "non_payable":
        return "the penalty of the chosen article is not a fine; send it on as non-payable material"
    return None


def not_payable(case: CaseView, _: CaseStep, __: Actor) -> str | None:
    """The penalty of the chosen article is neither a fine nor a warning."""
    return None if case.penalty_kind == "non_payable" else "the penalty of the chosen article is a fine or a warning"


def looked_at_twice(case: CaseView, _: CaseStep, __: Actor) -> str | None:
    """No second look is due any more."""
    if case.state is CaseState.IN_REVIEW and case.second_look_due:
        return "a second look is due before it can be confirmed"
    return None


def second_look_due(case: CaseView, _: CaseStep, __: Actor) -> str | None:
    """The penalty is high, the act is a repeat, or the case was drawn."""
    return None if case.second_look_due else "no second look is due"


def before_limitation(case: CaseView, step: CaseStep, _: Actor) -> str | None:
    """Before the limitation ends."""
    if case.limitation_ends is not None and step.at >= case.limitation_ends:
        return "the limitation has passed"
    return None


def after_limitation(case: CaseView, step: CaseStep, _: Actor) -> str | None:
    """The limitation has ended."""
    if case.limitation_ends is None or step.at < case.limitation_ends:
        return "the limitation has not passed"
    return None


def same_officer(case: CaseView, _: CaseStep, actor: Actor) -> str | None:
    """By the officer who confirmed it."""
    return None if actor.id == case.confirmed_by else "only the officer who confirmed it can sign it"


def confirmer_or_senior(case: CaseView, _: CaseStep, actor: Actor) -> str | None:
    """By the officer who confirmed it or a senior officer."""
    if actor.id == case.confirmed_by or Role.SENIOR_OFFICER in actor.roles:
        return None
    return "only the officer who confirmed it or a senior officer can take the confirmation back"


def ended(case: CaseView, _: CaseStep, __: Actor) -> str | None:
    """registration, delivery, payment, appeal and enforcement have ended, where the case was signed."""
    return None if case.ended else "registration, delivery, payment, appeal or enforcement has not ended"


def retention_over(case: CaseView, step: CaseStep, _: Actor) -> str | None:
    """The retention term since the last step has passed."""
    if case.retained_until is None or step.at < case.retained_until:
        return "its retention has not ended"
    return None
