"""Mean, median and 90th percentile of intervals in minutes, each the nearest float to the exact figure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kpi_catalog.tally import Spread, microseconds, spread_of

US_PER_MINUTE = 60_000_000


def minutes(us: int) -> float:
    """Microseconds as minutes."""
    return us / US_PER_MINUTE


def mean_minutes(us: int, number: int) -> float | None:
    """Mean of so many intervals of so many microseconds together; None of nothing."""
    return us / (US_PER_MINUTE * number) if number else None


def interval(since: datetime, until: datetime) -> int:
    """From one moment to another, microseconds; below 0 where a clock was at fault."""
    return microseconds(until - since)


def intervals(pairs: Iterable[tuple[datetime, datetime | None]]) -> list[int]:
    """Intervals of (from, until) pairs, microseconds; a pair without an end is no interval."""
    return [interval(since, until) for since, until in pairs if until is not None]


@dataclass(frozen=True, slots=True)
class Durations:
    """A spread in minutes: those of 0 or more are measured, the rest ended before they began and are only counted."""

    spread: Spread

    @property
    def measured(self) -> Spread:
        """Those of 0 or more."""
        return self.spread.forward

    @property
    def number(self) -> int:
        """How many are measured."""
        return len(self.measured)

    @property
    def reversed(self) -> int:
        """How many pairs ended before they began (a clock at fault); they are left out and shown."""
        return len(self.spread) - self.number

    @property
    def total(self) -> float:
        """Sum, minutes."""
        return minutes(self.measured.total)

    @property
    def mean(self) -> float | None:
        """Arithmetic mean, None of nothing."""
        return mean_minutes(self.measured.total, self.number)

    @property
    def median(self) -> float | None:
        """Median, None of nothing."""
        number, kept = self.number, self.measured
        if not number:
            return None
        return mean_minutes(kept.at((number - 1) // 2) + kept.at(number // 2), 2)

    @property
    def p90(self) -> float | None:
        """90th percentile by nearest rank: the smallest value that 90 % do not exceed; None of nothing."""
        number = self.number
        return minutes(self.measured.at(-(-9 * number // 10) - 1)) if number else None


def durations(pairs: Iterable[tuple[datetime, datetime | None]]) -> Durations:
    """Intervals of (from, until) pairs; a pair without an end is no interval."""
    return Durations(spread_of(intervals(pairs)))
