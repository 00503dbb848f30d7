"""KPI 9.8: mean minutes from the detection of an incident to the reaction to it.

Over confirmed incidents (fire and smoke included) detected in the period. Reaction: A the acknowledgement by the
responsible service, B (default) the dispatch; both are shown. Incidents without a reaction are counted apart, and
listed among the events behind the value.
"""

from __future__ import annotations

from kpi_catalog.definition import Counted, Definition, Judged, excluded
from kpi_catalog.facts.durations import Durations, interval, intervals
from kpi_catalog.happened import Happened, Incident
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts
from kpi_catalog.status import Status
from kpi_catalog.tally import Part, Tally, tally
from kpi_catalog.value import KpiValue, Missing

ID = "9.8"
ACK, DISPATCH, CONFIRMED = f"{ID}.ack", f"{ID}.dispatch", f"{ID}.confirmed"


def judge(incident: Incident, facts: CityFacts) -> Judged:
    """How an incident first detected in the period counts."""
    if incident.verdict is not True:
        return excluded("unverified" if incident.verdict is None else "false")
    reaction = incident.t_dispatch if facts.definitions.reaction == "dispatch" else incident.t_ack
    if reaction is None:
        return excluded("without_reaction")
    us = interval(incident.t_detect, reaction)
    return Judged(Counted.BOTH, "reaction", us) if us >= 0 else excluded("reversed_times")


def _tally(span: Happened) -> Tally:
    confirmed = [one for one in span.incidents if one.verdict is True]
    ack = intervals((one.t_detect, one.t_ack) for one in confirmed)
    dispatch = intervals((one.t_detect, one.t_dispatch) for one in confirmed)
    return tally({CONFIRMED: len(confirmed)}, {ACK: ack, DISPATCH: dispatch})


def _value(total: Tally, facts: CityFacts, _: Period) -> KpiValue:
    confirmed = total.count(CONFIRMED)
    times = {"ack": Durations(total.spread(ACK)), "dispatch": Durations(total.spread(DISPATCH))}
    chosen = times[facts.definitions.reaction]
    missing: tuple[Missing, ...] = ()
    if not confirmed:
        missing = (Missing.CONFIRMED_INCIDENTS,)
    elif not chosen.number:
        missing = (Missing.REACTION_TIMES,)
    return KpiValue(
        id=ID,
        unit="minute",
        definition_version="9.8/2",
        status=Status.NO_DATA if missing else Status.COMPUTED,
        value=chosen.mean,
        n=chosen.number,
        numerator=chosen.total if chosen.number else None,
        denominator=chosen.number or None,
        missing=missing,
        extra={
            "definition": "B" if facts.definitions.reaction == "dispatch" else "A",
            "median": chosen.median,
            "p90": chosen.p90,
            "mean_to_acknowledgement": times["ack"].mean,
            "mean_to_dispatch": times["dispatch"].mean,
            "without_reaction": confirmed - len(chosen.spread),
            "reversed_times": chosen.reversed,
        },
    )


reaction_time = Definition(ID, 2, judge, _value, {Part.ALERTS: _tally})
"""KPI 9.8."""
