"""The road plane drawn back into the picture: a grid of metres, to be judged by eye."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from vision.road_plane import RoadPlane

STEPS_M: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""Widths of a mesh that people read at a glance, metres."""
MESHES: Final = 16
"""About so many meshes should lie across the road that is in view."""
FARTHEST_M: Final = 120.0
"""Nothing is drawn farther than this from the nearest road in view."""
SMALLEST_PX: Final = 4.0
"""Nor where a metre is smaller than this share of... pixels."""


@dataclass(frozen=True, slots=True)
class GridLine:
    """One line of the grid.

    Attributes:
        axis: which coordinate is the same along it: x or y.
        at_m: that coordinate, metres.
        points: fractions of the picture, in order; several, since a lens bends the line.
    """

    axis: str
    at_m: float
    points: tuple[tuple[float, float], ...]


def road_grid(plane: RoadPlane, width: int, height: int, step_m: float | None = None) -> tuple[GridLine, ...]:
    """Lines of whole steps in x and in y that are in the picture.

    Args:
        plane: of the camera at this picture size.
        width, height: of the picture, pixels.
        step_m: width of a mesh; by default one that gives about `MESHES` meshes.
    """
    raise NotImplementedError
