"""Which detection belongs to which track."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from vision.classes import BICYCLE, BUS, CAR, MOTORCYCLE, PERSON, TRUCK
from vision.geometry import area, intersection
from vision.kalman import MEASURED, size, to_state

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.kalman import Motion
    from vision.types import Detections

    Floats = NDArray[np.float64]

GATE: Final = 3.0
"""Largest distance of a detection from the predicted place, standard deviations."""
WIDEST: Final = 0.6
"""Standard deviation of the place that the gate never exceeds once a track's speed is known, box sizes."""
WIDEST_NEW: Final = 1.0
"""The same for a track seen once, box sizes."""
LARGEST_RATIO_LOG: Final = math.log(2.0)
"""Width and height of a detection may differ from the track's by this factor (its logarithm) when they hardly
overlap."""
SURE_OVERLAP: Final = 0.3
"""IoU from which place and size need no further test."""
LEAST_AREA: Final = 1e-9
"""Keeps the overlap of two boxes without area finite, pixels squared."""
UNLIKE: Final = 0.15
"""How unlike a look may be until the affinity is halved: the same clothes are nearer than 0.12 in nine of ten pairs
half a second apart, other people's farther than 0.17 (people of rendered streets, shipped detector)."""
LEAST_TRUST: Final = 0.25
"""What a wrong look leaves of the affinity: who walks out of the shade is still there."""

_LIKE_PERSON, _LIKE_RIDER, _LIKE_CAR = (PERSON,), (BICYCLE, MOTORCYCLE), (CAR, BUS, TRUCK)


def _kinship() -> Floats:
    """How well class i may go on as class j, [6, 6]: detectors confuse kin, never a walker with a lorry."""
    table = np.zeros((6, 6))
    for group in (_LIKE_PERSON, _LIKE_RIDER, _LIKE_CAR):
        table[np.ix_(group, group)] = 0.9
    table[np.ix_(_LIKE_PERSON, _LIKE_RIDER)] = 0.7
    table[np.ix_(_LIKE_RIDER, _LIKE_PERSON)] = 0.7
    table[MOTORCYCLE, CAR] = table[CAR, MOTORCYCLE] = 0.6
    np.fill_diagonal(table, 1.0)
    return table


KINSHIP: Final = _kinship()


def affinity(
    motion: Motion,
    expected: Floats,
    class_id: NDArray[np.int16],
    new: NDArray[np.bool_],
    seen: Detections,
    look: NDArray[np.float32] | None = None,
) -> Floats:
    """How well N tracks and M detections go together, float64 [N, M], 0 (cannot be) to 1 (the same).

    Half is overlap (IoU), half is nearness of the bottom centre and size in units of what the filter expects: a fast
    or small object does not overlap itself from one analysed frame to the next, a large slow one does. Who wears other
    clothes is less likely the same.

    Args:
        motion: predicted to the moment of the detections.
        expected: predicted boxes inside the picture [N, 4].
        class_id: of the tracks [N].
        new: bool [N], tracks seen once, whose speed is unknown.
        seen: the M detections.
        look: what the tracks look like [N, L]; counts where that of the detections is known too.
    """
    # Plane by plane ([N, M] each): NumPy is several times faster so than on a last axis of two.
    x, y, w, h = to_state(seen.box).T
    track_x, track_y, track_w, track_h = motion.at.T
    scale = size(motion.at)
    widest = np.where(new, WIDEST_NEW, WIDEST) * scale
    deviation = np.minimum(np.sqrt(motion.var[:, :2].T + (MEASURED[:2, None] * scale) ** 2), widest)
    distance = _squared(x / deviation[0][:, None], track_x / deviation[0])
    distance += _squared(y / deviation[1][:, None], track_y / deviation[1])
    shared = intersection(expected, seen.box)
    i, j = np.nonzero((distance <= GATE**2) | (shared > 0))  # few of the pairs: the rest is done for them alone
    apart, both = distance[i, j], shared[i, j]
    overlap = both / np.maximum(area(expected)[i] + area(seen.box)[j] - both, LEAST_AREA)
    wider = np.abs(_log(w)[j] - _log(track_w)[i])
    taller = np.abs(_log(h)[j] - _log(track_h)[i])
    possible = (apart <= GATE**2) & (np.maximum(wider, taller) <= LARGEST_RATIO_LOG) | (overlap >= SURE_OVERLAP)
    nearness = np.exp(-wider - taller) / (1 + apart / 2)
    likeness = np.where(possible, (overlap + nearness) / 2 * KINSHIP[class_id[i], seen.class_id[j]], 0.0)
    if look is not None and seen.look is not None:
        unlike = ((look[i] - seen.look[j]) ** 2).sum(axis=1) / UNLIKE**2
        likeness *= np.maximum(1 / (1 + unlike), LEAST_TRUST)
    out = np.zeros_like(distance)
    out[i, j] = likeness
    return out


def _squared(a: Floats, b: Floats) -> Floats:
    """Square of a [N, M] less b [N], in the place of a."""
    a -= b[:, None]
    return np.multiply(a, a, out=a)


def _log(sides: Floats) -> Floats:
    """Logarithm of sides of boxes [N], which count as a pixel at least."""
    return np.asarray(np.log(np.maximum(sides, 1.0)))


def assign(likeness: Floats, least: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs (track rows, detection rows) that make the sum of affinities largest, none below `least`."""
    if not likeness.size:
        return np.zeros(0, np.intp), np.zeros(0, np.intp)
    usable = np.where(likeness >= least, likeness, 0.0)
    rows, columns = linear_sum_assignment(usable, maximize=True)
    good = usable[rows, columns] > 0
    return rows[good], columns[good]
