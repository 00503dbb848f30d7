"""The two things a calibration can fix: a plane as such, or a camera above one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from scipy.optimize import least_squares

from vision.calibration_facts import Facts, View, bend_errors, direction_errors, measured
from vision.homography import project, refuse_lines, through_points
from vision.lens import Lens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FOCALS: Final = (0.5, 0.9, 1.4, 2.2, 4.0)
"""Focal lengths tried first, half diagonals of the picture: lenses of 127 to 28 degrees across the diagonal."""
TILTS_DEG: Final = (5.0, 11.0, 19.0, 30.0, 45.0, 62.0)
"""Tilts below the horizontal tried first."""
YAWS_DEG: Final = (-60.0, -30.0, 0.0, 30.0, 60.0)
"""Directions of the road to the axis tried first."""
TRIES: Final = 4
"""The best of these beginnings are refined."""
ROUGH_LENGTH: Final = 0.05
"""Relative uncertainty of lengths while beginnings are compared."""
ROUGH_DIRECTION: Final = 0.01
"""Uncertainty of directions while beginnings are compared, half diagonals."""
OPEN: Final = 0.35
"""A camera is open when its height or focal length (relative) or its tilt (radians) is less certain than this."""
WIDEST: Final = 7.0
"""Logarithms and angles that the search wanders to beyond this mean nothing: heights of 1100 m."""
LOST: Final = 50.0
"""Residual of what a beginning cannot see."""


class Model(Protocol):
    """Unknowns, and what they mean."""

    def start(self) -> Floats:
        """Unknowns near the answer."""

    def view(self, unknown: Floats) -> View:
        """The plane and the lens of some unknowns."""

    def fixed(self, covariance: Floats) -> bool:
        """Whether the unknowns are certain enough to mean anything."""

    def open_words(self) -> str:
        """What to add where they are not."""

    def camera(self, unknown: Floats) -> tuple[float | None, float | None]:
        """Focal length in half diagonals and height in metres, where they are known."""


class PlaneModel:
    """A homography: eight numbers, the road's direction where segments show it, and the lens."""

    def __init__(self, facts: Facts, lens: Lens, bends: int) -> None:
        """A plane through the surveyed points of `facts`; the first `bends` terms of the lens are unknown."""
        self._facts, self._bends = facts, bends
        self._lens = straightest(facts, lens, bends)
        self._turns = bool(len(facts.along) or len(facts.across))
        self._to_unit = _spread(facts.ground)

    def start(self) -> Floats:
        """The direct solution."""
        seen = self._lens.straighten(self._facts.points)
        refuse_lines(seen, "picture")
        refuse_lines(self._facts.ground, "ground_m")
        matrix = self.direct(seen, self._facts.ground) @ np.linalg.inv(self._to_unit)
        plane = (matrix / matrix[2, 2]).ravel()[:8]
        turns = [self._direction(plane)] if self._turns else []
        return np.array([*plane, *turns, *_terms(self._lens, self._bends)])

    @staticmethod
    def direct(seen: Floats, ground: Floats) -> Floats:
        """Metres to straightened picture points, [3, 3], from points alone; raises ValueError where they fix none."""
        matrix = np.linalg.inv(through_points(seen, ground))
        return np.asarray(matrix / (np.array([*ground.mean(axis=0), 1.0]) @ matrix[2]))

    def view(self, unknown: Floats) -> View:
        """The plane and the lens of some unknowns."""
        to_picture = np.append(unknown[:8], 1.0).reshape(3, 3) @ self._to_unit
        turn = float(unknown[8]) if self._turns else 0.0
        lens = _with_terms(self._lens, unknown[len(unknown) - self._bends :])
        return View(to_picture, _inverse(to_picture), lens, np.array([np.sin(turn), np.cos(turn)]))

    def fixed(self, covariance: Floats) -> bool:
        """Four points that span an area fix it."""
        return bool(np.isfinite(covariance).all())

    def open_words(self) -> str:
        """What to add."""
        return "the points fix no plane; survey four that span an area, no three on one line"

    def camera(self, unknown: Floats) -> tuple[float | None, float | None]:
        """Nothing is known of the camera."""
        del unknown
        return None, None

    def _direction(self, plane: Floats) -> float:
        """The road's direction that suits the segments best, radians from y to x."""
        best = (np.inf, 0.0)
        for turn in np.radians(np.arange(0.0, 180.0, 5.0)):
            view = self.view(np.array([*plane, turn, *_terms(self._lens, self._bends)]))
            off = np.concatenate(
                (
                    direction_errors(self._facts.along, view, view.along),
                    direction_errors(self._facts.across, view, view.across),
                )
            )
            best = min(best, (float((off**2).sum()), float(turn)))
        return best[1]


@dataclass(frozen=True, slots=True)
class _Pose:
    """A camera above the plane: logarithms of focal length (half diagonals) and height (m), angles in radians."""

    focal: float
    tilt: float
    roll: float
    height: float
    yaw: float


class CameraModel:
    """A pinhole camera above the plane: focal length, tilt, roll, height, the road's direction, and the lens."""

    def __init__(
        self, facts: Facts, lens: Lens, bends: int, *, height_m: float | None, focal: float | None, level: bool
    ) -> None:
        """What is given of height, focal length (half diagonals) and roll is no longer unknown."""
        self._facts, self._bends = facts, bends
        self._lens = straightest(facts, lens, bends)
        self._known: dict[str, float] = {}
        if focal is not None:
            self._known["focal"] = float(np.log(focal))
        if height_m is not None:
            self._known["height"] = float(np.log(height_m))
        if level:
            self._known["roll"] = 0.0
        if not len(facts.along) and not len(facts.across):
            self._known["yaw"] = 0.0
        self._names = [name for name in ("focal", "tilt", "roll", "height", "yaw") if name not in self._known]
        firsts = [*facts.along[:1], *facts.lengths[:1], *facts.across[:1]]
        self._origin = firsts[0][0] if firsts else np.zeros(2)

    def start(self) -> Floats:
        """The best of many beginnings, each refined a little."""
        if "height" in self._names and not len(self._facts.lengths):
            raise ValueError("nothing tells the scale of the road; give a length, or the camera's height")
        if self._facts.count < len(self._names) + self._bends:
            raise ValueError(self.open_words())
        begun = sorted(
            ((float((self._rough(at) ** 2).sum()), tuple(at)) for at in self._beginnings()), key=lambda pair: pair[0]
        )
        best = (np.inf, np.zeros(0))
        drawn = len(self._facts.lengths) + len(self._facts.along) + len(self._facts.across)
        enough = drawn >= len(self._names)
        for _, at in begun[:TRIES]:
            found = least_squares(self._rough, np.array(at), method="lm" if enough else "trf", max_nfev=150)
            if found.cost < best[0] * (1 - 1e-6):
                best = (float(found.cost), found.x)
        return np.array([*best[1], *_terms(self._lens, self._bends)])

    def view(self, unknown: Floats) -> View:
        """The plane and the lens of some unknowns."""
        lens = _with_terms(self._lens, unknown[len(unknown) - self._bends :])
        return self._view(self._pose(unknown), lens)

    def fixed(self, covariance: Floats) -> bool:
        """Whether every number of the camera is certain enough."""
        return bool((np.sqrt(np.diag(covariance)[: len(self._names)]) < OPEN).all())

    def open_words(self) -> str:
        """What to add."""
        return (
            "the lengths and directions leave the road plane open; "
            "add lengths in other directions and places, a line across the road, or the camera's height"
        )

    def camera(self, unknown: Floats) -> tuple[float | None, float | None]:
        """Focal length in half diagonals and height in metres."""
        pose = self._pose(unknown)
        return float(np.exp(pose.focal)), float(np.exp(pose.height))

    def _pose(self, unknown: Floats) -> _Pose:
        free = {name: float(np.clip(unknown[k], -WIDEST, WIDEST)) for k, name in enumerate(self._names)}
        return _Pose(**self._known, **free)

    def _view(self, pose: _Pose, lens: Lens) -> View:
        focal, height = np.exp(pose.focal), np.exp(pose.height)
        sine, cosine = np.sin(pose.tilt), np.cos(pose.tilt)
        level = np.array([[1.0, 0, 0], [0, -sine, -cosine], [0, cosine, -sine]])  # rows right, down, forward
        roll = np.array(
            [[np.cos(pose.roll), np.sin(pose.roll), 0], [-np.sin(pose.roll), np.cos(pose.roll), 0], [0, 0, 1.0]]
        )
        turn = np.array(
            [[np.cos(pose.yaw), np.sin(pose.yaw), 0], [-np.sin(pose.yaw), np.cos(pose.yaw), 0], [0, 0, 1.0]]
        )
        axes = np.diag([focal, focal, 1.0]) @ roll @ level @ turn
        to_picture = np.stack((axes[:, 0], axes[:, 1], -height * axes[:, 2]), axis=1)
        origin = project(_inverse(to_picture), lens.straighten(self._origin))
        if np.isfinite(origin).all():
            to_picture = to_picture @ np.array([[1, 0, origin[0]], [0, 1, origin[1]], [0, 0, 1.0]])
        return View(to_picture, _inverse(to_picture), lens, np.array([0.0, 1.0]))

    def _beginnings(self) -> list[Floats]:
        choices = {
            "focal": [float(np.log(value)) for value in FOCALS],
            "tilt": list(np.radians(TILTS_DEG)),
            "roll": [0.0],
            "yaw": list(np.radians(YAWS_DEG)),
        }
        rows = []
        for row in product(*([0.0] if name == "height" else choices[name] for name in self._names)):
            at = np.array(row)
            if "height" in self._names:
                long = measured(self._facts.lengths, self._view(self._pose(at), self._lens))
                if not np.isfinite(long).any():
                    continue
                at[self._names.index("height")] = np.nanmedian(np.log(self._facts.metres / np.maximum(long, 1e-9)))
            rows.append(at)
        return rows

    def _rough(self, unknown: Floats) -> Floats:
        """Residuals that behave far from the answer: lengths by their logarithm."""
        view = self._view(self._pose(unknown), self._lens)
        with np.errstate(divide="ignore", invalid="ignore"):
            long = np.log(measured(self._facts.lengths, view) / self._facts.metres) / ROUGH_LENGTH
        along = direction_errors(self._facts.along, view, view.along)
        across = direction_errors(self._facts.across, view, np.array([1.0, 0.0]))
        row = np.concatenate((long, along / ROUGH_DIRECTION, across / ROUGH_DIRECTION))
        return np.where(np.isfinite(row), np.clip(row, -LOST, LOST), LOST)


def straightest(facts: Facts, lens: Lens, bends: int) -> Lens:
    """The lens that makes the straight lines straight, beginning from another; the same where none is unknown."""
    if not bends:
        return lens

    def bent(terms: Floats) -> Floats:
        row = np.concatenate([bend_errors(line, _with_terms(lens, terms)) for line in facts.straight]) / facts.sigma
        return np.where(np.isfinite(row), row, LOST / facts.sigma)

    found = least_squares(bent, np.zeros(bends), method="lm" if facts.count >= bends else "trf")
    return _with_terms(lens, found.x)


def _terms(lens: Lens, bends: int) -> list[float]:
    return [lens.k1, lens.k2][:bends]


def _with_terms(lens: Lens, terms: Floats) -> Lens:
    return Lens(*([float(term) for term in terms] + [lens.k1, lens.k2][len(terms) :]))


def _inverse(to_picture: Floats) -> Floats:
    """To the ground; w > 0 where the picture's w is, so that what lies behind the camera is not on the road."""
    try:
        return np.asarray(np.linalg.inv(to_picture), np.float64)
    except np.linalg.LinAlgError:
        return np.full((3, 3), np.nan)


def _spread(ground: Floats) -> Floats:
    """Metres to about one around the middle of the points, [3, 3]."""
    middle = ground.mean(axis=0)
    scale = 1 / max(float(np.abs(ground - middle).max()), 1e-9)
    return np.array([[scale, 0, -scale * middle[0]], [0, scale, -scale * middle[1]], [0, 0, 1.0]])
