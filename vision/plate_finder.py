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

    def __init__(self, finder: Finder, reader: Reader, *, most: int = 2) -> None:
        """`most` plates are read in one look, the likeliest."""
        self._finder, self._reader, self._most = finder, reader, most

    def look(self, picture: NDArray[np.uint8]) -> list[Sight]:
        """Plates in a picture uint8 [H, W, 3] BGR, boxes in its pixels, the likeliest first."""
        found = self._finder.detect(picture, LOOK_FLOOR, LOOK_SIDE)
        box = found.box[: self._most]
        if not len(box):
            return []
        return [
            Sight((float(x1), float(y1), float(x2), float(y2)), float(score), reading)
            for (x1, y1, x2, y2), score, reading in zip(
                box.tolist(), found.score.tolist(), self._reader.read(picture, box), strict=False
            )
        ]
