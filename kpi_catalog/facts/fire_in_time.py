"""KPI 10.2: share of fire calls handled in time.

Numerator: calls whose crew departed (or arrived, as the norm says) within the norm. Denominator: all calls received
in the period; a call without that time is not in time. The order leaves the norm to the fire service.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from kpi_catalog.facts.calls import calls_in, covered, log_input
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts, FireCall, FireNorm
from kpi_catalog.status import Status
from kpi_catalog.value import InputUsed, KpiValue, Missing


def fire_in_time(facts: CityFacts, period: Period) -> KpiValue:
    """Compute KPI 10.2."""
    norm = facts.inputs.fire_norm
    calls = calls_in(facts, period)
    kept = None if norm is None else sum(_in_time(call, norm) for call in calls)
    untimed = 0 if norm is None else sum(_reached(call, norm) is None for call in calls)
    missing = [] if norm is not None else [Missing.FIRE_NORM]
    if facts.fire_calls is None:
        missing.append(Missing.FIRE_CALL_LOG)
    elif not calls:
        missing.append(Missing.FIRE_CALLS)
    elif norm is not None and untimed == len(calls):
        missing.append(Missing.DEPARTURE_TIMES if norm.event == "depart" else Missing.ARRIVAL_TIMES)
    status = Status.COMPUTED if covered(facts, period) else Status.PRELIMINARY
    if norm is None:
        status = Status.NOT_CONFIGURED
    elif missing:
        status = Status.NO_DATA
    said = kept is not None and not missing
    inputs = log_input(facts)
    if norm is not None:
        inputs += (InputUsed(f"fire_norm_{norm.event}", norm.minutes, norm.on, norm.source),)
    return KpiValue(
        id="10.2",
        unit="percent",
        definition_version="10.2/1",
        status=status,
        value=100 * kept / len(calls) if said and kept is not None else None,
        n=len(calls),
        numerator=kept if said else None,
        denominator=len(calls) or None,
        missing=tuple(missing),
        inputs=inputs,
        extra={"without_time": None if norm is None else untimed},
    )


def _in_time(call: FireCall, norm: FireNorm) -> bool:
    reached = _reached(call, norm)
    return reached is not None and reached - call.t_call_received <= timedelta(minutes=norm.minutes)


def _reached(call: FireCall, norm: FireNorm) -> datetime | None:
    return call.t_depart if norm.event == "depart" else call.t_arrive
