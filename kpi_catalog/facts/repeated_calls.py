"""KPI 10.5: share of fire calls to an object that already had a call within the window before.

The window is not in the order: `Definitions.repeat_window_days`, shown with the value. Days keep the time since the
call before, however long ago that was, so that another window needs no new count. Calls without an object cannot be
judged; while they are many, or the journal does not reach back over the window, the value is preliminary.
"""

from __future__ import annotations

from datetime import timedelta

from kpi_catalog.definition import Counted, Definition, Judged, uncounted
from kpi_catalog.facts.calls import counting, covered, log_input
from kpi_catalog.happened import Called, Happened
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts
from kpi_catalog.status import Status
from kpi_catalog.tally import Part, Tally, microseconds, tally
from kpi_catalog.value import InputUsed, KpiValue, Missing

ID = "10.5"
CALLS, KNOWN, SINCE_LAST = f"{ID}.calls", f"{ID}.with_object", f"{ID}.since_last"


def judge(one: Called, facts: CityFacts) -> Judged:
    """How a call received in the period counts."""
    apart = uncounted(one.call)
    if apart is not None:
        return apart
    if one.call.object_id is None:
        return Judged(Counted.DENOMINATOR, "without_object")
    repeated = one.since_last is not None and one.since_last <= microseconds(_window(facts))
    return Judged(Counted.BOTH, "repeated") if repeated else Judged(Counted.DENOMINATOR, "first")


def _tally(span: Happened) -> Tally:
    calls = counting(span)
    known = sum(one.call.object_id is not None for one in calls)
    gaps = [one.since_last for one in calls if one.since_last is not None]
    return tally({CALLS: len(calls), KNOWN: known}, {SINCE_LAST: gaps})


def _value(total: Tally, facts: CityFacts, period: Period) -> KpiValue:
    window = _window(facts)
    calls, known = total.count(CALLS), total.count(KNOWN)
    repeated = total.spread(SINCE_LAST).up_to(microseconds(window))
    missing: tuple[Missing, ...] = ()
    if facts.fire_calls is None:
        missing = (Missing.FIRE_CALL_LOG,)
    elif not calls:
        missing = (Missing.FIRE_CALLS,)
    elif not known:
        missing = (Missing.CALL_OBJECTS,)
    whole = covered(facts, period, period.start - window)
    whole = whole and known >= facts.definitions.known_share * calls
    status = Status.COMPUTED if whole else Status.PRELIMINARY
    return KpiValue(
        id=ID,
        unit="percent",
        definition_version="10.5/1",
        status=Status.NO_DATA if missing else status,
        value=None if missing else 100 * repeated / calls,
        n=calls,
        numerator=None if missing else repeated,
        denominator=calls or None,
        missing=missing,
        inputs=(*log_input(facts), InputUsed("repeat_window_days", facts.definitions.repeat_window_days)),
        extra={"without_object": calls - known},
    )


def _window(facts: CityFacts) -> timedelta:
    return timedelta(days=facts.definitions.repeat_window_days)


repeated_calls = Definition(ID, 1, judge, _value, {Part.CALLS: _tally})
"""KPI 10.5."""
