"""An officer's desk: the case in front of him, the one that is made ready behind it, and the way back from a slip.

The case ahead is only marked (`CaseAhead`), not claimed: it stays in the queue, no chain says that somebody reviewed
it, and another officer who asks for this very case gets it. What is marked is merely given to others last. The claim is
taken when the officer is shown the case, under the row's lock, so that two officers never hold one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import Select, delete, select

from qyran.errors import NotFound, TransitionError
from qyran.roles import OFFICERS, Role
from service import case_drafts, cases
from service.access import CASE_READERS, log_access, require
from service.records import load
from service.store.console_tables import CaseAhead
from service.store.database import Work
from service.store.tables import ViolationCase
from service.views import CaseDetail
from violations.case import CaseState

AHEAD_TERM: Final = timedelta(minutes=10)
"""A case that was made ready is kept back for so long: more than one case takes, less than a break."""
UNDO_REASON: Final = "mistake_noticed"


def ahead(work: Work, present: str | None = None) -> str | None:
    """Id of the case the officer will be shown after the present one; its pictures are to be fetched now.

    That they went out is logged as `case_prepared`; opening the case is logged when he is shown it.

    Args:
        work: the unit of work.
        present: the case in front of him.
    """
    role = require(work.actor, OFFICERS)
    found = _second_look(work, present) if is_second_look(work, present) else _held(work, present)
    if found is None:
        found = _kept_back(work, present) or _free(work, present)
    _keep_back(work, found)
    if found is not None:
        log_access(work, role, "case_prepared", found)
    return found


def go_on(work: Work, present: str | None = None, *, second_look: bool = False) -> CaseDetail | None:
    """Open the next case: one he holds already, the one made ready for him, else the oldest that waits.

    Args:
        work: the unit of work.
        present: the case he leaves.
        second_look: a second look was what he did, and further ones come first.

    Returns:
        The case, claimed; None when nothing waits.
    """
    require(work.actor, OFFICERS)
    cases.lapse_claims(work)
    if second_look and (other := _second_look(work, present)) is not None:
        return cases.open_case(work, other)
    wanted = _held(work, present) or _kept_back(work, present)
    if wanted is not None and (found := _taken(work, wanted)) is not None:
        return found
    free = work.session.scalar(_unmarked(work, present).with_for_update(skip_locked=True))
    return cases.claim_next(work) if free is None else cases.claim(work, free.id)


def put_aside(work: Work, case_id: str, draft: case_drafts.Draft) -> None:
    """Leave a case for later: it stays claimed, and the claim lapses by its term as any other."""
    case_drafts.save(work, case_id, draft, aside=True)


def last_confirmed(work: Work) -> str | None:
    """Id of the case the officer confirmed last and can still take back: it is not signed."""
    if work.actor.acts_as(OFFICERS) is None:
        return None
    query = select(ViolationCase.id).where(
        ViolationCase.decided_by == work.actor.id, ViolationCase.state == CaseState.OFFICER_CONFIRMED
    )
    return work.session.scalar(query.order_by(ViolationCase.t_officer_decision.desc()).limit(1))


def undo(work: Work, case_id: str) -> CaseDetail:
    """Take a slip back while the table allows it (confirmed, not signed): the case is under review again.

    Raises:
        TransitionError: it is signed, was no confirmation, or another officer's.
    """
    cases.withdraw(work, case_id, UNDO_REASON)
    return cases.claim(work, case_id)


def standing(work: Work, case_id: str) -> str:
    """How a case stands towards the actor: its state, and whose it is; a claim that has lapsed is nobody's.

    Raises:
        NotFound: there is no such case.
    """
    require(work.actor, CASE_READERS)
    row = load(work, ViolationCase, case_id, lock=False)
    lapsed = work.now - timedelta(minutes=work.store.settings.claim_lapse_minutes)
    if row.state == CaseState.IN_REVIEW and row.claimed_at is not None and row.claimed_at <= lapsed:
        return f"{CaseState.SCREENED}:"
    return f"{row.state}:{'mine' if row.claimed_by == work.actor.id else row.claimed_by or ''}"


def to_sign(work: Work) -> tuple[str, ...]:
    """Ids of the cases the officer confirmed and has still to sign, the oldest confirmation first."""
    require(work.actor, OFFICERS)
    query = select(ViolationCase.id).where(
        ViolationCase.decided_by == work.actor.id, ViolationCase.state == CaseState.OFFICER_CONFIRMED
    )
    return tuple(work.session.scalars(query.order_by(ViolationCase.t_officer_decision)))


def is_second_look(work: Work, case_id: str | None) -> bool:
    """Whether a case waits for a second officer's look."""
    state = work.session.scalar(select(ViolationCase.state).where(ViolationCase.id == case_id)) if case_id else None
    return state == CaseState.SECOND_LOOK


def _second_look(work: Work, present: str | None) -> str | None:
    """The oldest case that waits for a second look which may be the actor's."""
    if Role.SENIOR_OFFICER not in work.actor.roles:
        return None
    query = cases.visible(work.actor, select(ViolationCase)).where(
        ViolationCase.state == CaseState.SECOND_LOOK,
        ViolationCase.id != (present or ""),
        ViolationCase.first_reviewer.is_distinct_from(work.actor.id),
    )
    return work.session.scalar(query.with_only_columns(ViolationCase.id).order_by(ViolationCase.t_detect).limit(1))


def _held(work: Work, present: str | None) -> str | None:
    """A case the officer holds already: after a crash, an undone slip, a remark of the second officer."""
    lapsed = work.now - timedelta(minutes=work.store.settings.claim_lapse_minutes)
    query = select(ViolationCase.id).where(
        ViolationCase.claimed_by == work.actor.id,
        ViolationCase.state == CaseState.IN_REVIEW,
        ViolationCase.claimed_at > lapsed,
        ViolationCase.id.not_in([present or "", *case_drafts.aside(work)]),
    )
    return work.session.scalar(query.order_by(ViolationCase.claimed_at).limit(1))


def _kept_back(work: Work, present: str | None) -> str | None:
    """The case that was made ready, while it still waits."""
    marked = select(CaseAhead.case_id).where(CaseAhead.officer == work.actor.id, CaseAhead.until > work.now)
    query = cases.waiting(work).where(ViolationCase.id.in_(marked), ViolationCase.id != (present or ""))
    return work.session.scalar(query.with_only_columns(ViolationCase.id))


def _free(work: Work, present: str | None) -> str | None:
    return work.session.scalar(_unmarked(work, present).with_only_columns(ViolationCase.id)) or work.session.scalar(
        cases.waiting(work).where(ViolationCase.id != (present or "")).with_only_columns(ViolationCase.id)
    )


def _unmarked(work: Work, present: str | None) -> Select[ViolationCase]:
    """The oldest waiting case that no other officer's desk has made ready."""
    others = select(CaseAhead.case_id).where(CaseAhead.officer != work.actor.id, CaseAhead.until > work.now)
    return cases.waiting(work).where(ViolationCase.id.not_in(others), ViolationCase.id != (present or ""))


def _keep_back(work: Work, case_id: str | None) -> None:
    """Mark the case, and only it, as the officer's next."""
    if case_id is None:
        work.session.execute(delete(CaseAhead).where(CaseAhead.officer == work.actor.id))
        return
    work.session.merge(CaseAhead(officer=work.actor.id, case_id=case_id, until=work.now + AHEAD_TERM))


def _taken(work: Work, case_id: str) -> CaseDetail | None:
    """The case claimed; None where another officer was quicker."""
    try:
        return cases.claim(work, case_id)
    except (TransitionError, NotFound):
        return None
