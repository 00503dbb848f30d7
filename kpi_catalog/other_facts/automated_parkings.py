"""KPI 5.1: share of automated car parks.

Numerator: car parks of the imported register that it says are automated. Denominator: all car parks of the register.
"""

from __future__ import annotations

from kpi_catalog.other_facts.records import OtherFacts
from kpi_catalog.period import Period
from kpi_catalog.status import Status
from kpi_catalog.value import InputUsed, KpiValue, Missing


def automated_parkings(facts: OtherFacts, _: Period) -> KpiValue:
    """Compute KPI 5.1."""
    register = facts.parkings
    known = register is not None and register.parkings > 0
    return KpiValue(
        id="5.1",
        unit="percent",
        definition_version="5.1/1",
        status=Status.COMPUTED if known else Status.NO_DATA,
        value=register.automated / register.parkings * 100 if register is not None and known else None,
        n=0 if register is None else register.parkings,
        numerator=None if register is None else register.automated,
        denominator=None if register is None else register.parkings or None,
        missing=() if known else (Missing.PARKING_REGISTER,),
        inputs=()
        if register is None
        else (InputUsed("parking_register", register.parkings, register.on, register.source),),
    )
