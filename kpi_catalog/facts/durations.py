"""Mean, median and 90th percentile of intervals in minutes."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

SECONDS_PER_MINUTE = 60.0
P90 = 0.9


@dataclass(frozen=True, slots=True)
class Durations:
    """Minutes between pairs of moments.

    Attributes:
        minutes: sorted, 0 or more.
        reversed: how many pairs ended before they began (a clock at fault); they are left out and shown.
    """

    minutes: tuple[float, ...]
    reversed: int

    @property
    def total(self) -> float:
        """Sum, minutes."""
        return math.fsum(self.minutes)

    @property
    def mean(self) -> float | None:
        """Arithmetic mean, None of nothing."""
        return self.total / len(self.minutes) if self.minutes else None

    @property
    def median(self) -> float | None:
        """Median, None of nothing."""
        return statistics.median(self.minutes) if self.minutes else None

    @property
    def p90(self) -> float | None:
        """90th percentile by nearest rank: the smallest value that 90 % do not exceed; None of nothing."""
        return self.minutes[math.ceil(P90 * len(self.minutes)) - 1] if self.minutes else None


def durations(pairs: Iterable[tuple[datetime, datetime | None]]) -> Durations:
    """Intervals of (from, until) pairs; a pair without an end is no interval."""
    minutes = [(until - since).total_seconds() / SECONDS_PER_MINUTE for since, until in pairs if until is not None]
    return Durations(tuple(sorted(one for one in minutes if one >= 0)), sum(one < 0 for one in minutes))
