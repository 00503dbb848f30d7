"""What a calibration states, as arrays, and how far a plane and a lens are from each statement.

Picture points count in half diagonals from the picture's middle. Every residual is divided by its standard
uncertainty, so that metres, pixels and directions weigh against each other as they should.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from vision.geometry import to_pixels
from vision.homography import project

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

    from vision.calibration_parts import Calibration
    from vision.lens import Lens

    Floats = NDArray[np.float64]

Drawn = Literal["lengths", "along", "across"]

LOST: Final = 1e3
"""Residual of what a plane cannot see, standard uncertainties."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the unit of picture points stands in pixels.

    Attributes:
        middle: float64 [2], the principal point, pixels.
        half_diagonal: pixels.
    """

    middle: Floats
    half_diagonal: float

    @staticmethod
    def of(width: int, height: int) -> Frame:
        """The frame of a picture."""
        return Frame(np.array([width / 2, height / 2]), float(np.hypot(width, height) / 2))

    @property
    def matrix(self) -> Floats:
        """Pixels to half diagonals, float64 [3, 3]."""
        s, (x, y) = self.half_diagonal, self.middle
        return np.array([[1 / s, 0, -x / s], [0, 1 / s, -y / s], [0, 0, 1]])

    def unit(self, pixels: ArrayLike) -> Floats:
        """Pixels [..., 2] in half diagonals from the middle."""
        return np.asarray((np.asarray(pixels, np.float64) - self.middle) / self.half_diagonal)

    def pixels(self, unit: ArrayLike) -> Floats:
        """Half diagonals from the middle [..., 2] in pixels."""
        return np.asarray(np.asarray(unit, np.float64) * self.half_diagonal + self.middle)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything stated, in half diagonals and metres.

    Attributes:
        points: float64 [N, 2], seen.
        ground: float64 [N, 2], metres.
        lengths: float64 [L, 2, 2], ends seen.
        metres: float64 [L].
        along, across: float64 [A, 2, 2] and [B, 2, 2], ends seen.
        straight: float64 [K, 2] each.
        sigma: standard uncertainty of a seen point in x and in y.
        ground_sigma_m: standard uncertainty of a surveyed point in x and in y.
    """

    points: Floats
    ground: Floats
    sigma: float
    ground_sigma_m: float = 0.0
    lengths: Floats = field(default_factory=lambda: np.zeros((0, 2, 2)))
    metres: Floats = field(default_factory=lambda: np.zeros(0))
    along: Floats = field(default_factory=lambda: np.zeros((0, 2, 2)))
    across: Floats = field(default_factory=lambda: np.zeros((0, 2, 2)))
    straight: tuple[Floats, ...] = ()

    @staticmethod
    def of(calibration: Calibration, width: int, height: int) -> Facts:
        """The facts of a camera file at a picture size."""
        frame = Frame.of(width, height)

        def unit(points: ArrayLike, shape: tuple[int, ...]) -> Floats:
            return frame.unit(to_pixels(np.asarray(points, np.float64).reshape(shape), width, height))

        given = calibration
        return Facts(
            points=unit([point.picture for point in given.points], (-1, 2)),
            ground=np.array([point.ground_m for point in given.points], np.float64).reshape(-1, 2),
            sigma=given.picture_sigma * width / frame.half_diagonal,
            ground_sigma_m=given.ground_sigma_m,
            lengths=unit([length.picture for length in given.lengths], (-1, 2, 2)),
            metres=np.array([length.metres for length in given.lengths], np.float64),
            along=unit(given.along, (-1, 2, 2)),
            across=unit(given.across, (-1, 2, 2)),
            straight=tuple(unit(line, (-1, 2)) for line in given.straight),
        )

    def drawn(self) -> list[tuple[Drawn, int]]:
        """Lengths and directions, one by one."""
        parts: tuple[tuple[Drawn, int], ...] = (
            ("lengths", len(self.lengths)), ("along", len(self.along)), ("across", len(self.across)),
        )  # fmt: skip
        return [(name, k) for name, count in parts for k in range(count)]

    def without(self, name: Drawn, k: int) -> Facts:
        """The same but for one length or direction."""
        if name == "lengths":
            return replace(self, lengths=np.delete(self.lengths, k, 0), metres=np.delete(self.metres, k))
        if name == "along":
            return replace(self, along=np.delete(self.along, k, 0))
        return replace(self, across=np.delete(self.across, k, 0))

    @property
    def count(self) -> int:
        """Independent numbers stated."""
        bends = sum(len(line) - 2 for line in self.straight)
        return 2 * len(self.points) + len(self.lengths) + len(self.along) + len(self.across) + bends


@dataclass(frozen=True, slots=True)
class View:
    """A plane and a lens to hold the facts against.

    Attributes:
        to_picture: float64 [3, 3], metres to straightened half diagonals, w > 0 in front of the camera.
        to_ground: float64 [3, 3], its inverse.
        lens: of the camera.
        along: float64 [2], direction of the road on the ground.
    """

    to_picture: Floats
    to_ground: Floats
    lens: Lens
    along: Floats

    @property
    def across(self) -> Floats:
        """At right angles to it, to the right."""
        return np.array([self.along[1], -self.along[0]])


def point_errors(facts: Facts, view: View) -> Floats:
    """Where the surveyed points are seen less where they should be, float64 [N, 2], half diagonals."""
    return view.lens.bend(project(view.to_picture, facts.ground)) - facts.points


def ground_errors(facts: Facts, view: View) -> Floats:
    """Where the surveyed points lie by the picture less where they lie, float64 [N, 2], metres."""
    return project(view.to_ground, view.lens.straighten(facts.points)) - facts.ground


def length_errors(facts: Facts, view: View) -> Floats:
    """Lengths by the picture less those stated, float64 [L], metres."""
    return measured(facts.lengths, view) - facts.metres


def measured(segments: Floats, view: View) -> Floats:
    """Lengths on the road of seen segments [L, 2, 2], float64 [L], metres; NaN above the horizon."""
    ends = project(view.to_ground, view.lens.straighten(segments))
    return np.asarray(np.hypot(*(ends[:, 1] - ends[:, 0]).T))


def direction_errors(segments: Floats, view: View, direction: Floats) -> Floats:
    """How far ends of segments [A, 2, 2] miss the line from their middle to the vanishing point, float64 [A]."""
    ends = view.lens.straighten(segments)
    middle = _homogeneous(ends.mean(axis=1))
    line = np.cross(middle, view.to_picture[:, :2] @ direction)
    return np.asarray((line * _homogeneous(ends[:, 0])).sum(axis=1) / np.hypot(line[:, 0], line[:, 1]))


def bend_errors(line: Floats, lens: Lens) -> Floats:
    """Distances of points [K, 2] of a straight line from the line that fits them best, float64 [K]."""
    points = lens.straighten(line)
    if not np.isfinite(points).all():
        return np.full(len(points), np.nan)
    centred = points - points.mean(axis=0)
    return np.asarray(centred @ np.linalg.svd(centred)[2][1])


@dataclass(frozen=True, slots=True)
class Weights:
    """Standard uncertainties of the residuals, taken once at a view near the result.

    Attributes:
        points: float64 [N, 2, 2], whitens a point's error.
        lengths: float64 [L], metres.
    """

    points: Floats
    lengths: Floats

    @staticmethod
    def at(facts: Facts, view: View) -> Weights:
        """Weights at a view."""
        slope = _slope(lambda ground: view.lens.bend(project(view.to_picture, ground)), facts.ground, 1e-3)
        spread = np.einsum("nij,nkj->nik", slope, slope) * facts.ground_sigma_m**2
        spread = np.nan_to_num(spread) + np.eye(2) * facts.sigma**2
        ends = view.lens.straighten(facts.lengths)
        along = project(view.to_ground, ends)
        along = (along[:, 1] - along[:, 0]) / np.maximum(measured(facts.lengths, view), 1e-9)[:, None]
        variance = np.zeros(len(facts.lengths))
        for end in (0, 1):
            j = _slope(lambda seen: project(view.to_ground, view.lens.straighten(seen)), facts.lengths[:, end], 1e-5)
            variance += (np.einsum("ni,nij->nj", along, j) ** 2).sum(axis=1) * facts.sigma**2
        lost = ~np.isfinite(variance)
        return Weights(
            np.linalg.inv(np.linalg.cholesky(spread)) if len(spread) else spread,
            np.where(lost, facts.metres, np.sqrt(np.where(lost, 1.0, np.maximum(variance, 1e-12)))),
        )


def residuals(facts: Facts, view: View, weights: Weights) -> Floats:
    """Every residual in standard uncertainties, one row."""
    half = facts.sigma / np.sqrt(2)  # of the distance of an end from a line through the middle
    parts = [
        np.einsum("nij,nj->ni", weights.points, point_errors(facts, view)).ravel(),
        length_errors(facts, view) / weights.lengths,
        direction_errors(facts.along, view, view.along) / half,
        direction_errors(facts.across, view, view.across) / half,
        *(bend_errors(line, view.lens) / facts.sigma for line in facts.straight),
    ]
    row = np.concatenate(parts)
    return np.where(np.isfinite(row), np.clip(row, -LOST * 1e3, LOST * 1e3), LOST)


def _homogeneous(points: Floats) -> Floats:
    return np.concatenate((points, np.ones((*points.shape[:-1], 1))), axis=-1)


def _slope(function: Callable[[Floats], Floats], points: Floats, step: float) -> Floats:
    """Central differences of a map of points [N, 2] to points [N, 2]: [n, i, j] is d out_i / d in_j."""
    columns = [(function(points + offset) - function(points - offset)) / (2 * step) for offset in np.eye(2) * step]
    return np.stack(columns, axis=-1)
