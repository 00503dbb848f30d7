"""The security sphere of a city: its 16 KPIs, their scores and the score of the sphere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from kpi_catalog.catalogue import Category, Kpi, Target, catalogue
from kpi_catalog.definition import Definition, cameras_of
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
from kpi_catalog.happened import Happened, happened
from kpi_catalog.period import Period
from kpi_catalog.readings import DEFAULT, Readings
from kpi_catalog.records import CityFacts
from kpi_catalog.scoring import KpiScore, SphereScore, score_kpi, sphere_score, standing
from kpi_catalog.status import SCORED, Status
from kpi_catalog.tally import Part, Tally, merged
from kpi_catalog.value import KpiValue

SPHERE = "security"

DEFINITIONS: Mapping[str, Definition] = MappingProxyType(
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
    """Compute and score all 16 security KPIs straight from records.

    Args:
        facts: what is known of the city (see `kpi_catalog.records`).
        category: of the city: republican, regional or district.
        period: a month is the order's own period of most KPIs; 9.2 and 9.6 over more months are means a month.
        stages: whether KPIs whose initiative has not begun (appendix 2) stay outside the sphere.
        readings: of the places that the order leaves open.
    """
    total = tally_of(happened(facts, period.start, period.end))
    return security_of(total, facts, category, period, stages=stages, readings=readings)


def tally_of(span: Happened, part: Part | None = None) -> Tally:
    """What a span of time adds to all security KPIs, or what one part of it does."""
    parts = Part if part is None else (part,)
    found = [cameras_of(span)] if Part.CAMERAS in parts else []
    for one in DEFINITIONS.values():
        found.extend(tally(span) for key, tally in one.tallies.items() if key in parts)
    return merged(found)


def security_of(
    total: Tally,
    facts: CityFacts,
    category: Category | str,
    period: Period,
    *,
    stages: bool = True,
    readings: Readings = DEFAULT,
) -> SecurityReport:
    """Compute and score all 16 security KPIs from the period's tally.

    Args:
        total: of the period (`tally_of`, or days of it `merged`).
        facts: dated inputs, choices and registers; of the cameras the last day is enough. Records are not read.
        category: of the city.
        period: of the tally.
        stages: as in `security_kpis`.
        readings: as in `security_kpis`.
    """
    category = Category(category)
    kpis = [
        security_kpi(kpi.id, total, facts, category, period, stages=stages, readings=readings)
        for kpi in catalogue().kpis_of(SPHERE)
    ]
    return SecurityReport(
        category=category,
        period=period,
        as_of=facts.as_of,
        complete=facts.as_of >= period.end,
        kpis=tuple(kpis),
        sphere=sphere_score((one.kpi.points, one.score) for one in kpis),
    )


def security_kpi(
    kpi_id: str,
    total: Tally,
    facts: CityFacts,
    category: Category,
    period: Period,
    *,
    stages: bool = True,
    readings: Readings = DEFAULT,
) -> SecurityKpi:
    """Compute and score one security KPI from the period's tally; arguments as of `security_of`."""
    kpi = catalogue().kpis[kpi_id]
    value = DEFINITIONS[kpi_id].value(total, facts, period)
    status = standing(kpi, category, period.year if stages else None) or value.status
    score = KpiScore(None, None, status)
    if status in SCORED:
        score = replace(score_kpi(kpi, category, value.value, readings=readings), status=status)
    return SecurityKpi(kpi, value, kpi.targets[category], score)


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
