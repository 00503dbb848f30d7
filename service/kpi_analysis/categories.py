"""The same values held against the targets of another category of city."""

from __future__ import annotations

from dataclasses import replace

from kpi_catalog.catalogue import Category
from kpi_catalog.readings import DEFAULT, Readings
from kpi_catalog.scoring import KpiScore, score_kpi, sphere_score, standing
from kpi_catalog.security import SecurityKpi, SecurityReport
from kpi_catalog.status import SCORED


def in_category(report: SecurityReport, category: Category, readings: Readings = DEFAULT) -> SecurityReport:
    """A report as a city of another category would have it: the values stay, targets and scores are the category's."""
    if category is report.category:
        return report
    year = report.period.year
    kpis = []
    for one in report.kpis:
        status = standing(one.kpi, category, year) or one.value.status
        score = KpiScore(None, None, status)
        if status in SCORED:
            score = replace(score_kpi(one.kpi, category, one.value.value, readings=readings), status=status)
        kpis.append(SecurityKpi(one.kpi, one.value, one.kpi.targets[category], score))
    sphere = sphere_score((one.kpi.points, one.score) for one in kpis)
    return replace(report, category=category, kpis=tuple(kpis), sphere=sphere)
