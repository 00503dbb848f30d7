"""How late and how often the feed tells: KPI 1.1 (mean delay, minutes) and 1.4 (time between updates, hours).

Both are kept by local day while the feed is written, in whole microseconds, so that a year is a sum over its days and
two days merge to exactly their union. Days of publication count: what was told late belongs to the day it was told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from kpi_catalog.period import Period
from service.store.database import Store, Work
from service.store.exchange_tables import ExchangeDay, ExchangeRound

MICROSECONDS_A_MINUTE: Final = 60_000_000
MICROSECONDS_AN_HOUR: Final = 60 * MICROSECONDS_A_MINUTE


@dataclass(frozen=True, slots=True)
class Delay:
    """KPI 1.1: from arrival in the departmental system to publication in the feed.

    Attributes:
        mean_minutes: None where no fact was told in the period.
        n: facts told.
        longest_minutes: of the fact that waited longest.
    """

    mean_minutes: float | None
    n: int
    longest_minutes: float | None = None


@dataclass(frozen=True, slots=True)
class UpdateGaps:
    """KPI 1.4 for public safety: the time between two updates of the feed.

    Attributes:
        mean_hours: over the gaps that ended in the period, and the one still open where it is longer than their mean;
            None where nothing was ever told.
        n: how many gaps that is.
        longest_hours: of them.
        updates: how often the feed was updated in the period.
        last_at: the last update in or before the period.
    """

    mean_hours: float | None
    n: int
    longest_hours: float | None = None
    updates: int = 0
    last_at: datetime | None = None


def delays(store: Store, period: Period) -> Delay:
    """How long facts told in a period had been on their way (KPI 1.1)."""
    with store.read() as work:
        return delays_in(work, period)


def update_gaps(store: Store, period: Period) -> UpdateGaps:
    """How long it took from one update of public-safety data to the next (KPI 1.4; the target is 1 hour)."""
    with store.read() as work:
        return update_gaps_in(work, period)


def delays_in(work: Work, period: Period, kind: str | None = None) -> Delay:
    """As `delays`, inside a unit of work; one kind of record or all."""
    table = ExchangeDay
    first, last = _days(work, period)
    query = select(func.sum(table.measured), func.sum(table.delay_us), func.max(table.longest_us)).where(
        table.day >= first, table.day <= last
    )
    if kind is not None:
        query = query.where(table.kind == kind)
    n, total, longest = work.session.execute(query).one()
    if not n:
        return Delay(None, 0)
    return Delay(int(total) / int(n) / MICROSECONDS_A_MINUTE, int(n), int(longest) / MICROSECONDS_A_MINUTE)


def update_gaps_in(work: Work, period: Period) -> UpdateGaps:
    """As `update_gaps`, inside a unit of work."""
    table = ExchangeRound
    first, last = _days(work, period)
    held = (table.day >= first, table.day <= last, table.security > 0)
    query = select(
        func.count(), func.count(table.gap_us), func.sum(table.gap_us), func.max(table.gap_us), func.max(table.at)
    ).where(*held)
    updates, n, total, longest, _ = work.session.execute(query).one()
    n, total, longest = int(n), int(total or 0), int(longest or 0)
    close = min(period.end, work.now)
    newest = select(table.at).where(table.security > 0, table.at < close).order_by(table.at.desc()).limit(1)
    last_at = work.session.scalar(newest)
    if last_at is None:
        return UpdateGaps(None, 0)
    began = max(last_at, period.start) if not updates else last_at
    still = (close - began) // timedelta(microseconds=1)
    if close > period.start and (not n or still * n > total):
        n, total, longest = n + 1, total + still, max(longest, still)
    if not n:
        return UpdateGaps(None, 0, None, int(updates), last_at)
    mean = total / n / MICROSECONDS_AN_HOUR
    return UpdateGaps(mean, n, longest / MICROSECONDS_AN_HOUR, int(updates), last_at)


def _days(work: Work, period: Period) -> tuple[date, date]:
    """The first and the last local day of a period."""
    zone = work.store.settings.zone
    return period.first, (period.end - timedelta(microseconds=1)).astimezone(zone).date()
