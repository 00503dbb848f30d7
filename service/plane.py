"""One plane in metres for a whole city."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from kpi_catalog.records import Polyline

EQUATOR_M = 6_378_137.0  # WGS 84, semi-major axis
FIRST_ECCENTRICITY_2 = 0.00669437999014  # WGS 84


class Plane:
    """One plane in metres for the whole city: the sinusoidal projection about its middle (Snyder 1987, p. 243).

    It keeps areas, and over a city's width lengths to a few parts in a million.
    """

    def __init__(self, longitude: float, latitude: float) -> None:
        self.longitude, self.latitude = longitude, latitude
        bend = 1.0 - FIRST_ECCENTRICITY_2 * math.sin(math.radians(latitude)) ** 2
        self._meridian_m = EQUATOR_M * (1.0 - FIRST_ECCENTRICITY_2) / bend**1.5  # a radian of latitude

    def line(self, points: Iterable[Sequence[Any]]) -> Polyline:
        """(longitude, latitude) pairs to metres east and north of the middle."""
        return tuple(self._point(float(lon), float(lat)) for lon, lat in points)

    def _point(self, longitude: float, latitude: float) -> tuple[float, float]:
        bend = 1.0 - FIRST_ECCENTRICITY_2 * math.sin(math.radians(latitude)) ** 2
        parallel_m = EQUATOR_M / math.sqrt(bend) * math.cos(math.radians(latitude))  # a radian of longitude
        east = math.radians(longitude - self.longitude) * parallel_m
        return east, math.radians(latitude - self.latitude) * self._meridian_m
