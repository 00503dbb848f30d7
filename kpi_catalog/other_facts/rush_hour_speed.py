"""KPI 6.1: mean speed in rush hours, km/h.

The order's formula is the sum of speeds over the number of routes. A route here is a camera's control line; its speed
is the mean of the speeds at which vehicles crossed the line in rush hours of working days, and the KPI is the mean over
routes, so that a busy road weighs no more than a quiet one. It is a speed at a place, not of a whole trip, and is
measured on the road plane from plain video: good for statistics, never a ground for a fine. The order does not say
which hours are rush hours: `RUSH_HOURS` is our parameter and is shown with the value.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from kpi_catalog.other_facts.records import OtherFacts
from kpi_catalog.period import Period
from kpi_catalog.status import Status
from kpi_catalog.value import InputUsed, KpiValue, Missing

RUSH_HOURS: Final = ((7, 10), (17, 20))
"""From and until which hour of the city's day, a parameter of ours."""
SATURDAY: Final = 5
"""`date.weekday` of the first day without rush hours."""
M_PER_KM: Final = 1000


def has_rush_hours(day: date) -> bool:
    """Whether it is a day from Monday to Friday; holidays are not told apart."""
    return day.weekday() < SATURDAY


def rush_hour_speed(facts: OtherFacts, period: Period) -> KpiValue:
    """Compute KPI 6.1."""
    routes = {key: total / number for key, (number, total) in facts.speeds.routes.items() if number}
    passages = sum(number for number, _ in facts.speeds.routes.values())
    total = sum(routes.values()) / M_PER_KM
    known = passages + facts.speeds.without_speed
    whole = facts.as_of >= period.end and not facts.speeds.lost_days
    enough = whole and bool(known) and passages / known >= facts.definitions.known_share
    value = total / len(routes) if routes else None
    return KpiValue(
        id="6.1",
        unit="km_per_hour",
        definition_version="6.1/1",
        status=Status.NO_DATA if value is None else Status.COMPUTED if enough else Status.PRELIMINARY,
        value=value,
        n=passages,
        numerator=total if routes else None,
        denominator=len(routes) or None,
        missing=() if routes else (Missing.PASSAGE_SPEEDS,),
        inputs=(InputUsed("rush_hours", ", ".join(f"{begin:02}-{end:02}" for begin, end in RUSH_HOURS)),),
        extra={"routes": len(routes), "without_speed": facts.speeds.without_speed, "lost_days": facts.speeds.lost_days},
    )
