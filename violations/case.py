"""The life of a violation case: one table of steps, who may take them, under which conditions and by when.

Beside a signed case run the attributes of `violations.case_attributes`. All functions are pure: they say whether a step
is allowed, and change nothing. `docs/case-life.md` is made from this table by `violations.case_page`.
"""

from __future__ import annotations

from dataclasses import dataclass

from qyran.errors import AccessError, TransitionError
from qyran.roles import OFFICERS, Actor, Role
from violations.case_attributes import ATTRIBUTES, FIRST, Attribute, check_attribute, has_ended
from violations.case_guards import (
    Guard,
    after_limitation,
    another_pair_of_eyes,
    before_limitation,
    claim_held,
    claim_lapsed,
    complete,
    confirmer_or_senior,
    ended,
    in_territory,
    looked_at_twice,
    not_held,
    not_payable,
    payable,
    releasable,
    retention_over,
    same_officer,
    second_look_due,
)
from violations.case_parts import CaseState, CaseStep, CaseView, Terms

__all__ = [
    "ATTRIBUTES", "DECIDED_FALSE", "DECIDED_TRUE", "FIRST", "REASONS", "TRANSITIONS", "Attribute", "CaseState",
    "CaseStep", "CaseView", "Guard", "Terms", "Transition", "check", "check_attribute", "claim_lapsed", "find",
    "has_ended", "leading_to",
]  # fmt: skip

REASONS: dict[str, tuple[str, ...]] = {
    "auto_reject": ("evidence_missing", "evidence_altered", "evidence_incomplete", "camera_unknown", "clock_wrong",
                    "plate_unread", "plate_uncertain", "measurement_absent", "exempt_zone", "certificate_expired",
                    "emergency_vehicle", "permit", "grace_time", "directed_by_officer", "roadworks", "parking_paid",
                    "payments_unknown"),
    "sample": ("random_sample", "reconsidered"),
    "part": ("other_vehicle", "other_act", "other_place"),
    "return": ("picture_poor", "clip_unplayable", "camera_moved", "scene_drawn_wrong", "clock_wrong", "quarantine"),
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
        target: the state it leads to.
        roles: who may take it.
        guards: conditions, all of which must hold.
        deadline: by when, in words; empty where nothing presses.
        why: why life needs the step, where the order's model has none.
    """

    name: str
    sources: tuple[CaseState | None, ...]
    target: CaseState
    roles: frozenset[Role]
    guards: tuple[Guard, ...] = ()
    deadline: str = ""
    why: str = ""


def _roles(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


_S = CaseState
_MACHINE = _roles(Role.SYSTEM)
_SENIOR = _roles(Role.SENIOR_OFFICER)
_LIMITATION = "before the limitation ends (terms.toml: limitation_months)"
_LAPSE = "the claim lapses after QYRAN_CLAIM_LAPSE_MINUTES without an action"
_QUEUE = "warned of after QYRAN_QUEUE_WARNING_HOURS in the queue"
_KEPT = "after QYRAN_RETENTION_DAYS"

TRANSITIONS: tuple[Transition, ...] = (
    Transition("detect", (None,), _S.DETECTED, _roles(Role.DETECTOR), deadline="at t_detect"),
    Transition("screen", (_S.DETECTED,), _S.SCREENED, _MACHINE, deadline="at once"),
    Transition("merge", (_S.DETECTED, _S.RETURNED, _S.AUTO_REJECTED), _S.MERGED, _MACHINE, deadline="at once",
               why="also from returned and auto_rejected: what comes back to the queue may meanwhile be another's "
                   "double"),
    Transition("part", (_S.MERGED,), _S.DETECTED, OFFICERS, (in_territory, before_limitation),
               deadline=_LIMITATION + ", and before the retention closes it",
               why="a wrong merge would lose an act: an officer parts the two, and the case is screened anew"),
    Transition("auto_reject", (_S.DETECTED,), _S.AUTO_REJECTED, _MACHINE, deadline="at once"),
    Transition("sample", (_S.AUTO_REJECTED,), _S.SCREENED, _roles(Role.SYSTEM, Role.SENIOR_OFFICER), (in_territory,),
               deadline="the sample at once; a senior officer until the retention closes it"),
    # A senior officer is a police officer too and may take a case from the queue.
    Transition("claim", (_S.SCREENED,), _S.IN_REVIEW, OFFICERS, (in_territory, not_held, before_limitation),
               deadline=_QUEUE),
    Transition("release", (_S.IN_REVIEW,), _S.SCREENED, OFFICERS | _MACHINE, (in_territory, releasable),
               deadline=_LAPSE),
    # Before a claim a camera operator or an officer; during a review only the officer who holds it.
    Transition("return", (_S.SCREENED,), _S.RETURNED, OFFICERS | _roles(Role.CAMERA_OPERATOR), (in_territory,),
               deadline=_QUEUE),
    Transition("return", (_S.IN_REVIEW,), _S.RETURNED, OFFICERS, (in_territory, claim_held), deadline=_LAPSE),
    Transition("repair", (_S.RETURNED,), _S.SCREENED, OFFICERS | _roles(Role.CAMERA_OPERATOR), (in_territory,),
               deadline="until the retention closes it"),
    Transition("second_look", (_S.IN_REVIEW,), _S.SECOND_LOOK, _MACHINE, (second_look_due,), deadline="at once"),
    Transition("remark", (_S.SECOND_LOOK,), _S.IN_REVIEW, _SENIOR, (in_territory, another_pair_of_eyes),
               deadline=_LIMITATION),
    Transition("confirm", (_S.IN_REVIEW, _S.SECOND_LOOK), _S.OFFICER_CONFIRMED, OFFICERS,
               (in_territory, claim_held, another_pair_of_eyes, complete, payable, looked_at_twice,
                before_limitation), deadline=_LIMITATION),
    Transition("reject", (_S.IN_REVIEW, _S.SECOND_LOOK), _S.OFFICER_REJECTED, OFFICERS,
               (in_territory, claim_held, another_pair_of_eyes), deadline=_LAPSE),
    Transition("send_on", (_S.IN_REVIEW, _S.SECOND_LOOK), _S.NON_PAYABLE, OFFICERS,
               (in_territory, claim_held, another_pair_of_eyes, complete, not_payable, before_limitation),
               deadline=_LIMITATION),
    Transition("sign", (_S.OFFICER_CONFIRMED,), _S.SIGNED, OFFICERS, (same_officer, payable, before_limitation),
               deadline=_LIMITATION),
    Transition("withdraw", (_S.OFFICER_CONFIRMED,), _S.SCREENED, OFFICERS, (in_territory, confirmer_or_senior),
               deadline="until it is signed",
               why="nobody but the confirming officer can sign: a slip seen before signing, or an officer who fell "
                   "ill, would leave the case waiting for its limitation"),
    # An automatic rejection is no open case: it closes with its retention instead of expiring.
    Transition("expire", (_S.DETECTED, _S.SCREENED, _S.IN_REVIEW, _S.RETURNED, _S.SECOND_LOOK, _S.OFFICER_CONFIRMED),
               _S.EXPIRED, _MACHINE, (after_limitation,), deadline="the job expire_cases"),
    # A court does not log in: a senior officer records its ruling.
    Transition("cancel", (_S.SIGNED,), _S.CANCELLED, _SENIOR, (in_territory,)),
    Transition("close", (_S.OFFICER_REJECTED, _S.NON_PAYABLE, _S.EXPIRED, _S.CANCELLED, _S.SIGNED), _S.CLOSED,
               _MACHINE, (ended,), deadline="the job close_cases"),
    Transition("close", (_S.RETURNED, _S.AUTO_REJECTED, _S.MERGED), _S.CLOSED, _MACHINE, (retention_over,),
               deadline=f"the job close_cases, {_KEPT}",
               why="what was never decided ends too, or its evidence would be kept for ever"),
)  # fmt: skip

DECIDED_TRUE = frozenset({_S.OFFICER_CONFIRMED, _S.NON_PAYABLE})
DECIDED_FALSE = frozenset({_S.OFFICER_REJECTED})


def leading_to(target: CaseState) -> tuple[CaseState, ...]:
    """The states from which a step leads to a state."""
    found = {source for row in TRANSITIONS if row.target is target for source in row.sources if source is not None}
    return tuple(sorted(found))


def find(source: CaseState | None, target: CaseState, name: str | None = None) -> Transition:
    """The row from one state to another, of the given name where one is given.

    Raises:
        TransitionError: there is none.
    """
    for row in TRANSITIONS:
        if source in row.sources and row.target is target and name in {None, row.name}:
            return row
    step = f" by the step {name}" if name else ""
    raise TransitionError(f"A case that is {source or 'new'} cannot become {target}{step}.")


def check(case: CaseView, step: CaseStep, actor: Actor) -> Transition:
    """The row of the table this step follows; nothing is changed.

    Raises:
        AccessError: none of the actor's roles may take it, from whichever state.
        TransitionError: the state, a condition or the reason code forbids it.
    """
    _may_ever(step, actor)
    row = find(case.state, step.target, step.name)
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


def _may_ever(step: CaseStep, actor: Actor) -> None:
    """Refuse who may never take the step before saying anything of the case's state."""
    rows = [row for row in TRANSITIONS if row.target is step.target and step.name in {None, row.name}]
    roles: frozenset[Role] = frozenset[Role]().union(*(row.roles for row in rows))
    if rows and actor.acts_as(roles) is None:
        names = ", ".join(dict.fromkeys(row.name for row in rows))
        raise AccessError(f"The step {names} needs one of these roles: {', '.join(sorted(roles))}.")
