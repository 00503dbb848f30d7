"""KPI 8.7: share of public-transport stops with video surveillance.

Numerator: stops of the register that a working camera stands at: one that the register names, or one registered within
`NEAR_M` metres of the stop. Denominator: all stops of the register.
"""

from __future__ import annotations

import math
from typing import Final

from kpi_catalog.other_facts.records import CameraPlace, OtherFacts, Stop
from kpi_catalog.period import Period
from kpi_catalog.status import Status
from kpi_catalog.value import InputUsed, KpiValue, Missing

NEAR_M: Final = 50.0
"""A camera so near a stop has it in view; a parameter of ours, the order names none."""
EARTH_M: Final = 6_371_008.8
"""Mean radius of the Earth (IUGG 1980), metres."""


def stops_with_video(facts: OtherFacts, _: Period) -> KpiValue:
    """Compute KPI 8.7."""
    register, cameras = facts.stops, facts.cameras
    missing: tuple[Missing, ...] = ()
    if register is None or not register.stops:
        missing += (Missing.STOP_REGISTER,)
    if cameras is None:
        missing += (Missing.CAMERA_REGISTER,)
    stops = () if register is None else register.stops
    working = {one.id for one in cameras or ()}
    placed = [one for one in cameras or () if one.longitude is not None and one.latitude is not None]
    seen = sum(bool(working.intersection(stop.cameras)) or _near(stop, placed) for stop in stops)
    return KpiValue(
        id="8.7",
        unit="percent",
        definition_version="8.7/1",
        status=Status.NO_DATA if missing else Status.COMPUTED,
        value=None if missing else seen / len(stops) * 100,
        n=len(stops),
        numerator=None if cameras is None else seen,
        denominator=len(stops) or None,
        missing=missing,
        inputs=(
            InputUsed("near_metres", NEAR_M),
            *(
                ()
                if register is None
                else (InputUsed("stop_register", len(stops), register.imported.on, register.imported.source),)
            ),
        ),
        extra={"stops_without_place": sum(one.longitude is None and not one.cameras for one in stops)},
    )


def _near(stop: Stop, cameras: list[CameraPlace]) -> bool:
    if stop.longitude is None or stop.latitude is None:
        return False
    return any(_metres(stop.longitude, stop.latitude, one) <= NEAR_M for one in cameras)


def _metres(longitude: float, latitude: float, camera: CameraPlace) -> float:
    """Distance on the sphere (haversine); over a city's streets the Earth's flattening does not matter."""
    if camera.longitude is None or camera.latitude is None:
        return math.inf
    north = math.radians(camera.latitude - latitude)
    east = math.radians(camera.longitude - longitude)
    a = (
        math.sin(north / 2) ** 2
        + math.cos(math.radians(latitude)) * math.cos(math.radians(camera.latitude)) * math.sin(east / 2) ** 2
    )
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(a)))
