"""The security sphere of a city: its 16 KPIs, their scores and the score of the sphere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from kpi_catalog.catalogue import Category, Kpi, Target, catalogue
from kpi_catalog.facts.automatic_notifications import automatic_notifications
from kpi_catalog.facts.automation_share import automation_share
from kpi_catalog.facts.false_alarms import false_alarms
from kpi_catalog.facts.fire_false_alarms import fire_false_alarms
from kpi_catalog.facts.fire_in_time import fire_in_time
from kpi_catalog.facts.fire_satisfaction import fire_satisfaction
from kpi_catalog.facts.fire_turnout import fire_turnout
from kpi_catalog.facts.incidents_found import incidents_found
from kpi_catalog.facts.objects_equipped import objects_equipped
from kpi_catalog.facts.paid_share import paid_share
from kpi_catalog.facts.processing_time import processing_time
from kpi_catalog.facts.reaction_time import reaction_time
from kpi_catalog.facts.repeated_calls import repeated_calls
from kpi_catalog.facts.road_coverage import road_coverage
from kpi_catalog.facts.video_analysed_share import video_analysed_share
from kpi_catalog.facts.violations_per_1000 import violations_per_1000
from kpi_catalog.period import Period
from kpi_catalog.readings import DEFAULT, Readings
from kpi_catalog.records import CityFacts
from kpi_catalog.scoring import KpiScore, SphereScore, score_kpi, sphere_score, standing
from kpi_catalog.status import SCORED, Status
from kpi_catalog.value import KpiValue

SPHERE = "security"

DEFINITIONS: Mapping[str, Callable[[CityFacts, Period], KpiValue]] = MappingProxyType(
    {
        "9.1": road_coverage,
        "9.2": violations_per_1000,
        "9.3": automation_share,
        "9.4": processing_time,
        "9.5": paid_share,
        "9.6": incidents_found,
        "9.7": video_analysed_share,
        "9.8": reaction_time,
        "9.9": false_alarms,
        "10.1": fire_turnout,
        "10.2": fire_in_time,
        "10.3": fire_false_alarms,
        "10.4": automatic_notifications,
        "10.5": repeated_calls,
        "10.6": objects_equipped,
        "10.7": fire_satisfaction,
    }
)
"""The definition of each security KPI."""


@dataclass(frozen=True, slots=True)
class SecurityKpi:
    """One KPI of the sphere: the order's row, what was measured, the target used and the score.

    `score.status` is what to show. It is the measurement's own `value.status` unless the KPI does not apply or is
    not yet due; then a value may stand and still not be scored.
    """

    kpi: Kpi
    value: KpiValue
    target: Target
    score: KpiScore

    @property
    def status(self) -> Status:
        """What to show."""
        return self.score.status


@dataclass(frozen=True, slots=True)
class SecurityReport:
    """The security sphere for one city and period: an internal figure, not the official rating.

    Attributes:
        complete: whether the period had ended when the data were read.
        sphere: score over KPIs that have one, with the missing as 0, and coverage in points.
    """

    category: Category
    period: Period
    as_of: datetime
    complete: bool
    kpis: tuple[SecurityKpi, ...]
    sphere: SphereScore

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form, for pages, the API and exchange files."""
        return {
            "category": self.category.value,
            "period": str(self.period),
            "zone": self.period.zone,
            "as_of": self.as_of.isoformat(),
            "complete": self.complete,
            "kpis": [_row(one) for one in self.kpis],
            "sphere": asdict(self.sphere),
        }


def security_kpis(
    facts: CityFacts,
    category: Category | str,
    period: Period,
    *,
    stages: bool = True,
    readings: Readings = DEFAULT,
) -> SecurityReport:
    """Compute and score all 16 security KPIs.

    Args:
        facts: what is known of the city (see `kpi_catalog.records`).
        category: of the city: republican, regional or district.
        period: a month is the order's own period of most KPIs; 9.2 and 9.6 over more months are means a month.
        stages: whether KPIs whose initiative has not begun (appendix 2) stay outside the sphere.
        readings: of the places that the order leaves open.
    """
    category = Category(category)
    year = period.year if stages else None
    kpis: list[SecurityKpi] = []
    for kpi in catalogue().kpis_of(SPHERE):
        value = DEFINITIONS[kpi.id](facts, period)
        status = standing(kpi, category, year) or value.status
        score = KpiScore(None, None, status)
        if status in SCORED:
            score = replace(score_kpi(kpi, category, value.value, readings=readings), status=status)
        kpis.append(SecurityKpi(kpi, value, kpi.targets[category], score))
    return SecurityReport(
        category=category,
        period=period,
        as_of=facts.as_of,
        complete=facts.as_of >= period.end,
        kpis=tuple(kpis),
        sphere=sphere_score((one.kpi.points, one.score) for one in kpis),
    )


def _row(one: SecurityKpi) -> dict[str, Any]:
    return {
        **one.value.as_dict(),
        "name": dict(one.kpi.name),
        "measured": one.value.status.value,
        "status": one.status.value,
        "score": one.score.score,
        "uncapped": one.score.uncapped,
        "points": one.kpi.points,
        "target": {
            "rule": one.target.rule.value,
            "value": one.target.value,
            "text": one.target.text,
            "order_text": dict(one.kpi.target_text),
        },
    }
