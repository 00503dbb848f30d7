"""The road plane: picture pixels to metres and back, with how far to trust it.

The homography is found by the normalised direct linear transformation over all surveyed points (Hartley and
Zisserman, Multiple View Geometry, algorithm 4.2). Its Jacobian turns a pixel of noise into metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from qyran.errors import CameraFileError
from vision.geometry import to_pixels

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import ArrayLike, NDArray

    from vision.camera import Camera

    Floats = NDArray[np.float64]

THINNEST: Final = 1e-3
"""Points whose spread across is less than this share of their spread along count as lying on one line."""
UNDETERMINED: Final = 1e-7
"""Second smallest singular value of the design matrix, as a share of the largest, below which no plane is fixed."""


@dataclass(frozen=True, slots=True)
class RoadPlane:
    """A plane seen by one camera at one picture size.

    Attributes:
        to_ground_matrix: float64 [3, 3], pixels to metres, scaled so that w > 0 in front of the camera.
        to_picture_matrix: float64 [3, 3], its inverse, metres to pixels.
        error_px: root mean square reprojection error of the surveyed points, pixels; 0 for four points.
        error_m: the same on the ground, metres.
        valid_until: last day of validity, None without an end.
    """

    to_ground_matrix: Floats
    to_picture_matrix: Floats
    error_px: float
    error_m: float
    valid_until: date | None = None

    @staticmethod
    def from_camera(camera: Camera, width: int, height: int) -> RoadPlane | None:
        """The plane of a camera file at a picture size in pixels; None without a calibration.

        Raises:
            CameraFileError: the points fix no plane; the message names the first that are at fault.
        """
        if camera.calibration is None:
            return None
        points = camera.calibration.points
        picture = to_pixels([point.picture for point in points], width, height)
        ground = np.array([point.ground_m for point in points], np.float64)
        try:
            return RoadPlane.from_points(picture, ground, camera.calibration.valid_until)
        except ValueError as error:
            raise CameraFileError(f"The camera {camera.id} has a wrong calibration: {error}.") from None

    @staticmethod
    def from_points(picture: Floats, ground: Floats, valid_until: date | None = None) -> RoadPlane:
        """The plane through pixels [N, 2] and metres [N, 2], N >= 4.

        Raises:
            ValueError: the points fix no plane.
        """
        _refuse_lines(picture, "picture")
        _refuse_lines(ground, "ground_m")
        matrix = _direct_linear_transformation(picture, ground)
        weight = picture @ matrix[2, :2] + matrix[2, 2]
        matrix = matrix * np.sign(weight[0]) / np.abs(weight).max()
        if not (weight * np.sign(weight[0]) > 0).all():
            raise ValueError("the points contradict each other: no camera sees them all; check their order")
        back = np.linalg.inv(matrix)
        error_px = float(np.sqrt(((_project(back, ground) - picture) ** 2).sum(axis=1).mean()))
        error_m = float(np.sqrt(((_project(matrix, picture) - ground) ** 2).sum(axis=1).mean()))
        return RoadPlane(matrix, back, error_px, error_m, valid_until)

    def valid_at(self, day: date) -> bool:
        """Whether the calibration still counts on a day (its last day included)."""
        return self.valid_until is None or day <= self.valid_until

    def to_ground(self, pixels: ArrayLike) -> Floats:
        """Metres of picture points [..., 2], float64 [..., 2]; NaN on and above the horizon."""
        return _project(self.to_ground_matrix, np.asarray(pixels, np.float64))

    def to_picture(self, metres: ArrayLike) -> Floats:
        """Pixels of ground points [..., 2], float64 [..., 2]; NaN behind the camera."""
        return _project(self.to_picture_matrix, np.asarray(metres, np.float64))

    def jacobian(self, pixels: ArrayLike) -> Floats:
        """Metres a pixel at picture points [..., 2], float64 [..., 2, 2]: [i, j] is d ground_i / d pixel_j."""
        point = np.asarray(pixels, np.float64)
        h = self.to_ground_matrix
        weight = point @ h[2, :2] + h[2, 2]
        ground = self.to_ground(point)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((h[:2, :2] - ground[..., :, None] * h[2, :2]) / weight[..., None, None])


def _project(matrix: Floats, points: Floats) -> Floats:
    """Points [..., 2] through a homography; NaN where w is not positive."""
    x = points @ matrix[:, :2].T + matrix[:, 2]
    weight = np.where(x[..., 2:] > 0, x[..., 2:], np.nan)
    return np.asarray(x[..., :2] / weight)


def _refuse_lines(points: Floats, name: str) -> None:
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
    return matrix


def _normalise(points: Floats) -> tuple[Floats, Floats]:
    """Points moved to the origin and scaled to a mean distance of sqrt(2), and the matrix that does it."""
    centre = points.mean(axis=0)
    scale = np.sqrt(2) / np.hypot(*(points - centre).T).mean()
    matrix = np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])
    return matrix, (points - centre) * scale
