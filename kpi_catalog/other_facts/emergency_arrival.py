"""KPI 1.11: share of calls of the fire service and the ambulance with an arrival within the limit.

Numerator: calls received in the period whose crew arrived within the category's limit (t_arrive - t_call_received).
Denominator: all calls received in the period, drills, tests and duplicates left out; a call without an arrival is not
in time. Both journals are the services' own (101 and 103); with one of them alone the KPI is partial and not scored.
The order prints the limits as "6/7-10/10-15 min": `Readings.arrival_limit` says which of two numbers is meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kpi_catalog.catalogue import Category, catalogue
from kpi_catalog.other_facts.records import ArrivalTally, OtherFacts
from kpi_catalog.period import Period
from kpi_catalog.status import Status
from kpi_catalog.value import InputUsed, KpiValue, Missing

LOWER_LIMITS: Final[Mapping[Category, float]] = MappingProxyType({Category.REGIONAL: 7, Category.DISTRICT: 10})
"""The lower of two numbers of minutes in the formula of 1.11; the upper stands in the catalogue."""


def limit_minutes(facts: OtherFacts) -> float:
    """Within how many minutes an arrival is in time."""
    upper = float(catalogue().kpis["1.11"].thresholds[facts.category.value])
    return LOWER_LIMITS.get(facts.category, upper) if facts.readings.arrival_limit == "lower" else upper


def emergency_arrival(facts: OtherFacts, _: Period) -> KpiValue:
    """Compute KPI 1.11."""
    limit = limit_minutes(facts)
    journals = [one for one in (facts.fire_calls, facts.ambulance_calls) if one is not None]
    calls = sum(one.calls for one in journals)
    in_time = sum(one.in_time(limit) for one in journals)
    unknown = sum(one.without_arrival + one.reversed for one in journals)
    missing: tuple[Missing, ...] = ()
    if facts.fire_calls is None:
        missing += (Missing.FIRE_CALL_LOG,)
    if facts.ambulance_calls is None:
        missing += (Missing.AMBULANCE_CALL_LOG,)
    if journals and not calls:
        missing += (Missing.EMERGENCY_CALLS,)
    elif calls and unknown == calls:
        missing += (Missing.ARRIVAL_TIMES,)
    known = calls - unknown
    return KpiValue(
        id="1.11",
        unit="percent",
        definition_version="1.11/1",
        status=_status(facts, journals, calls, known),
        value=in_time / calls * 100 if known else None,
        n=calls,
        numerator=in_time if known else None,
        denominator=calls or None,
        missing=missing,
        inputs=(
            InputUsed("arrival_limit", limit),
            *_input("fire_call_log", facts.fire_calls),
            *_input("ambulance_call_log", facts.ambulance_calls),
        ),
        extra={
            "calls_fire": None if facts.fire_calls is None else facts.fire_calls.calls,
            "calls_ambulance": None if facts.ambulance_calls is None else facts.ambulance_calls.calls,
            "without_arrival": sum(one.without_arrival for one in journals),
            "reversed_times": sum(one.reversed for one in journals),
        },
    )


def _status(facts: OtherFacts, journals: list[ArrivalTally], calls: int, known: int) -> Status:
    if not known:
        return Status.NO_DATA
    if facts.fire_calls is None or facts.ambulance_calls is None:
        return Status.PARTIAL
    whole = all(one.covered for one in journals) and known / calls >= facts.definitions.known_share
    return Status.COMPUTED if whole else Status.PRELIMINARY


def _input(key: str, journal: ArrivalTally | None) -> tuple[InputUsed, ...]:
    if journal is None:
        return ()
    return (InputUsed(key, None, journal.imported.covers_until.date(), journal.imported.source),)
