"""KPI 8.7: share of public-transport stops with video surveillance.

Numerator: stops of the register that it says are watched, and others with a camera of the installation in commission
within `NEAR_M` metres. Denominator: all stops of the register.
"""

from __future__ import annotations

from typing import Final

from kpi_catalog.other_facts.records import CameraPlace, OtherFacts, Stop
from kpi_catalog.period import Period
from kpi_catalog.status import Status
from kpi_catalog.value import InputUsed, KpiValue, Missing
from qyran.earth import distance_m

NEAR_M: Final = 50.0
"""A camera so near a stop has it in view; a parameter of ours, the order names none."""


def stops_with_video(facts: OtherFacts, _: Period) -> KpiValue:
    """Compute KPI 8.7."""
    register = facts.stops
    stops = () if register is None else register.stops
    placed = [one for one in facts.cameras if one.longitude is not None and one.latitude is not None]
    ours = sum(not stop.video and _near(stop, placed) for stop in stops)
    seen = sum(stop.video for stop in stops) + ours
    return KpiValue(
        id="8.7",
        unit="percent",
        definition_version="8.7/1",
        status=Status.COMPUTED if stops else Status.NO_DATA,
        value=seen / len(stops) * 100 if stops else None,
        n=len(stops),
        numerator=seen if stops else None,
        denominator=len(stops) or None,
        missing=() if stops else (Missing.STOP_REGISTER,),
        inputs=(
            InputUsed("near_metres", NEAR_M),
            *(() if register is None else (InputUsed("stop_register", len(stops), register.on, register.source),)),
        ),
        extra={
            "own_cameras": ours,
            "stops_without_place": sum(one.longitude is None and not one.video for one in stops),
        },
    )


def _near(stop: Stop, cameras: list[CameraPlace]) -> bool:
    if stop.longitude is None or stop.latitude is None:
        return False
    here = (stop.latitude, stop.longitude)
    return any(
        one.latitude is not None
        and one.longitude is not None
        and distance_m(here, (one.latitude, one.longitude)) <= NEAR_M
        for one in cameras
    )
