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
STRIP: Final = 0.15
"""Height of the strip at a box's lower edge in which the wheels show, share of the box's height."""
HIDES: Final = 0.2
"""Share of that strip's width that something nearer takes at least to hide where the vehicle ends."""


@dataclass(slots=True)
class Trails:
    """The last measurements of N tracks, oldest first, packed to the right.

    Attributes:
        video_s: float64 [N, LENGTH], NaN where there is no measurement.
        box: float32 [N, LENGTH, 4], pixels, NaN where there is none.
        hidden: bool [N, LENGTH], whether something nearer stood before the lower edge.
    """

    video_s: NDArray[np.float64]
    box: NDArray[np.float32]
    hidden: NDArray[np.bool_]

    @staticmethod
    def empty(n: int) -> Trails:
        """Trails of n tracks without measurements."""
        return Trails(
            np.full((n, LENGTH), np.nan), np.full((n, LENGTH, 4), np.nan, np.float32), np.zeros((n, LENGTH), np.bool_)
        )

    @property
    def foot(self) -> NDArray[np.float64]:
        """Bottom centre of each measured box, float64 [N, LENGTH, 2], pixels."""
        return foot(self.box)

    def add(self, rows: NDArray[np.intp], video_s: float, box: NDArray[np.floating[Any]]) -> None:
        """Append boxes [n, 4] to the trails of `rows` [n]."""
        for kept in (self.video_s, self.box, self.hidden):
            kept[rows, :-1] = kept[rows, 1:]
        self.video_s[rows, -1], self.box[rows, -1], self.hidden[rows, -1] = video_s, box, False

    def where(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> Trails:
        """The rows selected by a mask or by indices."""
        return Trails(self.video_s[keep], self.box[keep], self.hidden[keep])

    def since(self, video_s: float) -> Trails:
        """The same without the columns in which every measurement is older."""
        recent = (self.video_s >= video_s).any(axis=0)
        return Trails(self.video_s[:, recent], self.box[:, recent], self.hidden[:, recent])

    def and_also(self, other: Trails) -> Trails:
        """The rows of both."""
        return Trails(
            np.concatenate((self.video_s, other.video_s)),
            np.concatenate((self.box, other.box)),
            np.concatenate((self.hidden, other.hidden)),
        )


def feet_hidden(boxes: NDArray[np.floating[Any]], others: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Whether the lower edge of boxes [n, 4] lies behind one of others [m, 4] that ends nearer, bool [n].

    A box among the others hides itself as little as one that ends at the same height.
    """
    left, top, right, bottom = boxes.T.astype(np.float64)[:, :, None]
    other_left, other_top, other_right, other_bottom = others.T.astype(np.float64)[:, None]
    strip = STRIP * (bottom - top)
    nearer = (other_bottom > bottom + strip / 2) & (other_top < bottom)
    shared = np.minimum(right, other_right) - np.maximum(left, other_left)
    return np.asarray((nearer & (shared > HIDES * (right - left))).any(axis=1))
