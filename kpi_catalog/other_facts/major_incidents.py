"""KPI 1.12: by how many per cent the number of major incidents (fires, accidents) fell.

Fact: confirmed fires, smoke and crashes first detected in the period. Base: the same of the period before, or of the
same period a year before (`Readings.change_base`; the order names no base). While the period runs the base is counted
over the same length of time. Value: (base - fact) / base * 100, so that a rise is below zero.
"""

from __future__ import annotations

from kpi_catalog.other_facts.records import CRASH, IncidentTally, OtherFacts
from kpi_catalog.period import Period
from kpi_catalog.status import Status
from kpi_catalog.value import KpiValue, Missing


def major(tally: IncidentTally) -> int:
    """Confirmed fires and crashes."""
    return tally.fires + tally.crashes


def major_incidents(facts: OtherFacts, period: Period) -> KpiValue:
    """Compute KPI 1.12."""
    now = major(facts.incidents)
    base = None if facts.base is None else major(facts.base)
    missing: tuple[Missing, ...] = ()
    if base is None:
        missing = (Missing.BASE_PERIOD,)
    elif not base:
        missing = (Missing.BASE_INCIDENTS,)
    status = Status.NO_DATA
    if base:
        status = Status.COMPUTED if facts.as_of >= period.end else Status.PRELIMINARY
        if CRASH not in facts.seen_kinds:
            missing, status = (Missing.CRASH_WATCH,), Status.PARTIAL
    return KpiValue(
        id="1.12",
        unit="percent_change",
        definition_version="1.12/1",
        status=status,
        value=(base - now) / base * 100 if base else None,
        n=now + (base or 0),
        numerator=now,
        denominator=base,
        missing=missing,
        extra={
            "fires": facts.incidents.fires,
            "crashes": facts.incidents.crashes,
            "base": facts.readings.change_base,
        },
    )
