"""How the sphere went from period to period."""

from __future__ import annotations

from collections.abc import Sequence

from kpi_catalog.period import Period
from kpi_catalog.security import SecurityKpi, SecurityReport
from qyran.roles import Actor
from service.kpi import security_report
from service.store.database import Store

PERIODS = 13
"""Periods of a trend: the present one and a year of months before it."""


def reports(store: Store, category: str, periods: Sequence[Period], *, actor: Actor) -> tuple[SecurityReport, ...]:
    """The sphere in each of several periods.

    Raises:
        AccessError: the actor reads no KPIs.
    """
    return tuple(security_report(store, category, period, actor=actor) for period in periods)


def series_of(kpi_id: str, found: Sequence[SecurityReport]) -> tuple[SecurityKpi, ...]:
    """One KPI through the reports."""
    return tuple(next(one for one in report.kpis if one.kpi.id == kpi_id) for report in found)
