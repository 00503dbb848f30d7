"""Metres around a point, and back to latitude and longitude.

A tangent plane with the ellipsoid's two radii of curvature at its origin (Bowring 1987; WGS 84): within 20 km its error
stays under 10 m in latitude 55°, which is less than any bearing of a camera tells.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

EQUATOR_M: Final = 6_378_137.0
"""WGS 84, semi-major axis."""
ECCENTRICITY_2: Final = 0.00669437999014
"""WGS 84, first eccentricity squared."""


@dataclass(frozen=True, slots=True)
class Plane:
    """East and north in metres of an origin in WGS 84 degrees."""

    latitude: float
    longitude: float

    @property
    def _radii(self) -> tuple[float, float]:
        bend = 1.0 - ECCENTRICITY_2 * math.sin(math.radians(self.latitude)) ** 2
        return EQUATOR_M / math.sqrt(bend), EQUATOR_M * (1.0 - ECCENTRICITY_2) / bend**1.5

    def metres(self, latitude: float, longitude: float) -> tuple[float, float]:
        """East and north of the origin."""
        prime, meridian = self._radii
        east = math.radians((longitude - self.longitude + 180.0) % 360.0 - 180.0)
        return (
            east * prime * math.cos(math.radians(self.latitude)),
            math.radians(latitude - self.latitude) * meridian,
        )

    def degrees(self, east_m: float, north_m: float) -> tuple[float, float]:
        """Latitude and longitude of a point of the plane."""
        prime, meridian = self._radii
        longitude = self.longitude + math.degrees(east_m / (prime * math.cos(math.radians(self.latitude))))
        return self.latitude + math.degrees(north_m / meridian), (longitude + 180.0) % 360.0 - 180.0


def plane_of(places: Iterable[tuple[float, float]]) -> Plane:
    """The plane about the middle of some (latitude, longitude) places, at least one."""
    found = list(places)
    return Plane(sum(lat for lat, _ in found) / len(found), sum(lon for _, lon in found) / len(found))
