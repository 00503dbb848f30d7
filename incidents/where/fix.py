"""A place with its uncertainty, and how one is had from bearings.

Angles are compass bearings in degrees, clockwise from north; places WGS 84 degrees; lengths metres. Uncertainties are
standard deviations; a region is drawn for 95 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray
from shapely import Polygon

from incidents.where.place import Place
from qyran.earth import Plane, plane_of
from qyran.errors import InputError

Floats = NDArray[np.float64]

REGION: Final = math.sqrt(5.991464547107979)
"""Half axes of the 95 % region in standard deviations: chi-squared with two degrees of freedom."""
ACROSS: Final = 1.959963984540054
"""95 % of one angle lies within so many standard deviations."""
RING_POINTS: Final = 36
LEAST_SIGMA_DEG: Final = 0.05
"""No mast and no survey is truer; a smaller claim would make one camera's word outweigh all others."""
STEPS: Final = 30
SETTLED_M: Final = 1e-3
OUTLIERS: Final = 9.0
"""Mean square of a bearing's misfit in its own standard deviations beyond which they do not mean one place."""
LEAST_ANGLE_SIGMAS: Final = 4.0
"""Two bearings that cross under a smaller angle, in standard deviations of it, cross nowhere in particular."""


class Source(StrEnum):
    """How a place was had."""

    PLANE = "plane"  # the camera's road plane
    CROSSED = "crossed"  # bearings of two cameras or more
    BEARING = "bearing"  # of one camera
    CAMERA = "camera"  # somewhere in its view
    SENSOR = "sensor"
    OBJECT = "object"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Sight:
    """One camera looks at something.

    Attributes:
        bearing_deg: where to.
        sigma_deg: standard deviation of the bearing.
        range_m: how far off the thing can be at most.
        near_m: how near at least.
        sigma_m: standard deviation of the camera's own place in east and in north.
    """

    latitude: float
    longitude: float
    bearing_deg: float
    sigma_deg: float
    range_m: float
    near_m: float = 0.0
    sigma_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Fix:
    """A place with the region that holds it with 95 %.

    Attributes:
        major_m, minor_m: half axes of that region; of a single bearing half its length and half its widest width.
        axis_deg: bearing of the major axis, 0 to 180.
        ring: the region's edge as (latitude, longitude), the last point the first.
    """

    latitude: float
    longitude: float
    major_m: float
    minor_m: float
    axis_deg: float
    source: Source
    ring: tuple[tuple[float, float], ...]

    @property
    def place(self) -> Place:
        """The same as an alert takes it: with the circle about the place that holds the whole region."""
        middle = Plane(self.latitude, self.longitude)
        far = max(math.hypot(*middle.metres(*point)) for point in self.ring)
        return Place(self.latitude, self.longitude, far, self.ring, self.source.value)


def bearing_of(heading_deg: float, field_of_view_deg: float, x: float) -> float:
    """Compass bearing of a column of the picture.

    Args:
        heading_deg: bearing of the optical axis.
        field_of_view_deg: horizontal, of the whole picture, lens distortion taken out.
        x: fraction of the picture's width, 0 left to 1 right.

    Raises:
        InputError: there is no such field of view or column.
    """
    if not 0 < field_of_view_deg < 180:
        raise InputError("A camera's horizontal field of view lies between 0 and 180 degrees.")
    if not 0 <= x <= 1:
        raise InputError("A column of the picture is a fraction of its width, 0 to 1.")
    off = math.atan((2.0 * x - 1.0) * math.tan(math.radians(field_of_view_deg) / 2.0))
    return (heading_deg + math.degrees(off)) % 360.0


def at(latitude: float, longitude: float, sigma_m: float, source: Source) -> Fix:
    """A place known by itself with the same uncertainty in all directions (a point of a calibrated road, a mast)."""
    plane = Plane(latitude, longitude)
    return _ellipse(plane, (0.0, 0.0), np.eye(2) * sigma_m**2, source)


def from_ellipse(plane: Plane, middle: tuple[float, float], covariance: Floats, source: Source) -> Fix:
    """A place in a plane, metres east and north, whose uncertainty is a covariance in square metres."""
    return _ellipse(plane, middle, covariance, source)


def from_one(sight: Sight, source: Source = Source.BEARING) -> Fix:
    """The sector in which it lies: from as near to as far as it can be, 95 % of the bearing wide.

    Its place is the middle of the area.
    """
    plane = Plane(sight.latitude, sight.longitude)
    half = min(math.radians(ACROSS * max(sight.sigma_deg, LEAST_SIGMA_DEG)), math.pi / 2)
    middle, near, far = math.radians(sight.bearing_deg), sight.near_m, sight.range_m
    arc = np.linspace(middle - half, middle + half, RING_POINTS // 3)
    outer = [(far * math.sin(a), far * math.cos(a)) for a in arc]
    inner = [(near * math.sin(a), near * math.cos(a)) for a in arc[::-1]] if near > 0 else [(0.0, 0.0)]
    # The centroid of a part of a ring; of a whole sector it lies two thirds of the way out.
    thirds = (far**3 - near**3) / (far**2 - near**2) if far > near else far
    out = 2.0 * math.sin(half) / (3.0 * half) * thirds
    latitude, longitude = plane.degrees(out * math.sin(middle), out * math.cos(middle))
    return Fix(
        latitude,
        longitude,
        major_m=(far - near) / 2,
        minor_m=far * math.sin(half),
        axis_deg=sight.bearing_deg % 180.0,
        source=source,
        ring=tuple(plane.degrees(east, north) for east, north in _widened([*inner, *outer], sight.sigma_m)),
    )


def _widened(outline: list[tuple[float, float]], sigma_m: float) -> list[tuple[float, float]]:
    """An outline, closed, with what the camera's own place is uncertain by around it."""
    if sigma_m <= 0:
        return [*outline, outline[0]]
    wider = Polygon(outline).buffer(REGION * sigma_m, quad_segs=4).simplify(sigma_m / 10)
    return [
        (float(x), float(y)) for x, y in (wider if isinstance(wider, Polygon) else Polygon(outline)).exterior.coords
    ]


def from_many(sights: Sequence[Sight]) -> Fix | None:
    """The most likely place of one thing that several cameras look at; None where their bearings mean no one place.

    Least squares over the bearings, each weighed by its own uncertainty (Gauss-Newton from the best crossing of two);
    the region is the ellipse of the fit's covariance (Torrieri 1984, "Statistical theory of passive location systems").
    None too where they are parallel, where the place would lie behind a camera, nearer or further than it can be, or
    where the misfit says that they look at different things.
    """
    if len({(one.latitude, one.longitude) for one in sights}) < 2:
        return None
    plane = plane_of((one.latitude, one.longitude) for one in sights)
    masts = np.array([plane.metres(one.latitude, one.longitude) for one in sights])
    bearings = np.radians([one.bearing_deg for one in sights])
    sigmas = np.radians([max(one.sigma_deg, LEAST_SIGMA_DEG) for one in sights])
    moved = np.array([one.sigma_m for one in sights])
    ranges = np.array([(one.near_m, one.range_m) for one in sights])
    begun = _crossings(masts, bearings, sigmas)
    fits = [
        fit
        for fit in (_fitted(masts, bearings, _seen_from(masts, sigmas, moved, place), place) for place in begun)
        if fit is not None
    ]
    fits = [fit for fit in fits if _in_sight(masts, bearings, ranges, fit[0])]
    if not fits:
        return None
    place, covariance, misfit = min(fits, key=lambda fit: fit[2])
    if misfit > OUTLIERS:
        return None
    return _ellipse(plane, (float(place[0]), float(place[1])), covariance, Source.CROSSED)


def _crossings(masts: Floats, bearings: Floats, sigmas: Floats) -> list[Floats]:
    """Where two lines of sight cross ahead of both cameras at an angle that means something."""
    found: list[Floats] = []
    ahead = np.stack([np.sin(bearings), np.cos(bearings)], axis=1)
    for one, other in combinations(range(len(masts)), 2):
        cross = float(ahead[one, 0] * ahead[other, 1] - ahead[one, 1] * ahead[other, 0])
        if abs(math.asin(max(-1.0, min(1.0, cross)))) < LEAST_ANGLE_SIGMAS * math.hypot(sigmas[one], sigmas[other]):
            continue
        apart = masts[other] - masts[one]
        along = float(apart[0] * ahead[other, 1] - apart[1] * ahead[other, 0]) / cross
        back = float(apart[0] * ahead[one, 1] - apart[1] * ahead[one, 0]) / cross
        if along > 0 and back > 0:
            found.append(masts[one] + along * ahead[one])
    return found


def _seen_from(masts: Floats, sigmas: Floats, moved: Floats, place: Floats) -> Floats:
    """Standard deviations of bearings with what the cameras' own places turn them by, radians."""
    far = np.maximum(np.hypot(*(place - masts).T), 1.0)
    return np.asarray(np.hypot(sigmas, moved / far))


def _fitted(masts: Floats, bearings: Floats, sigmas: Floats, place: Floats) -> tuple[Floats, Floats, float] | None:
    """Place, covariance (square metres) and mean square misfit in standard deviations."""
    for _ in range(STEPS):
        off = place - masts
        far2 = (off**2).sum(axis=1)
        if (far2 < 1.0).any():
            return None
        jacobian = np.stack([off[:, 1], -off[:, 0]], axis=1) / far2[:, None] / sigmas[:, None]
        missed = _turn(bearings - np.arctan2(off[:, 0], off[:, 1])) / sigmas
        normal = jacobian.T @ jacobian
        if np.linalg.cond(normal) > 1.0 / np.finfo(np.float64).eps:
            return None
        step = np.linalg.solve(normal, jacobian.T @ missed)
        place = place + step
        if float(np.hypot(*step)) < SETTLED_M:
            return place, np.linalg.inv(normal), float((missed**2).mean())
    return None


def _in_sight(masts: Floats, bearings: Floats, ranges: Floats, place: Floats) -> bool:
    off = place - masts
    ahead = off[:, 0] * np.sin(bearings) + off[:, 1] * np.cos(bearings)
    far = np.hypot(off[:, 0], off[:, 1])
    return bool((ahead > 0).all() and (ranges[:, 0] <= far).all() and (far <= ranges[:, 1]).all())


def _turn(angles: Floats) -> Floats:
    turned: Floats = (angles + np.pi) % (2 * np.pi) - np.pi
    return turned


def _ellipse(plane: Plane, middle: tuple[float, float], covariance: Floats, source: Source) -> Fix:
    spreads, axes = np.linalg.eigh(covariance)
    minor, major = (REGION * math.sqrt(max(float(one), 0.0)) for one in spreads)
    east, north = float(axes[0, 1]), float(axes[1, 1])
    turns = np.linspace(0.0, 2 * np.pi, RING_POINTS + 1)
    edge = np.outer(np.cos(turns), axes[:, 1]) * major + np.outer(np.sin(turns), axes[:, 0]) * minor
    ring = [plane.degrees(middle[0] + float(x), middle[1] + float(y)) for x, y in edge]
    latitude, longitude = plane.degrees(*middle)
    axis = math.degrees(math.atan2(east, north)) % 180.0
    return Fix(latitude, longitude, major, minor, axis, source, (*ring[:-1], ring[0]))
