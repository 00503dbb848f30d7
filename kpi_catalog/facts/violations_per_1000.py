"""KPI 9.2: violations found, per 1000 vehicles and month.

Numerator: cases detected in the period that an officer confirmed. Denominator: vehicles / 1000; A (default)
registered in the city, B distinct vehicles that passed control zones. Over more than one month it is the mean of
the months: B then takes the mean of the months' counts of distinct vehicles, for a count over a whole year is
neither the sum of its months nor known once passages have been forgotten. Cases whose penalty is not a fine, and
those still undecided, are shown apart.
"""

from __future__ import annotations

from kpi_catalog.definition import Counted, Definition, Judged, counts_of, excluded, uncounted
from kpi_catalog.facts.video_analysed_share import any_video
from kpi_catalog.happened import Happened
from kpi_catalog.period import Period
from kpi_catalog.records import CaseFact, CityFacts, Decision
from kpi_catalog.status import Status
from kpi_catalog.tally import Part, Tally, tally
from kpi_catalog.value import InputUsed, KpiValue, Missing

ID = "9.2"
PER = 1000.0
COUNTED = ("confirmed", "rejected", "non_payable", "undecided")


def judge(case: CaseFact, _: CityFacts | None = None) -> Judged:
    """How a case that was detected in the period counts."""
    apart = uncounted(case)
    if apart is not None:
        return apart
    if case.decision is Decision.CONFIRMED:
        return Judged(Counted.NUMERATOR, "confirmed")
    return excluded("undecided" if case.decision is None else case.decision.value)


def _tally(span: Happened) -> Tally:
    return tally(counts_of(ID, ((judge(case), case.times) for case in span.detected)))


def _value(total: Tally, facts: CityFacts, period: Period) -> KpiValue:
    cases, confirmed = sum(total.count(f"{ID}.{one}") for one in COUNTED), total.count(f"{ID}.numerator")
    months = period.months or 1
    vehicles = {"registered": facts.inputs.registered_vehicles, "passed": facts.inputs.passed_vehicles}
    rates = {
        key: None if one is None or one.value <= 0 else confirmed * PER / (months * one.value)
        for key, one in vehicles.items()
    }
    chosen = facts.definitions.vehicles
    missing: list[Missing] = []
    if not cases and not any_video(total):
        missing.append(Missing.VIDEO)
        rates = dict.fromkeys(rates)
    if rates[chosen] is None and not missing:
        missing.append(Missing.REGISTERED_VEHICLES if chosen == "registered" else Missing.PASSED_VEHICLES)
    status = Status.COMPUTED if facts.as_of >= period.end else Status.PRELIMINARY
    if missing:
        status = Status.NO_DATA
    elif period.months is None:
        status = Status.PARTIAL
        missing.append(Missing.WHOLE_MONTH)
    divisor = vehicles[chosen]
    return KpiValue(
        id=ID,
        unit="per_1000_vehicles",
        definition_version="9.2/2",
        status=status,
        value=rates[chosen],
        n=cases,
        numerator=None if Missing.VIDEO in missing else confirmed,
        denominator=None if divisor is None else divisor.value / PER,
        missing=tuple(missing),
        inputs=tuple(
            InputUsed(f"{key}_vehicles", one.value, one.on, one.source)
            for key, one in vehicles.items()
            if one is not None
        ),
        extra={
            "definition": "A" if chosen == "registered" else "B",
            "months": period.months,
            "per_1000_registered": rates["registered"],
            "per_1000_passed": rates["passed"],
            "non_payable": total.count(f"{ID}.non_payable"),
            "undecided": total.count(f"{ID}.undecided"),
        },
    )


violations_per_1000 = Definition(ID, 2, judge, _value, {Part.CASES: _tally})
"""KPI 9.2."""
