"""Signs of fire from cameras and sensors of one happening: either alone raises, both together confirm.

Two ways of looking that fail for different reasons (light and shadow here, dust and steam there) seldom fail together,
which is why their agreement counts for more than a high score of one of them, and for more than two of one kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

TOGETHER: Final = timedelta(minutes=5)
"""Signs further apart are different happenings. Smoke reaches a detector in the room within minutes of a visible flame
(EN 54-7 test fires end after 4 to 14 minutes); a crew is on its way after five."""


class Origin(StrEnum):
    """How a sign was had."""

    VIDEO = "video"
    SENSOR = "sensor"


class Standing(StrEnum):
    """How much a happening rests on."""

    RAISED = "raised"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of fire or smoke.

    Attributes:
        origin: camera or sensor.
        source_id: of the camera or sensor.
        trusted: whether it may confirm another: a sensor that is faulty, opened or in test may not.
    """

    origin: Origin
    source_id: str
    trusted: bool = True


def standing(signs: Iterable[Sign]) -> Standing:
    """Confirmed by a camera and a sensor that can be trusted; raised by whatever else."""
    origins = {sign.origin for sign in signs if sign.trusted}
    return Standing.CONFIRMED if len(origins) > 1 else Standing.RAISED
