"""KPI 9.5: share of fines paid.

Denominator: notices whose payment term ended in the period (and by now) and which were not cancelled, whatever
the state of the case. Numerator: those paid half (the discount), in full or overpaid. Without an import of
payments nothing is said.
"""

from __future__ import annotations

from kpi_catalog.definition import Counted, Definition, Judged, counts_of, excluded, uncounted
from kpi_catalog.happened import Happened
from kpi_catalog.period import Period
from kpi_catalog.records import CaseFact, CityFacts, Payment
from kpi_catalog.status import Status
from kpi_catalog.tally import Part, Tally, tally
from kpi_catalog.value import InputUsed, KpiValue, Missing

ID = "9.5"
PAID = frozenset({Payment.HALF, Payment.FULL, Payment.OVERPAID})


def judge(case: CaseFact, _: CityFacts | None = None) -> Judged:
    """How a case whose term of payment ended in the period counts."""
    apart = uncounted(case)
    if apart is not None:
        return apart
    if case.cancelled:
        return excluded("cancelled")
    if case.payment is None:
        return excluded("nothing_due")
    return Judged(Counted.BOTH if case.payment in PAID else Counted.DENOMINATOR, case.payment.value)


def _tally(span: Happened) -> Tally:
    return tally(counts_of(ID, ((judge(case), case.times) for case in span.due)))


def _value(total: Tally, facts: CityFacts, period: Period) -> KpiValue:
    payments = facts.inputs.payments
    due, paid = total.count(f"{ID}.denominator"), total.count(f"{ID}.numerator")
    missing = [Missing.PAYMENTS] if payments is None else []
    if not due:
        missing.append(Missing.ENDED_PAYMENT_TERMS)
    status = Status.NO_DATA
    if payments is not None and due:
        whole = payments.covers_until >= period.close(facts.as_of)
        status = Status.COMPUTED if whole else Status.PRELIMINARY
    return KpiValue(
        id=ID,
        unit="percent",
        definition_version="9.5/1",
        status=status,
        value=None if missing else 100 * paid / due,
        n=due,
        numerator=None if missing else paid,
        denominator=due or None,
        missing=tuple(missing),
        inputs=()
        if payments is None
        else (InputUsed("payments", None, payments.covers_until.date(), payments.source),),
    )


paid_share = Definition(ID, 1, judge, _value, {Part.TERMS: _tally})
"""KPI 9.5."""
