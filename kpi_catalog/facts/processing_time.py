"""KPI 9.4: mean minutes from the detection of a violation to the first notification of it.

Over cases whose first notification was sent in the period; median and 90th percentile stand beside the mean.
Where no channel gives the moment of sending, the time up to the officer's signature is shown apart.
"""

from __future__ import annotations

from kpi_catalog.definition import Counted, Definition, Judged, counts_of, excluded, uncounted
from kpi_catalog.facts.durations import Durations, interval, intervals, mean_minutes
from kpi_catalog.happened import Happened
from kpi_catalog.period import Period
from kpi_catalog.records import CaseFact, CityFacts
from kpi_catalog.status import Status
from kpi_catalog.tally import Part, Tally, tally
from kpi_catalog.value import KpiValue, Missing

ID = "9.4"
SENT, SIGNED, SIGNED_US = f"{ID}.sent", f"{ID}.signed", f"{ID}.signed_us"


def judge(case: CaseFact, _: CityFacts | None = None) -> Judged:
    """How a case whose first notification was sent in the period counts."""
    apart = uncounted(case)
    if apart is not None:
        return apart
    if case.t_first_notification_sent is None:
        return excluded("not_notified")
    us = interval(case.t_detect, case.t_first_notification_sent)
    return Judged(Counted.BOTH, "notified", us) if us >= 0 else excluded("reversed_times")


def _tally(span: Happened) -> Tally:
    judged = [judge(case) for case in span.notified]
    signed = [us for us in intervals((one.t_detect, one.t_signed) for one in span.signed if one.counts) if us >= 0]
    sent = intervals((one.t_detect, one.t_first_notification_sent) for one in span.notified if one.counts)
    counts = counts_of(ID, ((one, 1) for one in judged))
    return tally(counts | {SIGNED: len(signed), SIGNED_US: sum(signed)}, {SENT: sent})


def _value(total: Tally, _: CityFacts, __: Period) -> KpiValue:
    sent = Durations(total.spread(SENT))
    known = sent.number > 0
    return KpiValue(
        id=ID,
        unit="minute",
        definition_version="9.4/1",
        status=Status.COMPUTED if known else Status.NO_DATA,
        value=sent.mean,
        n=sent.number,
        numerator=sent.total if known else None,
        denominator=sent.number or None,
        missing=() if known else (Missing.NOTIFICATION_TIMES,),
        extra={
            "median": sent.median,
            "p90": sent.p90,
            "until_signature": mean_minutes(total.count(SIGNED_US), total.count(SIGNED)),
            "signed": total.count(SIGNED),
            "reversed_times": sent.reversed,
        },
    )


processing_time = Definition(ID, 1, judge, _value, {Part.CASES: _tally})
"""KPI 9.4."""
