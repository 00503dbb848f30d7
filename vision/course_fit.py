"""The courses of vehicles through their places on the road: steady, or braking, speeding up and turning.

How strongly a vehicle accelerates is not known beforehand; most do so little that assuming none is nearly right, and
some brake hard. So two courses are fitted, one of a driver who goes on steadily and one of a driver who brakes, speeds
up or turns, and weighed by how well they explain the places (Bayes). The fit is robust (weights of Geman and McClure,
Statistical methods for tomographic image restoration, 1987), since a detector's box now and then swallows a shadow or
ends at what hides the vehicle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

STEADY_MS2: Final = 0.35
"""Standard deviation of the acceleration of a driver who goes on steadily, metres a square second..."""
HARD_MS2: Final = 2.5
"""...and of one who brakes, speeds up or turns."""
OFTEN_HARD: Final = 0.1
"""How often a vehicle is of the second sort, before its places say which."""
HUBER: Final = 1.8
"""Residuals beyond this many standard deviations count less in the first round..."""
STRANGE: Final = 3.0
"""...and hardly at all far beyond this many, in units of what is usual on the track, in the later ones."""
ROUNDS: Final = 2
"""Rounds of reweighting."""
WILD: Final = 16.0
"""Halved squares of residuals beyond this, in standard deviations, say no more of how places scatter."""
USUAL: Final = 0.83
"""Median of the length of a standard normal vector in two directions, each halved."""
FAR: Final = 1e3
"""Standard deviation of what nothing is known of beforehand: place in metres, speed in metres a second."""
STANDS_MS: Final = 1e-6
"""Speed below which no direction is told, metres a second."""
SUREST: Final = 50.0
"""Logarithm of the odds beyond which numbers run over."""
LEAST_SPARE: Final = 0.3
"""Degrees of freedom that a fit through the fewest places is granted."""


@dataclass(frozen=True, slots=True)
class Looks:
    """K places of N tracks.

    Attributes:
        seconds: float64 [N, K], from the wanted moment.
        place: float64 [N, K, 2], metres.
        weight: float64 [N, K, 3], inverse covariances (xx, xy, yy), 0 where a place is not usable.
        usable: bool [N, K].
    """

    seconds: Floats
    place: Floats
    weight: Floats
    usable: Bools


@dataclass(frozen=True, slots=True)
class Courses:
    """Courses of N tracks at the wanted moment.

    Attributes:
        velocity: float64 [N, 2], metres a second.
        acceleration: float64 [N, 2], metres a square second.
        variance: float64 [N], of the speed, by how the places scatter about the course and by which driver it is.
    """

    velocity: Floats
    acceleration: Floats
    variance: Floats


# Of the 21 sums over a track's looks, how far each stands in weights (xx, xy, yy) times powers 0 to 4 of the second.
_BASIS: Final = (1.0, 1.0, 0.5)
"""Factors of place, velocity and acceleration: a course is p + v t + a t^2 / 2."""
_CELLS: Final = [(i, a) for i in range(3) for a in range(2)]
_WHERE: Final = np.array([[3 * (i + j) + a + b for j, b in _CELLS] for i, a in _CELLS])
_TIMES: Final = np.array([[_BASIS[i] * _BASIS[j] for j, _ in _CELLS] for i, _ in _CELLS])
_PULL: Final = np.repeat(_BASIS, 2)
_ALONE: Final = np.eye(4) * FAR**-2


class _Sums:
    """What the looks of N tracks add up to under any trust in them."""

    def __init__(self, looks: Looks) -> None:
        w, (x, y) = looks.weight, np.moveaxis(looks.place, -1, 0)
        drawn = np.stack((w[..., 0] * x + w[..., 1] * y, w[..., 1] * x + w[..., 2] * y), axis=-1)
        n, k = looks.seconds.shape
        power = np.ones((n, k, 5, 1))
        for i in range(4):
            power[..., i + 1, 0] = power[..., i, 0] * looks.seconds
        self._all = np.empty((n, k, 21))
        np.multiply(power, w[..., None, :], out=self._all[..., :15].reshape(n, k, 5, 3))
        np.multiply(power[..., :3, :], drawn[..., None, :], out=self._all[..., 15:].reshape(n, k, 3, 2))

    def under(self, trust: Floats) -> tuple[Floats, Floats]:
        """Information [N, 6, 6] and pull [N, 6] of place, velocity and acceleration."""
        sums = (trust[:, None] @ self._all)[:, 0]
        return sums[:, _WHERE] * _TIMES, sums[:, 15:] * _PULL


@dataclass(frozen=True, slots=True)
class _Middle:
    """Information about accelerations once place and velocity follow them: what both sorts of driver share.

    Attributes:
        inverse: float64 [N, 4, 4], covariance of place and velocity were the acceleration known.
        follows: float64 [N, 4, 2], how place and velocity follow the acceleration.
        rest: float64 [N, 4], place and velocity without acceleration.
        about: float64 [N, 3], information about the acceleration (xx, xy, yy).
        pull: float64 [N, 2], of the acceleration.
    """

    inverse: Floats
    follows: Floats
    rest: Floats
    about: Floats
    pull: Floats


def _middle(information: Floats, pull: Floats) -> _Middle:
    inverse = np.linalg.inv(information[:, :4, :4] + _ALONE).astype(np.float64, copy=False)
    between = information[:, :4, 4:]
    follows = inverse @ between
    rest = (inverse @ pull[:, :4, None])[..., 0]
    about = information[:, 4:, 4:] - np.swapaxes(between, 1, 2) @ follows
    left = pull[:, 4:] - (rest[:, None] @ between)[:, 0]
    return _Middle(inverse, follows, rest, np.stack((about[:, 0, 0], about[:, 0, 1], about[:, 1, 1]), -1), left)


@dataclass(frozen=True, slots=True)
class _Course:
    """The most likely courses of N tracks under one belief about their acceleration.

    Attributes:
        at: float64 [N, 6], place, velocity and acceleration at the wanted moment.
        spread: float64 [N, 3], covariance of the acceleration (xx, xy, yy).
    """

    at: Floats
    spread: Floats


def _course(middle: _Middle, acceleration_ms2: float) -> _Course:
    """The course where drivers accelerate by about so much."""
    xx, xy, yy = middle.about.T
    xx, yy = xx + acceleration_ms2**-2, yy + acceleration_ms2**-2
    size = xx * yy - xy**2
    spread = np.stack((yy / size, -xy / size, xx / size), axis=-1)
    px, py = middle.pull.T
    a = np.stack((spread[:, 0] * px + spread[:, 1] * py, spread[:, 1] * px + spread[:, 2] * py), axis=-1)
    first = middle.rest - (middle.follows @ a[..., None])[..., 0]
    return _Course(np.concatenate((first, a), axis=-1), spread)


def _off(looks: Looks, course: _Course) -> Floats:
    """Half the square of how far each place lies off, in standard deviations, float64 [N, K]."""
    t, at, w = looks.seconds, course.at[:, :, None], looks.weight
    half = t * (t / 2)
    x = looks.place[..., 0] - at[:, 0] - at[:, 2] * t - at[:, 4] * half
    y = looks.place[..., 1] - at[:, 1] - at[:, 3] * t - at[:, 5] * half
    return np.asarray((w[..., 0] * x**2 + 2 * w[..., 1] * x * y + w[..., 2] * y**2) / 2)


def rough_course(looks: Looks) -> Floats:
    """Velocity and acceleration of steady drivers through all places alike, float64 [N, 4].

    As if each place were as uncertain in every direction as it is on the whole: enough to tell a heading.
    """
    t, w = looks.seconds, looks.weight
    sure = np.sqrt(np.maximum(w[..., 0] * w[..., 2] - w[..., 1] ** 2, 0.0))
    basis = np.stack((np.ones_like(t), t, t**2 / 2), axis=1)
    weighed = basis * sure[:, None]
    information = weighed @ np.swapaxes(basis, 1, 2) + np.diag((FAR**-2, FAR**-2, STEADY_MS2**-2))
    return np.linalg.solve(information, weighed @ looks.place)[:, 1:].reshape(len(t), 4).astype(np.float64, copy=False)


def fit_courses(looks: Looks, alike: Floats) -> Courses:
    """Robust courses through the places of each track, steady or not as the places say.

    Args:
        looks: of N tracks.
        alike: [N], factor on the variance for looks whose errors are alike.
    """
    sums, usable, count = _Sums(looks), looks.usable, looks.usable.sum(axis=1)
    off = _off(looks, _course(_middle(*sums.under(np.ones_like(looks.seconds))), HARD_MS2))
    trust = HUBER / np.sqrt(np.maximum(off, HUBER**2))
    for _ in range(ROUNDS):
        off = _off(looks, _course(_middle(*sums.under(trust)), HARD_MS2))
        usual = np.maximum(1.0, median(off, usable) / USUAL**2)[:, None]
        trust = (1 + off / (STRANGE**2 * usual)) ** -2
    # What is not trusted still says how far the places can be believed.
    scatter = (np.minimum(off, WILD) * usable).sum(axis=1)
    doubt = np.maximum(1.0, scatter / np.maximum(count - 2.0, LEAST_SPARE)) * alike
    information, pull = sums.under(trust)
    middle = _middle(information / doubt[:, None, None], pull / doubt[:, None])
    free, steady = _course(middle, HARD_MS2), _course(middle, STEADY_MS2)
    misfit = [(trust * _off(looks, one)).sum(axis=1) / doubt for one in (free, steady)]
    hard = _odds(free, steady, misfit)
    share = hard[:, None]
    at = share * free.at + (1 - share) * steady.at
    velocity = at[:, 2:4]
    # For something that stands any direction will do.
    speed = np.hypot(*velocity.T)[:, None]
    direction = np.where(speed > STANDS_MS, velocity / np.maximum(speed, STANDS_MS), (1.0, 0.0))
    x, y = (direction[:, None] @ middle.follows[:, 2:])[:, 0].T
    variance = ((direction[:, None] @ middle.inverse[:, 2:, 2:])[:, 0] * direction).sum(axis=1)
    for weight, one in ((hard, free), (1 - hard, steady)):
        by_driver = one.spread[:, 0] * x**2 + 2 * one.spread[:, 1] * x * y + one.spread[:, 2] * y**2
        apart = ((one.at[:, 2:4] - velocity) * direction).sum(axis=1)
        variance += weight * (by_driver + apart**2)
    return Courses(velocity, at[:, 4:], variance)


def _odds(free: _Course, steady: _Course, misfit: list[Floats]) -> Floats:
    """How probable it is that each driver brakes or speeds up, float64 [N], by what the places say of either."""
    evidence = []
    for one, off, scale in ((free, misfit[0], HARD_MS2), (steady, misfit[1], STEADY_MS2)):
        least = 2 * off + (one.at[:, 4:] ** 2).sum(axis=1) / scale**2
        size = one.spread[:, 0] * one.spread[:, 2] - one.spread[:, 1] ** 2
        evidence.append(-least / 2 + np.log(size) / 2 - 2 * np.log(scale))
    odds = np.clip(evidence[0] - evidence[1] + np.log(OFTEN_HARD / (1 - OFTEN_HARD)), -SUREST, SUREST)
    return np.asarray(1 / (1 + np.exp(-odds)))


def median(values: Floats, usable: Bools) -> Floats:
    """Median over the usable values of each row [N, K], 0 where there are none."""
    if not values.shape[1]:
        return np.zeros(len(values))
    ordered = np.sort(np.where(usable, values, np.inf), axis=1)
    count = usable.sum(axis=1)
    middle = ordered[np.arange(len(values)), np.maximum(count - 1, 0) // 2]
    return np.where(count > 0, middle, 0.0)
