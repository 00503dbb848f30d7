"""KPI 9.6: incidents found by the video system, per month.

Distinct incidents, fire and smoke included, that were detected in the period and confirmed true. Over more than
one month it is the mean of the months. Those without a verdict, and the false ones, are shown apart.
"""

from __future__ import annotations

from kpi_catalog.facts.incidents import incidents
from kpi_catalog.facts.spans import any_video
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts
from kpi_catalog.status import Status
from kpi_catalog.value import KpiValue, Missing


def incidents_found(facts: CityFacts, period: Period) -> KpiValue:
    """Compute KPI 9.6."""
    found = incidents(facts, period)
    confirmed = sum(one.verdict is True for one in found)
    silent = not found and not any_video(facts, period)
    status = Status.COMPUTED if facts.as_of >= period.end else Status.PRELIMINARY
    missing: tuple[Missing, ...] = ()
    if silent:
        status, missing = Status.NO_DATA, (Missing.VIDEO,)
    elif period.months is None:
        status, missing = Status.PARTIAL, (Missing.WHOLE_MONTH,)
    return KpiValue(
        id="9.6",
        unit="count_per_month",
        definition_version="9.6/1",
        status=status,
        value=None if silent else confirmed / (period.months or 1),
        n=len(found),
        numerator=None if silent else confirmed,
        denominator=period.months,
        missing=missing,
        extra={
            "unverified": sum(one.verdict is None for one in found),
            "false": sum(one.verdict is False for one in found),
        },
    )
