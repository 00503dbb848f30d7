"""Reading the feed: pages from a cursor, from a day or of a day, exactly as they were written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import func, select

from qyran.errors import NotFound, QyranError
from service.exchange.cursor import START, Place, cursor_of, place_of
from service.store.database import Work
from service.store.exchange_tables import ExchangeRecord

LIMIT: Final = 1000
MOST: Final = 5000
"""Records of one answer."""


class CursorGone(QyranError):
    """The record a cursor names does not stand there any more: the feed was put back from an older copy."""


@dataclass(frozen=True, slots=True)
class Page:
    """Records in their order.

    Attributes:
        lines: as they were written, without their newlines.
        cursor: where to go on; the one that was given where there was nothing.
        more: whether there is more already.
        last_seq: of the last line, else where the reader stands.
    """

    lines: tuple[str, ...]
    cursor: str
    more: bool
    last_seq: int

    @property
    def body(self) -> bytes:
        """As JSON Lines."""
        return "".join(f"{line}\n" for line in self.lines).encode()


def page(
    work: Work,
    cursor: str | None = None,
    *,
    since: date | None = None,
    day: date | None = None,
    kinds: Iterable[str] = (),
    limit: int = LIMIT,
) -> Page:
    """A page of the feed.

    Args:
        work: the unit of work.
        cursor: where the reader stands; None begins at the first record, or at `since` or `day`.
        since: begin with the first record published on this local day or later; a cursor goes before it.
        day: only what was published on this local day.
        kinds: only these; the cursor moves on all the same.
        limit: records at most.

    Raises:
        InputError: the cursor is none.
        CursorGone: it is of a feed that is here no more.
    """
    begin = stands_at(work, cursor) if cursor and cursor != START else None
    seq = begin.seq if begin is not None else 0
    table, wanted = ExchangeRecord, list(kinds)
    query = select(table.seq, table.id, table.line).where(table.seq > seq)
    if day is not None:
        query = query.where(table.day == day)
    elif since is not None and begin is None:
        first = work.session.scalar(select(table.seq).where(table.day >= since).order_by(table.seq).limit(1))
        if first is None:
            last = _last(work)
            return Page((), START if last is None else cursor_of(*last), more=False, last_seq=last[0] if last else 0)
        query = query.where(table.seq >= first)
    if wanted:
        query = query.where(table.kind.in_(wanted))
    rows = work.session.execute(query.order_by(table.seq).limit(limit + 1)).all()
    shown = rows[:limit]
    if shown:
        return Page(tuple(row.line for row in shown), cursor_of(shown[-1].seq, shown[-1].id), len(rows) > limit,
                    shown[-1].seq)  # fmt: skip
    return Page((), cursor or START, more=False, last_seq=seq)


def stands_at(work: Work, cursor: str) -> Place:
    """The place of a cursor, which must be one of this feed.

    Raises:
        InputError: it is none.
        CursorGone: another record stands there, or none.
    """
    place = place_of(cursor)
    held = work.session.scalar(select(ExchangeRecord.id).where(ExchangeRecord.seq == place.seq))
    if held is None or not held.startswith(place.mark):
        raise CursorGone(
            f"The cursor names record {place.seq} of a feed that is not this one any more; "
            "read again from a day you have in full (since=YYYY-MM-DD): records you know have the same id."
        )
    return place


def of_day(work: Work, day: date) -> Iterator[ExchangeRecord]:
    """Every record of a local day."""
    query = select(ExchangeRecord).where(ExchangeRecord.day == day).order_by(ExchangeRecord.seq)
    yield from work.session.scalars(query.execution_options(yield_per=MOST))


def record(work: Work, record_id: str) -> ExchangeRecord:
    """One record.

    Raises:
        NotFound: there is none.
    """
    found = work.session.scalar(select(ExchangeRecord).where(ExchangeRecord.id == record_id))
    if found is None:
        raise NotFound(f"There is no record {record_id} in the feed.")
    return found


def head(work: Work) -> tuple[int, str]:
    """How many records there are, and the cursor after the last."""
    last = _last(work)
    return (0, START) if last is None else (last[0], cursor_of(*last))


def first_day(work: Work) -> date | None:
    """The day of the first record."""
    return work.session.scalar(select(func.min(ExchangeRecord.day)))


def _last(work: Work) -> tuple[int, str] | None:
    table = ExchangeRecord
    row = work.session.execute(select(table.seq, table.id).order_by(table.seq.desc()).limit(1)).one_or_none()
    return None if row is None else (row.seq, row.id)
