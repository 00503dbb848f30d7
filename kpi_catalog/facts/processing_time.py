"""KPI 9.4: mean minutes from the detection of a violation to the first notification of it.

Over cases whose first notification was sent in the period; median and 90th percentile stand beside the mean.
Where no channel gives the moment of sending, the time up to the officer's signature is shown apart.
"""

from __future__ import annotations

from kpi_catalog.facts.durations import durations
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts
from kpi_catalog.status import Status
from kpi_catalog.value import KpiValue, Missing


def processing_time(facts: CityFacts, period: Period) -> KpiValue:
    """Compute KPI 9.4."""
    cases = [case for case in facts.cases if case.counts]
    sent = durations(
        (case.t_detect, case.t_first_notification_sent)
        for case in cases
        if period.holds(case.t_first_notification_sent)
    )
    signed = durations((case.t_detect, case.t_signed) for case in cases if period.holds(case.t_signed))
    known = bool(sent.minutes)
    return KpiValue(
        id="9.4",
        unit="minute",
        definition_version="9.4/1",
        status=Status.COMPUTED if known else Status.NO_DATA,
        value=sent.mean,
        n=len(sent.minutes),
        numerator=sent.total if known else None,
        denominator=len(sent.minutes) or None,
        missing=() if known else (Missing.NOTIFICATION_TIMES,),
        extra={
            "median": sent.median,
            "p90": sent.p90,
            "until_signature": signed.mean,
            "signed": len(signed.minutes),
            "reversed_times": sent.reversed,
        },
    )
