"""Which scores a KPI can reach at all, capped and uncapped: the bounds of its unit held against its target.

It explains the table of scores in the presentation of the order, which shows 1.72 for the share of calls to 109
answered in time: a share cannot pass 100 %, so under the order's own targets its uncapped score ends at 100/95 = 1.05,
100/85 = 1.18 or 100/70 = 1.43, and its official score at 1. The table is an illustration after Boston's CityScore, not
this method.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from kpi_catalog.catalogue import Category, Kpi, Rule
from kpi_catalog.readings import DEFAULT, Readings
from kpi_catalog.scoring import score_kpi

NATURAL: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {"percent": (0.0, 100.0), "score_10": (1.0, 10.0), "score_5": (1.0, 5.0), "percent_change": (-math.inf, 100.0)}
)
"""Lowest and highest value that a unit allows; any other is 0 or more. A fall cannot pass 100 %."""
FREE: Final = (0.0, math.inf)
TENTH: Final = 0.005
"""Half of the last printed place: a score printed as 1.05 lies within so much of it."""
HUGE: Final = 1e12


@dataclass(frozen=True, slots=True)
class Reach:
    """The scores that are possible.

    Attributes:
        lowest, highest: of the official score, 0..1; None where the target is no number.
        uncapped: the highest ratio; infinity where it has no end.
    """

    lowest: float | None
    highest: float | None
    uncapped: float | None

    def holds(self, printed: float, *, capped: bool) -> bool:
        """Whether a score printed with two decimals can have been computed so."""
        if self.lowest is None or self.highest is None or self.uncapped is None:
            return False
        top = self.highest if capped else self.uncapped
        return self.lowest - TENTH <= printed <= top + TENTH


def reach(kpi: Kpi, category: Category, readings: Readings = DEFAULT) -> Reach:
    """Which scores a KPI can reach in a category."""
    target = kpi.targets[category]
    if not target.numeric:
        return Reach(None, None, None)
    low, high = NATURAL.get(kpi.unit, FREE)
    if target.rule is Rule.GROWTH_AT_LEAST:
        high = math.inf
    ends = [_uncapped(kpi, category, one, readings) for one in _facts(kpi, category, low, high)]
    top = max(ends)
    return Reach(min(1.0, *ends), min(1.0, top), top)


def _facts(kpi: Kpi, category: Category, low: float, high: float) -> list[float]:
    """The ends of what can be measured, and the target itself, between which every score lies."""
    target = kpi.targets[category]
    middle = [one for one in (target.value, target.upper, *target.parts.values()) if one is not None]
    begin = max(low, -HUGE)
    return [begin, min(high, HUGE), *(one for one in middle if begin <= one <= high)]


def _uncapped(kpi: Kpi, category: Category, fact: float, readings: Readings) -> float:
    target = kpi.targets[category]
    signed = target.rule is Rule.REDUCTION_RANGE and readings.change == "signed"
    scored = score_kpi(kpi, category, -fact if signed else fact, readings=readings)
    if scored.uncapped is None:
        return math.inf  # an upper limit and a fact of 0
    return math.inf if fact == HUGE and scored.uncapped > 1 else scored.uncapped
