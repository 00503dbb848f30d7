"""Signs of fire from cameras and sensors that belong together: either alone raises, both together confirm.

Two ways of looking that fail for different reasons (light and shadow here, dust and steam there) seldom fail together,
which is why their agreement counts for more than a high score of one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from qyran.earth import distance_m

TOGETHER: Final = timedelta(minutes=5)
"""Signs further apart are different happenings. Smoke reaches a detector in the room within minutes of a visible flame
(EN 54-7 test fires end after 4 to 14 minutes); a crew is on its way after five."""
NEAR_M: Final = 60.0
"""Between two places beyond their own uncertainties: the length of a usual building."""


class Origin(StrEnum):
    """How a sign was had."""

    VIDEO = "video"
    SENSOR = "sensor"


class Standing(StrEnum):
    """How much a happening rests on."""

    RAISED = "raised"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Place:
    """WGS 84 degrees and the radius in metres that holds it with 95 %."""

    latitude: float
    longitude: float
    radius_m: float


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign of fire or smoke.

    Attributes:
        origin: camera or sensor.
        source_id: of the camera or sensor.
        at: when it began.
        place: None where nothing is known.
        object_id: the protected object it is at; None where it is at none, or nobody knows.
    """

    origin: Origin
    source_id: str
    at: datetime
    place: Place | None = None
    object_id: str | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """Signs that belong together, the earliest first."""

    signs: tuple[Sign, ...]

    @property
    def since(self) -> datetime:
        """When the first sign began."""
        return self.signs[0].at

    @property
    def last(self) -> datetime:
        """When the last sign began."""
        return self.signs[-1].at

    @property
    def standing(self) -> Standing:
        """Confirmed by camera and sensor together, raised by either."""
        return Standing.CONFIRMED if len({sign.origin for sign in self.signs}) > 1 else Standing.RAISED


def belongs(happening: Happening, sign: Sign) -> bool:
    """Whether a sign speaks of a happening: in time, and at the same object or near one of its places.

    A sign of which neither object nor place is known belongs to nothing but its own source's happening: a guess would
    confirm one fire by another.
    """
    if not happening.since - TOGETHER <= sign.at <= happening.last + TOGETHER:
        return False
    return any(_same(one, sign) for one in happening.signs)


def join(happenings: Sequence[Happening], sign: Sign) -> tuple[Happening, ...]:
    """The happenings with one more sign: joined to those it belongs to, which thereby become one, or a new one."""
    own = [one for one in happenings if belongs(one, sign)]
    signs = {*(each for one in own for each in one.signs), sign}
    joined = Happening(tuple(sorted(signs, key=_order)))
    return (*(one for one in happenings if one not in own), joined)


def fused(signs: Iterable[Sign]) -> tuple[Happening, ...]:
    """All signs put together, the earliest happening first."""
    found: tuple[Happening, ...] = ()
    for sign in sorted(signs, key=_order):
        found = join(found, sign)
    return tuple(sorted((replace(one) for one in found), key=lambda one: _order(one.signs[0])))


def _same(one: Sign, other: Sign) -> bool:
    if (one.origin, one.source_id) == (other.origin, other.source_id):
        return True
    if one.object_id is not None and other.object_id is not None:
        return one.object_id == other.object_id
    if one.place is None or other.place is None:
        return False
    apart_m = distance_m((one.place.latitude, one.place.longitude), (other.place.latitude, other.place.longitude))
    return apart_m <= NEAR_M + one.place.radius_m + other.place.radius_m


def _order(sign: Sign) -> tuple[datetime, str, str]:
    return sign.at, sign.origin.value, sign.source_id
