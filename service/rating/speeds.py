"""Speeds in rush hours (KPI 6.1), counted day by day and kept: retention removes passages long before a year is over.

What is kept says no plate and no passage, only how many vehicles crossed a control line and how fast together. A day is
counted anew while late passages may still come, and never after retention has removed any of its passages.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from kpi_catalog.other_facts.records import SpeedTally
from kpi_catalog.other_facts.rush_hour_speed import M_PER_KM, RUSH_HOURS, has_rush_hours
from kpi_catalog.period import Period
from service.store.counter import lock_series
from service.store.database import Store, Work
from service.store.passage_tables import PassageTombstone
from service.store.rating_tables import RatingTally
from service.store.tables import Passage

PART: Final = "speeds"
VERSION: Final = 1
LATE: Final = timedelta(days=3)
"""How long after a day its passages may still come from a worker's spool."""
AGAIN: Final = timedelta(hours=12)
"""How often a day is counted again while they may."""
SETTLED: Final = "settled"
YOUNG: Final = "young"
PERSON: Final = "person"


def speeds_of(work: Work, period: Period) -> SpeedTally:
    """Of a period, up to now: kept days, and days not kept counted from the passages."""
    days = _days(work, period.first, (period.end - timedelta(microseconds=1)).astimezone(_zone(work)).date())
    kept = _kept(work, days)
    begun, swept, first = _swept_from(work), _swept(work), _first_passage(work)
    total = SpeedTally()
    for day in days:
        if day in kept:
            total += _from(kept[day])
        elif begun is not None and swept is not None and day <= swept:
            total += SpeedTally(lost_days=int(day >= begun))
        elif first is not None and day >= first:
            total += _count(work, day)
    return total


def keep_days(store: Store) -> int:
    """Keep the days that are over and whose passages are still there; how many. Run before retention removes them."""
    with store.read() as work:
        first, swept = _first_passage(work), _swept(work)
        if first is None:
            return 0
        since = first if swept is None else max(first, swept + timedelta(days=1))
        today = work.now.astimezone(_zone(work)).date()
        days = _days(work, since, today - timedelta(days=1))
        kept = _kept(work, days)
        wanted = [day for day in days if day not in kept or _due(work, kept[day])]
        found = [(day, _stamp(work, day), _count(work, day)) for day in wanted]
    if found:
        with store.write() as work:
            lock_series(work, RatingTally.__tablename__)  # two reports at once keep the same spans
            for day, stamp, tally in found:
                row = work.session.get(RatingTally, (PART, day)) or RatingTally(part=PART, first=day)
                row.version, row.stamp, row.counted_at = VERSION, stamp, work.now
                row.content = {"routes": {k: list(v) for k, v in tally.routes.items()}, "without": tally.without_speed}
                work.session.add(row)
    return len(found)


def _days(work: Work, first: date, last: date) -> list[date]:
    """Days with rush hours, not after today."""
    last = min(last, work.now.astimezone(_zone(work)).date())
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [day for day in every if has_rush_hours(day)]


def _kept(work: Work, days: list[date]) -> dict[date, RatingTally]:
    if not days:
        return {}
    query = select(RatingTally).where(
        RatingTally.part == PART,
        RatingTally.version == VERSION,
        RatingTally.first >= days[0],
        RatingTally.first <= days[-1],
    )
    return {row.first: row for row in work.session.scalars(query)}


def _from(row: RatingTally) -> SpeedTally:
    routes = {key: (int(number), int(total)) for key, (number, total) in row.content["routes"].items()}
    return SpeedTally(routes, int(row.content["without"]))


def _swept(work: Work) -> date | None:
    """The last day of which retention removed passages."""
    last = work.session.scalar(select(func.max(PassageTombstone.last)))
    return None if last is None else last.astimezone(_zone(work)).date()


def _swept_from(work: Work) -> date | None:
    """The first day of which retention removed passages; what the store never saw is not lost."""
    first = work.session.scalar(select(func.min(PassageTombstone.first)))
    return None if first is None else first.astimezone(_zone(work)).date()


def _first_passage(work: Work) -> date | None:
    first = work.session.scalar(select(func.min(Passage.time)))
    return None if first is None else first.astimezone(_zone(work)).date()


def _stamp(work: Work, day: date) -> str:
    return SETTLED if _moment(work, day, 24) + LATE <= work.now else YOUNG


def _due(work: Work, row: RatingTally) -> bool:
    """Whether a kept day is to be counted again: late passages may have come."""
    if row.stamp == SETTLED:
        return False
    return _stamp(work, row.first) == SETTLED or work.now - row.counted_at >= AGAIN


def _count(work: Work, day: date) -> SpeedTally:
    total = SpeedTally()
    vehicles = or_(Passage.class_.is_(None), Passage.class_ != PERSON)
    metres = func.sum(func.round(Passage.speed_kmh * M_PER_KM))
    for begin, end in _windows(work, day):
        query = select(Passage.camera_id, Passage.line, func.count(), func.count(Passage.speed_kmh), metres)
        query = query.where(Passage.time >= begin, Passage.time < end, vehicles)
        for camera, line, number, measured, summed in work.session.execute(
            query.group_by(Passage.camera_id, Passage.line)
        ):
            routes = {f"{camera} {line or ''}": (int(measured), int(summed))} if measured else {}
            total += SpeedTally(routes, int(number) - int(measured))
    return total


def _windows(work: Work, day: date) -> Iterator[tuple[datetime, datetime]]:
    for begin, end in RUSH_HOURS:
        yield _moment(work, day, begin), _moment(work, day, end)


def _moment(work: Work, day: date, hour: int) -> datetime:
    days, hours = divmod(hour, 24)
    return datetime.combine(day + timedelta(days=days), time(hours), _zone(work)).astimezone(UTC)


def _zone(work: Work) -> ZoneInfo:
    return work.store.settings.zone
