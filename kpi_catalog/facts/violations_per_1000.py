"""KPI 9.2: violations found, per 1000 vehicles and month.

Numerator: cases detected in the period that an officer confirmed. Denominator: vehicles / 1000; A (default)
registered in the city, B distinct vehicles that passed control zones. Over more than one month it is the mean of
the months. Cases whose penalty is not a fine, and those still undecided, are shown apart.
"""

from __future__ import annotations

from kpi_catalog.facts.spans import any_video
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts, Decision
from kpi_catalog.status import Status
from kpi_catalog.value import InputUsed, KpiValue, Missing

PER = 1000.0


def violations_per_1000(facts: CityFacts, period: Period) -> KpiValue:
    """Compute KPI 9.2."""
    cases = [case for case in facts.cases if case.counts and period.holds(case.t_detect)]
    confirmed = sum(case.decision is Decision.CONFIRMED for case in cases)
    vehicles = {"registered": facts.inputs.registered_vehicles, "passed": facts.inputs.passed_vehicles}
    months = period.months or 1
    rates = {
        key: None if one is None or one.value <= 0 else confirmed / months / (one.value / PER)
        for key, one in vehicles.items()
    }
    chosen = facts.definitions.vehicles
    missing: list[Missing] = []
    if not cases and not any_video(facts, period):
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
        id="9.2",
        unit="per_1000_vehicles",
        definition_version="9.2/1",
        status=status,
        value=rates[chosen],
        n=len(cases),
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
            "non_payable": sum(case.decision is Decision.NON_PAYABLE for case in cases),
            "undecided": sum(case.decision is None for case in cases),
        },
    )
