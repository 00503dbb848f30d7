"""KPI 5.7: violations of the parking rules per 1000 parking spaces.

Numerator: cases of no stopping, no parking, paid parking and parking on the pavement that an officer confirmed, by the
moment of detection; over more months than one the mean a month, as 9.2. Denominator: parking spaces of the register
that the city imports, in thousands. Less than a month has no value: the target is a month's.
"""

from __future__ import annotations

from kpi_catalog.other_facts.records import OtherFacts
from kpi_catalog.period import Period
from kpi_catalog.status import Status
from kpi_catalog.value import InputUsed, KpiValue, Missing

PER = 1000


def parking_violations(facts: OtherFacts, period: Period) -> KpiValue:
    """Compute KPI 5.7."""
    register, months = facts.parkings, period.months
    places = None if register is None else register.places / PER
    missing: tuple[Missing, ...] = ()
    if months is None:
        missing += (Missing.WHOLE_MONTH,)
    if places is None:
        missing += (Missing.PARKING_PLACES,)
    value = None
    if months is not None and places is not None:
        value = facts.parking / months / places
    running = Status.PRELIMINARY if facts.as_of < period.end else Status.COMPUTED
    return KpiValue(
        id="5.7",
        unit="per_1000_places",
        definition_version="5.7/1",
        status=Status.NO_DATA if value is None else running,
        value=value,
        n=facts.parking,
        numerator=facts.parking,
        denominator=places,
        missing=missing,
        inputs=()
        if register is None
        else (InputUsed("parking_places", register.places, register.on, register.source),),
        extra={"months": months},
    )
