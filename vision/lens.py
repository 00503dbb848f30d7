"""The lens: how far it bends straight lines (Brown 1966, two radial terms about the picture's middle).

Radii count in half diagonals of the picture, so that a change of resolution changes nothing and no focal length is
needed: 1 is the picture's corner. Coefficients of OpenCV, whose radii count in focal lengths, turn into these with
q = half diagonal in pixels / focal length in pixels: k1 q^2 and k2 q^4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

ROUNDS: Final = 30
"""Newton steps of the inverse; five reach 1e-12 on common lenses, strong ones take more near their fold."""
CLOSE: Final = 1e-9
"""A radius is found when the lens brings it back this near, half diagonals."""
FARTHEST: Final = 4.0
"""Radii of the straight picture are looked for up to here, half diagonals: a lens of 150 degrees needs no more."""


@dataclass(frozen=True, slots=True)
class Lens:
    """Radial distortion: a straight point at radius r is seen at r (1 + k1 r^2 + k2 r^4).

    Attributes:
        k1, k2: without unit; negative k1 is a barrel.
    """

    k1: float = 0.0
    k2: float = 0.0

    @property
    def straight(self) -> bool:
        """Whether it bends nothing."""
        return self.k1 == 0.0 and self.k2 == 0.0

    def reach(self) -> float:
        """Largest radius seen before the lens would fold the picture over itself, half diagonals; inf without."""
        # d/dr (r + k1 r^3 + k2 r^5) = 1 + 3 k1 q + 5 k2 q^2 with q = r^2: its smallest positive root.
        roots = np.roots([5 * self.k2, 3 * self.k1, 1.0]) if self.k2 or self.k1 else np.empty(0)
        folds = [float(root.real) for root in np.atleast_1d(roots) if abs(root.imag) < CLOSE and root.real > 0]
        return float("inf") if not folds else float(self._seen(np.sqrt(np.array(min(folds)))))

    def bend(self, straight: ArrayLike) -> Floats:
        """Where straight points [..., 2] are seen, float64 [..., 2]; from the picture's middle, half diagonals."""
        point = np.asarray(straight, np.float64)
        square = (point**2).sum(axis=-1, keepdims=True)
        return np.asarray(point * (1 + self.k1 * square + self.k2 * square**2))

    def straighten(self, seen: ArrayLike) -> Floats:
        """Straight points of seen ones [..., 2], float64 [..., 2]; NaN beyond where the lens folds."""
        point = np.asarray(seen, np.float64)
        if self.straight:
            return point
        radius = np.hypot(point[..., 0], point[..., 1])
        guess = radius.copy()
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            for _ in range(ROUNDS):
                slope = self.slope(guess)
                step = (self._seen(guess) - radius) / np.where(slope > CLOSE, slope, np.nan)
                guess = np.clip(guess - np.clip(step, -0.5, 0.5), 0.0, FARTHEST)
                if not (np.abs(step) > CLOSE).any():
                    break
            found = (np.abs(self._seen(guess) - radius) <= CLOSE) & (radius < self.reach())
            share = np.where(radius > 0, guess / np.where(radius > 0, radius, 1.0), 1.0)
        return np.asarray(point * np.where(found, share, np.nan)[..., None])

    def slope(self, radius: ArrayLike) -> Floats:
        """How fast the seen radius grows with the straight one, float64 [...]."""
        square = np.asarray(radius, np.float64) ** 2
        return np.asarray(1 + 3 * self.k1 * square + 5 * self.k2 * square**2)

    def grows(self, radius: ArrayLike) -> NDArray[np.bool_]:
        """Whether straight radii lie before the lens folds, bool [...]."""
        at = np.asarray(radius, np.float64)
        return np.asarray((self.slope(at) > 0) & (self._seen(at) < self.reach()))

    def jacobian(self, straight: ArrayLike) -> Floats:
        """Slope of `bend` at straight points [..., 2], float64 [..., 2, 2]: [i, j] is d seen_i / d straight_j."""
        point = np.asarray(straight, np.float64)
        square = (point**2).sum(axis=-1)[..., None, None]
        outer = point[..., :, None] * point[..., None, :]
        scale = 1 + self.k1 * square + self.k2 * square**2
        return np.asarray(scale * np.eye(2) + (2 * self.k1 + 4 * self.k2 * square) * outer)

    def _seen(self, radius: Floats) -> Floats:
        square = radius**2
        return np.asarray(radius * (1 + self.k1 * square + self.k2 * square**2))
