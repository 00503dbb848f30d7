"""KPI 10.2: share of fire calls handled in time.

Numerator: calls whose crew departed (or arrived, as the norm says) within the norm. Denominator: all calls received
in the period; a call without that time is not in time. The order leaves the norm to the fire service. Days keep the
intervals themselves, so that another norm needs no new count.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from kpi_catalog.definition import Counted, Definition, Judged, excluded, uncounted
from kpi_catalog.facts.calls import counting, covered, log_input
from kpi_catalog.facts.durations import interval, intervals
from kpi_catalog.happened import Called, Happened
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts, FireCall, FireNorm
from kpi_catalog.status import Status
from kpi_catalog.tally import Part, Tally, microseconds, tally
from kpi_catalog.value import InputUsed, KpiValue, Missing

ID = "10.2"
CALLS = f"{ID}.calls"


def judge(one: Called, facts: CityFacts) -> Judged:
    """How a call received in the period counts."""
    norm, apart = facts.inputs.fire_norm, uncounted(one.call)
    if apart is not None:
        return apart
    if norm is None:
        return excluded("no_norm")
    reached = _reached(one.call, norm.event)
    if reached is None:
        return Judged(Counted.DENOMINATOR, "without_time")
    us = interval(one.call.t_call_received, reached)
    return Judged(Counted.BOTH, "in_time", us) if us <= _most(norm) else Judged(Counted.DENOMINATOR, "too_late", us)


def _tally(span: Happened) -> Tally:
    calls = counting(span)
    events = ("depart", "arrive")
    pairs = {name: [(one.call.t_call_received, _reached(one.call, name)) for one in calls] for name in events}
    return tally({CALLS: len(calls)}, {f"{ID}.{name}": intervals(given) for name, given in pairs.items()})


def _value(total: Tally, facts: CityFacts, period: Period) -> KpiValue:
    norm, calls = facts.inputs.fire_norm, total.count(CALLS)
    reached = None if norm is None else total.spread(f"{ID}.{norm.event}")
    kept = None if norm is None or reached is None else reached.up_to(_most(norm))
    missing = [] if norm is not None else [Missing.FIRE_NORM]
    if facts.fire_calls is None:
        missing.append(Missing.FIRE_CALL_LOG)
    elif not calls:
        missing.append(Missing.FIRE_CALLS)
    elif norm is not None and not reached:
        missing.append(Missing.DEPARTURE_TIMES if norm.event == "depart" else Missing.ARRIVAL_TIMES)
    status = Status.COMPUTED if covered(facts, period) else Status.PRELIMINARY
    if norm is None:
        status = Status.NOT_CONFIGURED
    elif missing:
        status = Status.NO_DATA
    inputs = log_input(facts)
    if norm is not None:
        inputs += (InputUsed(f"fire_norm_{norm.event}", norm.minutes, norm.on, norm.source),)
    return KpiValue(
        id=ID,
        unit="percent",
        definition_version="10.2/1",
        status=status,
        value=100 * kept / calls if kept is not None and not missing else None,
        n=calls,
        numerator=None if missing else kept,
        denominator=calls or None,
        missing=tuple(missing),
        inputs=inputs,
        extra={"without_time": None if reached is None else calls - len(reached)},
    )


def _most(norm: FireNorm) -> int:
    return microseconds(timedelta(minutes=norm.minutes))


def _reached(call: FireCall, event: str) -> datetime | None:
    return call.t_depart if event == "depart" else call.t_arrive


fire_in_time = Definition(ID, 1, judge, _value, {Part.CALLS: _tally})
"""KPI 10.2."""
