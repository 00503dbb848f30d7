"""What the store knows of KPIs outside the security sphere, by period; each thing is read once for a report."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from kpi_catalog.catalogue import Category
from kpi_catalog.other_facts.records import (
    CONGESTION,
    CRASH,
    PARKING_KINDS,
    Delayed,
    IncidentTally,
    OtherFacts,
    Uptime,
)
from kpi_catalog.other_facts.update_frequency import OWN
from kpi_catalog.period import Period, PeriodKind
from kpi_catalog.readings import Readings
from kpi_catalog.records import Definitions
from service.exchange.measures import delays_in, update_gaps_in
from service.public_page import availability_in
from service.rating.journals import Outside, Placed, cameras_of, in_commission, outside
from service.rating.spans import Span, incidents_of, kinds_seen, known_since
from service.rating.speeds import speeds_of
from service.store.database import Work
from service.store.tables import ViolationCase

TRUE: Final = "true"
WEEKS_A_YEAR: Final = timedelta(weeks=52)
MONTHS_A_YEAR: Final = 12


@dataclass(slots=True)
class Reader:
    """Reads one store for the periods of one report, each figure once."""

    work: Work
    category: Category
    definitions: Definitions
    outside: Outside
    cameras: tuple[Placed, ...]
    _incidents: dict[Span, IncidentTally] = field(default_factory=dict)
    _months: dict[date, IncidentTally] = field(default_factory=dict)
    _facts: dict[Period, OtherFacts] = field(default_factory=dict)
    _since: datetime | None = None
    _seen: frozenset[str] | None = None

    @classmethod
    def of(cls, work: Work, category: Category, definitions: Definitions, period: Period) -> Reader:
        """A reader of a period and of its shorter periods."""
        reader = cls(work, category, definitions, outside(work, period.start, period.end), cameras_of(work))
        reader._since = known_since(work)
        reader._seen = kinds_seen(work, (CRASH, CONGESTION), period.end)
        return reader

    def facts(self, period: Period, readings: Readings, analysed_hours: float | None) -> OtherFacts:
        """Everything of one period; what other spheres import for 1.4 is added by who knows it."""
        if period not in self._facts:
            self._facts[period] = self._read(period)
        base = self.incidents(base_span(period, readings, self.work.now))
        return replace(self._facts[period], base=base, readings=readings, analysed_hours=analysed_hours)

    def incidents(self, span: Span) -> IncidentTally | None:
        """Of a span; None where the store does not go back so far."""
        if self._since is None or self._since > span.start:
            return None
        if span not in self._incidents:
            self._incidents[span] = incidents_of(self.work, span, self._months)
        return self._incidents[span]

    def _read(self, period: Period) -> OtherFacts:
        work = self.work
        delay, gaps = delays_in(work, period), update_gaps_in(work, period)
        span = Span(period.start, period.end)
        if span not in self._incidents:
            self._incidents[span] = incidents_of(work, span, self._months)
        given = self.outside
        return OtherFacts(
            as_of=work.now,
            category=self.category,
            delay=Delayed(delay.mean_minutes, delay.n, delay.longest_minutes),
            uptime=_uptime(work, period),
            update_hours={} if gaps.mean_hours is None else {OWN: gaps.mean_hours},
            incidents=self._incidents[span],
            year=self.incidents(year_span(period, work.now)),
            seen_kinds=self._seen or frozenset(),
            parking=_parking(work, period),
            parkings=given.parkings,
            registered_vehicles=given.vehicles,
            fire_calls=None if given.fire is None else given.fire.of(period, work.now),
            ambulance_calls=None if given.ambulance is None else given.ambulance.of(period, work.now),
            speeds=speeds_of(work, period),
            stops=given.stops,
            cameras=in_commission(self.cameras, period.close(work.now)),
            definitions=self.definitions,
        )


def base_span(period: Period, readings: Readings, as_of: datetime) -> Span:
    """What a change is measured from; while the period runs as much of it as has passed of the period."""
    if readings.change_base == "previous":
        base = previous(period)
        start, end = base.start, base.end
    elif period.kind is PeriodKind.WEEK:
        start, end = period.start - WEEKS_A_YEAR, period.end - WEEKS_A_YEAR
    else:
        base = Period(period.kind, _year_before(period.first), period.zone)
        start, end = base.start, base.end
    passed = max(as_of, period.start) - period.start
    return Span(start, end if as_of >= period.end else min(end, start + passed))


def previous(period: Period) -> Period:
    """The period of the same kind just before."""
    return Period.containing(period.start - timedelta(microseconds=1), period.kind, period.zone)


def year_span(period: Period, as_of: datetime) -> Span:
    """The twelve calendar months that end with the one in which the period ends, or is now."""
    last = Period.containing(period.close(as_of) - timedelta(microseconds=1), PeriodKind.MONTH, period.zone)
    first = last.first
    begin = date(first.year, 1, 1) if first.month == MONTHS_A_YEAR else date(first.year - 1, first.month + 1, 1)
    return Span(Period(PeriodKind.MONTH, begin, period.zone).start, last.end)


def _year_before(day: date) -> date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


def _uptime(work: Work, period: Period) -> Uptime | None:
    found = availability_in(work, period)
    if found.since is None:
        return None
    return Uptime(found.up.total_seconds(), found.measured.total_seconds(), found.since)


def _parking(work: Work, period: Period) -> int:
    case = ViolationCase
    query = select(func.count()).where(
        case.kind.in_(PARKING_KINDS),
        case.verdict == TRUE,
        case.t_detect >= period.start,
        case.t_detect < period.end,
        case.merged_into.is_(None),
    )
    return work.session.scalar(query) or 0
