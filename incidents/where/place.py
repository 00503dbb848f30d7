"""Where an alert is, as every part that asks takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """A place in WGS 84 degrees and how far it can be wrong.

    Attributes:
        radius_m: metres around it that hold the place 95 times in 100.
        region: outline of where it can be, (latitude, longitude) each; None where the circle says it.
        source: how it is known: plane, bearing, crossed, camera, sensor, object or person.
        address: nearest known address by language.
        object_id: the protected object it is at.
    """

    latitude: float
    longitude: float
    radius_m: float
    region: tuple[tuple[float, float], ...] | None = None
    source: str = "camera"
    address: Mapping[str, str] | None = None
    object_id: str | None = None
