"""Speed and direction on the road plane, with the uncertainty that goes with them.

The last two seconds of a track's places, each taken to the middle of the vehicle's ground plan (`vision.block`), are
fitted by a course of steady acceleration. How strongly a vehicle accelerates is not known beforehand; most do so little
that assuming none is nearly right, and some brake hard. So two courses are fitted, one of a driver who goes on steadily
and one of a driver who brakes, speeds up or turns, and weighed by how well they explain the places (Bayes). The fit is
robust (weights of Geman and McClure, Statistical methods
for tomographic image restoration, 1987), since a detector's box now and then swallows a shadow or ends at what hides
the vehicle. The standard uncertainty joins what the places show with what lengths on the plane are good for (GUM, JCGM
100:2008). Speed from plain video is auxiliary: never a ground for a fine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.block import camera_place, middles
from vision.classes import CAR
from vision.geometry import cut, foot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.road_plane import RoadPlane
    from vision.trail import Trails

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

WINDOW_S: Final = 2.0
"""Length of the fitted stretch, seconds."""
LEAST_POINTS: Final = 4
"""Measurements a fit needs."""
LEAST_SPAN_S: Final = 0.3
"""Seconds the measurements must spread over."""
FLOOR_PX: Final = 1.0
"""Standard deviation of the bottom centre of the smallest boxes, pixels..."""
FOOT_NOISE: Final = 0.016
"""...joined by this share of the box's height: residuals of the shipped detector on rendered streets."""
HIDDEN: Final = 2.0
"""Factor on both where something nearer stands before the lower edge: the box may end where that begins."""
ACCELERATION_MS2: Final = 0.35
"""Standard deviation of the acceleration of a driver who goes on steadily, metres a square second..."""
HARD_MS2: Final = 2.5
"""...and of one who brakes, speeds up or turns."""
OFTEN_HARD: Final = 0.1
"""How often a vehicle is of the second sort, before its places say which."""
BLOCK_MS: Final = 1.5
"""Speed below which a vehicle's heading is too poorly known to turn its block by, metres a second."""
HUBER: Final = 1.8
"""Residuals beyond this many standard deviations count less in the first round..."""
STRANGE: Final = 3.0
"""...and hardly at all far beyond this many, in units of what is usual on the track, in the later ones."""
ROUNDS: Final = 2
"""Rounds of reweighting."""
USUAL: Final = 0.83
"""Median of the length of a standard normal vector in two directions, each halved."""
CORRELATED: Final = 1.55
"""Factor on the uncertainty of the fit, since errors of neighbouring looks are alike. With it the interval holds 96 %
of 1146 passages of rendered scenes (seeds 11 and 12 of `qyran bench speed`), a little more than it says, for scenes
that nothing was chosen on come out lower."""
SCALE: Final = 0.0066
"""Relative standard uncertainty of lengths on a calibrated plane, from surveying and from what the block of a class
leaves of a vehicle's own shape."""
FAR: Final = 1e3
"""Standard deviation of what nothing is known of beforehand: place in metres, speed in metres a second."""


@dataclass(frozen=True, slots=True)
class GroundMotion:
    """How N tracks move on the road plane.

    Attributes:
        velocity_ms: float64 [N, 2], metres a second, NaN where it cannot be said.
        sigma_ms: float64 [N], standard uncertainty of the speed, NaN where it cannot be said.
    """

    velocity_ms: Floats
    sigma_ms: Floats


@dataclass(frozen=True, slots=True)
class _Looks:
    """K places of N tracks.

    Attributes:
        seconds: float64 [N, K], from the wanted moment.
        place: float64 [N, K, 2], metres.
        weight: float64 [N, K, 2, 2], inverse covariances, 0 where a place is not usable.
        usable: bool [N, K].
    """

    seconds: Floats
    place: Floats
    weight: Floats
    usable: Bools


def measure(
    trails: Trails,
    plane: RoadPlane,
    video_s: float,
    width: int,
    height: int,
    class_id: NDArray[np.integer] | None = None,
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
    kind = np.full(len(trails.video_s), CAR) if class_id is None else np.asarray(class_id, np.intp)
    wanted = np.broadcast_to(np.asarray(video_s if at_s is None else at_s, np.float64), (len(trails.video_s),))
    looks = _looks(trails, plane, video_s, wanted, width, height)
    camera = camera_place(plane, width, height)
    if camera is not None and looks.usable.any():
        looks = _to_middles(looks, kind, plane, camera)
    return _fit(looks)


def _looks(trails: Trails, plane: RoadPlane, video_s: float, wanted: Floats, width: int, height: int) -> _Looks:
    """Bottom centres on the road plane with what they are good for."""
    feet = foot(trails.box)
    ground = plane.to_ground(feet)
    metre_a_pixel = plane.jacobian(feet)
    tall = trails.box[..., 3].astype(np.float64) - trails.box[..., 1]
    variance = (FLOOR_PX**2 + (FOOT_NOISE * tall) ** 2) * np.where(trails.hidden, HIDDEN**2, 1.0)
    # Isotropic pixel noise through the Jacobian: J J^T sigma^2.
    covariance = metre_a_pixel @ np.swapaxes(metre_a_pixel, -1, -2) * variance[..., None, None]
    lately = (trails.video_s >= video_s - WINDOW_S) & np.isfinite(covariance).all(axis=(2, 3))
    usable = _whole(lately, cut(trails.box, width, height))
    weight = np.linalg.inv(np.where(usable[..., None, None], covariance, np.eye(2))) * usable[..., None, None]
    seconds = np.where(usable, trails.video_s - wanted[:, None], 0.0)
    return _Looks(seconds, np.where(usable[..., None], ground, 0.0), weight, usable)


def _whole(lately: Bools, is_cut: Bools) -> Bools:
    """The longest stretch of looks at a whole vehicle, bool [N, K].

    What was seen on the other side of a cut box belongs to a vehicle half out of the picture, whatever its box says.
    """
    usable = lately & ~is_cut
    stretch = np.cumsum(lately & is_cut, axis=1)
    best, most = np.zeros_like(usable), np.zeros((len(usable), 1), np.intp)
    for i in range(int(stretch.max(initial=0)) + 1):
        here = usable & (stretch == i)
        count = here.sum(axis=1, keepdims=True)
        best, most = np.where(count >= most, here, best), np.maximum(count, most)
    return best


def _to_middles(looks: _Looks, kind: NDArray[np.intp], plane: RoadPlane, camera: Floats) -> _Looks:
    """The same looks, places taken to the middles of the vehicles' plans where it is known how they are turned."""
    course, _ = _solve(looks, np.ones_like(looks.seconds), _prior(np.full(len(kind), ACCELERATION_MS2**-2)))
    velocity = course[:, None, 1] + course[:, None, 2] * looks.seconds[..., None]
    speed = np.hypot(velocity[..., 0], velocity[..., 1])
    turned: Bools = np.logical_and(looks.usable, speed > BLOCK_MS)
    row, _ = np.nonzero(turned)
    place = looks.place.copy()
    if len(row):
        middle = middles(place[turned], velocity[turned] / speed[turned][:, None], kind[row], plane, camera)
        place[turned] = np.where(np.isfinite(middle), middle, place[turned])
        # A track that is turned in part would jump where the turning begins.
        mixed = np.logical_and(turned.any(axis=1), (looks.usable & ~turned).any(axis=1))
        place[mixed] = looks.place[mixed]
    return _Looks(looks.seconds, place, looks.weight, looks.usable)


def _prior(precision: Floats) -> Floats:
    """What is known of (place, velocity, acceleration) beforehand, [N, 6, 6] of inverse variances."""
    diagonal = np.full((len(precision), 6), FAR**-2)
    diagonal[:, 4:] = precision[:, None]
    return np.asarray(diagonal[:, :, None] * np.eye(6))


def _solve(looks: _Looks, trust: Floats, prior: Floats) -> tuple[Floats, Floats]:
    """Most likely place, velocity and acceleration at the wanted moment [N, 3, 2] and their information [N, 6, 6]."""
    t = looks.seconds
    basis = np.stack((np.ones_like(t), t, t**2 / 2), axis=-1)
    weight = looks.weight * trust[..., None, None]
    n, k = t.shape
    powers = (basis[..., :, None] * basis[..., None, :]).reshape(n, k, 9)
    information = (powers.transpose(0, 2, 1) @ weight.reshape(n, k, 4)).reshape(n, 3, 3, 2, 2)
    information = information.transpose(0, 1, 3, 2, 4).reshape(n, 6, 6) + prior
    pull = (basis.transpose(0, 2, 1) @ (weight @ looks.place[..., None])[..., 0]).reshape(n, 6, 1)
    course: Floats = np.linalg.solve(information, pull).reshape(n, 3, 2).astype(np.float64)
    return course, information


@dataclass(frozen=True, slots=True)
class _Course:
    """The most likely courses of N tracks under one belief about their acceleration.

    Attributes:
        course: float64 [N, 3, 2], place, velocity and acceleration at the wanted moment.
        information: float64 [N, 6, 6], of the same.
        off: float64 [N, K], how far each place lies off, standard deviations.
    """

    course: Floats
    information: Floats
    off: Floats


def _run(looks: _Looks, trust: Floats, acceleration_ms2: float) -> _Course:
    """Courses where the places are trusted so far and drivers accelerate by about so much."""
    t, n = looks.seconds, len(looks.seconds)
    course, information = _solve(looks, trust, _prior(np.full(n, acceleration_ms2**-2)))
    at = course[:, None, 0] + course[:, None, 1] * t[..., None] + course[:, None, 2] * (t**2 / 2)[..., None]
    left = looks.place - at
    x, y, w = left[..., 0], left[..., 1], looks.weight
    square = w[..., 0, 0] * x**2 + 2 * w[..., 0, 1] * x * y + w[..., 1, 1] * y**2
    off = np.sqrt(np.maximum(square / 2, 0.0))
    return _Course(course, information, off)


def _fit(looks: _Looks) -> GroundMotion:
    """Robust courses through the places of each track, steady or not as the places say."""
    usable, count = looks.usable, looks.usable.sum(axis=1)
    trust = np.ones_like(looks.seconds)
    free = _run(looks, trust, HARD_MS2)
    trust = np.minimum(1.0, HUBER / np.maximum(free.off, HUBER))
    for _ in range(ROUNDS):
        free = _run(looks, trust, HARD_MS2)
        usual = np.maximum(1.0, _median(free.off, usable) / USUAL)[:, None]
        trust = 1 / (1 + (free.off / (STRANGE * usual)) ** 2) ** 2
    steady = _run(looks, trust, ACCELERATION_MS2)
    believed = (trust * usable).sum(axis=1)
    spare = np.maximum(believed * (1 - 2 / np.maximum(count, 3)), 0.3)
    wider = np.maximum(1.0, (trust * free.off**2).sum(axis=1) / spare)
    hard = _odds(free, steady, trust, wider)
    velocity = hard[:, None] * free.course[:, 1] + (1 - hard)[:, None] * steady.course[:, 1]
    speed = np.hypot(velocity[:, 0], velocity[:, 1])
    # For something that stands any direction will do.
    direction = np.where(speed[:, None] > 1e-6, velocity / np.maximum(speed, 1e-6)[:, None], (1.0, 0.0))
    variance = np.zeros(len(speed))
    for share, one in ((hard, free), (1 - hard, steady)):
        known = np.einsum("ni,nij,nj->n", direction, np.linalg.inv(one.information)[:, 2:4, 2:4], direction)
        apart = ((one.course[:, 1] - velocity) * direction).sum(axis=1)
        variance += share * (known * wider * CORRELATED**2 + apart**2)
    sigma = np.sqrt(variance + (SCALE * speed) ** 2)
    t = looks.seconds
    last, first = np.where(usable, t, -np.inf), np.where(usable, t, np.inf)
    span = last.max(axis=1, initial=-np.inf) - first.min(axis=1, initial=np.inf)
    enough = (count >= LEAST_POINTS) & (span >= LEAST_SPAN_S) & np.isfinite(sigma)
    return GroundMotion(np.where(enough[:, None], velocity, np.nan), np.where(enough, sigma, np.nan))


def _odds(free: _Course, steady: _Course, trust: Floats, wider: Floats) -> Floats:
    """How probable it is that each driver brakes or speeds up, float64 [N], by what the places say of either."""
    evidence = []
    for one, scale in ((free, HARD_MS2), (steady, ACCELERATION_MS2)):
        misfit = 2 * (trust * one.off**2).sum(axis=1) + (one.course[:, 2] ** 2).sum(axis=1) / scale**2
        _, size = np.linalg.slogdet(one.information)
        evidence.append(-misfit / wider / 2 - size / 2 - 2 * np.log(scale))
    odds = np.clip(evidence[0] - evidence[1] + np.log(OFTEN_HARD / (1 - OFTEN_HARD)), -50, 50)
    return np.asarray(1 / (1 + np.exp(-odds)))


def _median(values: Floats, usable: Bools) -> Floats:
    """Median over the usable values of each row [N, K], 0 where there are none."""
    if not values.shape[1]:
        return np.zeros(len(values))
    ordered = np.sort(np.where(usable, values, np.inf), axis=1)
    count = usable.sum(axis=1)
    middle = ordered[np.arange(len(values)), np.maximum(count - 1, 0) // 2]
    return np.where(count > 0, middle, 0.0)
