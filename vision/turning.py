"""Which way a vehicle turns: directions compared on the road plane, or as if seen under the usual foreshortening."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.footprint import SIN_DEPRESSION

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from vision.camera_parts import Turn
    from vision.road_plane import RoadPlane

    Floats = NDArray[np.float64]

STRAIGHT_DEG: Final = 30.0
"""Up to this change of direction a vehicle went straight on."""
SIDE_DEG: Final = (50.0, 130.0)
"""Between these it turned to the side,"""
BACK_DEG: Final = 150.0
"""and from here on it turned back; what lies between says nothing."""


@dataclass(frozen=True, slots=True)
class GroundView:
    """Picture points seen from above; metres with a plane, else pixels stretched back to the ground."""

    plane: RoadPlane | None

    def vector(self, start: ArrayLike, end: ArrayLike) -> Floats:
        """From one picture point [2] to another, float64 [2], x to the right when y points ahead; NaN beyond sight."""
        points = np.array([start, end], np.float64)
        if self.plane is None:
            step = points[1] - points[0]
            return np.array([step[0], -step[1] / SIN_DEPRESSION])
        ground = self.plane.to_ground(points)
        step = ground[1] - ground[0]
        with np.errstate(invalid="ignore"):  # beyond the horizon
            mirrored = np.linalg.det(self.plane.jacobian(points[0])) > 0  # axes that were written down left for right
        return step * (-1.0, 1.0) if mirrored else np.asarray(step)

    def turn_deg(self, start: ArrayLike, end: ArrayLike, later_start: ArrayLike, later_end: ArrayLike) -> float:
        """Change of direction between two stretches of a way, degrees, right positive; NaN where it cannot be told."""
        a, b = self.vector(start, end), self.vector(later_start, later_end)
        if not (np.hypot(*a) > 0 and np.hypot(*b) > 0):
            return float("nan")
        return float(np.degrees(np.arctan2(a[1] * b[0] - a[0] * b[1], a @ b)))

    def cosine(self, start: ArrayLike, end: ArrayLike, other_start: ArrayLike, other_end: ArrayLike) -> float:
        """Cosine between two stretches; NaN where it cannot be told."""
        return float(np.cos(np.radians(self.turn_deg(start, end, other_start, other_end))))


def turn_of(degrees: float) -> Turn | None:
    """What a change of direction is, None where it could be either of two."""
    size = abs(degrees)
    if size <= STRAIGHT_DEG:
        return "straight"
    if SIDE_DEG[0] <= size <= SIDE_DEG[1]:
        return "right" if degrees > 0 else "left"
    return "back" if size >= BACK_DEG else None
