"""Detectors that look at training pictures to complete labels: our own and COCO YOLOv8n."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from models.card import WEIGHTS, load_card
from models.look import as_rows, raw_detector
from vision.classes import ROAD_CLASSES

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

COCO_SIDE: Final = 960
FLOOR: Final = 0.1
"""Raw score below which a detector's word is not kept."""


class OwnTeacher:
    """The road model as shipped, at a larger input than the product uses."""

    def __init__(self, threads: int) -> None:
        card = load_card(WEIGHTS / "road.json")
        self._detector = raw_detector(card.path, card.classes, COCO_SIDE, threads)

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Boxes float32 [n, 6]: class, x1, y1, x2, y2, score."""
        return as_rows(self._detector.detect(picture, min_score=FLOOR))


class CocoTeacher:
    """The starting network (our six classes of COCO) at a larger input than the product uses."""

    def __init__(self, weights: Path, threads: int) -> None:
        self._detector = raw_detector(weights, ROAD_CLASSES, COCO_SIDE, threads)

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Boxes float32 [n, 6]: class, x1, y1, x2, y2, score."""
        return as_rows(self._detector.detect(picture, min_score=FLOOR))
