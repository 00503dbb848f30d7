"""One KPI through the reports of several periods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kpi_catalog.security import SecurityKpi, SecurityReport

PERIODS: Final = 13
"""Periods of a trend: the present one and a year of months before it."""


def series_of(kpi_id: str, found: Sequence[SecurityReport]) -> tuple[SecurityKpi, ...]:
    """One KPI through the reports."""
    return tuple(next(one for one in report.kpis if one.kpi.id == kpi_id) for report in found)
