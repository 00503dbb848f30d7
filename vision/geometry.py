"""Segments, polygons and boxes on arrays.

Points are float [..., 2], x right and y down; boxes are float [..., 4] as ``x1, y1, x2, y2``. Everything works in
whatever unit it is given (pixels, metres); nothing here raises on degenerate input: a segment without length is
never crossed, a box without area overlaps nothing, a point that is NaN lies nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Boxes = NDArray[np.floating[Any]]


BORDER_PX: Final = 2.0
BORDER_SHARE: Final = 0.03
"""A box nearer to the border than the larger of these (pixels, share of its height) is cut by it."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """How N paths meet M segments.

    Attributes:
        crossed: bool [N, M].
        at_path: float64 [N, M], 0 at the path's start and 1 at its end; NaN where not crossed.
        at_segment: float64 [N, M], 0 at the segment's first point and 1 at its second; NaN where not crossed.
        rightward: bool [N, M], True where the path goes from the left of the segment to its right, as seen from
            the segment's first point towards its second (in the picture, y down); False where not crossed.
    """

    crossed: Bools
    at_path: Floats
    at_segment: Floats
    rightward: Bools


def to_pixels(points: ArrayLike, width: int, height: int) -> Floats:
    """Fractions of a picture [..., 2] as pixels, float64 [..., 2]."""
    return np.asarray(points, np.float64) * (width, height)


def box_to_pixels(box: ArrayLike, width: int, height: int) -> Floats:
    """A box [..., 4] in fractions of a picture as pixels, float64 [..., 4]."""
    return np.asarray(box, np.float64) * (width, height, width, height)


def cross(a: Floats, b: Floats) -> Floats:
    """Z component of the cross product of plane vectors [..., 2]: positive where b lies clockwise of a on a screen."""
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])


def side_distance(points: ArrayLike, segments: ArrayLike) -> Floats:
    """Signed distance of points [N, 2] from the lines through segments [M, 2, 2], float64 [N, M].

    Positive on the right of a segment as seen from its first point towards its second (y down); NaN for a segment
    without length.
    """
    point = np.asarray(points, np.float64)[:, None, :]
    segment = np.asarray(segments, np.float64)[None, :, :, :]
    along = segment[:, :, 1] - segment[:, :, 0]
    length = np.hypot(along[..., 0], along[..., 1])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(length > 0, cross(along, point - segment[:, :, 0]) / length, np.nan)


def crossings(start: ArrayLike, end: ArrayLike, segments: ArrayLike) -> Crossing:
    """Where straight paths from `start` [N, 2] to `end` [N, 2] cross `segments` [M, 2, 2].

    A point exactly on a segment's line belongs to its right side, so a path that stops on the line and goes on
    later crosses once and not twice.
    """
    start, end = np.asarray(start, np.float64), np.asarray(end, np.float64)
    segment = np.asarray(segments, np.float64)
    first = segment[None, :, 0]
    along = segment[None, :, 1] - first
    from_start = cross(along, start[:, None] - first)
    from_end = cross(along, end[:, None] - first)
    with np.errstate(divide="ignore", invalid="ignore"):
        at_path = from_start / (from_start - from_end)
        meeting = start[:, None] + at_path[..., None] * (end - start)[:, None]
        at_segment = np.einsum("nmk,nmk->nm", meeting - first, np.broadcast_to(along, meeting.shape))
        at_segment = at_segment / np.einsum("nmk,nmk->nm", along, along)
        crossed = ((from_start >= 0) != (from_end >= 0)) & (at_segment >= 0) & (at_segment <= 1)
        crossed &= np.isfinite(from_start) & np.isfinite(from_end)
    return Crossing(
        crossed,
        np.where(crossed, at_path, np.nan),
        np.where(crossed, at_segment, np.nan),
        crossed & (from_end >= 0),
    )


def in_polygon(points: ArrayLike, polygon: ArrayLike) -> Bools:
    """Whether points [N, 2] lie in a polygon [K, 2] (even-odd rule, open or closed ring), bool [N].

    Of two polygons that share an edge exactly one holds a point on that edge.
    """
    point = np.asarray(points, np.float64).reshape(-1, 1, 2)
    ring = np.asarray(polygon, np.float64)[None]
    after = np.roll(ring, -1, axis=1)
    x, y = point[..., 0], point[..., 1]
    straddles = (ring[..., 1] > y) != (after[..., 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (after[..., 0] - ring[..., 0]) / (after[..., 1] - ring[..., 1])
        left_of_edge = x < ring[..., 0] + slope * (y - ring[..., 1])
    return np.asarray((straddles & left_of_edge).sum(axis=1) % 2 == 1)


def edge_distance(points: ArrayLike, polygon: ArrayLike) -> Floats:
    """Distance of points [N, 2] from the nearest edge of a polygon [K, 2] (open or closed ring), float64 [N]."""
    point = np.asarray(points, np.float64).reshape(-1, 1, 2)
    start = np.asarray(polygon, np.float64)
    along = np.roll(start, -1, axis=0) - start
    share = ((point - start) * along).sum(axis=2) / np.maximum((along**2).sum(axis=1), np.finfo(np.float64).tiny)
    off = point - (start + np.clip(share, 0.0, 1.0)[..., None] * along)
    return np.asarray(np.hypot(off[..., 0], off[..., 1]).min(axis=1))


def area(boxes: Boxes) -> Floats:
    """Area of boxes [..., 4], never negative, float64 [...]."""
    size = np.maximum(boxes[..., 2:].astype(np.float64) - boxes[..., :2], 0.0)
    return np.asarray(size[..., 0] * size[..., 1])


def intersection(a: Boxes, b: Boxes) -> Floats:
    """Area shared by boxes a [N, 4] and b [M, 4], float64 [N, M]."""
    ax1, ay1, ax2, ay2 = a.T.astype(np.float64)[:, :, None]
    bx1, by1, bx2, by2 = b.T.astype(np.float64)[:, None]
    # Coordinate by coordinate: NumPy is several times faster on whole planes than on a last axis of two.
    width = np.minimum(ax2, bx2)
    width -= np.maximum(ax1, bx1)
    height = np.minimum(ay2, by2)
    height -= np.maximum(ay1, by1)
    np.maximum(width, 0.0, out=width)
    np.maximum(height, 0.0, out=height)
    return np.asarray(np.multiply(width, height, out=width))


def iou(a: Boxes, b: Boxes) -> Floats:
    """Intersection over union of boxes a [N, 4] and b [M, 4], float64 [N, M]; 0 where both are empty."""
    shared = intersection(a, b)
    union = area(a)[:, None] + area(b)[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def cover(a: Boxes, b: Boxes) -> Floats:
    """Share of each box a [N, 4] that lies inside each box b [M, 4], float64 [N, M]; 0 for an empty box."""
    shared, whole = intersection(a, b), area(a)[:, None]
    return np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)


def cut(boxes: Boxes, width: int, height: int) -> Bools:
    """Whether boxes [..., 4] in pixels are cut by the picture's left, right or lower border, bool [...].

    The bottom centre of such a box is not where the object stands. Detectors end a cut box a little before the
    border, the more so the larger the box.
    """
    margin = np.maximum(BORDER_PX, BORDER_SHARE * (boxes[..., 3].astype(np.float64) - boxes[..., 1]))
    return np.asarray(
        (boxes[..., 0] <= margin) | (boxes[..., 2] >= width - margin) | (boxes[..., 3] >= height - margin)
    )


def foot(boxes: Boxes) -> Floats:
    """Bottom centre of boxes [..., 4], float64 [..., 2]: where the object stands."""
    out = np.empty((*boxes.shape[:-1], 2))
    np.add(boxes[..., 0], boxes[..., 2], out=out[..., 0], dtype=np.float64)
    out[..., 0] /= 2
    out[..., 1] = boxes[..., 3]
    return out
