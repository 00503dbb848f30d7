"""Where tracks were seen lately: the last measured boxes with their seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vision.geometry import foot

if TYPE_CHECKING:
    from numpy.typing import NDArray

LENGTH: Final = 32
"""Measurements kept a track: over 1 s at 25 a second."""


@dataclass(slots=True)
class Trails:
    """The last measurements of N tracks, oldest first, packed to the right.

    Attributes:
        video_s: float64 [N, LENGTH], NaN where there is no measurement.
        box: float32 [N, LENGTH, 4], pixels, NaN where there is none.
    """

    video_s: NDArray[np.float64]
    box: NDArray[np.float32]

    @staticmethod
    def empty(n: int) -> Trails:
        """Trails of n tracks without measurements."""
        return Trails(np.full((n, LENGTH), np.nan), np.full((n, LENGTH, 4), np.nan, np.float32))

    @property
    def foot(self) -> NDArray[np.float64]:
        """Bottom centre of each measured box, float64 [N, LENGTH, 2], pixels."""
        return foot(self.box)

    def add(self, rows: NDArray[np.intp], video_s: float, box: NDArray[np.floating[Any]]) -> None:
        """Append boxes [n, 4] to the trails of `rows` [n]."""
        self.video_s[rows, :-1], self.box[rows, :-1] = self.video_s[rows, 1:], self.box[rows, 1:]
        self.video_s[rows, -1], self.box[rows, -1] = video_s, box

    def where(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> Trails:
        """The rows selected by a mask or by indices."""
        return Trails(self.video_s[keep], self.box[keep])

    def and_also(self, other: Trails) -> Trails:
        """The rows of both."""
        return Trails(np.concatenate((self.video_s, other.video_s)), np.concatenate((self.box, other.box)))
