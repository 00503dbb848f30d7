"""KPI 9.5: share of fines paid.

Denominator: notices whose payment term ended in the period (and by now) and which were not cancelled, whatever
the state of the case. Numerator: those paid half (the discount), in full or overpaid. Without an import of
payments nothing is said.
"""

from __future__ import annotations

from kpi_catalog.period import Period
from kpi_catalog.records import CaseFact, CityFacts, Payment
from kpi_catalog.status import Status
from kpi_catalog.value import InputUsed, KpiValue, Missing

PAID = frozenset({Payment.HALF, Payment.FULL, Payment.OVERPAID})


def paid_share(facts: CityFacts, period: Period) -> KpiValue:
    """Compute KPI 9.5."""
    payments = facts.inputs.payments
    close = period.close(facts.as_of)
    due = [case for case in facts.cases if _due(case) and _ended(case, period, facts)]
    paid = sum(case.payment in PAID for case in due)
    missing = [Missing.PAYMENTS] if payments is None else []
    if not due:
        missing.append(Missing.ENDED_PAYMENT_TERMS)
    status = Status.NO_DATA
    if payments is not None and due:
        status = Status.COMPUTED if payments.covers_until >= close else Status.PRELIMINARY
    return KpiValue(
        id="9.5",
        unit="percent",
        definition_version="9.5/1",
        status=status,
        value=None if missing else 100 * paid / len(due),
        n=len(due),
        numerator=None if missing else paid,
        denominator=len(due) or None,
        missing=tuple(missing),
        inputs=()
        if payments is None
        else (InputUsed("payments", None, payments.covers_until.date(), payments.source),),
    )


def _due(case: CaseFact) -> bool:
    return case.counts and not case.cancelled and case.payment is not None


def _ended(case: CaseFact, period: Period, facts: CityFacts) -> bool:
    end = case.payment_term_end
    return end is not None and period.holds(end) and end <= facts.as_of
