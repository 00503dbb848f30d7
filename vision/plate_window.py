"""The part of a picture in which a vehicle's plate is looked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MARGIN: Final = 0.06
"""Of the vehicle's box on each side: its box may be a little too tight, and a plate may stand at its very bottom."""


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of whole pixels within a picture."""

    left: int
    top: int
    right: int
    bottom: int

    def cut(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """That part of a picture [H, W, 3]; a view, not a copy."""
        return picture[self.top : self.bottom, self.left : self.right]

    def to_picture(self, boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes [N, 4] in pixels of the part, moved to pixels of the picture."""
        return np.asarray(boxes + np.array([self.left, self.top, self.left, self.top], np.float32), np.float32)


def window(box: Sequence[float], width: int, height: int) -> Window | None:
    """The window around a vehicle's box, x1, y1, x2, y2 in pixels; None where nothing of it is in the picture."""
    x1, y1, x2, y2 = (float(value) for value in box)
    if not all(math.isfinite(value) for value in (x1, y1, x2, y2)):
        return None
    dx, dy = MARGIN * (x2 - x1), MARGIN * (y2 - y1)
    left, top = max(0, math.floor(x1 - dx)), max(0, math.floor(y1 - dy))
    right, bottom = min(width, math.ceil(x2 + dx)), min(height, math.ceil(y2 + dy))
    return Window(left, top, right, bottom) if right - left >= 1 and bottom - top >= 1 else None
