"""KPI 1.4: mean hours between updates of the data, by sphere of data.

The installation measures the security data (public safety) that it publishes to the centre; housing and utilities,
ecology and education are others' and imported. Until all four are known the KPI is partial and not scored.
"""

from __future__ import annotations

from kpi_catalog.catalogue import catalogue
from kpi_catalog.other_facts.records import OtherFacts
from kpi_catalog.period import Period
from kpi_catalog.status import Status
from kpi_catalog.value import KpiValue, Missing

OWN = "security"
"""The part that the installation measures itself."""


def update_frequency(facts: OtherFacts, _: Period) -> KpiValue:
    """Compute KPI 1.4; `value` is the security part, the others stand beside it."""
    parts = tuple(catalogue().kpis["1.4"].targets[facts.category].parts)
    known = {part: facts.update_hours.get(part) for part in parts}
    missing = (Missing.UPDATE_TIMES,) if known[OWN] is None else ()
    if any(hours is None for part, hours in known.items() if part != OWN):
        missing = (*missing, Missing.OTHER_UPDATE_TIMES)
    status = Status.PARTIAL if any(hours is not None for hours in known.values()) else Status.NO_DATA
    return KpiValue(
        id="1.4",
        unit="hour",
        definition_version="1.4/1",
        status=status if missing else Status.COMPUTED,
        value=known[OWN],
        n=sum(hours is not None for hours in known.values()),
        missing=missing,
        extra={f"hours_{part}": hours for part, hours in known.items()},
    )
