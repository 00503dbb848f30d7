"""Lawful directions drawn in the camera file, as unit arrows in pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.camera import Camera, Line, Zone

LEADING_EXTENT = 0.6
"""Share of a box's height by which a vehicle driving away reaches beyond its bottom centre on the road.

At a camera depression of 20 to 30 degrees a car of 4.5 m by 1.5 m covers a box of which the ground between its
bumpers is 0.5 to 0.6; the larger value makes the rule say "over the line" earlier, which favours the driver."""


def unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """The vector at length 1, or zeros where it has no length."""
    length = float(np.hypot(*vector))
    return vector / length if length > 0 else np.zeros(2)


def arrow_of(part: Line | Zone, width: int, height: int) -> NDArray[np.float64] | None:
    """Unit vector [2] in pixels of the part's `direction`, None when it has none."""
    if part.direction is None:
        return None
    (x1, y1), (x2, y2) = part.direction
    return unit(np.array([(x2 - x1) * width, (y2 - y1) * height]))


def entry_arrow(camera: Camera, line: Line, width: int, height: int) -> NDArray[np.float64] | None:
    """Unit vector [2] of lawful travel across a stop line.

    The line's own `direction`, else from the line towards the nearest junction zone, else None.
    """
    own = arrow_of(line, width, height)
    if own is not None:
        return own
    scale = np.array([width, height], float)
    middle = np.mean(np.array(line.points) * scale, axis=0)
    centres = [np.mean(np.array(zone.points) * scale, axis=0) for zone in camera.zones_of("junction")]
    if not centres:
        return None
    return unit(min(centres, key=lambda centre: float(np.hypot(*(centre - middle)))) - middle)


def leading_points(
    foot: NDArray[np.float32], box: NDArray[np.float32], arrow: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Where vehicles driving along `arrow` reach on the road with their front, float64 [N, 2], pixels.

    The bottom centre of a box is the rear of a vehicle driving away and the front of one coming near; a vehicle
    driving across reaches half its box beyond it.
    """
    width, height = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    ahead = 0.5 * width * abs(arrow[0]) + LEADING_EXTENT * height * max(0.0, -arrow[1])
    reach: NDArray[np.float64] = foot.astype(np.float64) + np.outer(ahead, arrow).astype(np.float64)
    return reach
