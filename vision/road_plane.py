"""The road plane: picture pixels to metres and back through the lens, with how far to trust it.

How the plane is found stands in `vision.calibration`; its Jacobian turns a pixel of noise into metres, and its own
uncertainty is carried along to every place.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from qyran.errors import CameraFileError
from vision.block import camera_place
from vision.calibration import Fit, calibrate, calibrate_points
from vision.homography import project

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import ArrayLike, NDArray

    from vision.camera import Camera

    Floats = NDArray[np.float64]

STEP: Final = 1e-3
"""Of a difference that stands for a slope, in standard uncertainties."""


@dataclass(frozen=True)
class RoadPlane:
    """A plane seen by one camera at one picture size.

    Attributes:
        fit: the calibration: matrix, lens, residuals and covariance.
        valid_until: last day of validity, None without an end.
    """

    fit: Fit
    valid_until: date | None = None

    @staticmethod
    def from_camera(camera: Camera, width: int, height: int) -> RoadPlane | None:
        """The plane of a camera file at a picture size in pixels; None without a calibration.

        Raises:
            CameraFileError: the calibration fixes no plane or contradicts itself; the message names what is at fault.
        """
        if camera.calibration is None:
            return None
        try:
            return RoadPlane(calibrate(camera.calibration, width, height), camera.calibration.valid_until)
        except ValueError as error:
            raise CameraFileError(f"The camera {camera.id} has a wrong calibration: {error}.") from None

    @staticmethod
    def from_points(picture: Floats, ground: Floats, valid_until: date | None = None) -> RoadPlane:
        """The plane through pixels [N, 2] and metres [N, 2], N >= 4, without a lens.

        Raises:
            ValueError: the points fix no plane, or contradict each other.
        """
        return RoadPlane(calibrate_points(picture, ground), valid_until)

    @property
    def error_px(self) -> float:
        """Root mean square residual of the calibration in the picture, pixels."""
        return self.fit.error_px

    @property
    def error_m(self) -> float:
        """The same on the ground, metres."""
        return self.fit.error_m

    @cached_property
    def matrix(self) -> Floats:
        """Metres to straightened pixels in homogeneous terms, float64 [3, 3], w > 0 in front of the camera."""
        return np.asarray(np.linalg.inv(self.fit.to_ground), np.float64)

    @cached_property
    def camera(self) -> Floats | None:
        """Where the camera hangs, float64 [3], metres on the plane and up; None where the plane does not tell."""
        middle = self.fit.frame.middle
        return camera_place(self, 2 * middle[0], 2 * middle[1]) if min(middle) > 0 else None

    def valid_at(self, day: date) -> bool:
        """Whether the calibration still counts on a day (its last day included)."""
        return self.valid_until is None or day <= self.valid_until

    def to_ground(self, pixels: ArrayLike) -> Floats:
        """Metres of picture points [..., 2], float64 [..., 2]; NaN on and above the horizon."""
        return project(self.fit.to_ground, self._straighten(np.asarray(pixels, np.float64)))

    def towards(self, pixels: ArrayLike, camera: Floats) -> Floats:
        """Which way on the plane picture points [..., 2] lie from a camera, unit vectors float64 [..., 2].

        Above the horizon too: what hangs there lies on the far side of where its ray, drawn backwards, meets the road.

        Args:
            pixels: in the picture.
            camera: float64 [2] or more, where the camera hangs on the plane, metres.
        """
        straight = self._straighten(np.asarray(pixels, np.float64))
        h = self.fit.to_ground
        x, weight = straight @ h[:2, :2].T + h[:2, 2], straight @ h[2, :2] + h[2, 2]
        way = x - camera[:2] * weight[..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(way / np.hypot(way[..., 0], way[..., 1])[..., None])

    def to_picture(self, metres: ArrayLike) -> Floats:
        """Pixels of ground points [..., 2], float64 [..., 2]; NaN behind the camera."""
        return self._bend(project(self.matrix, np.asarray(metres, np.float64)))

    def seen(self, columns: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Pixels of what `matrix` makes of homogeneous columns [..., 3, K], [..., 2, K].

        NaN behind the camera. The same as `to_picture`, for many points at once.
        """
        weight = columns[..., 2:, :]
        straight = columns[..., :2, :] / np.where(weight > 0, weight, np.nan)
        if self.fit.lens.straight:
            return np.asarray(straight)
        return np.swapaxes(self._bend(np.swapaxes(straight.astype(np.float64), -1, -2)), -1, -2)

    def _bend(self, straight: Floats) -> Floats:
        """Where straightened pixels [..., 2] are seen through the lens."""
        if self.fit.lens.straight:
            return straight
        frame, lens = self.fit.frame, self.fit.lens
        unit = frame.unit(straight)
        # Beyond its fold a lens would show far points a second time.
        radius = np.hypot(unit[..., 0], unit[..., 1])
        unit = np.where((lens.grows(radius))[..., None], unit, np.nan)
        return frame.pixels(lens.bend(unit))

    def jacobian(self, pixels: ArrayLike) -> Floats:
        """Metres a pixel at picture points [..., 2], float64 [..., 2, 2]: [i, j] is d ground_i / d pixel_j."""
        straight = self._straighten(np.asarray(pixels, np.float64))
        slope = self._plane_slope(straight)
        if self.fit.lens.straight:
            return slope
        bend = self.fit.lens.jacobian(self.fit.frame.unit(straight))
        return np.asarray(slope @ _inverted(bend))

    def ground_covariance(self, pixels: ArrayLike) -> Floats:
        """Covariance of the place on the road of picture points [..., 2] by the calibration alone, [..., 2, 2], m^2.

        What the picture point itself is uncertain by comes on top, through `jacobian`.
        """
        slope = self._fit_slope(np.asarray(pixels, np.float64))
        return np.asarray(slope @ self.fit.covariance @ np.swapaxes(slope, -1, -2))

    def way_covariance(self, start: ArrayLike, end: ArrayLike) -> Floats:
        """Covariance of the way on the road between picture points [..., 2] by the calibration alone, [..., 2, 2], m^2.

        Places near each other err alike, so a way is known better than its ends.
        """
        slope = self._fit_slope(np.asarray(end, np.float64)) - self._fit_slope(np.asarray(start, np.float64))
        return np.asarray(slope @ self.fit.covariance @ np.swapaxes(slope, -1, -2))

    def camera_covariance(self, pixels: ArrayLike) -> Floats | None:
        """Covariance of the way from the camera to picture points [..., 2] on the road, [..., 2, 2], m^2.

        By the calibration alone; None where the plane does not tell where the camera hangs.
        """
        hung = self._camera_slope
        if hung is None:
            return None
        slope = self._fit_slope(np.asarray(pixels, np.float64)) - hung
        return np.asarray(slope @ self.fit.covariance @ np.swapaxes(slope, -1, -2))

    @cached_property
    def _camera_slope(self) -> Floats | None:
        """How the camera's place changes with the plane's nine entries, [2, 11]; the lens moves it too little."""
        slope, width, height = np.zeros((2, 11)), *(2 * self.fit.frame.middle)
        for k in range(9):
            step = STEP * float(np.sqrt(self.fit.covariance[k, k]))
            if step == 0.0:
                continue
            ends = []
            for turn in (step, -step):
                moved = self.fit.to_ground.copy()
                moved[k // 3, k % 3] += turn
                ends.append(camera_place(replace(self, fit=replace(self.fit, to_ground=moved)), width, height))
            more, less = ends
            if more is None or less is None:
                return None
            slope[:, k] = (more - less)[:2] / (2 * step)
        return slope

    def sigma_m(self, pixels: ArrayLike) -> Floats:
        """Standard uncertainty of the place of picture points [..., 2] in its worst direction, float64 [...], metres.

        NaN on and above the horizon.
        """
        c = self.ground_covariance(pixels)
        half = (c[..., 0, 0] + c[..., 1, 1]) / 2
        apart = np.hypot((c[..., 0, 0] - c[..., 1, 1]) / 2, c[..., 0, 1])
        return np.sqrt(half + apart)

    def _fit_slope(self, pixels: Floats) -> Floats:
        """How places on the road change with what was fitted, [..., 2, 11]: the plane's nine entries, k1 and k2."""
        straight = self._straighten(pixels)
        h, lens = self.fit.to_ground, self.fit.lens
        point = np.concatenate((straight, np.ones((*straight.shape[:-1], 1))), axis=-1)
        weight = point @ h[2]
        ground = project(h, straight)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = point / weight[..., None]
        slope = np.zeros((*straight.shape[:-1], 2, 11))
        slope[..., 0, 0:3] = slope[..., 1, 3:6] = share
        slope[..., :, 6:9] = -ground[..., :, None] * share[..., None, :]
        if lens.straight and not self.fit.covariance[9:].any():
            return slope
        unit = self.fit.frame.unit(straight)
        square = (unit**2).sum(axis=-1, keepdims=True)
        bends = np.stack((unit * square, unit * square**2), axis=-1)  # d bend / d k1, k2
        back = -_inverted(lens.jacobian(unit)) @ bends * self.fit.frame.half_diagonal
        slope[..., :, 9:11] = self._plane_slope(straight) @ back
        return slope

    def _straighten(self, pixels: Floats) -> Floats:
        """Where the points would be seen without the lens, pixels."""
        if self.fit.lens.straight:
            return pixels
        return self.fit.frame.pixels(self.fit.lens.straighten(self.fit.frame.unit(pixels)))

    def _plane_slope(self, straight: Floats) -> Floats:
        """Metres a straightened pixel, [..., 2, 2]."""
        h = self.fit.to_ground
        weight = straight @ h[2, :2] + h[2, 2]
        ground = project(h, straight)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((h[:2, :2] - ground[..., :, None] * h[2, :2]) / weight[..., None, None])


def _inverted(matrices: Floats) -> Floats:
    """Inverses of [..., 2, 2]; NaN and infinity where there are none."""
    a, b, c, d = matrices[..., 0, 0], matrices[..., 0, 1], matrices[..., 1, 0], matrices[..., 1, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        adjugate = np.stack((np.stack((d, -b), axis=-1), np.stack((-c, a), axis=-1)), axis=-2)
        return np.asarray(adjugate / (a * d - b * c)[..., None, None])
