"""The earth under a city: distances, and metres around a point and back. Places are WGS 84 degrees."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

Place = tuple[float, float]
"""Latitude and longitude."""

MEAN_RADIUS_M: Final = 6_371_008.8
"""Of the sphere that distances are told on: mean radius R1 of GRS 80, IUGG (Moritz 2000)."""
EQUATOR_M: Final = 6_378_137.0
"""WGS 84, semi-major axis."""
ECCENTRICITY_2: Final = 0.00669437999014
"""WGS 84, first eccentricity squared."""
ROUNDS: Final = 4
"""In which a point of the plane is brought back to degrees; each leaves a millionth of the round before."""
LEAST_COSINE: Final = 1e-9
"""Of a latitude; at the very pole a degree of longitude has no length."""


def distance_m(one: Place, other: Place) -> float:
    """Metres between two places along a great circle (haversine); by the earth's flattening up to 0.6 % off."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*one, *other))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * MEAN_RADIUS_M * math.asin(math.sqrt(min(1.0, half)))


@dataclass(frozen=True, slots=True)
class Plane:
    """East and north in metres of an origin.

    Each latitude has the ellipsoid's own radii, and north bends along with the parallel (the geodesic's series to the
    second order), so that lengths in all directions hold to 12 parts in a million within 30 km of the origin.
    """

    latitude: float
    longitude: float

    def metres(self, latitude: float, longitude: float) -> tuple[float, float]:
        """East and north of the origin."""
        phi, turn = math.radians(latitude), math.radians((longitude - self.longitude + 180.0) % 360.0 - 180.0)
        east = turn * _parallel_m(phi)
        return east, self._along_meridian_m(phi) + east * turn * math.sin(phi) / 2.0

    def degrees(self, east_m: float, north_m: float) -> Place:
        """Latitude and longitude of a point of the plane."""
        origin = math.radians(self.latitude)
        phi, turn = origin + north_m / _meridian_m(origin), 0.0
        for _ in range(ROUNDS):
            turn = east_m / _parallel_m(phi)
            bent = east_m * turn * math.sin(phi) / 2.0
            phi = origin + (north_m - bent) / _meridian_m((phi + origin) / 2.0)
        return math.degrees(phi), (self.longitude + math.degrees(turn) + 180.0) % 360.0 - 180.0

    def line(self, points: Iterable[Sequence[Any]]) -> tuple[tuple[float, float], ...]:
        """Longitude and latitude pairs, as files bring them, to east and north of the origin."""
        return tuple(self.metres(float(latitude), float(longitude)) for longitude, latitude in points)

    def _along_meridian_m(self, phi: float) -> float:
        origin = math.radians(self.latitude)
        return (phi - origin) * _meridian_m((phi + origin) / 2.0)


def plane_of(places: Iterable[Place]) -> Plane:
    """The plane about the middle of some places, at least one."""
    found = list(places)
    return Plane(sum(lat for lat, _ in found) / len(found), sum(lon for _, lon in found) / len(found))


def _bend(phi: float) -> float:
    return 1.0 - ECCENTRICITY_2 * math.sin(phi) ** 2


def _meridian_m(phi: float) -> float:
    """Metres a radian of latitude."""
    return float(EQUATOR_M * (1.0 - ECCENTRICITY_2) / _bend(phi) ** 1.5)


def _parallel_m(phi: float) -> float:
    """Metres a radian of longitude."""
    return EQUATOR_M / math.sqrt(_bend(phi)) * max(math.cos(phi), LEAST_COSINE)
