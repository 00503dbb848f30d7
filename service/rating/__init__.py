"""The rating of the whole city: all 118 KPIs of the order, computed, imported or missing by name."""

from kpi_catalog.city import CityKpi, CityReport, CitySphere, Measured, Origin, Rating
from kpi_catalog.city_effects import ReadingEffect, effects
from service.rating.report import city_report

__all__ = [
    "CityKpi",
    "CityReport",
    "CitySphere",
    "Measured",
    "Origin",
    "Rating",
    "ReadingEffect",
    "city_report",
    "effects",
]
