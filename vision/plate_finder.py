"""Plates in a picture: found by the detector, read by the reader."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Protocol

from vision.plate_watch import Sight

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from vision.plate_vote import Read
    from vision.types import Detections

LOOK_SIDES: Final = (192, 320)
"""Least and largest long side of the finder's input for one vehicle, pixels: its plate is then 30 to 80 pixels wide."""
ENLARGED: Final = 1.3
"""How much a small vehicle is enlarged for the finder."""
STRIDE: Final = 32
LOOK_FLOOR: Final = 0.5
"""Calibrated score from which a box is read in a look at one vehicle."""
LEAST_READ_PX: Final = 28.0
"""Narrower plates are not read: a sign would be three pixels wide."""

HIGHEST: Final = 0.3
"""The middle of a vehicle's plate lies below this share of its window's height; above are plates of vehicles behind."""


class Finder(Protocol):
    """Finds plates, as `vision.detector.Detector`."""

    def detect(self, picture: NDArray[np.uint8], min_score: float, long_side: int | None = None) -> Detections:
        """Detections of class 0, strongest first."""


class Reader(Protocol):
    """Reads plates, as `vision.plate_reader.PlateReader`."""

    def read(self, picture: NDArray[np.uint8], boxes: NDArray[np.float32]) -> Sequence[Read]:
        """A reading for each box [n, 4], pixels of the picture."""


class FoundAndRead:
    """A finder and a reader put together, to look at one vehicle at a time."""

    def __init__(self, finder: Finder, reader: Reader) -> None:
        self._finder, self._reader = finder, reader

    def look(self, picture: NDArray[np.uint8]) -> list[Sight]:
        """The likeliest plate in a picture uint8 [H, W, 3] BGR, its box in the picture's pixels; none or one."""
        found = self._finder.detect(picture, LOOK_FLOOR, look_side(max(picture.shape[:2])))
        wide = found.box[:, 2] - found.box[:, 0] >= LEAST_READ_PX
        low = (found.box[:, 1] + found.box[:, 3]) / 2 >= HIGHEST * picture.shape[0]
        found = found.where(wide & low)
        if not len(found):
            return []
        (reading,) = self._reader.read(picture, found.box[:1])
        x1, y1, x2, y2 = (float(value) for value in found.box[0])
        return [Sight((x1, y1, x2, y2), float(found.score[0]), reading)]


def look_side(window: int) -> int:
    """Long side of the finder's input for a window of that long side, a multiple of its stride, pixels."""
    least, largest = LOOK_SIDES
    return min(largest, max(least, math.ceil(window * ENLARGED / STRIDE) * STRIDE))
