"""How many distinct vehicles passed control zones (KPI 9.2 B): counted where passages lie, kept by ended months."""

from __future__ import annotations

import json
from typing import Final

from sqlalchemy import func, select

from kpi_catalog.period import Period, PeriodKind
from kpi_catalog.records import Dated
from kpi_catalog.tally import Part
from service.passage_retention import month_token
from service.plate_index import vehicles_of
from service.store.database import Work
from service.store.passage_tables import PassageTombstone, VehicleMonth
from service.store.rollup_tables import KpiTally
from service.store.tables import Passage

VEHICLES: Final = "vehicles.distinct"
"""The number's name in a month's tally."""


def passed_vehicles(work: Work, period: Period) -> Dated | None:
    """Distinct vehicles whose plate was read at a control line; None where no plate was, or where it is not known.

    Of several months the mean of the months' counts, all of them known. Retention leaves a month's vehicles countable
    (`passage_retention`), not those of a day or a week.
    """
    months = period.whole_months
    if len(months) < 2:  # a day, a week or a month
        number = _of_month(work, period) if months else distinct_vehicles(work, period)
        return Dated(float(number), work.now.date(), "passages") if number else None
    numbers: list[int] = []
    for month in months:
        if month.start >= work.now:
            break
        number = _of_month(work, month)
        if not number:
            return None  # one month that is not known leaves the mean unknown
        numbers.append(number)
    return Dated(sum(numbers) / len(numbers), work.now.date(), "passages") if numbers else None


def _of_month(work: Work, month: Period) -> int | None:
    """A month's vehicles: counted when it ended, or else now."""
    kept = work.session.scalar(
        select(KpiTally.content).where(
            KpiTally.part == Part.VEHICLES, KpiTally.kind == PeriodKind.MONTH, KpiTally.first == month.first
        )
    )
    return distinct_vehicles(work, month) if kept is None else json.loads(kept)["counts"].get(VEHICLES)


def distinct_vehicles(work: Work, period: Period) -> int | None:
    """Vehicles whose plate was read at a control line in a period; None where passages of it have been forgotten."""
    inside = Passage.time >= period.start, Passage.time < period.end
    swept = work.session.scalar(
        select(PassageTombstone.number)
        .where(PassageTombstone.first < period.end, PassageTombstone.last >= period.start)
        .limit(1)
    )
    if period.kind is PeriodKind.MONTH and period.start <= work.now < period.end:
        return vehicles_of(work, f"{period.first:%Y-%m}")
    if swept is None:
        return work.session.scalar(select(func.count(Passage.plate_token.distinct())).where(*inside))
    if period.kind is not PeriodKind.MONTH:
        return None
    month = f"{period.first:%Y-%m}"
    known = set(work.session.scalars(select(VehicleMonth.token).where(VehicleMonth.month == month)))
    there = work.session.scalars(select(Passage.plate_token).where(*inside).distinct())
    return len(known | {month_token(work, month, token) for token in there if token is not None})
