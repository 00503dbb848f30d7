"""Why a rule that a camera could run is paused at a moment: a lost view, or roadworks.

No rule of the judge needs metres; what an expired calibration takes away are speeds and places on the road.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from vision.finding import FindingType, Reason
from vision.types import GOOD_VIEW, View

if TYPE_CHECKING:
    from datetime import datetime

    from vision.camera import Camera
    from vision.types import ViewState

NEVER_PAUSED: Final = frozenset({"fire", "smoke", "crash", "camera_tampering"})
"""What must be told however little a camera still sees."""
NOT_DRAWN: Final = frozenset({"person_down", "crowd", "animal"})
"""Rules that read nothing drawn, so that a camera that was turned still sees what they look for."""
MARKED: Final = frozenset({"wrong_way", "stopped_vehicle", "pedestrian", "cyclist", "debris"})
"""Incidents that cones and workers make meaningless."""


def pauses(
    type_: FindingType, kind: str, camera: Camera, moment: datetime, view: ViewState = GOOD_VIEW
) -> tuple[Reason, ...]:
    """Why a rule is paused; empty where it is not.

    Args:
        type_: what its findings become.
        kind: its name.
        camera: the camera file.
        moment: with an offset.
        view: whether the camera still sees what was drawn.
    """
    if type_ is FindingType.FIRE_ALERT or kind in NEVER_PAUSED:
        return ()
    found: list[Reason] = []
    if view.state is not View.OK and not (view.state is View.MOVED and kind in NOT_DRAWN):
        found.append(Reason(f"paused_{view.state}"))
    for works in camera.roadworks:
        traffic = type_ is FindingType.VIOLATION or kind in MARKED
        if works.start <= moment < works.end and (kind in works.rules if works.rules else traffic):
            until = works.end.astimezone(ZoneInfo(camera.time_zone))
            found.append(Reason("paused_roadworks", (("until", until.strftime("%d.%m.%Y %H:%M")),)))
    return tuple(found)


def expired_calibration(camera: Camera, moment: datetime) -> Reason | None:
    """That the calibration has ended, and when; None where it has not, or there is none."""
    last = None if camera.calibration is None else camera.calibration.valid_until
    if last is None or moment.astimezone(ZoneInfo(camera.time_zone)).date() <= last:
        return None
    return Reason("calibration_expired", (("day", last.strftime("%d.%m.%Y")),))
