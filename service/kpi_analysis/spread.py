"""How the times behind KPIs 9.4, 9.8 and 10.1 spread: mean, median, 90th percentile and a histogram.

The intervals are those of the KPIs' definitions (`kpi_catalog.facts`): pairs whose end lies before their beginning are
left out and counted. The database takes the differences, to a millisecond; no record is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, case, cast, func, select
from sqlalchemy import Float as SqlFloat

from incidents.alert import AlertState, Verdict
from kpi_catalog.period import Period
from qyran.errors import NotFound
from qyran.roles import Actor, Role
from service import city_inputs
from service.access import KPI_READERS, require
from service.charts.bars import Bin
from service.charts.ticks import axis
from service.store.database import Store, Work
from service.store.tables import Alert, ViolationCase

TIMED: Final = frozenset({"9.4", "9.8", "10.1"})
"""KPIs whose value is a mean of minutes."""
P90: Final = 0.9
COLUMNS: Final = 14
"""Columns of a histogram, about."""
MOST: Final = 0.98
"""The share of values that the closed columns show; what took longer stands in the open one."""
UNCOUNTED: Final = (AlertState.CANDIDATE, AlertState.SUPPRESSED, AlertState.TEST)
MINUTES_A_DAY: Final = 1440.0
SECONDS_A_MINUTE: Final = 60.0
MILLI: Final = 3  # decimals of a second


@dataclass(frozen=True, slots=True)
class Distribution:
    """Minutes, in numbers.

    Attributes:
        n: how many.
        reversed: pairs left out, since they end before they begin.
        bins: the histogram; the last one may be open.
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
    with store.read(actor) as work:
        minutes = _calls(work, period) if kpi_id == "10.1" else _asked(work, kpi_id, period)
    return spread(minutes)


def spread(minutes: Sequence[float]) -> Distribution:
    """The numbers of intervals, those below zero left out and counted."""
    known = sorted(one for one in minutes if one >= 0)
    count = len(known)
    if not count:
        return Distribution(0, None, None, None, (), len(minutes))
    half = count // 2
    return Distribution(
        n=count,
        mean=math.fsum(known) / count,
        median=known[half] if count % 2 else (known[half - 1] + known[half]) / 2,
        p90=known[math.ceil(P90 * count) - 1],
        bins=bins(known),
        reversed=len(minutes) - count,
    )


def bins(known: Sequence[float]) -> tuple[Bin, ...]:
    """A histogram of sorted values from 0 on, in round steps; the longest 2 % may stand in an open column."""
    if not known:
        return ()
    scale = axis([max(known[math.ceil(MOST * len(known)) - 1], 1.0)], COLUMNS)
    edges = scale.ticks
    counts = [0] * (len(edges) - 1)
    longer = 0
    for one in known:
        place = int(one / scale.step)
        if place < len(counts):
            counts[place] += 1
        elif one == edges[-1]:
            counts[-1] += 1
        else:
            longer += 1
    found = [Bin(edges[k], edges[k + 1], count) for k, count in enumerate(counts)]
    return (*found, Bin(edges[-1], None, longer)) if longer else tuple(found)


def _asked(work: Work, kpi_id: str, period: Period) -> list[float]:
    sqlite = work.store.engine.dialect.name == "sqlite"
    query = _notified(period, sqlite=sqlite) if kpi_id == "9.4" else _reacted(period, sqlite=sqlite)
    return [round(float(one) * SECONDS_A_MINUTE, MILLI) / SECONDS_A_MINUTE for one in work.session.scalars(query)]


def _notified(period: Period, *, sqlite: bool) -> Select[Any]:
    sent = ViolationCase.t_first_notification_sent
    return select(_minutes(ViolationCase.t_detect, sent, sqlite=sqlite)).where(
        ViolationCase.merged_into.is_(None), sent >= period.start, sent < period.end
    )


def _reacted(period: Period, *, sqlite: bool) -> Select[Any]:
    """Confirmed incidents: the first of each moment over the alerts of one happening (9.8 B, to the dispatch)."""
    true = func.max(case((Alert.verdict == Verdict.TRUE.value, 1), else_=0))
    one = (
        select(
            func.min(Alert.t_detect).label("detected"),
            func.min(Alert.t_dispatch).label("dispatched"),
            true.label("confirmed"),
        )
        .where(
            Alert.merged_into.is_(None),
            Alert.is_drill.is_(False),
            Alert.state.not_in(UNCOUNTED),
            Alert.initiator == "system",
        )
        .group_by(Alert.incident_id)
        .subquery()
    )
    return select(_minutes(one.c.detected, one.c.dispatched, sqlite=sqlite)).where(
        one.c.confirmed == 1, one.c.detected >= period.start, one.c.detected < period.end, one.c.dispatched.is_not(None)
    )


def _minutes(start: Any, end: Any, *, sqlite: bool) -> ColumnElement[Any]:
    if sqlite:
        return (func.julianday(end, type_=SqlFloat) - func.julianday(start, type_=SqlFloat)) * MINUTES_A_DAY
    return cast(func.extract("epoch", end - start), SqlFloat) / SECONDS_A_MINUTE


def _calls(work: Work, period: Period) -> list[float]:
    entry = city_inputs.newest(work).get("fire_calls")
    if entry is None:
        return []
    return [
        (call.t_depart - call.t_call_received).total_seconds() / SECONDS_A_MINUTE
        for call in entry.shaped(city_inputs.Calls).calls
        if call.t_depart is not None
        and period.holds(call.t_call_received)
        and not (call.drill or call.test or call.merged)
    ]
