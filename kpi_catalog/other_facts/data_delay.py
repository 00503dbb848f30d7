"""KPI 1.1: mean minutes from a record's arrival in the departmental system to its publication to the centre.

Over records published in the period, `published_at` - `received_at` of the exchange with the situation centre.
"""

from __future__ import annotations

from kpi_catalog.other_facts.records import OtherFacts
from kpi_catalog.period import Period
from kpi_catalog.status import Status
from kpi_catalog.value import KpiValue, Missing


def data_delay(facts: OtherFacts, _: Period) -> KpiValue:
    """Compute KPI 1.1."""
    delay = facts.delay
    known = delay is not None and delay.mean_minutes is not None
    mean, n = (delay.mean_minutes, delay.n) if delay is not None else (None, 0)
    return KpiValue(
        id="1.1",
        unit="minute",
        definition_version="1.1/1",
        status=Status.COMPUTED if known else Status.NO_DATA,
        value=mean,
        n=n,
        numerator=None if mean is None else mean * n,
        denominator=n or None,
        missing=() if known else (Missing.UPDATE_DELAYS,),
        extra={"longest_minutes": None if delay is None else delay.longest_minutes},
    )
