"""The road plane drawn back into the picture: a grid of metres, to be judged by eye."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from vision.road_plane import RoadPlane

    Floats = NDArray[np.float64]

STEPS_M: Final = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
"""Widths of a mesh that people read at a glance, metres."""
MESHES: Final = 14
"""About so many meshes should lie across the road that is in view."""
FARTHEST_M: Final = 100.0
"""Nothing is drawn farther than this from the nearest road in view."""
SMALLEST: Final = 1.0 / 400
"""Nor where a mesh is smaller than this share of the picture's height: lines would run into each other."""
PIECES: Final = 80
"""Straight pieces of a line; a lens bends it."""
LOOKED: Final = 24
"""The road in view is found by so many looks across and down the picture."""


@dataclass(frozen=True, slots=True)
class GridLine:
    """One line of the grid.

    Attributes:
        axis: which coordinate is the same along it.
        at_m: that coordinate, metres.
        points: fractions of the picture, in order; several, since a lens bends the line.
    """

    axis: Literal["x", "y"]
    at_m: float
    points: tuple[tuple[float, float], ...]


def road_grid(plane: RoadPlane, width: int, height: int, step_m: float | None = None) -> tuple[GridLine, ...]:
    """Lines of whole steps in x and in y that are in the picture.

    Args:
        plane: of the camera at this picture size.
        width: of the picture, pixels.
        height: of the picture, pixels.
        step_m: width of a mesh; by default one that gives about `MESHES` meshes.
    """
    across, down = np.meshgrid(np.linspace(0, width, LOOKED), np.linspace(0, height, LOOKED))
    road = plane.to_ground(np.stack((across.ravel(), down.ravel()), axis=1))
    with np.errstate(invalid="ignore"):  # above the horizon there are no metres
        metre_px = np.sqrt(np.abs(np.linalg.det(plane.jacobian(np.stack((across.ravel(), down.ravel()), axis=1)))))
    seen = np.isfinite(road).all(axis=1) & np.isfinite(metre_px)
    if not seen.any():
        return ()
    nearest = road[seen][np.argmin(metre_px[seen])]
    road = road[seen & (np.hypot(*(road - nearest).T) <= FARTHEST_M)]
    low, high = road.min(axis=0), road.max(axis=0)
    step = step_m or next((s for s in STEPS_M if (high - low).min() <= MESHES * s), STEPS_M[-1])
    lines: list[GridLine] = []
    axes: tuple[tuple[Literal["x", "y"], int], ...] = (("x", 0), ("y", 1))
    for axis, fixed in axes:
        for at in np.arange(np.ceil(low[fixed] / step), np.floor(high[fixed] / step) + 1) * step:
            along = np.linspace(low[1 - fixed], high[1 - fixed], PIECES + 1)
            metres = np.stack(
                (np.full_like(along, at), along) if fixed == 0 else (along, np.full_like(along, at)), axis=1
            )
            lines += [GridLine(axis, float(at), piece) for piece in _visible(plane, metres, width, height, step)]
    return tuple(lines)


def _visible(
    plane: RoadPlane, metres: Floats, width: int, height: int, step_m: float
) -> Iterator[tuple[tuple[float, float], ...]]:
    """The stretches of a line [N, 2] that are in the picture and not too far, as fractions."""
    pixels = plane.to_picture(metres)
    with np.errstate(invalid="ignore"):
        inside = ((pixels >= 0) & (pixels <= (width, height))).all(axis=1)
        mesh_px = step_m / np.sqrt(np.abs(np.linalg.det(plane.jacobian(pixels))))
        inside &= mesh_px >= SMALLEST * height
    fractions = pixels / (width, height)
    for stretch in np.split(np.arange(len(inside)), np.nonzero(np.diff(inside))[0] + 1):
        if inside[stretch[0]] and len(stretch) > 1:
            yield tuple((round(float(x), 5), round(float(y), 5)) for x, y in fractions[stretch])
