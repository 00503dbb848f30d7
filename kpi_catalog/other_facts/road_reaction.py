"""KPI 6.7: mean minutes from the detection of an incident on the road to the reaction to it.

Over confirmed road incidents (crash, stopped vehicle, wrong way, pedestrian, cyclist, animal, debris) first detected in
the period. Reaction as in 9.8: B (default) the dispatch, A the acknowledgement by the responsible service; both are
shown, and incidents without a reaction are counted apart. The order's name speaks of reaction, its description of the
incident's end: the name is followed, for the store knows the end only where somebody closes the alert.
"""

from __future__ import annotations

from kpi_catalog.other_facts.records import MICROSECONDS_PER_MINUTE, OtherFacts
from kpi_catalog.period import Period
from kpi_catalog.status import Status
from kpi_catalog.value import KpiValue, Missing


def road_reaction(facts: OtherFacts, _: Period) -> KpiValue:
    """Compute KPI 6.7."""
    found = facts.incidents
    by_dispatch = facts.definitions.reaction == "dispatch"
    times = {"ack": (found.ack, found.ack_us), "dispatch": (found.dispatch, found.dispatch_us)}
    number, us = times[facts.definitions.reaction]
    backwards = found.dispatch_reversed if by_dispatch else found.ack_reversed
    missing: tuple[Missing, ...] = ()
    if not found.road:
        missing = (Missing.ROAD_INCIDENTS,)
    elif not number:
        missing = (Missing.REACTION_TIMES,)
    return KpiValue(
        id="6.7",
        unit="minute",
        definition_version="6.7/1",
        status=Status.NO_DATA if missing else Status.COMPUTED,
        value=_mean(number, us),
        n=number,
        numerator=us / MICROSECONDS_PER_MINUTE if number else None,
        denominator=number or None,
        missing=missing,
        extra={
            "definition": "B" if by_dispatch else "A",
            "mean_to_acknowledgement": _mean(*times["ack"]),
            "mean_to_dispatch": _mean(*times["dispatch"]),
            "without_reaction": found.road - number - backwards,
            "reversed_times": backwards,
        },
    )


def _mean(number: int, us: int) -> float | None:
    return us / (MICROSECONDS_PER_MINUTE * number) if number else None
