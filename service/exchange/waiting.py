"""What waits to be told: the marks that changes left in their own transactions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select

from service.exchange.drafts import Origin
from service.store.database import Work
from service.store.exchange_tables import ExchangePending

MOST: Final = 2000
"""Marks a round takes, so that no transaction holds the feed for long."""
CHUNK: Final = 500
"""Ids of one statement."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Since when a subject waits; `live` where it did not lie there before the exchange began."""

    at: datetime
    origin: Origin

    @property
    def live(self) -> bool:
        """Whether its delay counts."""
        return self.origin == "live"


def take(work: Work, sources: Iterable[str], most: int = MOST) -> tuple[dict[str, dict[str, Waiting]], int]:
    """The subjects that wait, by source, each with its oldest mark, and how many marks that were.

    Exactly the marks that were read are removed.
    """
    query = (
        select(ExchangePending)
        .where(ExchangePending.source.in_(list(sources)))
        .order_by(ExchangePending.id)
        .limit(most)
    )
    rows = work.session.scalars(query).all()
    found: dict[str, dict[str, Waiting]] = {}
    for row in rows:
        of_source = found.setdefault(row.source, {})
        one = Waiting(row.at, "live" if row.origin == "live" else "backfill")
        before = of_source.get(row.subject)
        if before is None or (one.live and not before.live) or (one.live == before.live and one.at < before.at):
            of_source[row.subject] = one
    _remove(work, [row.id for row in rows])
    return found, len(rows)


def _remove(work: Work, ids: Sequence[int]) -> None:
    for start in range(0, len(ids), CHUNK):
        work.session.execute(delete(ExchangePending).where(ExchangePending.id.in_(ids[start : start + CHUNK])))
