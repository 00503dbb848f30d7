"""How much of a vehicle's contact with the road lies inside a zone.

One point is too little for a parked car. Where its heading is known its ground plan (`vision.footprint`) is laid over
the zone. Where it is not, the lower strip of its box is: there the near wheels touch the road, and a car that stands
beside a zone keeps its strip beside it, although its box reaches over the zone behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vision.block import middles
from vision.classes import BUS, TRUCK
from vision.footprint import LENGTH_M, WIDTH_M, footprints
from vision.geometry import in_polygon

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.road_plane import RoadPlane

ACROSS: Final = np.linspace(0.15, 0.85, 8)
"""Where the strip is looked at, shares of the box's width: its corners are mostly ground beside the vehicle."""
UP: Final = np.array([0.02, 0.10])
"""The same, shares of the box's height above its bottom."""
GRID: Final = np.linspace(-0.8, 0.8, 5)
"""Where a ground plan is looked at, shares of its half length and half width: a plan fitted into a box is rough."""
ELONGATED: Final = 2.5
"""A zone this many times longer than wide has a direction."""
ROUNDS: Final = 5
"""Steps in which a plan is moved to fit its box; the error shrinks tenfold with each."""
LONG: Final = (BUS, TRUCK)
"""Classes longer than a parking bay."""
ENTER_SHARE: Final = 0.7
"""A vehicle is in a zone once this share of its contact is,"""
LEAVE_SHARE: Final = 0.4
"""and stays in it until less than this is."""

_ALONG, _ACROSS = (side.ravel() for side in np.meshgrid(GRID, GRID))


def strip_share(box: NDArray[np.floating[Any]], polygon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of the lower strip of each box [N, 4] inside a polygon [K, 2], float64 [N], all in pixels."""
    box = box.astype(np.float64).reshape(-1, 4)
    width, height = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    x = box[:, 0, None] + width[:, None] * ACROSS
    y = box[:, 3, None] - height[:, None] * UP
    grid = np.stack(np.broadcast_arrays(x[:, :, None], y[:, None, :]), axis=-1)
    inside = in_polygon(grid.reshape(-1, 2), polygon).reshape(len(box), len(ACROSS) * len(UP))
    return np.asarray(inside.mean(axis=1), np.float64)


def plan_share(
    box: NDArray[np.floating[Any]], class_id: NDArray[np.integer[Any]], heading: NDArray[np.float64],
    polygon: NDArray[np.float64], plane: RoadPlane | None = None,
) -> NDArray[np.float64]:  # fmt: skip
    """Share of the ground plan of each box [N, 4] inside a polygon [K, 2], float64 [N].

    Long vehicles are laid along the zone where it is an elongated one: the bottom of their boxes wanders as they drive,
    and tells their heading badly.

    Args:
        box: in pixels.
        class_id: [N].
        heading: [N, 2], where each drives or drove to in the picture.
        polygon: in pixels.
        plane: of the camera, where there is one.
    """
    boxes: NDArray[np.float64] = box.astype(np.float64)
    is_long = np.isin(class_id, LONG)
    axis = long_axis(polygon if plane is None else plane.to_ground(polygon))
    if plane is None:
        heading = heading if axis is None else np.where(is_long[:, None], axis, heading)
        plans = footprints(boxes, class_id, heading, plane)
        centre, along, across = plans.centre, plans.half_length, plans.half_width
        grid = centre[:, None] + _ALONG[:, None] * along[:, None] + _ACROSS[:, None] * across[:, None]
    else:
        ahead: NDArray[np.float64] = np.einsum("nij,nj->ni", plane.jacobian(_foot(boxes)), heading)
        ahead /= np.maximum(np.hypot(ahead[:, 0], ahead[:, 1]), 1e-9)[:, None]
        ahead = ahead if axis is None else np.where(is_long[:, None], axis, ahead)
        grid = plane.to_picture(_ground_plans(boxes, class_id, ahead, plane))
    inside = in_polygon(grid.reshape(-1, 2), polygon).reshape(len(boxes), len(_ALONG))
    return np.asarray(inside.mean(axis=1), np.float64)


def long_axis(polygon: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Unit vector [2] along a polygon [K, 2], None where it is about as wide as long."""
    edges = np.roll(polygon, -1, axis=0) - polygon
    length = np.hypot(edges[:, 0], edges[:, 1])
    if not np.isfinite(length).all() or length.max() <= 0:
        return None
    axis = edges[int(length.argmax())] / length.max()
    across = polygon @ np.array((-axis[1], axis[0]))
    return np.asarray(axis) if length.max() >= ELONGATED * np.ptp(across) else None


def _ground_plans(
    box: NDArray[np.float64], class_id: NDArray[np.integer[Any]], ahead: NDArray[np.float64], plane: RoadPlane
) -> NDArray[np.float64]:
    """Points of the ground plan of each box in metres, [N, len(GRID) ** 2, 2].

    It is a block of the class's length and width, placed so that it shows about the box's middle and as low as the box;
    where the plane tells where the camera hangs, the block has a height as well (`vision.block`).
    """
    half = np.stack((LENGTH_M[class_id], WIDTH_M[class_id]), axis=1) / 2
    side = np.stack((-ahead[:, 1], ahead[:, 0]), axis=1)
    corners = np.stack([a * half[:, :1] * ahead + b * half[:, 1:] * side for a in (-1, 1) for b in (-1, 1)], axis=1)
    wanted = _foot(box)
    place = plane.to_ground(wanted)
    with np.errstate(invalid="ignore"):
        if plane.camera is not None:
            place = middles(place, ahead, class_id.astype(np.intp), plane, plane.camera)
        for _ in range(ROUNDS if plane.camera is None else 0):
            shown = plane.to_picture(place[:, None] + corners)
            low, high = shown[..., 0].min(axis=1), shown[..., 0].max(axis=1)
            off = wanted - np.stack(((low + high) / 2, shown[..., 1].max(axis=1)), axis=1)
            place = place + np.einsum("nij,nj->ni", plane.jacobian(wanted), off)
    grid = _ALONG[:, None] * (half[:, None, :1] * ahead[:, None]) + _ACROSS[:, None] * (
        half[:, None, 1:] * side[:, None]
    )
    return np.asarray(place[:, None] + grid)


def _foot(box: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack(((box[:, 0] + box[:, 2]) / 2, box[:, 3]), axis=1)
