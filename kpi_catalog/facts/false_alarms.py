"""KPI 9.9: share of false alarms of the video system, violation candidates and alerts together.

Items are those detected in the period. A confirmed or non-payable case is true and a rejected one false; a case
that was rejected automatically, returned or has expired is an item without a verdict. A happening that is both a
case and an alert, linked, is one item: true if either was found true.
"""

from __future__ import annotations

from kpi_catalog.definition import Definition, Judged
from kpi_catalog.facts.verdicts import FalseShare, judge_verdict
from kpi_catalog.happened import Happened, Item
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts
from kpi_catalog.tally import Part, Tally
from kpi_catalog.value import KpiValue, Missing

SHARE = FalseShare("9.9", Missing.VERDICTS)


def judge(item: Item, _: CityFacts | None = None) -> Judged:
    """How a happening first detected in the period counts."""
    return judge_verdict(item.verdict)


def _tally(span: Happened) -> Tally:
    return SHARE.tally((one.verdict, one.times) for one in span.items)


def _value(total: Tally, facts: CityFacts, _: Period) -> KpiValue:
    return SHARE.of(total, facts.definitions.known_share)


false_alarms = Definition("9.9", 1, judge, _value, {Part.ITEMS: _tally})
"""KPI 9.9."""
