"""KPI 9.8: mean minutes from the detection of an incident to the reaction to it.

Over confirmed incidents (fire and smoke included) detected in the period. Reaction: A the acknowledgement by the
responsible service, B (default) the dispatch; both are shown. Incidents without a reaction are listed and counted
apart.
"""

from __future__ import annotations

from kpi_catalog.facts.durations import durations
from kpi_catalog.facts.incidents import incidents
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts
from kpi_catalog.status import Status
from kpi_catalog.value import KpiValue, Missing


def reaction_time(facts: CityFacts, period: Period) -> KpiValue:
    """Compute KPI 9.8."""
    confirmed = [one for one in incidents(facts, period) if one.verdict is True]
    times = {
        "ack": durations((one.t_detect, one.t_ack) for one in confirmed),
        "dispatch": durations((one.t_detect, one.t_dispatch) for one in confirmed),
    }
    by_dispatch = facts.definitions.reaction == "dispatch"
    chosen = times[facts.definitions.reaction]
    waiting = [one.id for one in confirmed if (one.t_dispatch if by_dispatch else one.t_ack) is None]
    missing: tuple[Missing, ...] = ()
    if not confirmed:
        missing = (Missing.CONFIRMED_INCIDENTS,)
    elif not chosen.minutes:
        missing = (Missing.REACTION_TIMES,)
    return KpiValue(
        id="9.8",
        unit="minute",
        definition_version="9.8/1",
        status=Status.NO_DATA if missing else Status.COMPUTED,
        value=chosen.mean,
        n=len(chosen.minutes),
        numerator=chosen.total if chosen.minutes else None,
        denominator=len(chosen.minutes) or None,
        missing=missing,
        extra={
            "definition": "B" if by_dispatch else "A",
            "mean_to_acknowledgement": times["ack"].mean,
            "mean_to_dispatch": times["dispatch"].mean,
            "without_reaction": len(waiting),
            "without_reaction_ids": waiting,
            "reversed_times": chosen.reversed,
        },
    )
