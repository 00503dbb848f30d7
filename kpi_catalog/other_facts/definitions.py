"""All definitions of this folder by KPI, and what is held against the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from kpi_catalog.catalogue import catalogue
from kpi_catalog.other_facts.automated_parkings import automated_parkings
from kpi_catalog.other_facts.automatic_incidents import automatic_incidents
from kpi_catalog.other_facts.congestion_share import congestion_share
from kpi_catalog.other_facts.crashes_per_10000 import crashes_per_10000
from kpi_catalog.other_facts.dashboard_availability import dashboard_availability
from kpi_catalog.other_facts.data_delay import data_delay
from kpi_catalog.other_facts.emergency_arrival import emergency_arrival
from kpi_catalog.other_facts.major_incidents import major_incidents
from kpi_catalog.other_facts.parking_violations import parking_violations
from kpi_catalog.other_facts.records import OtherFacts
from kpi_catalog.other_facts.road_reaction import road_reaction
from kpi_catalog.other_facts.rush_hour_speed import rush_hour_speed
from kpi_catalog.other_facts.stops_with_video import stops_with_video
from kpi_catalog.other_facts.update_frequency import update_frequency
from kpi_catalog.period import Period
from kpi_catalog.scoring import Fact
from kpi_catalog.value import KpiValue

OTHER: Final[Mapping[str, Callable[[OtherFacts, Period], KpiValue]]] = MappingProxyType(
    {
        "1.1": data_delay,
        "1.2": dashboard_availability,
        "1.4": update_frequency,
        "1.7": automatic_incidents,
        "1.11": emergency_arrival,
        "1.12": major_incidents,
        "5.1": automated_parkings,
        "5.7": parking_violations,
        "6.1": rush_hour_speed,
        "6.3": congestion_share,
        "6.4": crashes_per_10000,
        "6.7": road_reaction,
        "8.7": stops_with_video,
    }
)
"""The definition of each KPI of another sphere that the store feeds."""


def fact_of(value: KpiValue, facts: OtherFacts) -> Fact | None:
    """What is held against the target: the value, the parts of 1.4, base and fact of 1.12."""
    if value.id == "1.4":
        parts = catalogue().kpis["1.4"].targets[facts.category].parts
        return {part: facts.update_hours[part] for part in parts if part in facts.update_hours} or None
    if value.id == "1.12" and value.value is not None and value.denominator is not None:
        return {"base": float(value.denominator), "fact": float(value.numerator or 0)}
    return value.value
