"""Whether a weekly window of the camera file is open at a moment."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vision.camera import Hours

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def in_force(hours: Sequence[Hours], moment: datetime, time_zone: str) -> bool:
    """Whether any window is open; always, where there is none.

    Args:
        hours: windows of a zone or a manoeuvre.
        moment: with an offset.
        time_zone: of the camera, an IANA name.
    """
    if not hours:
        return True
    local = moment.astimezone(ZoneInfo(time_zone))
    clock, today = local.time(), WEEKDAYS[local.weekday()]
    yesterday = WEEKDAYS[(local - timedelta(days=1)).weekday()]
    for window in hours:
        over_midnight = window.end <= window.start
        if today in window.days and window.start <= clock and (over_midnight or clock < window.end):
            return True
        if over_midnight and yesterday in window.days and clock < window.end:
            return True
    return False
