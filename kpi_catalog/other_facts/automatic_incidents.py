"""KPI 1.7: share of incidents handled without an operator.

Numerator: incidents first detected in the period of which the system itself first told a service (101, 102, 103, 112,
the staff of an object), with no person's step before it. Denominator: all incidents first detected in the period,
drills, tests and duplicates left out. Telling the situational centre's own console tells no service.
"""

from __future__ import annotations

from kpi_catalog.other_facts.records import OtherFacts
from kpi_catalog.period import Period
from kpi_catalog.status import Status
from kpi_catalog.value import KpiValue, Missing


def automatic_incidents(facts: OtherFacts, _: Period) -> KpiValue:
    """Compute KPI 1.7."""
    total = facts.incidents.incidents
    return KpiValue(
        id="1.7",
        unit="percent",
        definition_version="1.7/1",
        status=Status.COMPUTED if total else Status.NO_DATA,
        value=facts.incidents.automatic / total * 100 if total else None,
        n=total,
        numerator=facts.incidents.automatic,
        denominator=total or None,
        missing=() if total else (Missing.INCIDENTS,),
    )
