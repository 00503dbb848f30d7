"""KPI 9.3: share of violations processed automatically, up to the officer's own decision.

Numerator: cases whose mandatory fields (plate, place, time, article, measured value, owner) the system filled and
that the officer confirmed without editing. Denominator: cases that an officer decided in the period. Automation
without any human step is shown apart; for notices it must stay 0.
"""

from __future__ import annotations

from kpi_catalog.period import Period
from kpi_catalog.records import CaseFact, CityFacts, Decision
from kpi_catalog.status import Status
from kpi_catalog.value import KpiValue, Missing


def automation_share(facts: CityFacts, period: Period) -> KpiValue:
    """Compute KPI 9.3."""
    cases = [case for case in facts.cases if case.counts]
    decided = [case for case in cases if case.decision is not None and period.holds(case.t_officer_decision)]
    automatic = sum(_automatic(case) for case in decided)
    notices = [case for case in cases if period.holds(case.t_first_notification_sent)]
    return KpiValue(
        id="9.3",
        unit="percent",
        definition_version="9.3/1",
        status=Status.COMPUTED if decided else Status.NO_DATA,
        value=100 * automatic / len(decided) if decided else None,
        n=len(decided),
        numerator=automatic if decided else None,
        denominator=len(decided) or None,
        missing=() if decided else (Missing.DECIDED_CASES,),
        extra={"notices_without_a_person": sum(case.t_officer_decision is None for case in notices)},
    )


def _automatic(case: CaseFact) -> bool:
    filled = case.mandatory_fields <= case.auto_filled
    return case.decision is Decision.CONFIRMED and filled and not case.edited_fields
