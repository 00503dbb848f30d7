"""KPI 10.1: mean minutes from a fire call to the crew's departure.

Over calls received in the period with both times, from the fire service's journal. Our own time from detection to
notification is shown apart; it is never taken for this KPI.
"""

from __future__ import annotations

from kpi_catalog.facts.calls import calls_in, covered, log_input
from kpi_catalog.facts.durations import durations
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts
from kpi_catalog.status import Status
from kpi_catalog.value import KpiValue, Missing


def fire_turnout(facts: CityFacts, period: Period) -> KpiValue:
    """Compute KPI 10.1."""
    calls = calls_in(facts, period)
    turnout = durations((call.t_call_received, call.t_depart) for call in calls)
    ours = durations(
        (alert.t_detect, alert.t_notify_sent)
        for alert in facts.alerts
        if alert.counts and alert.is_fire and period.holds(alert.t_detect)
    )
    missing: tuple[Missing, ...] = ()
    if facts.fire_calls is None:
        missing = (Missing.FIRE_CALL_LOG,)
    elif not calls:
        missing = (Missing.FIRE_CALLS,)
    elif not turnout.minutes:
        missing = (Missing.DEPARTURE_TIMES,)
    status = Status.COMPUTED if covered(facts, period) else Status.PRELIMINARY
    return KpiValue(
        id="10.1",
        unit="minute",
        definition_version="10.1/1",
        status=Status.NO_DATA if missing else status,
        value=turnout.mean,
        n=len(turnout.minutes),
        numerator=turnout.total if turnout.minutes else None,
        denominator=len(turnout.minutes) or None,
        missing=missing,
        inputs=log_input(facts),
        extra={
            "calls": len(calls),
            "without_departure": sum(call.t_depart is None for call in calls),
            "reversed_times": turnout.reversed,
            "own_notification_minutes": ours.mean,
        },
    )
