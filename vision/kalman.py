"""A constant-velocity Kalman filter for many boxes at once, driven by seconds.

A box is followed as (centre x, bottom y, width, height): the bottom centre is what stands on the road. The four
numbers are filtered apart from each other, so each covariance is a symmetric 2x2 matrix (position, velocity) kept as
three numbers, and a step over all tracks is a few array operations without any matrix inverse (Kalman 1960; white
acceleration as in Bar-Shalom, Li and Kirubarajan, Estimation with Applications to Tracking and Navigation, 6.2.2).
Noise is given in box sizes, so near and far vehicles are treated alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_SIZE_PX: Final = 4.0
"""Boxes smaller than this count as this large in the noise model, pixels."""
MEASURED: Final = np.array([0.05, 0.05, 0.07, 0.07])
"""Standard deviation of a detector's (x, y, w, h), box sizes (seen on parked vehicles of real street video)."""
START_SPEED: Final = np.array([6.0, 6.0, 0.6, 0.6])
"""Standard deviation of the unknown first velocity, box sizes a second: 15 m/s for a size of 2.5 m."""
AGILITY: Final = np.array([4.0, 4.0, 0.3, 0.3])
"""Density of the white acceleration, box sizes squared a cubic second: speed may change by 2 sizes/s in 1 s."""
RESTING: Final = 0.3
"""Standard deviation of the velocity of what stood still when it was last seen whole, box sizes a second."""
FADE_S: Final = 2.0
"""Time constant with which the velocity of an unseen object is believed less, seconds."""


def to_state(box: NDArray[np.floating[Any]]) -> Floats:
    """Boxes [N, 4] as centre x, bottom y, width, height, float64 [N, 4]."""
    x1, y1, x2, y2 = np.asarray(box, np.float64).T
    return np.stack(((x1 + x2) / 2, y2, x2 - x1, y2 - y1), axis=1)


def to_box(state: Floats) -> Floats:
    """States [N, 4] as boxes, float64 [N, 4]."""
    x, y, w, h = state.T
    w, h = np.maximum(w, 1.0), np.maximum(h, 1.0)
    return np.stack((x - w / 2, y - h, x + w / 2, y), axis=1)


def size(state: Floats) -> Floats:
    """Geometric mean of width and height, float64 [N], pixels."""
    return np.asarray(np.sqrt(np.maximum(state[:, 2], LEAST_SIZE_PX) * np.maximum(state[:, 3], LEAST_SIZE_PX)))


@dataclass(slots=True)
class Motion:
    """State of N boxes.

    Attributes:
        at: float64 [N, 4], centre x, bottom y, width, height, pixels.
        rate: float64 [N, 4], their change a second.
        var: float64 [N, 4], variance of `at`.
        cov: float64 [N, 4], covariance of `at` and `rate`.
        rate_var: float64 [N, 4], variance of `rate`.
    """

    at: Floats
    rate: Floats
    var: Floats
    cov: Floats
    rate_var: Floats

    @staticmethod
    def born(box: NDArray[np.floating[Any]]) -> Motion:
        """Boxes [N, 4] seen for the first time: place known, velocity not."""
        at = to_state(box)
        scale = size(at)[:, None]
        return Motion(at, np.zeros_like(at), (MEASURED * scale) ** 2, np.zeros_like(at), (START_SPEED * scale) ** 2)

    def where(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> Motion:
        """The rows selected by a mask or by indices."""
        return Motion(self.at[keep], self.rate[keep], self.var[keep], self.cov[keep], self.rate_var[keep])

    def and_also(self, other: Motion) -> Motion:
        """The rows of both."""
        return Motion(
            np.concatenate((self.at, other.at)),
            np.concatenate((self.rate, other.rate)),
            np.concatenate((self.var, other.var)),
            np.concatenate((self.cov, other.cov)),
            np.concatenate((self.rate_var, other.rate_var)),
        )

    def predict(self, seconds: float, unseen: NDArray[np.bool_]) -> None:
        """Move all boxes on by `seconds`; the velocity of those `unseen` [N] fades, and their size stays.

        What disappears behind something shrinks before: that is no motion of its own.
        """
        self.rate[unseen, 2:] = 0.0
        q = AGILITY * size(self.at)[:, None] ** 2
        self.at += self.rate * seconds
        np.maximum(self.at[:, 2:], 1.0, out=self.at[:, 2:])
        self.var += (2 * self.cov + self.rate_var * seconds) * seconds + q * seconds**3 / 3
        self.cov += self.rate_var * seconds + q * seconds**2 / 2
        self.rate_var += q * seconds
        if unseen.any():
            self.rate[unseen, :2] *= np.exp(-seconds / FADE_S)

    def rest(self, rows: NDArray[np.intp], box: NDArray[np.floating[Any]]) -> None:
        """Put `rows` [n] back to where they stand, boxes [n, 4]; they may set out at RESTING."""
        if not len(rows):
            return
        self.at[rows], self.rate[rows], self.cov[rows] = to_state(box), 0.0, 0.0
        scale = size(self.at[rows])[:, None]
        self.var[rows], self.rate_var[rows] = (MEASURED * scale) ** 2, (RESTING * scale) ** 2

    def correct(self, rows: NDArray[np.intp], box: NDArray[np.floating[Any]], noise: Floats | float = 1.0) -> None:
        """Take measured boxes [n, 4] for `rows` [n]; `noise` [n, 1] widens a measurement that is trusted less."""
        measured = to_state(box)
        r = (MEASURED * size(measured)[:, None] * noise) ** 2
        gain = self.var[rows] / (self.var[rows] + r)
        rate_gain = self.cov[rows] / (self.var[rows] + r)
        surprise = measured - self.at[rows]
        self.at[rows] += gain * surprise
        self.rate[rows] += rate_gain * surprise
        self.rate_var[rows] -= rate_gain * self.cov[rows]
        self.cov[rows] *= 1 - gain
        self.var[rows] *= 1 - gain
