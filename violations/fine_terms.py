"""The days by which a fine is paid, half of it suffices, an appeal is filed: counted from delivery, halted by appeals.

What halts the count while an appeal runs was not found in the law's text; that the terms stand still meanwhile is the
project's reading of `domain/records.md` 3.2, to be confirmed by a city's lawyer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from violations.offences import LegalTerms, WorkCalendar

DAY = timedelta(days=1)
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Pause:
    """Days on which no term runs: from the day an appeal was filed to the day its answer was told.

    Attributes:
        first, last: both included; `last` is None while the appeal runs.
    """

    first: date
    last: date | None

    def holds(self, day: date) -> bool:
        """Whether a day lies in it."""
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Last days of the terms; None while an appeal that runs leaves one open."""

    half_price: date | None
    full: date | None
    appeal: date
    resolved: date | None


def days_off(after: date, last: date, calendar: WorkCalendar) -> tuple[date, ...]:
    """Days of the week from Monday to Friday after a day, up to another, on which nobody works: holidays.

    Raises:
        ConfigError: the calendar does not cover them.
    """
    span = (after + number * DAY for number in range(1, (last - after).days + 1))
    return tuple(day for day in span if day.weekday() < SATURDAY and not calendar.is_working(day))


def deadlines(delivered: date, terms: LegalTerms, calendar: WorkCalendar, pauses: Sequence[Pause] = ()) -> Deadlines:
    """The last days of a decision delivered on a day.

    Args:
        delivered: day of delivery, or the day a changed decision was told; it is not counted.
        terms: in force on the day of issue.
        calendar: working days, which alone count for the half price.
        pauses: while appeals ran; those before delivery count for nothing.

    Raises:
        ConfigError: the calendar ends before a term does.
    """
    return Deadlines(
        half_price=_last_day(delivered, terms.half_price_working_days.value, pauses, calendar.is_working),
        full=_last_day(delivered, terms.full_days.value, pauses),
        appeal=delivered + terms.appeal_days.value * DAY,
        resolved=_last_day(delivered, terms.resolved_days.value, pauses),
    )


def _last_day(
    delivered: date, days: int, pauses: Sequence[Pause], counts: Callable[[date], bool] = lambda _: True
) -> date | None:
    day, left = delivered, days
    while left:
        day += DAY
        held = [one for one in pauses if one.holds(day)]
        if any(one.last is None for one in held):
            return None
        if not held and counts(day):
            left -= 1
    return day
