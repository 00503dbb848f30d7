"""Homographies: finding one through points, and sending points through it.

The normalised direct linear transformation over all points (Hartley and Zisserman, Multiple View Geometry, algorithm
4.2); refining and doubting it is the business of `vision.calibration`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

THINNEST: Final = 1e-3
"""Points whose spread across is less than this share of their spread along count as lying on one line."""
UNDETERMINED: Final = 1e-7
"""Second smallest singular value of the design matrix, as a share of the largest, below which no plane is fixed."""
FAR: Final = 0.02
"""A point this far from where the others put it, half diagonals of the picture, is not merely drawn roughly."""


def project(matrix: Floats, points: Floats) -> Floats:
    """Points [..., 2] through a homography [3, 3]; NaN where w is not positive."""
    x = points @ matrix[:, :2].T + matrix[:, 2]
    weight = np.where(x[..., 2:] > 0, x[..., 2:], np.nan)
    return np.asarray(x[..., :2] / weight)


def through_points(source: Floats, target: Floats) -> Floats:
    """The homography [3, 3] that takes source [N, 2] to target [N, 2], N >= 4, with w > 0 at every source point.

    Raises:
        ValueError: the points fix none, or contradict each other; names those at fault where it can be told.
    """
    matrix = _direct_linear_transformation(source, target)
    weight = source @ matrix[2, :2] + matrix[2, 2]
    matrix = np.asarray(matrix * np.sign(weight[0]) / np.abs(weight).max())
    if not (weight * np.sign(weight[0]) > 0).all():
        raise ValueError(contradiction(source, target))
    return matrix


def contradiction(source: Floats, target: Floats) -> str:
    """Which points are at fault: two that were exchanged, or one without which the rest agree.

    Args:
        source: float64 [N, 2], in half diagonals or fractions of the picture.
        target: float64 [N, 2], metres.
    """
    count = len(source)
    best, words = (
        FAR,
        "the points contradict each other: no camera sees them so; check their coordinates and their order",
    )
    for i in range(count):
        for j in range(i):
            order = np.arange(count)
            order[[i, j]] = j, i
            if count > 4 and (missed := _miss(source[order], target)) < best:
                best, words = missed, f"points[{j}] and points[{i}] are exchanged"
    for i in range(count):
        if count > 5 and (missed := _miss(np.delete(source, i, 0), np.delete(target, i, 0))) < best / 2:
            best, words = missed, f"points[{i}] contradicts the others; check its coordinates"
    return words


def _miss(source: Floats, target: Floats) -> float:
    """Largest distance of a source point from where the plane through all of them puts it; inf where there is none."""
    try:
        matrix = _direct_linear_transformation(source, target)
        back = np.linalg.inv(matrix)
    except (ValueError, np.linalg.LinAlgError):
        return float("inf")
    weight = source @ matrix[2, :2] + matrix[2, 2]
    if not (weight * np.sign(weight[0]) > 0).all():
        return float("inf")
    missed = np.hypot(*(project(back * np.sign(weight[0]), target) - source).T)
    return float(np.where(np.isfinite(missed), missed, np.inf).max())


def refuse_lines(points: Floats, name: str) -> None:
    """Raise where all points, or all but one, lie on one line: they fix no plane."""
    for left_out in (None, *range(len(points))):
        rest = points if left_out is None else np.delete(points, left_out, axis=0)
        spread = np.linalg.svd(rest - rest.mean(axis=0), compute_uv=False)
        if spread[0] == 0 or spread[-1] < THINNEST * spread[0]:
            which = "all points" if left_out is None else f"all points but points[{left_out}]"
            raise ValueError(f"{which} lie on one line by {name}; survey four that span an area")


def _direct_linear_transformation(source: Floats, target: Floats) -> Floats:
    """Homography [3, 3] that takes source [N, 2] to target [N, 2] with the least algebraic error."""
    from_t, from_points = _normalise(source)
    to_t, to_points = _normalise(target)
    rows = []
    for (x, y), (u, v) in zip(from_points, to_points, strict=True):
        rows.append([-x, -y, -1, 0, 0, 0, u * x, u * y, u])
        rows.append([0, 0, 0, -x, -y, -1, v * x, v * y, v])
    _, spread, basis = np.linalg.svd(np.array(rows))
    if spread[7] < UNDETERMINED * spread[0]:
        raise ValueError("the points fix no plane; survey four that span an area, no three on one line")
    matrix: Floats = np.linalg.inv(to_t) @ basis[-1].reshape(3, 3) @ from_t
    if abs(np.linalg.det(basis[-1].reshape(3, 3))) < UNDETERMINED:
        raise ValueError("the points fold the plane into a line; check their coordinates")
    return np.asarray(matrix)


def _normalise(points: Floats) -> tuple[Floats, Floats]:
    """Points moved to the origin and scaled to a mean distance of sqrt(2), and the matrix that does it."""
    centre = points.mean(axis=0)
    scale = np.sqrt(2) / np.hypot(*(points - centre).T).mean()
    matrix = np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])
    return matrix, (points - centre) * scale
