"""From the events behind a value to its numerator and denominator, and from these to the value.

What an event adds follows from its KPI's definition: one to a count, minutes to a mean, kilometres or hours to a sum.
These few lines are all that a reader needs to check a published value by hand from its events.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from qyran.errors import NotFound
from service.publication.event_sets import EventSet
from service.publication.model import Tally
from service.rollups.events import Event

Part = Literal["count", "sum", "base", "outside"]

US_PER_MINUTE: Final = 60_000_000
US_PER_HOUR: Final = 3_600_000_000
PERCENT: Final = 100
CLOSE: Final = 1e-9  # relative; two ways of adding the same numbers differ by less


@dataclass(frozen=True, slots=True)
class Formula:
    """What numerator and denominator of a KPI are made of, and what the value is of them.

    Attributes:
        above, below: `count` of events, `sum` of their values, `base` of their bases, or `outside`: an input, the
            calendar, or a union of geometry that is no sum of its parts.
        scale: whole steps in one unit of a sum (microseconds in a minute), so that sums are exact.
        percent: whether the value is a share of a hundred.
    """

    above: Part
    below: Part
    scale: int = 1
    percent: bool = True


SHARE: Final = Formula("count", "count")
MEAN_MINUTES: Final = Formula("sum", "count", US_PER_MINUTE, percent=False)

FORMULAS: Final[Mapping[str, Formula]] = {
    "9.1": Formula("outside", "outside"),  # kilometres of the union of what devices see, of the road register's
    "9.2": Formula("count", "outside", percent=False),  # cases for each thousand vehicles
    "9.3": SHARE,
    "9.4": MEAN_MINUTES,
    "9.5": SHARE,
    "9.6": Formula("count", "outside", percent=False),  # incidents for each month
    "9.7": Formula("sum", "base", US_PER_HOUR),
    "9.8": MEAN_MINUTES,
    "9.9": SHARE,
    "10.1": MEAN_MINUTES,
    "10.2": SHARE,
    "10.3": SHARE,
    "10.4": SHARE,
    "10.5": SHARE,
    "10.6": SHARE,
    "10.7": Formula("sum", "base", percent=False),
}


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What the events behind a value come to, in whole steps; None where a part comes from outside."""

    formula: Formula
    tally: Tally
    above: int | None
    below: int | None

    @property
    def numerator(self) -> float | None:
        """As the value tells it."""
        return None if self.above is None else self.above / self.formula.scale

    @property
    def denominator(self) -> float | None:
        """As the value tells it."""
        scale = self.formula.scale if self.formula.below == "base" else 1
        return None if self.below is None else self.below / scale

    @property
    def value(self) -> float | None:
        """The value that follows from the events alone; None where it rests on something outside or on nothing."""
        if self.above is None or not self.below:
            return None
        if self.formula.percent:
            return PERCENT * self.above / self.below
        return self.above / (self.below if self.formula.below == "base" else self.formula.scale * self.below)

    def disagrees(self, told: Mapping[str, Any]) -> str | None:
        """The first of numerator and denominator that is not what a value tells; what it does not tell agrees."""
        for name, found in (("numerator", self.numerator), ("denominator", self.denominator)):
            said = told[name]
            if found is not None and said is not None and not math.isclose(found, said, rel_tol=CLOSE):
                return name
        return None


class Adder:
    """Adds up the events of one KPI, day by day.

    Raises:
        NotFound: no events are kept for such a KPI.
    """

    def __init__(self, kpi_id: str) -> None:
        found = FORMULAS.get(kpi_id)
        if found is None:
            raise NotFound(f"No events are kept for the KPI {kpi_id}.")
        self._formula = found
        self._above = self._below = 0
        self._rows = self._numerator = self._denominator = 0
        self._excluded: Counter[str] = Counter()

    def add(self, events: Iterable[Event]) -> None:
        """Take events in."""
        for one in events:
            self._rows += 1
            if one.counted == "excluded":
                self._excluded[one.reason] += 1
            if one.counted in {"numerator", "both"}:
                self._numerator += 1
                self._above += _steps(one, self._formula.above, self._formula.scale)
            if one.counted in {"denominator", "both"}:
                self._denominator += 1
                self._below += _steps(one, self._formula.below, self._formula.scale)

    @property
    def reckoned(self) -> Reckoned:
        """What they come to so far."""
        return Reckoned(
            self._formula,
            Tally(self._rows, self._numerator, self._denominator, dict(sorted(self._excluded.items()))),
            None if self._formula.above == "outside" else self._above,
            None if self._formula.below == "outside" else self._below,
        )


def reckon(kpi_id: str, sets: Iterable[EventSet]) -> Reckoned:
    """Add up the events of a KPI's days.

    Raises:
        NotFound: no events are kept for such a KPI.
    """
    adder = Adder(kpi_id)
    for one in sets:
        adder.add(one.events)
    return adder.reckoned


def _steps(one: Event, part: Part, scale: int) -> int:
    match part:
        case "sum":
            return 0 if one.value is None else round(one.value * scale)
        case "base":
            return 0 if one.base is None else round(one.base * scale)
        case "count" | "outside":
            return 1
