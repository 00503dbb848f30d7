"""Speed and direction on the road plane, with the uncertainty that goes with them.

The last two seconds of a track's places, each taken to the middle of the vehicle's ground plan (`vision.block`), are
fitted by a course (`vision.course_fit`). Its standard uncertainty is put together from its parts (GUM, JCGM 100:2008):
how the boxes' edges tremble, and how alike the errors of neighbouring looks are; how high above the road the lower
edge of a box really ends; what hid the vehicle; how well the calibration knows the way that was driven; how long the
vehicle is, where it turns. Speed from plain video is auxiliary: never a ground for a fine.

The constants below are residuals of the shipped detector against the exact truth of 40 rendered clips (seeds 11 to 14
of `qyran bench speed`, 2300 passages), unless they say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.block import plans
from vision.classes import CAR
from vision.course_fit import STANDS_MS, Looks, fit_courses, median, rough_course
from vision.geometry import cut, foot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.road_plane import RoadPlane
    from vision.trail import Trails

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Kinds = NDArray[np.integer]

WINDOW_S: Final = 2.0
"""Length of the fitted stretch, seconds."""
LEAST_POINTS: Final = 4
"""Measurements a fit needs."""
LEAST_SPAN_S: Final = 0.3
"""Seconds the measurements must spread over."""
EDGE_PX: Final = 0.75
"""How far above a vehicle's lower edge its box ends, pixels..."""
EDGE: Final = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.01])
"""...and besides by class, shares of the box's height: under a truck the road shows."""
FLOOR_PX: Final = 0.7
"""Standard deviation of the bottom centre of the smallest boxes, pixels..."""
BOX_NOISE: Final = 0.011
"""...joined by this share of the box's size, the root of its area."""
HIDDEN: Final = 2.5
"""Factor on both where something nearer stands before the lower edge: the box may end where that begins."""
SIZE_PX: Final = 2.0
SIZE: Final = 0.05
"""A box that is off by more than this from how large the vehicle should look there (pixels, and share of its size) is
one of a part of it, or of more than it; it counts as little as its edges are then off."""
ALIKE_S: Final = 0.07
"""Seconds after which errors of a track's looks have little to do with each other: e-fold of their correlation."""
EDGE_UP_M: Final = np.array([0.1, 0.1, 0.1, 0.045, 0.08, 0.13])
"""Standard uncertainty of how high above the road the lower edges of a vehicle's boxes end, by class, metres. What lies
higher seems further, by this share of the camera's height, and drives faster by the same."""
USUAL_UP_M: Final = 8.0
"""Height of a camera whose plane does not tell it, metres: street poles."""
LOST: Final = 0.05
"""Standard uncertainty of the speed, as its share, were all looks at a vehicle found to be of a part of it."""
LENGTH_M: Final = np.array([0.2, 0.2, 0.2, 0.4, 2.0, 3.0])
"""Standard deviation of the lengths of a class, metres: makers' data sheets; articulated vehicles among the last two.
A vehicle that turns swings its seen end about its middle by half its length."""
BLOCK_MS: Final = 1.5
"""Speed below which a vehicle's heading is too poorly known to turn its block by, metres a second."""


@dataclass(frozen=True, slots=True)
class GroundMotion:
    """How N tracks move on the road plane.

    Attributes:
        velocity_ms: float64 [N, 2], metres a second, NaN where it cannot be said.
        sigma_ms: float64 [N], standard uncertainty of the speed, NaN where it cannot be said.
    """

    velocity_ms: Floats
    sigma_ms: Floats


def measure(
    trails: Trails,
    plane: RoadPlane,
    video_s: float,
    width: int,
    height: int,
    class_id: Kinds | None = None,
    at_s: Floats | float | None = None,
) -> GroundMotion:
    """Fit the last stretch of each trail.

    Args:
        trails: of N tracks.
        plane: of the camera.
        video_s: now; measurements older than WINDOW_S are left out.
        width: of the picture, pixels.
        height: of the picture, pixels.
        class_id: [N], index into ROAD_CLASSES; cars where nobody says.
        at_s: [N], second of video whose speed is wanted; now where nobody says.
    """
    trails = trails.since(video_s - WINDOW_S)  # most of a trail is older at common rates
    n, k = trails.video_s.shape
    if not n or not k:
        return GroundMotion(np.full((n, 2), np.nan), np.full(n, np.nan))
    kind = np.full(n, CAR) if class_id is None else np.asarray(class_id, np.intp)
    wanted = np.broadcast_to(np.asarray(video_s if at_s is None else at_s, np.float64), (n,))
    seen = _Seen.of(trails, kind)
    looks = _looks(seen, trails, plane, wanted, _whole(trails, video_s, width, height))
    camera = plane.camera
    whole = np.ones((n, k))
    if camera is not None and looks.usable.any():
        looks, whole = _to_middles(looks, seen, kind, plane, camera)
    up_m = USUAL_UP_M if camera is None else float(camera[2])
    return _motion(looks, seen, whole, kind, plane, up_m)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Boxes of N tracks at K looks.

    Attributes:
        foot: float64 [N, K, 2], where the vehicle meets the road under the middle of its box, pixels.
        size: float64 [N, K, 2], width and height, pixels.
        variance: float64 [N, K], of the foot in x and in y, square pixels.
    """

    foot: Floats
    size: Floats
    variance: Floats

    @staticmethod
    def of(trails: Trails, kind: NDArray[np.intp]) -> _Seen:
        box = trails.box.astype(np.float64)
        size = np.maximum(box[..., 2:] - box[..., :2], 0.0)
        under = foot(box)
        under[..., 1] += EDGE_PX + EDGE[kind][:, None] * size[..., 1]
        variance = FLOOR_PX**2 + BOX_NOISE**2 * size[..., 0] * size[..., 1]
        return _Seen(under, size, variance * np.where(trails.hidden, HIDDEN**2, 1.0))


def _looks(seen: _Seen, trails: Trails, plane: RoadPlane, wanted: Floats, whole: Bools) -> Looks:
    """Places under the boxes with what they are good for."""
    ground, slope = plane.to_ground(seen.foot), plane.jacobian(seen.foot)
    a, b, c, d = slope[..., 0, 0], slope[..., 0, 1], slope[..., 1, 0], slope[..., 1, 1]
    # Pixel noise alike in x and y through the Jacobian: (J J^T variance)^-1.
    size = (a * d - b * c) ** 2 * seen.variance
    weight = np.stack((c**2 + d**2, -(a * c + b * d), a**2 + b**2), axis=-1) / size[..., None]
    usable = whole & np.isfinite(weight[..., 0] + weight[..., 1] + weight[..., 2])
    here = usable[..., None]
    seconds = np.where(usable, trails.video_s - wanted[:, None], 0.0)
    return Looks(seconds, np.where(here, ground, 0.0), np.where(here, weight, 0.0), usable)


def _whole(trails: Trails, video_s: float, width: int, height: int) -> Bools:
    """The longest stretch of late looks at a whole vehicle, bool [N, K].

    What was seen on the other side of a cut box belongs to a vehicle half out of the picture, whatever its box says.
    """
    lately = trails.video_s >= video_s - WINDOW_S
    is_cut = lately & cut(trails.box, width, height)
    usable = lately & ~is_cut
    rows = np.flatnonzero(is_cut.any(axis=1))
    if not len(rows):
        return usable
    left, stretch = usable[rows], np.cumsum(is_cut[rows], axis=1)
    best, most = np.zeros_like(left), np.zeros((len(rows), 1), np.intp)
    for i in range(int(stretch.max()) + 1):
        here = left & (stretch == i)
        count = here.sum(axis=1, keepdims=True)
        best, most = np.where(count >= most, here, best), np.maximum(count, most)
    usable[rows] = best
    return usable


def _to_middles(
    looks: Looks, seen: _Seen, kind: NDArray[np.intp], plane: RoadPlane, camera: Floats
) -> tuple[Looks, Floats]:
    """The same looks, places taken to the middles of the vehicles' plans where it is known how they are turned.

    Also how far each box can be one of the whole vehicle, float64 [N, K], 1 for all of it.
    """
    rough = rough_course(looks)[:, None]
    velocity = rough[..., :2] + rough[..., 2:] * looks.seconds[..., None]
    speed = np.hypot(velocity[..., 0], velocity[..., 1])
    turned: Bools = np.logical_and(looks.usable, speed > BLOCK_MS)
    if not turned.any():
        return looks, np.ones(turned.shape)
    ahead = velocity / np.where(turned, speed, np.nan)[..., None]
    middle, expected = plans(looks.place, ahead, kind[:, None], plane, camera)
    # A track that is turned in part would jump where the turning begins.
    mixed = np.logical_and(turned.any(axis=1), (looks.usable & ~turned).any(axis=1))
    known = np.isfinite(middle[..., 0]) & ~mixed[:, None]
    place = np.where(known[..., None], middle, looks.place)
    whole = _share(seen, expected)
    return Looks(looks.seconds, place, looks.weight * whole[..., None], looks.usable), whole


def _share(seen: _Seen, expected: Floats) -> Floats:
    """How far boxes can be of whole vehicles by their sizes, float64 [N, K]; 1 where nothing is expected.

    Args:
        seen: boxes.
        expected: [N, K, 2], how large the block of the class would look there, NaN where that is unknown; a vehicle
            may be larger or smaller than that all along.
    """
    over = np.zeros(expected.shape[:2])
    for axis, moved in ((0, 0.5), (1, 1.0)):  # the middle of an edge moves by half of what is missing beside it
        size, block = seen.size[..., axis], expected[..., axis]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = size / block
        usual = median(ratio, np.isfinite(ratio))[:, None]
        over += np.maximum(0.0, moved * np.abs(size - usual * block) - SIZE_PX - SIZE * size) ** 2
    return np.where(np.isfinite(over), seen.variance / (seen.variance + over), 1.0)


def _motion(
    looks: Looks, seen: _Seen, whole: Floats, kind: NDArray[np.intp], plane: RoadPlane, up_m: float
) -> GroundMotion:
    """Velocities with all that makes them uncertain."""
    usable, row = looks.usable, np.arange(len(kind))
    count = usable.sum(axis=1)
    first, last = usable.argmax(axis=1), usable.shape[1] - 1 - usable[:, ::-1].argmax(axis=1)
    span = looks.seconds[row, last] - looks.seconds[row, first]
    enough = (count >= LEAST_POINTS) & (span >= LEAST_SPAN_S)
    span = np.where(enough, span, np.inf)
    # Of errors that fade like those of a first-order process a mean over many looks keeps so much more.
    kept = np.exp(-span / np.maximum(count - 1, 1) / ALIKE_S)
    course = fit_courses(looks, (1 + kept) / (1 - kept))
    speed = np.hypot(*course.velocity.T)
    ahead = course.velocity / np.maximum(speed, STANDS_MS)[:, None]
    way = plane.way_covariance(seen.foot[row, first], seen.foot[row, last])
    by_plane = ((ahead[:, None] @ way)[:, 0] * ahead).sum(axis=1) / span**2
    sideways = ahead[:, 0] * course.acceleration[:, 1] - ahead[:, 1] * course.acceleration[:, 0]
    by_length = LENGTH_M[kind] / 2 * sideways / np.maximum(speed, BLOCK_MS)
    by_edge = EDGE_UP_M[kind] / up_m * speed
    by_part = LOST * speed * ((1 - whole) * usable).sum(axis=1) / np.maximum(count, 1)
    sigma = np.sqrt(course.variance + by_plane + by_length**2 + by_edge**2 + by_part**2)
    enough &= np.isfinite(sigma)
    return GroundMotion(np.where(enough[:, None], course.velocity, np.nan), np.where(enough, sigma, np.nan))
