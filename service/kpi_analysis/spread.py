"""How the times behind KPIs 9.4, 9.8 and 10.1 spread: mean, median, 90th percentile and a histogram.

The intervals are the roll-ups' own (`kpi_catalog.tally.Spread`), exact to a microsecond: mean, median and percentile
are the ones the KPI itself shows, and each interval stands in one column. A year of a large city is a sum of days.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kpi_catalog.facts.durations import US_PER_MINUTE, Durations
from kpi_catalog.facts.fire_turnout import TURNOUT
from kpi_catalog.facts.processing_time import SENT
from kpi_catalog.facts.reaction_time import DISPATCH
from kpi_catalog.period import Period
from kpi_catalog.tally import Part, Spread
from qyran.errors import NotFound
from qyran.roles import Actor, Role
from service.access import KPI_READERS, require
from service.charts.bars import Bin
from service.charts.ticks import axis
from service.rollups import refresh
from service.rollups.kept import total_of
from service.store.database import Store

TIMED: Final[Mapping[str, tuple[Part, str]]] = MappingProxyType(
    {"9.4": (Part.CASES, SENT), "9.8": (Part.ALERTS, DISPATCH), "10.1": (Part.CALLS, TURNOUT)}
)
"""KPIs whose value is a mean of minutes: where their intervals are kept."""
COLUMNS: Final = 14
"""Columns of a histogram, about."""
MOST: Final = 0.98
"""The share of values that the closed columns show; what took longer stands in the open one."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """Minutes, in numbers.

    Attributes:
        n: how many.
        bins: the histogram; the last one may be open.
        reversed: pairs left out, since they end before they begin.
    """

    n: int
    mean: float | None
    median: float | None
    p90: float | None
    bins: tuple[Bin, ...]
    reversed: int = 0


def distribution(store: Store, kpi_id: str, period: Period, *, actor: Actor) -> Distribution:
    """How the times of a KPI spread over a period.

    Raises:
        AccessError: the actor reads no KPIs.
        NotFound: the KPI is no mean of times.
    """
    require(actor, KPI_READERS | {Role.SYSTEM})
    if kpi_id not in TIMED:
        raise NotFound(f"KPI {kpi_id} is no mean of times; those are {', '.join(sorted(TIMED))}.")
    part, name = TIMED[kpi_id]
    refresh(store)
    with store.read(actor) as work:
        return spread(total_of(work, period, {part}).spread(name))


def spread(found: Spread) -> Distribution:
    """The numbers of intervals, those below zero left out and counted."""
    known = Durations(found)
    return Distribution(known.number, known.mean, known.median, known.p90, bins(known.measured.values), known.reversed)


def bins(us: NDArray[np.int64]) -> tuple[Bin, ...]:
    """A histogram of sorted intervals of 0 or more microseconds in round minutes; the longest 2 % may stand open."""
    if not len(us):
        return ()
    scale = axis([max(float(us[math.ceil(MOST * len(us)) - 1]) / US_PER_MINUTE, 1.0)], COLUMNS)
    edges = scale.ticks
    # How many lie below each edge; the last closed column takes its own upper edge in.
    below = [int(np.searchsorted(us, edge * US_PER_MINUTE, side="left")) for edge in edges[:-1]]
    below.append(int(np.searchsorted(us, edges[-1] * US_PER_MINUTE, side="right")))
    found = [Bin(edges[k], edges[k + 1], below[k + 1] - below[k]) for k in range(len(edges) - 1)]
    longer = len(us) - below[-1]
    return (*found, Bin(edges[-1], None, longer)) if longer else tuple(found)
