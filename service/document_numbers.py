"""Numbers of decisions without gaps or doubles: held for a case while its document is made, or given on.

A number stands in the document, so it has to be known before the document is rendered and signed, which takes too long
to keep other officers waiting for. It is therefore held for the case in a short transaction. The same case finds it
again after a crash; where nothing came of it, the next decision takes it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import select

from service.store.counter import next_number
from service.store.database import Work
from service.store.delivery_tables import ReservedNumber
from service.store.tables import ViolationCase
from violations.case import CaseState

HELD: Final = timedelta(minutes=30)  # longer than a document can take, an officer at NCALayer included


def hold(work: Work, case_id: str, series: str) -> int:
    """The number a case's decision will have: the one it holds, else one that came free, else the next."""
    held = work.session.scalar(select(ReservedNumber).where(ReservedNumber.case_id == case_id).with_for_update())
    if held is not None and held.series == series:
        return held.number
    if held is not None:
        held.case_id = None  # of last year: somebody whose decision was of last year may still need it
        work.session.flush()
    free = select(ReservedNumber).where(ReservedNumber.series == series, ReservedNumber.case_id.is_(None))
    spare = work.session.scalar(free.order_by(ReservedNumber.number).limit(1).with_for_update(skip_locked=True))
    if spare is not None:
        spare.case_id, spare.taken_at = case_id, work.now
        work.session.flush()
        return spare.number
    number = next_number(work, series)
    work.session.add(ReservedNumber(series=series, number=number, case_id=case_id, taken_at=work.now))
    work.session.flush()
    return number


def used(work: Work, case_id: str) -> None:
    """The number a case held stands in its signed decision."""
    held = work.session.scalar(select(ReservedNumber).where(ReservedNumber.case_id == case_id).with_for_update())
    if held is not None:
        work.session.delete(held)


def free_unused(work: Work) -> int:
    """Give on what is held for cases that will not be signed any more; how many numbers."""
    old = select(ReservedNumber).where(ReservedNumber.case_id.is_not(None), ReservedNumber.taken_at <= work.now - HELD)
    freed = 0
    for held in work.session.scalars(old.with_for_update(skip_locked=True)):
        row = work.session.get(ViolationCase, held.case_id)
        if row is None or row.state != CaseState.OFFICER_CONFIRMED:
            held.case_id = None
            freed += 1
    return freed


def open_numbers(work: Work) -> dict[str, tuple[int, ...]]:
    """Numbers of each series that no decision has: held, or waiting for the next one."""
    found: dict[str, tuple[int, ...]] = {}
    for row in work.session.scalars(select(ReservedNumber).order_by(ReservedNumber.series, ReservedNumber.number)):
        found[row.series] = (*found.get(row.series, ()), row.number)
    return found
