"""KPI 9.9: share of false alarms of the video system, violation candidates and alerts together.

Items are those detected in the period. A confirmed or non-payable case is true and a rejected one false; a case
that was rejected automatically, returned or has expired is an item without a verdict. A happening that is both a
case and an alert, linked, is one item: true if either was found true.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from kpi_catalog.facts.incidents import joint_verdict
from kpi_catalog.facts.verdicts import FalseShare
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts, Source
from kpi_catalog.value import KpiValue, Missing

SHARE = FalseShare("9.9", Missing.VERDICTS)


def false_alarms(facts: CityFacts, period: Period) -> KpiValue:
    """Compute KPI 9.9."""
    items: dict[tuple[str, str], list[tuple[datetime, bool | None]]] = defaultdict(list)
    for case in facts.cases:
        if case.counts:
            items["case", case.id].append((case.t_detect, case.verdict))
    for alert in facts.alerts:
        if alert.counts and alert.source is Source.CAMERA:
            linked = ("case", alert.linked_case_id or "")
            key = linked if linked in items else ("alert", alert.id)
            items[key].append((alert.t_detect, alert.verdict))
    verdicts = [
        joint_verdict(verdict for _, verdict in item)
        for item in items.values()
        if period.holds(min(moment for moment, _ in item))
    ]
    return SHARE.of(verdicts, facts.definitions.known_share)
