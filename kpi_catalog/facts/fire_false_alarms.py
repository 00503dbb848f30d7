"""KPI 10.3: share of false fire alarms, over fire and smoke alerts detected in the period, whatever raised them."""

from __future__ import annotations

from kpi_catalog.definition import Definition, Judged, excluded, uncounted
from kpi_catalog.facts.verdicts import FalseShare, judge_verdict
from kpi_catalog.happened import Happened
from kpi_catalog.period import Period
from kpi_catalog.records import AlertFact, CityFacts
from kpi_catalog.tally import Part, Tally
from kpi_catalog.value import KpiValue, Missing

SHARE = FalseShare("10.3", Missing.FIRE_VERDICTS)


def judge(alert: AlertFact, _: CityFacts | None = None) -> Judged:
    """How an alert detected in the period counts."""
    apart = uncounted(alert)
    if apart is not None:
        return apart
    return judge_verdict(alert.verdict) if alert.is_fire else excluded("no_fire")


def _tally(span: Happened) -> Tally:
    return SHARE.tally((one.verdict, one.times) for one in span.alerts if one.counts and one.is_fire)


def _value(total: Tally, facts: CityFacts, _: Period) -> KpiValue:
    return SHARE.of(total, facts.definitions.known_share)


fire_false_alarms = Definition("10.3", 1, judge, _value, {Part.ALERTS: _tally})
"""KPI 10.3."""
