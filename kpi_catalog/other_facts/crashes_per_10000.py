"""KPI 6.4: road accidents per 10 000 vehicles a year.

Numerator: confirmed crashes of the twelve calendar months that end with the period's last, so that a month's figure can
be held against a year's target; of a whole year it is that year. Denominator: registered vehicles in ten thousands.
Cameras see only some of the city's crashes: by default (`Readings.crashes` = city) their count is shown as a part and
not scored, since it would flatter the city; an imported value of the road police counts in its place.
"""

from __future__ import annotations

from kpi_catalog.other_facts.records import CRASH, OtherFacts
from kpi_catalog.period import Period
from kpi_catalog.status import Status
from kpi_catalog.value import InputUsed, KpiValue, Missing

PER = 10_000


def crashes_per_10000(facts: OtherFacts, period: Period) -> KpiValue:
    """Compute KPI 6.4."""
    vehicles, year = facts.registered_vehicles, facts.year
    missing: tuple[Missing, ...] = ()
    if CRASH not in facts.seen_kinds:
        missing += (Missing.CRASH_WATCH,)
    if year is None:
        missing += (Missing.WHOLE_YEAR,)
    if vehicles is None:
        missing += (Missing.REGISTERED_VEHICLES,)
    value = None
    if not missing and vehicles is not None and year is not None:
        value = year.crashes / (vehicles.value / PER)
    whole_city = facts.readings.crashes == "city"
    status = Status.PRELIMINARY if facts.as_of < period.end else Status.COMPUTED
    if value is None:
        status = Status.NO_DATA
    elif whole_city:
        missing, status = (Missing.CRASH_REGISTER,), Status.PARTIAL
    return KpiValue(
        id="6.4",
        unit="per_10000_vehicles_year",
        definition_version="6.4/1",
        status=status,
        value=value,
        n=0 if year is None else year.crashes,
        numerator=None if year is None else year.crashes,
        denominator=None if vehicles is None else vehicles.value / PER,
        missing=missing,
        inputs=()
        if vehicles is None
        else (InputUsed("registered_vehicles", vehicles.value, vehicles.on, vehicles.source),),
        extra={"crashes": facts.incidents.crashes},
    )
