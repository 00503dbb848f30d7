"""From the events behind a value to its numerator and denominator, and from these to the value.

What an event adds follows from its KPI's definition: one to a count, minutes to a mean, kilometres or hours to a sum.
These few lines are all that a reader needs to check a published value by hand from its events.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal

from qyran.errors import NotFound
from service.publication.event_sets import EventSet
from service.publication.model import Tally, tally
from service.rollups.events import Event

Part = Literal["count", "sum", "base", "outside"]

PARTS: Final[Mapping[str, tuple[Part, Part]]] = {
    "9.1": ("sum", "outside"),  # kilometres covered of the road register's
    "9.2": ("count", "outside"),  # cases for each thousand vehicles
    "9.3": ("count", "count"),
    "9.4": ("sum", "count"),  # minutes
    "9.5": ("count", "count"),
    "9.6": ("count", "outside"),  # incidents for each month
    "9.7": ("sum", "base"),  # hours analysed of hours received
    "9.8": ("sum", "count"),
    "9.9": ("count", "count"),
    "10.1": ("sum", "count"),
    "10.2": ("count", "count"),
    "10.3": ("count", "count"),
    "10.4": ("count", "count"),
    "10.5": ("count", "count"),
    "10.6": ("count", "count"),
    "10.7": ("sum", "base"),  # points of answers
}
"""What numerator and denominator of each KPI are made of; `outside` is an input or the calendar."""

PERCENT: Final = 100
CLOSE: Final = 1e-9  # relative; two orders of adding the same numbers differ by less


@dataclass(slots=True)
class Sums:
    """What events add up to, gathered one by one."""

    numerator: array[float] = field(default_factory=lambda: array("d"))
    denominator: array[float] = field(default_factory=lambda: array("d"))

    def add(self, events: Iterable[Event], parts: tuple[Part, Part]) -> None:
        """Take events in."""
        above, below = parts
        for one in events:
            if one.counted in {"numerator", "both"}:
                self.numerator.append(_adds(one, above))
            if one.counted in {"denominator", "both"}:
                self.denominator.append(_adds(one, below))


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What the events behind a value come to; None where a part comes from outside."""

    tally: Tally
    numerator: float | None
    denominator: float | None

    def disagrees(self, told: Mapping[str, Any]) -> str | None:
        """The first part that is not what a value tells, None where all agree.

        Args:
            told: the value's numerator and denominator; a part that is None was not told.
        """
        for name, found in (("numerator", self.numerator), ("denominator", self.denominator)):
            said = told[name]
            if found is not None and said is not None and not math.isclose(found, said, rel_tol=CLOSE):
                return name
        return None


def reckon(kpi_id: str, sets: Iterable[EventSet]) -> Reckoned:
    """Add up the events of a KPI's days.

    Raises:
        NotFound: no events are kept for such a KPI.
    """
    parts = PARTS.get(kpi_id)
    if parts is None:
        raise NotFound(f"No events are kept for the KPI {kpi_id}.")
    sums, tallies = Sums(), []
    for one in sets:
        events = one.events
        sums.add(events, parts)
        tallies.append(tally(events))
    return Reckoned(
        joined(tallies),
        None if parts[0] == "outside" else math.fsum(sums.numerator),
        None if parts[1] == "outside" else math.fsum(sums.denominator),
    )


def joined(tallies: Iterable[Tally]) -> Tally:
    """Several tallies as one."""
    rows = numerator = denominator = 0
    excluded: dict[str, int] = {}
    for one in tallies:
        rows, numerator, denominator = rows + one.rows, numerator + one.numerator, denominator + one.denominator
        for reason, n in one.excluded.items():
            excluded[reason] = excluded.get(reason, 0) + n
    return Tally(rows, numerator, denominator, excluded)


def value_of(unit: str, numerator: float, denominator: float, months: int | None) -> float | None:
    """The value by the formula of its unit; None where the unit has none that numerator and denominator tell.

    Args:
        unit: of the KPI.
        numerator, denominator: as the definition has them.
        months: calendar months of the period, None for a day or week.
    """
    match unit:
        case "percent":
            return PERCENT * numerator / denominator
        case "per_1000_vehicles":
            return numerator / (months or 1) / denominator
        case "minute" | "count_per_month" | "score_of_10":
            return numerator / denominator
        case _:
            return None



def _adds(one: Event, part: Part) -> float:
    match part:
        case "sum":
            return 0.0 if one.value is None else one.value
        case "base":
            return 0.0 if one.base is None else one.base
        case "count" | "outside":
            return 1.0
