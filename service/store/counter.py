"""Numbers without a gap: taken inside the transaction that uses them, given back when it is undone."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite

from service.store.database import Work
from service.store.tables import Counter


def next_number(work: Work, series: str) -> int:
    """The next number of a series, from 1; other writers wait until this unit of work ends."""
    row = lock_series(work, series)
    row.last += 1
    work.session.flush()
    return row.last


def lock_series(work: Work, series: str) -> Counter:
    """The counter of a series, locked until this unit of work ends: for who takes many numbers at once."""
    row = work.session.get(Counter, series, with_for_update=True)
    if row is None:
        _begin(work, series)
        row = work.session.get_one(Counter, series, with_for_update=True)
    return row


def _begin(work: Work, series: str) -> None:
    """Make the series; of two who find it missing at once one makes it and the other waits for that."""
    insert = postgresql.insert if work.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    work.session.execute(insert(Counter).values(series=series, last=0).on_conflict_do_nothing())
