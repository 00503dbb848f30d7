"""KPI 10.3: share of false fire alarms, over fire and smoke alerts detected in the period, whatever raised them."""

from __future__ import annotations

from kpi_catalog.facts.verdicts import FalseShare
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts
from kpi_catalog.value import KpiValue, Missing

SHARE = FalseShare("10.3", Missing.FIRE_VERDICTS)


def fire_false_alarms(facts: CityFacts, period: Period) -> KpiValue:
    """Compute KPI 10.3."""
    verdicts = [
        alert.verdict for alert in facts.alerts if alert.counts and alert.is_fire and period.holds(alert.t_detect)
    ]
    return SHARE.of(verdicts, facts.definitions.known_share)
