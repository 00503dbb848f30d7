"""Average speed between two places of one road, and whether it may count for more than a hint."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date, datetime

    from violations.devices import Papers

KMH: Final = 3.6


@dataclass(frozen=True, slots=True)
class SectionEnd:
    """One end of a section.

    Attributes:
        time: when the vehicle was there.
        sigma_s: standard uncertainty of that time, the clock's included.
        papers: of the certified device that stands there, None where only a camera does.
    """

    time: datetime
    sigma_s: float
    papers: Papers | None = None


@dataclass(frozen=True, slots=True)
class SectionSpeed:
    """An average speed.

    Attributes:
        kmh, sigma_kmh: the speed and its standard uncertainty.
        auxiliary: a hint only, since not both ends carry a certified device with valid papers.
    """

    kmh: float
    sigma_kmh: float
    auxiliary: bool


def average_kmh(length_m: float, seconds: float) -> float:
    """Length by time."""
    return KMH * length_m / seconds


def section_speed(
    entry: SectionEnd, leave: SectionEnd, length_m: float, length_sigma_m: float, day: date
) -> SectionSpeed | None:
    """The average speed between two ends, None where they do not follow one another.

    Args:
        entry: the end passed first.
        leave: the end passed last.
        length_m: of the road between them.
        length_sigma_m: its standard uncertainty.
        day: of the act, in the city's time zone.
    """
    seconds = (leave.time - entry.time).total_seconds()
    if seconds <= 0 or length_m <= 0:
        return None
    kmh = average_kmh(length_m, seconds)
    sigma = kmh * math.hypot(length_sigma_m / length_m, math.hypot(entry.sigma_s, leave.sigma_s) / seconds)
    certified = all(end.papers is not None and end.papers.fault(day) is None for end in (entry, leave))
    return SectionSpeed(kmh, sigma, auxiliary=not certified)
