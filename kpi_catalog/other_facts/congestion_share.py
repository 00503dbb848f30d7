"""KPI 6.3: share of time with congestion.

Numerator: hours of congestion incidents, from their onset to the last moment they were seen, camera by camera, those
judged false left out. Denominator: camera-hours analysed in the period (the numerator of 9.7). Where no camera ever
raised congestion the store does not look for it, and 0 % would be a guess.
"""

from __future__ import annotations

from kpi_catalog.other_facts.records import CONGESTION, MICROSECONDS_PER_HOUR, OtherFacts
from kpi_catalog.period import Period
from kpi_catalog.status import Status
from kpi_catalog.value import KpiValue, Missing


def congestion_share(facts: OtherFacts, period: Period) -> KpiValue:
    """Compute KPI 6.3."""
    hours = facts.incidents.congestion_us / MICROSECONDS_PER_HOUR
    watched = facts.analysed_hours
    missing: tuple[Missing, ...] = ()
    if CONGESTION not in facts.seen_kinds:
        missing += (Missing.CONGESTION_WATCH,)
    if not watched:
        missing += (Missing.HEARTBEAT_LOG,)
    known = watched if watched and not missing else None
    running = Status.PRELIMINARY if facts.as_of < period.end else Status.COMPUTED
    return KpiValue(
        id="6.3",
        unit="percent",
        definition_version="6.3/1",
        status=Status.NO_DATA if known is None else running,
        value=None if known is None else min(hours, known) / known * 100,
        n=facts.incidents.incidents,
        numerator=hours,
        denominator=watched,
        missing=missing,
    )
