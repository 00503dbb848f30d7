"""Plates in a picture: found by the detector, read by the reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from vision.plate_watch import Sight

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from vision.plate_vote import Read
    from vision.types import Detections

LOOK_SIDE: Final = 320
"""Long side of the finder's input for one vehicle: its plate is then some 50 pixels wide."""
LOOK_FLOOR: Final = 0.3
"""Calibrated score from which a box is read in a look at one vehicle."""
LEAST_READ_PX: Final = 22.0
"""Narrower plates are not read: a sign would be less than three pixels wide."""


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
        found = self._finder.detect(picture, LOOK_FLOOR, LOOK_SIDE)
        wide = found.box[:, 2] - found.box[:, 0] >= LEAST_READ_PX
        best = found.where(wide).box[:1]
        if not len(best):
            return []
        (reading,) = self._reader.read(picture, best)
        x1, y1, x2, y2 = (float(value) for value in best[0])
        return [Sight((x1, y1, x2, y2), float(found.score[wide][0]), reading)]
