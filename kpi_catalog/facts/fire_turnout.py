"""KPI 10.1: mean minutes from a fire call to the crew's departure.

Over calls received in the period with both times, from the fire service's journal. Our own time from detection to
notification is shown apart; it is never taken for this KPI.
"""

from __future__ import annotations

from kpi_catalog.definition import Counted, Definition, Judged, excluded, uncounted
from kpi_catalog.facts.calls import counting, covered, log_input
from kpi_catalog.facts.durations import Durations, interval, intervals, mean_minutes
from kpi_catalog.happened import Called, Happened
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts
from kpi_catalog.status import Status
from kpi_catalog.tally import Part, Tally, tally
from kpi_catalog.value import KpiValue, Missing

ID = "10.1"
CALLS, TURNOUT = f"{ID}.calls", f"{ID}.turnout"
OWN, OWN_US = f"{ID}.own", f"{ID}.own_us"


def judge(one: Called, _: CityFacts | None = None) -> Judged:
    """How a call received in the period counts."""
    apart = uncounted(one.call)
    if apart is not None:
        return apart
    if one.call.t_depart is None:
        return excluded("without_departure")
    us = interval(one.call.t_call_received, one.call.t_depart)
    return Judged(Counted.BOTH, "turnout", us) if us >= 0 else excluded("reversed_times")


def _tally_calls(span: Happened) -> Tally:
    calls = counting(span)
    turnout = intervals((one.call.t_call_received, one.call.t_depart) for one in calls)
    return tally({CALLS: len(calls)}, {TURNOUT: turnout})


def _tally_own(span: Happened) -> Tally:
    ours = intervals((one.t_detect, one.t_notify_sent) for one in span.alerts if one.counts and one.is_fire)
    kept = [us for us in ours if us >= 0]
    return tally({OWN: len(kept), OWN_US: sum(kept)})


def _value(total: Tally, facts: CityFacts, period: Period) -> KpiValue:
    calls, turnout = total.count(CALLS), Durations(total.spread(TURNOUT))
    missing: tuple[Missing, ...] = ()
    if facts.fire_calls is None:
        missing = (Missing.FIRE_CALL_LOG,)
    elif not calls:
        missing = (Missing.FIRE_CALLS,)
    elif not turnout.number:
        missing = (Missing.DEPARTURE_TIMES,)
    status = Status.COMPUTED if covered(facts, period) else Status.PRELIMINARY
    return KpiValue(
        id=ID,
        unit="minute",
        definition_version="10.1/1",
        status=Status.NO_DATA if missing else status,
        value=turnout.mean,
        n=turnout.number,
        numerator=turnout.total if turnout.number else None,
        denominator=turnout.number or None,
        missing=missing,
        inputs=log_input(facts),
        extra={
            "calls": calls,
            "median": turnout.median,
            "p90": turnout.p90,
            "without_departure": calls - len(turnout.spread),
            "reversed_times": turnout.reversed,
            "own_notification_minutes": mean_minutes(total.count(OWN_US), total.count(OWN)),
        },
    )


fire_turnout = Definition(ID, 1, judge, _value, {Part.CALLS: _tally_calls, Part.ALERTS: _tally_own})
"""KPI 10.1."""
