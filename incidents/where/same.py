"""Whether two reports can be of one happening: by what they tell of, and by where it can be.

A region says where a thing lies 95 times in 100, so two reports whose regions meet can be of one thing. A region that
says next to nothing (the whole view of a camera) would meet every other in its district; of such a one only what lies
near its middle counts, so that two fires far apart stay two.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, Final, Protocol

import shapely
from shapely import MultiPoint, Point, Polygon
from shapely.geometry.base import BaseGeometry

from qyran.earth import Plane, distance_m

NEAR_M: Final = {"fire": 60.0, "crash": 20.0, "stopped_vehicle": 6.0, "congestion": 50.0, "crowd": 40.0}
"""How large one happening is by itself beyond what its places are uncertain by: a house, a crash with what it
scattered, a car, the gap in a queue, a crowd."""
OTHERS_M: Final = 10.0
VAGUE_M: Final = 250.0
"""Half widths of a region beyond which it names no place; and how far from its middle it counts nonetheless."""
SPHERE: Final = 0.01
"""A distance on the sphere may be off by this share of it (`qyran.earth.distance_m`)."""
FARTHEST_M: Final = 20_000.0
"""No region reaches so far."""
_KIN: Final = ({"fire", "smoke"}, {"crash", "stopped_vehicle"})
"""Kinds that one happening can show by turns: smoke turns to fire, who has crashed stands. The queue behind a crash is
a happening of its own: it begins and ends elsewhere, and others clear it."""
ALIKE: Final = {frozenset(pair) for kin in _KIN for pair in product(kin, kin)}
_NAMED_AS: Final = {"smoke": "fire"}
_SEGMENTS: Final = 16


class Placed(Protocol):
    """What has a place: a `Place`, or an alert with the columns of one."""

    @property
    def latitude(self) -> float | None:
        """WGS 84 degrees."""

    @property
    def longitude(self) -> float | None:
        """WGS 84 degrees."""

    @property
    def radius_m(self) -> float | None:
        """Around it, for 95 times in 100."""

    @property
    def region(self) -> Sequence[Any] | None:
        """Outline, (latitude, longitude) each."""


def kin(one: str, other: str) -> bool:
    """Whether alerts of two kinds can be of one happening."""
    return one == other or frozenset({one, other}) in ALIKE


def near_m(one: str, other: str) -> float:
    """How far beyond their uncertainty two reports of these kinds may lie apart, metres."""
    return max(NEAR_M.get(_NAMED_AS.get(kind, kind), OTHERS_M) for kind in (one, other))


def same_place(one: Placed, other: Placed, apart_m: float = OTHERS_M) -> bool:
    """Whether two places can be one: their regions meet, or come as near as `apart_m`.

    Symmetric, and false once they are far enough apart; two places of which one is not known are never one.
    """
    if one.latitude is None or one.longitude is None or other.latitude is None or other.longitude is None:
        return False
    here, there = (one.latitude, one.longitude), (other.latitude, other.longitude)
    # Most pairs of a city are told apart by their circles alone, which hold their regions.
    reach = (one.radius_m or 0.0) + (other.radius_m or 0.0) + apart_m
    if distance_m(here, there) > min(reach * (1.0 + SPHERE), FARTHEST_M):
        return False
    # One plane for both orders: about the more southern, then the more western.
    plane = Plane(*min(here, there))
    return bool(_shape(one, here, plane).distance(_shape(other, there, plane)) <= apart_m)


def _shape(placed: Placed, place: tuple[float, float], plane: Plane) -> BaseGeometry:
    """Where it can be, metres; convex, so that moving two apart never brings them together again."""
    middle = Point(plane.metres(*place))
    reach = placed.radius_m or 0.0
    if not placed.region or len(placed.region) < 3:
        return middle.buffer(min(reach, VAGUE_M), _SEGMENTS) if reach else middle
    hull = MultiPoint([plane.metres(float(lat), float(lon)) for lat, lon in placed.region]).convex_hull
    hull = shapely.union(hull, middle).convex_hull
    if _half_width(hull) > VAGUE_M:
        return hull.intersection(middle.buffer(VAGUE_M, _SEGMENTS))
    return hull


def _half_width(hull: BaseGeometry) -> float:
    """Half the width of the narrowest strip that holds it, metres."""
    box = hull.minimum_rotated_rectangle
    if not isinstance(box, Polygon):
        return 0.0
    corners = list(box.exterior.coords)
    sides = [Point(corners[k]).distance(Point(corners[k + 1])) for k in (0, 1)]
    return min(sides) / 2
