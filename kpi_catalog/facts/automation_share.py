"""KPI 9.3: share of violations processed automatically, up to the officer's own decision.

Numerator: cases whose mandatory fields (plate, place, time, article, measured value, owner) the system filled and
that the officer confirmed without editing. Denominator: cases that an officer decided in the period. Automation
without any human step is shown apart; for notices it must stay 0.
"""

from __future__ import annotations

from kpi_catalog.definition import Counted, Definition, Judged, counts_of, excluded, uncounted
from kpi_catalog.happened import Happened
from kpi_catalog.period import Period
from kpi_catalog.records import CaseFact, CityFacts, Decision
from kpi_catalog.status import Status
from kpi_catalog.tally import Part, Tally, tally
from kpi_catalog.value import KpiValue, Missing

ID = "9.3"
UNSEEN = f"{ID}.notices_without_a_person"


def judge(case: CaseFact, _: CityFacts | None = None) -> Judged:
    """How a case that was decided in the period counts."""
    apart = uncounted(case)
    if apart is not None:
        return apart
    if case.decision is None:
        return excluded("undecided")
    if case.decision is not Decision.CONFIRMED:
        return Judged(Counted.DENOMINATOR, case.decision.value)
    if not case.mandatory_fields <= case.auto_filled:
        return Judged(Counted.DENOMINATOR, "fields_missing")
    return Judged(Counted.DENOMINATOR, "edited") if case.edited_fields else Judged(Counted.BOTH, "automatic")


def _tally(span: Happened) -> Tally:
    unseen = sum(case.times for case in span.notified if case.counts and case.t_officer_decision is None)
    return tally(counts_of(ID, ((judge(case), case.times) for case in span.decided)) | {UNSEEN: unseen})


def _value(total: Tally, _: CityFacts, __: Period) -> KpiValue:
    decided, automatic = total.count(f"{ID}.denominator"), total.count(f"{ID}.numerator")
    return KpiValue(
        id=ID,
        unit="percent",
        definition_version="9.3/1",
        status=Status.COMPUTED if decided else Status.NO_DATA,
        value=100 * automatic / decided if decided else None,
        n=decided,
        numerator=automatic if decided else None,
        denominator=decided or None,
        missing=() if decided else (Missing.DECIDED_CASES,),
        extra={"notices_without_a_person": total.count(UNSEEN)},
    )


automation_share = Definition(ID, 1, judge, _value, {Part.CASES: _tally})
"""KPI 9.3."""
