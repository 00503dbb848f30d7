"""A camera in the world: where it hangs, where it looks, and how the metres of its road lie on the globe.

A road plane is tied to the globe by the calibration's anchor. Without one it is tied by the camera itself: the plane
tells where above it the camera hangs, and the camera file says where that is. Axes of surveyed points are east and
north; axes of a plane made by lengths are turned so that the picture's middle lies where the camera is headed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from incidents.where.fix import ACROSS, LEAST_SIGMA_DEG, Sight, bearing_of
from qyran.earth import Place as LatLon
from qyran.earth import Plane
from vision.road_plane import RoadPlane

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import ArrayLike, NDArray

    from vision.camera import Camera

    Floats = NDArray[np.float64]

CAMERA_SIGMA_M: Final = 5.0
"""Of a camera's latitude and longitude, a direction: read from a telephone or clicked on a map (GPS Standard
Positioning Service Performance Standard 2020: 8 m of 95 % in the open, worse beside buildings)."""
HEADING_SIGMA_DEG: Final = 3.0
"""Of a camera's heading, where the camera file does not say: a telephone's compass, or a line drawn on a map."""
AXES_SIGMA_DEG: Final = 1.0
"""Of the axes east and north of surveyed points: a map's grid, a road's known course."""
VIEW_DEG: Final = 60.0
VIEW_SIGMA_SHARE: Final = 0.3
"""Of a field of view that nobody told: lenses of street cameras (2.8 to 12 mm on 1/2.8 inch) show 25 to 105 degrees."""
POINT_SIGMA_PX: Final = 1.0
"""Of an edge of a box at its sharpest."""


@dataclass(frozen=True, slots=True)
class Tie:
    """How a road plane lies on the globe.

    Attributes:
        plane: metres about the tied point.
        pivot: float64 [2], the tied point in metres of the road plane.
        turn: compass bearing of the road plane's y axis, radians.
        sigma_m: of the tied point in east and in north.
        turn_sigma: radians.
        by_camera: tied by where the camera hangs, instead of by the anchor.
    """

    plane: Plane
    pivot: Floats
    turn: float
    sigma_m: float
    turn_sigma: float
    by_camera: bool

    def place(self, ground: Floats) -> LatLon:
        """Latitude and longitude of metres [2] of the road plane."""
        east, north = self.rotation @ (ground - self.pivot)
        return self.plane.degrees(float(east), float(north))

    @property
    def rotation(self) -> Floats:
        """Ways on the road plane to east and north, float64 [2, 2]."""
        c, s = math.cos(self.turn), math.sin(self.turn)
        return np.array([[c, s], [-s, c]])


@dataclass(frozen=True)
class Eye:
    """A camera that looks at a city.

    Attributes:
        camera: its file.
        width, height: of its picture, pixels.
        road: its road plane, None without a calibration that counts on the day.
    """

    camera: Camera
    width: int
    height: int
    road: RoadPlane | None

    @staticmethod
    def of(camera: Camera, width: int, height: int, day: date) -> Eye:
        """The eye of a camera file on a day.

        Raises:
            CameraFileError: the calibration fixes no plane.
        """
        road = RoadPlane.from_camera(camera, width, height)
        return Eye(camera, width, height, road if road is not None and road.valid_at(day) else None)

    @cached_property
    def tie(self) -> Tie | None:
        """How its road lies on the globe; None where nothing ties it."""
        camera, road = self.camera, self.road
        if road is None or camera.calibration is None:
            return None
        anchor = camera.calibration.anchor
        given = None if anchor is None else anchor.bearing_deg
        axes = self._axes(road, given)
        if axes is None:
            return None
        if anchor is not None:
            return Tie(Plane(anchor.latitude, anchor.longitude), np.zeros(2), *axes[:1], anchor.sigma_m, axes[1], False)
        if self._file_place is None or road.camera is None or road.camera_covariance((0.0, 0.0)) is None:
            return None
        return Tie(Plane(*self._file_place), road.camera[:2], axes[0], CAMERA_SIGMA_M, axes[1], by_camera=True)

    @cached_property
    def place(self) -> LatLon | None:
        """Where the camera hangs; None where neither its file nor its calibration says so."""
        if self._file_place is not None:
            return self._file_place
        if self.tie is None or self.road is None or self.road.camera is None:
            return None
        return self.tie.place(self.road.camera[:2])

    @property
    def place_sigma_m(self) -> float:
        """Standard uncertainty of `place` in east and in north."""
        return self.tie.sigma_m if self.tie is not None and self._file_place is None else CAMERA_SIGMA_M

    @property
    def looks(self) -> bool:
        """Whether anything is known of where it looks."""
        return self.camera.heading_deg is not None or self._sees_ways

    def bearing(self, pixel: ArrayLike) -> tuple[float, float] | None:
        """Compass bearing of a picture point and its standard uncertainty, degrees; None where nothing tells it."""
        x, y = (float(one) for one in np.asarray(pixel, np.float64))
        if self._sees_ways:
            assert self.tie is not None  # noqa: S101  it sees ways
            east, north = self.tie.rotation @ self._way(x, y)
            grain = self._degrees_a_pixel * POINT_SIGMA_PX
            return math.degrees(math.atan2(east, north)) % 360.0, math.hypot(
                math.degrees(self.tie.turn_sigma), grain, LEAST_SIGMA_DEG
            )
        heading = self.camera.heading_deg
        if heading is None:
            return None
        view, known = self._field_of_view
        share = min(max(x / self.width, 0.0), 1.0)
        bearing = bearing_of(heading, view, share)
        off = abs((bearing - heading + 180.0) % 360.0 - 180.0)
        sigma = self.camera.heading_sigma_deg or HEADING_SIGMA_DEG
        return bearing, math.hypot(sigma, 0.0 if known else VIEW_SIGMA_SHARE * off)

    @cached_property
    def view(self) -> tuple[float, float] | None:
        """Compass bearings of the left and the right edge of its picture; None where nothing tells them."""
        edges = [self.bearing((x, self.height / 2)) for x in (0.0, float(self.width))]
        left, right = edges
        return None if left is None or right is None else (left[0], right[0])

    def sight(self, pixel: ArrayLike, sigma_px: float, range_m: float) -> Sight | None:
        """The line from the camera through a picture point.

        Args:
            pixel: in the picture.
            sigma_px: how far across the thing can lie from that point, standard uncertainty.
            range_m: how far off it can be at most.
        """
        found = self.bearing(pixel)
        if found is None or self.place is None:
            return None
        bearing, sigma = found
        wide = math.hypot(sigma, sigma_px * self._degrees_a_pixel)
        return Sight(*self.place, bearing, wide, range_m, sigma_m=self.place_sigma_m)

    def ground(self, pixel: ArrayLike) -> Floats | None:
        """Metres on the road plane of a picture point, float64 [2]; None above the horizon."""
        if self.road is None:
            return None
        found = self.road.to_ground(np.asarray(pixel, np.float64))
        return found if np.isfinite(found).all() else None

    def ground_covariance(self, pixel: ArrayLike, sigma_px: tuple[float, float]) -> Floats:
        """Covariance of the place of a picture point on the globe, float64 [2, 2], square metres east and north.

        Everything that is uncertain is in it: the point in the picture, the calibration, the tie to the globe.

        Args:
            pixel: below the horizon.
            sigma_px: standard uncertainties of its x and y.
        """
        tie, road = self.tie, self.road
        assert tie is not None  # noqa: S101  who asks for it has looked
        assert road is not None  # noqa: S101
        point = np.asarray(pixel, np.float64)
        slope = road.jacobian(point)
        whole = slope @ np.diag(np.square(sigma_px)) @ slope.T
        if tie.by_camera:
            fitted = road.camera_covariance(point)
            assert fitted is not None  # noqa: S101  the tie stands on it
            whole = whole + fitted
        else:
            whole = whole + road.ground_covariance(point)
        away = road.to_ground(point) - tie.pivot
        turned = np.array([-away[1], away[0]]) * tie.turn_sigma
        whole = whole + np.outer(turned, turned)
        return np.asarray(tie.rotation @ whole @ tie.rotation.T + np.eye(2) * tie.sigma_m**2)

    @property
    def _file_place(self) -> LatLon | None:
        latitude, longitude = self.camera.latitude, self.camera.longitude
        return None if latitude is None or longitude is None else (latitude, longitude)

    @property
    def _sees_ways(self) -> bool:
        return self.tie is not None and self.road is not None and self.road.camera is not None

    def _way(self, x: float, y: float) -> Floats:
        assert self.road is not None  # noqa: S101  who asks for it has looked
        assert self.road.camera is not None  # noqa: S101
        return self.road.towards((x, y), self.road.camera)

    def _axes(self, road: RoadPlane, given_deg: float | None) -> tuple[float, float] | None:
        """Compass bearing of the plane's y axis and its standard uncertainty, radians."""
        if given_deg is not None:
            return math.radians(given_deg), math.radians(AXES_SIGMA_DEG)
        if road.fit.method == "points":
            return 0.0, math.radians(AXES_SIGMA_DEG)
        if self.camera.heading_deg is None or road.camera is None:
            return None
        ahead = road.towards((self.width / 2, self.height / 2), road.camera)
        turn = math.radians(self.camera.heading_deg) - math.atan2(ahead[0], ahead[1])
        return turn, math.radians(self.camera.heading_sigma_deg or HEADING_SIGMA_DEG)

    @cached_property
    def _field_of_view(self) -> tuple[float, bool]:
        """Horizontal field of view in degrees, and whether anybody told it."""
        if self.camera.field_of_view_deg is not None:
            return self.camera.field_of_view_deg, True
        if self.road is not None and self.road.fit.focal_px is not None:
            return 2 * math.degrees(math.atan(self.width / 2 / self.road.fit.focal_px)), True
        return VIEW_DEG, False

    @cached_property
    def _degrees_a_pixel(self) -> float:
        """In the picture's middle."""
        if self._sees_ways:
            x, y = self.width / 2, self.height / 2
            one, other = self._way(x - 1, y), self._way(x + 1, y)
            return math.degrees(math.acos(max(-1.0, min(1.0, float(one @ other))))) / 2
        view, _ = self._field_of_view
        return math.degrees(2 * math.tan(math.radians(view) / 2) / self.width)


def wide_of(left_deg: float, right_deg: float) -> float:
    """Angle from the left bearing clockwise to the right one, degrees."""
    return (right_deg - left_deg) % 360.0


def sigma_of_wide(wide_deg: float) -> float:
    """The standard deviation whose 95 % span is an angle."""
    return wide_deg / 2 / ACROSS
