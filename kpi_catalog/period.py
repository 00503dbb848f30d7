"""Reporting periods: a day, ISO week, month, quarter or year of the city's own time zone, as a half-open span of UTC.

Kazakhstan has kept one offset, UTC+5, since 1 March 2024; the zone's rules come from the IANA data base, so a
change of law arrives with it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

from qyran.errors import InputError

DEFAULT_ZONE = "Asia/Almaty"
_WRITTEN = re.compile(
    r"(?P<year>\d{4})(?:-(?:Q(?P<quarter>[1-4])|W(?P<week>\d{2})|(?P<month>\d{2})(?:-(?P<day>\d{2}))?))?", re.ASCII
)


class PeriodKind(StrEnum):
    """The lengths of period that appendix 5, p. 2 (1) knows and a fact can be gathered over."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


DAYS = {PeriodKind.DAY: 1, PeriodKind.WEEK: 7}
MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.YEAR: 12}


@dataclass(frozen=True, slots=True)
class Period:
    """One reporting period.

    Attributes:
        kind: its length.
        first: its first local day; `Period.parse` and `Period.containing` make sure that it fits the kind.
        zone: IANA name of the city's time zone.
    """

    kind: PeriodKind
    first: date
    zone: str = DEFAULT_ZONE

    @classmethod
    def parse(cls, text: str, zone: str = DEFAULT_ZONE) -> Period:
        """Read ``2026``, ``2026-Q1``, ``2026-W07``, ``2026-03`` or ``2026-03-15``.

        Raises:
            InputError: the text is none of the five, or names a day or zone that does not exist.
        """
        _zone(zone)
        match = _WRITTEN.fullmatch(text)
        if match is None:
            raise InputError(f"period: {text!r} is not of the form 2026, 2026-Q1, 2026-W07, 2026-03 or 2026-03-15")
        year, quarter, week, month, day = (None if part is None else int(part) for part in match.groups())
        kind = PeriodKind.YEAR
        if quarter is not None:
            kind, month = PeriodKind.QUARTER, 3 * quarter - 2
        elif month is not None:
            kind = PeriodKind.MONTH if day is None else PeriodKind.DAY
        try:
            if week is None:
                first = date(year or 0, 1 if month is None else month, 1 if day is None else day)
            else:
                kind, first = PeriodKind.WEEK, date.fromisocalendar(year or 0, week, 1)
            period = cls(kind, first, zone)
            _ = period.start, period.end
        except (ValueError, OverflowError):
            raise InputError(f"period: {text!r} is not in the calendar") from None
        return period

    @classmethod
    def containing(cls, moment: datetime, kind: PeriodKind, zone: str = DEFAULT_ZONE) -> Period:
        """The period of a kind that a moment falls in."""
        day = moment.astimezone(_zone(zone)).date()
        if kind is PeriodKind.DAY:
            return cls(kind, day, zone)
        if kind is PeriodKind.WEEK:
            return cls(kind, day - timedelta(days=day.weekday()), zone)
        length = MONTHS[kind]
        return cls(kind, date(day.year, (day.month - 1) // length * length + 1, 1), zone)

    @property
    def start(self) -> datetime:
        """The first moment, UTC."""
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The first moment after it, UTC."""
        return midnight(self.after, self.zone)

    @property
    def year(self) -> int:
        """The calendar year it lies in; of a week across a new year, that of its Thursday, as ISO 8601 counts."""
        return self.first.isocalendar().year if self.kind is PeriodKind.WEEK else self.first.year

    @property
    def months(self) -> int | None:
        """How many calendar months it holds; None for a day or a week."""
        return MONTHS.get(self.kind)

    @property
    def days(self) -> tuple[date, ...]:
        """Its local days in order."""
        return tuple(self.first + timedelta(days=number) for number in range((self.after - self.first).days))

    @property
    def whole_months(self) -> tuple[Period, ...]:
        """Its calendar months in order; none of a day or a week."""
        starts = [divmod(self.first.month - 1 + number, 12) for number in range(self.months or 0)]
        return tuple(
            Period(PeriodKind.MONTH, date(self.first.year + years, month + 1, 1), self.zone) for years, month in starts
        )

    def holds(self, moment: datetime | None) -> bool:
        """Whether a moment (aware) lies in it; None lies in no period."""
        return moment is not None and self.start <= moment < self.end

    def close(self, as_of: datetime) -> datetime:
        """The moment its figures speak of: its end, or `as_of` while it still runs."""
        return min(self.end, as_of)

    def last_day(self, as_of: datetime) -> tuple[datetime, datetime]:
        """The local day that `close` falls in, from its midnight up to `close`, UTC."""
        close = self.close(as_of)
        day = (close - timedelta(microseconds=1)).astimezone(_zone(self.zone)).date()
        return midnight(day, self.zone), close

    def quarter_start(self) -> datetime:
        """The first moment of the quarter or longer period it belongs to, UTC: where a quarterly KPI begins."""
        if self.kind is PeriodKind.YEAR:
            return self.start
        return Period.containing(self.start, PeriodKind.QUARTER, self.zone).start

    def __str__(self) -> str:
        match self.kind:
            case PeriodKind.DAY:
                return self.first.isoformat()
            case PeriodKind.WEEK:
                year, week, _ = self.first.isocalendar()
                return f"{year:04}-W{week:02}"
            case PeriodKind.MONTH:
                return f"{self.first:%Y-%m}"
            case PeriodKind.QUARTER:
                return f"{self.first.year:04}-Q{(self.first.month + 2) // 3}"
            case PeriodKind.YEAR:
                return f"{self.first.year:04}"

    @property
    def after(self) -> date:
        """The first local day after it."""
        months = self.months
        if months is None:
            return self.first + timedelta(days=DAYS[self.kind])
        years, month = divmod(self.first.month - 1 + months, 12)
        return date(self.first.year + years, month + 1, 1)


@cache
def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise InputError(f"time zone: {name!r} is not in the IANA data base (example: {DEFAULT_ZONE})") from None


def midnight(day: date, zone: str) -> datetime:
    """The first moment of a local day, UTC."""
    return datetime.combine(day, time.min, _zone(zone)).astimezone(UTC)
