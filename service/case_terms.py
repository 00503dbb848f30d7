"""What time alone does to cases: they expire with the limitation, and close when nothing more will happen.

Every step may be asked for any moment and again: it moves only what that moment calls for, one case a transaction, so
that a kill leaves whole cases and the next run does the rest.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select

from qyran.errors import TransitionError
from qyran.roles import SYSTEM
from service.case_view import moved, view_of
from service.store.database import Store, Work
from service.store.tables import ViolationCase
from violations.case import CaseState, CaseStep, check, leading_to

STEPS: Final = {CaseState.EXPIRED: "expire", CaseState.CLOSED: "close"}
PAID: Final = ("half", "full", "late")


def move_due(store: Store, target: CaseState, as_of: datetime, *, rehearsal: bool = False) -> int:
    """Move every case whose conditions hold at a moment; how many were, or in a rehearsal would be.

    Args:
        store: the store.
        target: expired or closed.
        as_of: the moment the conditions are asked for.
        rehearsal: only count.
    """
    with store.read(SYSTEM) as work:
        query = select(ViolationCase).where(_may_be_due(work, target, as_of)).order_by(ViolationCase.id)
        due = [row.id for row in work.session.scalars(query) if _holds(work, row, target, as_of)]
    return len(due) if rehearsal else sum(_move(store, case_id, target, as_of) for case_id in due)


def _move(store: Store, case_id: str, target: CaseState, as_of: datetime) -> bool:
    try:
        with store.write(SYSTEM) as work:
            row = work.session.get_one(ViolationCase, case_id, with_for_update=True)
            moved(work, row, target, step=STEPS[target], as_of=as_of)
            row.held_by = None
            if target is CaseState.CLOSED:
                row.t_closed = work.now
    except TransitionError:
        return False  # somebody was faster
    return True


def _holds(work: Work, row: ViolationCase, target: CaseState, as_of: datetime) -> bool:
    settings = work.store.settings
    try:
        check(
            view_of(row, retention_days=settings.retention_days),
            CaseStep(target, as_of, None, settings.terms, STEPS[target]),
            SYSTEM,
        )
    except TransitionError:
        return False
    return True


def _may_be_due(work: Work, target: CaseState, as_of: datetime) -> ColumnElement[bool]:
    """What the database can tell beforehand, so that nobody looks at every open fine every minute."""
    state: Any = ViolationCase.state
    if target is CaseState.EXPIRED:
        return and_(state.in_(leading_to(target)), ViolationCase.limitation_ends <= as_of)
    paid = ViolationCase.payment.in_(PAID)
    over = or_(paid, ViolationCase.penalty_kind == "warning", ViolationCase.enforcement == "ended")
    kept = as_of - timedelta(days=work.store.settings.retention_days)
    return or_(
        state.in_((CaseState.OFFICER_REJECTED, CaseState.NON_PAYABLE, CaseState.EXPIRED, CaseState.CANCELLED)),
        and_(state == CaseState.SIGNED, ViolationCase.delivery == "delivered", over),
        and_(
            state.in_((CaseState.RETURNED, CaseState.AUTO_REJECTED, CaseState.MERGED)),
            ViolationCase.changed_at <= kept,
        ),
    )
