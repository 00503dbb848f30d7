"""Additional initiatives for tests: one that meets every criterion, and what is judged of it."""

from __future__ import annotations

from datetime import date

from kpi_catalog.additional import AdditionalInitiative, Indicator, Signer, judge
from kpi_catalog.period import Period

PERIOD = Period.parse("2026")
TODAY = date(2026, 11, 22)
FULL = AdditionalInitiative(
    id="i",
    name="Smart light in courtyards",
    road_map="RM-7",
    road_map_approved=date(2026, 2, 1),
    report="Report 12",
    report_signer=Signer.DEPUTY_HEAD,
    report_signed=date(2026, 11, 10),
    description="Lamps that see motion",
    start=date(2026, 3, 1),
    end=date(2026, 11, 1),
    results="1200 lamps",
    indicators=(Indicator("Energy saved", 38, "%"),),
    sphere=5,
    sphere_name="as in the order",
)


def a_judged(*, met):
    return judge(FULL if met else AdditionalInitiative(id="j", name="A thought"), PERIOD, TODAY)
