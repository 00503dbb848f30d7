"""Alerts of the video system gathered into incidents (KPIs 9.6 and 9.8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from kpi_catalog.period import Period
from kpi_catalog.records import AlertFact, CityFacts, Source


@dataclass(frozen=True, slots=True)
class Incident:
    """One happening: the first of each moment over its alerts; confirmed if any of its alerts is."""

    id: str
    t_detect: datetime
    t_ack: datetime | None
    t_dispatch: datetime | None
    verdict: bool | None


def incidents(facts: CityFacts, period: Period) -> list[Incident]:
    """Distinct incidents, fire and smoke included, that cameras found first in the period."""
    groups: dict[str, list[AlertFact]] = defaultdict(list)
    for alert in facts.alerts:
        if alert.counts and alert.source is Source.CAMERA:
            groups[alert.incident_id or alert.id].append(alert)
    found = (_incident(key, alerts) for key, alerts in groups.items())
    return sorted((one for one in found if period.holds(one.t_detect)), key=lambda one: (one.t_detect, one.id))


def joint_verdict(verdicts: Iterable[bool | None]) -> bool | None:
    """One verdict of several on the same happening: true if any says so, else false if any does."""
    given = {one for one in verdicts if one is not None}
    return None if not given else True in given


def _incident(key: str, alerts: list[AlertFact]) -> Incident:
    return Incident(
        id=key,
        t_detect=min(one.t_detect for one in alerts),
        t_ack=_first(one.t_ack for one in alerts),
        t_dispatch=_first(one.t_dispatch for one in alerts),
        verdict=joint_verdict(one.verdict for one in alerts),
    )


def _first(moments: Iterable[datetime | None]) -> datetime | None:
    return min((one for one in moments if one is not None), default=None)
