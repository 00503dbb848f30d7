"""The shape of a security KPI's definition: how one record counts, what a span of time adds, what the sum says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from kpi_catalog.happened import Happened, happened
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts, Countable
from kpi_catalog.tally import Part, Tally, merged, tally
from kpi_catalog.value import KpiValue


class Counted(StrEnum):
    """What a record counts in."""

    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"
    BOTH = "both"
    EXCLUDED = "excluded"


IN_NUMERATOR = frozenset({Counted.NUMERATOR, Counted.BOTH})
IN_DENOMINATOR = frozenset({Counted.DENOMINATOR, Counted.BOTH})


@dataclass(frozen=True, slots=True)
class Judged:
    """How one record counts.

    Attributes:
        counted: in what.
        reason: why, a code of letters and underscores.
        us: the summand of a mean, microseconds.
    """

    counted: Counted
    reason: str
    us: int | None = None


def excluded(reason: str) -> Judged:
    """It counts in nothing."""
    return Judged(Counted.EXCLUDED, reason)


def uncounted(record: Countable) -> Judged | None:
    """Drills, tests and merged duplicates count nowhere; None for any other record."""
    if record.drill:
        return excluded("drill")
    if record.test:
        return excluded("test")
    return excluded("merged") if record.merged else None


def counts_of(kpi_id: str, judged: Iterable[tuple[Judged, int]]) -> dict[str, int]:
    """Numbers of a tally: each reason, the numerator and the denominator, over (judged, times)."""
    found: Counter[str] = Counter()
    for one, times in judged:
        found[f"{kpi_id}.{one.reason}"] += times
        if one.counted in IN_NUMERATOR:
            found[f"{kpi_id}.numerator"] += times
        if one.counted in IN_DENOMINATOR:
            found[f"{kpi_id}.denominator"] += times
    return dict(found)


@dataclass(frozen=True, slots=True)
class Definition:
    """One security KPI.

    Attributes:
        id: of the order.
        version: raised whenever the meaning changes.
        judge: how one record counts, under the choices and inputs of the city.
        value: the KPI of a period from the period's tally and from dated inputs; of `CityFacts` it reads no cases,
            alerts, notifications or calls.
        tallies: what a span adds, by the part of the tally it belongs to; cameras' times are tallied for all.
    """

    id: str
    version: int
    judge: Callable[[Any, CityFacts], Judged]
    value: Callable[[Tally, CityFacts, Period], KpiValue]
    tallies: Mapping[Part, Callable[[Happened], Tally]] = field(default_factory=dict)

    def __call__(self, facts: CityFacts, period: Period) -> KpiValue:
        """The KPI straight from records."""
        span = happened(facts, period.start, period.end)
        own = [one(span) for one in self.tallies.values()]
        return self.value(merged([*own, cameras_of(span)]), facts, period)


def cameras_of(span: Happened) -> Tally:
    """What a span adds to the times of cameras."""
    return tally(cameras=dict(span.cameras))
