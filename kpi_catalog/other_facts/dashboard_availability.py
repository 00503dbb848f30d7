"""KPI 1.2: share of the calendar month in which the public dashboard could be read.

Numerator: minutes in which every probe of the public page was answered. Denominator: minutes measured; what was before
the first probe counts neither way, and makes the value preliminary.
"""

from __future__ import annotations

from kpi_catalog.other_facts.records import OtherFacts
from kpi_catalog.period import Period
from kpi_catalog.status import Status
from kpi_catalog.value import KpiValue, Missing

SECONDS_PER_MINUTE = 60.0
PERCENT = 100.0


def dashboard_availability(facts: OtherFacts, period: Period) -> KpiValue:
    """Compute KPI 1.2."""
    uptime = facts.uptime
    if uptime is None or uptime.measured_s <= 0:
        return KpiValue(
            id="1.2", unit="percent", definition_version="1.2/1", status=Status.NO_DATA,
            missing=(Missing.AVAILABILITY_LOG,),
        )  # fmt: skip
    whole = uptime.since <= period.start and facts.as_of >= period.end
    return KpiValue(
        id="1.2",
        unit="percent",
        definition_version="1.2/1",
        status=Status.COMPUTED if whole else Status.PRELIMINARY,
        value=PERCENT * uptime.up_s / uptime.measured_s,
        n=1,
        numerator=uptime.up_s / SECONDS_PER_MINUTE,
        denominator=uptime.measured_s / SECONDS_PER_MINUTE,
    )
