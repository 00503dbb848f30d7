"""KPI 9.7: share of video processed automatically.

Numerator: camera-hours analysed by working analytics. Denominator: camera-hours of video received from registered
cameras in commission. Both come from the durable log of up, down and analysed times; camera-hours planned (all the
time in commission) are shown beside.
"""

from __future__ import annotations

from kpi_catalog.definition import Counted, Definition, Judged, excluded
from kpi_catalog.period import Period
from kpi_catalog.records import CityFacts
from kpi_catalog.status import Status
from kpi_catalog.tally import CameraHours, Tally
from kpi_catalog.value import KpiValue, Missing

ID = "9.7"
US_PER_HOUR = 3_600_000_000


def judge(hours: CameraHours, _: CityFacts | None = None) -> Judged:
    """How a camera in commission counts: by its hours of video, not as one."""
    if not hours.received:
        return excluded("no_video" if hours.logged else "no_log")
    if not hours.analysed:
        return Judged(Counted.DENOMINATOR, "not_analysed" if hours.beating else "no_heartbeat", 0)
    return Judged(Counted.BOTH, "analysed", hours.analysed)


def any_video(total: Tally) -> bool:
    """Whether any camera gave video: without it a count of 0 would be a silence, not a measure."""
    return any(one.received for one in total.cameras.values())


def _value(total: Tally, _: CityFacts, __: Period) -> KpiValue:
    cameras = total.cameras.values()
    planned, received, analysed = (
        sum(one.planned for one in cameras),
        sum(one.received for one in cameras),
        sum(one.analysed for one in cameras),
    )
    missing = _missing(total)
    status = Status.COMPUTED
    if missing:
        known = any(one.logged and one.beating for one in cameras)
        status = Status.PARTIAL if known and received else Status.NO_DATA
    said = status is not Status.NO_DATA
    return KpiValue(
        id=ID,
        unit="percent",
        definition_version="9.7/1",
        status=status,
        value=100 * analysed / received if said else None,
        n=len(cameras),
        numerator=analysed / US_PER_HOUR if said else None,
        denominator=received / US_PER_HOUR or None,
        missing=missing,
        extra={
            "planned_camera_hours": planned / US_PER_HOUR or None,
            "share_of_planned": 100 * analysed / planned if said and planned else None,
        },
    )


def _missing(total: Tally) -> tuple[Missing, ...]:
    cameras = total.cameras.values()
    if not cameras:
        return (Missing.CAMERA_REGISTER,)
    found = []
    if not all(one.logged for one in cameras):
        found.append(Missing.CAMERA_LOG)
    if not all(one.beating for one in cameras):
        found.append(Missing.HEARTBEAT_LOG)
    if not found and not any_video(total):
        found.append(Missing.VIDEO)
    return tuple(found)


video_analysed_share = Definition(ID, 1, judge, _value)
"""KPI 9.7."""
