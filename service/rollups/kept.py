"""Tallies as the store keeps them: a row for each part and local day, and for each month that has ended."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, insert, select

from kpi_catalog.period import Period, PeriodKind
from kpi_catalog.tally import MICROSECOND, NOTHING, Part, Tally, as_json, from_json, merged
from service.camera_spans import COUNTED_FOR, MANY_CAMERAS
from service.rollups.days import Days
from service.store.database import Work
from service.store.rollup_tables import KpiTally
from service.store.tables import Camera

VERSION: Final = 1
"""Of what is tallied; raised whenever a definition's tally changes, so that every store counts its days anew."""
DAILY: Final[tuple[Part, ...]] = tuple(part for part in Part if part is not Part.VEHICLES)
RUNNING: Final = frozenset({Part.TERMS, Part.CAMERAS})
"""Parts that grow as time goes by, without a change: of the running day they are counted where they lie."""
CHUNK: Final = 500
_counted: dict[tuple[str, str, date], tuple[datetime, Tally]] = {}

Key = tuple[Part, PeriodKind, date]


def total_of(work: Work, period: Period, parts: Collection[Part] = DAILY) -> Tally:
    """What a period adds, from its months and days; of the day that runs, up to now."""
    days = Days(work)
    today = days.day_of(work.now)
    months = [one for one in period.whole_months if one.after <= today]
    there = {row[:2]: row[2] for row in _rows(work, parts, PeriodKind.MONTH, [one.first for one in months])}
    found: list[Tally] = list(there.values())
    for part in parts:
        covered = {day for one in months if (part, one.first) in there for day in one.days}
        wanted = [day for day in period.days if day not in covered and (part not in RUNNING or day < today)]
        found.extend(tally for _, _, tally in _rows(work, (part,), PeriodKind.DAY, wanted))
        if part in RUNNING and period.first <= today < period.after:
            # a term that ends this very moment has ended
            found.append(_running(days, part, today))
    return merged(found)


def _running(days: Days, part: Part, today: date) -> Tally:
    """What the running day adds so far; of a city's thousands of cameras counted every few minutes only."""
    work = days.work
    if part is not Part.CAMERAS or (work.session.scalar(select(func.count()).select_from(Camera)) or 0) < MANY_CAMERAS:
        return days.tally(part, today, work.now + (MICROSECOND if part is Part.TERMS else timedelta()))
    key = (str(work.store.engine.url), str(work.store.settings.home), today)
    known = _counted.get(key)
    if known is None or not timedelta() <= work.now - known[0] < COUNTED_FOR:
        _counted.clear()
        known = _counted[key] = work.now, days.tally(part, today, work.now)
    return known[1]


def _rows(
    work: Work, parts: Collection[Part], kind: PeriodKind, firsts: Iterable[date]
) -> list[tuple[Part, date, Tally]]:
    """Kept tallies; the days asked for lie close together, so a range of them is read."""
    wanted = set(firsts)
    if not wanted:
        return []
    query = select(KpiTally.part, KpiTally.first, KpiTally.content, KpiTally.spreads).where(
        KpiTally.part.in_(parts),
        KpiTally.kind == kind,
        KpiTally.version == VERSION,
        KpiTally.first >= min(wanted),
        KpiTally.first <= max(wanted),
    )
    return [
        (Part(part), first, from_json(json.loads(content), spreads))
        for part, first, content, spreads in work.session.execute(query)
        if first in wanted
    ]


def month_of(work: Work, part: Part, month: Period, fresh: Mapping[Key, Tally], *, anew: bool) -> Tally:
    """A month from its days: those just counted and, unless all are made anew, those that are kept."""
    new = {day: fresh[part, PeriodKind.DAY, day] for day in month.days if (part, PeriodKind.DAY, day) in fresh}
    old = [] if anew else _rows(work, (part,), PeriodKind.DAY, [day for day in month.days if day not in new])
    return merged([*new.values(), *(tally for _, _, tally in old)])


def put(work: Work, tallies: Mapping[Key, Tally]) -> None:
    """Keep tallies in place of what stood there; an empty one needs no row."""
    for part in {key[0] for key in tallies}:
        for kind in {key[1] for key in tallies if key[0] is part}:
            firsts = sorted(key[2] for key in tallies if key[:2] == (part, kind))
            for start in range(0, len(firsts), CHUNK):
                chunk = firsts[start : start + CHUNK]
                where = (KpiTally.part == part, KpiTally.kind == kind, KpiTally.first.in_(chunk))
                work.session.execute(delete(KpiTally).where(*where))
    work.session.flush()
    rows = [_row(key, tally) for key, tally in tallies.items() if tally != NOTHING]
    if rows:
        work.session.execute(insert(KpiTally), rows)


def _row(key: Key, tally: Tally) -> dict[str, object]:
    content, spreads = as_json(tally)
    part, kind, first = key
    text = json.dumps(content, separators=(",", ":"))
    return {"part": part.value, "kind": kind.value, "first": first, "version": VERSION, "content": text,
            "spreads": spreads}  # fmt: skip


def forget(work: Work, part: Part) -> None:
    """Drop everything that is kept of a part."""
    work.session.execute(delete(KpiTally).where(KpiTally.part == part))


def last_ended(now: datetime, work: Work) -> date:
    """The last local day that is over."""
    return now.astimezone(work.store.settings.zone).date() - timedelta(days=1)
