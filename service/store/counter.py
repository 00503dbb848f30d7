"""Numbers without a gap: taken inside the transaction that uses them, given back when it is undone."""

from __future__ import annotations

from service.store.database import Work
from service.store.tables import Counter


def next_number(work: Work, series: str) -> int:
    """The next number of a series, from 1; other writers wait until this unit of work ends."""
    row = work.session.get(Counter, series, with_for_update=True)
    if row is None:
        row = Counter(series=series, last=0)
        work.session.add(row)
    row.last += 1
    work.session.flush()
    return row.last
