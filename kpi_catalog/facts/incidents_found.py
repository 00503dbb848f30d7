"""KPI 9.6: incidents found by the video system, per month.

Distinct incidents, fire and smoke included, that were detected in the period and confirmed true. Over more than
one month it is the mean of the months. Those without a verdict, and the false ones, are shown apart.
"""

from __future__ import annotations

from kpi_catalog.definition import Counted, Definition, Judged, counts_of, excluded
from kpi_catalog.facts.video_analysed_share import any_video
from kpi_catalog.happened import Happened, Incident
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts
from kpi_catalog.status import Status
from kpi_catalog.tally import Part, Tally, tally
from kpi_catalog.value import KpiValue, Missing

ID = "9.6"


def judge(incident: Incident, _: CityFacts | None = None) -> Judged:
    """How an incident first detected in the period counts."""
    if incident.verdict is True:
        return Judged(Counted.NUMERATOR, "confirmed")
    return excluded("unverified" if incident.verdict is None else "false")


def _tally(span: Happened) -> Tally:
    return tally(counts_of(ID, ((judge(one), 1) for one in span.incidents)))


def _value(total: Tally, facts: CityFacts, period: Period) -> KpiValue:
    confirmed, unverified, false = (total.count(f"{ID}.{one}") for one in ("confirmed", "unverified", "false"))
    found = confirmed + unverified + false
    silent = not found and not any_video(total)
    status = Status.COMPUTED if facts.as_of >= period.end else Status.PRELIMINARY
    missing: tuple[Missing, ...] = ()
    if silent:
        status, missing = Status.NO_DATA, (Missing.VIDEO,)
    elif period.months is None:
        status, missing = Status.PARTIAL, (Missing.WHOLE_MONTH,)
    return KpiValue(
        id=ID,
        unit="count_per_month",
        definition_version="9.6/1",
        status=status,
        value=None if silent else confirmed / (period.months or 1),
        n=found,
        numerator=None if silent else confirmed,
        denominator=period.months,
        missing=missing,
        extra={"unverified": unverified, "false": false},
    )


incidents_found = Definition(ID, 1, judge, _value, {Part.ALERTS: _tally})
"""KPI 9.6."""
