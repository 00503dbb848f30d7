"""KPI 10.5: share of fire calls to an object that already had a call within the window before.

The window is not in the order: `Definitions.repeat_window_days`, shown with the value. Calls without an object
cannot be judged; while they are many, or the journal does not reach back over the window, the value is preliminary.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from kpi_catalog.facts.calls import calls_in, covered, log_input
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts, FireCall
from kpi_catalog.status import Status
from kpi_catalog.value import InputUsed, KpiValue, Missing


def repeated_calls(facts: CityFacts, period: Period) -> KpiValue:
    """Compute KPI 10.5."""
    window = timedelta(days=facts.definitions.repeat_window_days)
    calls = calls_in(facts, period)
    known = [call for call in calls if call.object_id is not None]
    repeats = {call.id for call in _repeats(facts, window)}
    repeated = sum(call.id in repeats for call in known)
    missing: tuple[Missing, ...] = ()
    if facts.fire_calls is None:
        missing = (Missing.FIRE_CALL_LOG,)
    elif not calls:
        missing = (Missing.FIRE_CALLS,)
    elif not known:
        missing = (Missing.CALL_OBJECTS,)
    whole = covered(facts, period, period.start - window)
    whole = whole and len(known) >= facts.definitions.known_share * len(calls)
    status = Status.COMPUTED if whole else Status.PRELIMINARY
    return KpiValue(
        id="10.5",
        unit="percent",
        definition_version="10.5/1",
        status=Status.NO_DATA if missing else status,
        value=None if missing else 100 * repeated / len(calls),
        n=len(calls),
        numerator=None if missing else repeated,
        denominator=len(calls) or None,
        missing=missing,
        inputs=(*log_input(facts), InputUsed("repeat_window_days", facts.definitions.repeat_window_days)),
        extra={"without_object": len(calls) - len(known)},
    )


def _repeats(facts: CityFacts, window: timedelta) -> list[FireCall]:
    """Every call of the journal that follows another to the same object within the window."""
    calls = facts.fire_calls.calls if facts.fire_calls is not None else ()
    last: dict[str, datetime] = {}
    found = []
    for call in sorted(calls, key=lambda one: (one.t_call_received, one.id)):
        if not call.counts or call.object_id is None:
            continue
        before = last.get(call.object_id)
        if before is not None and call.t_call_received - before <= window:
            found.append(call)
        last[call.object_id] = call.t_call_received
    return found
