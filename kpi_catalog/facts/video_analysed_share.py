"""KPI 9.7: share of video processed automatically.

Numerator: camera-hours analysed by working analytics. Denominator: camera-hours of video received from registered
cameras in commission. Both come from the durable log of up, down and analysed times; camera-hours planned (all the
time in commission) are shown beside.
"""

from __future__ import annotations

from datetime import datetime

from kpi_catalog.facts.spans import Span, common, hours, joined, service_time
from kpi_catalog.period import Period
from kpi_catalog.records import CameraFact, CityFacts
from kpi_catalog.status import Status
from kpi_catalog.value import KpiValue, Missing


def video_analysed_share(facts: CityFacts, period: Period) -> KpiValue:
    """Compute KPI 9.7."""
    since, until = period.start, period.close(facts.as_of)
    cameras = [camera for camera in facts.cameras if service_time(camera, since, until)]
    planned = sum(hours(service_time(camera, since, until)) for camera in cameras)
    received = analysed = 0.0
    for camera in cameras:
        video = _received(camera, since, until)
        received += hours(video)
        # the analytics cannot have seen more than was received
        analysed += hours(common(joined(camera.analysed or (), since, until), video))
    missing = _missing(cameras, received)
    status = Status.COMPUTED
    if missing:
        known = any(camera.up is not None and camera.analysed is not None for camera in cameras)
        status = Status.PARTIAL if known and received else Status.NO_DATA
    said = status is not Status.NO_DATA
    return KpiValue(
        id="9.7",
        unit="percent",
        definition_version="9.7/1",
        status=status,
        value=100 * analysed / received if said else None,
        n=len(cameras),
        numerator=analysed if said else None,
        denominator=received or None,
        missing=missing,
        extra={
            "planned_camera_hours": planned or None,
            "share_of_planned": 100 * analysed / planned if said and planned else None,
        },
    )


def _missing(cameras: list[CameraFact], received: float) -> tuple[Missing, ...]:
    if not cameras:
        return (Missing.CAMERA_REGISTER,)
    found = []
    if any(camera.up is None for camera in cameras):
        found.append(Missing.CAMERA_LOG)
    if any(camera.analysed is None for camera in cameras):
        found.append(Missing.HEARTBEAT_LOG)
    if not found and not received:
        found.append(Missing.VIDEO)
    return tuple(found)


def _received(camera: CameraFact, since: datetime, until: datetime) -> list[Span]:
    return common(joined(camera.up or (), since, until), service_time(camera, since, until))
