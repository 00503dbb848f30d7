"""Detectors that look at training pictures to complete labels: our own, COCO YOLOv8n and Intel's crossroad-0078."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.card import WEIGHTS, load_card
from models.look import as_rows, raw_detector
from vision.classes import BICYCLE, CAR, PERSON, ROAD_CLASSES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

COCO_SIDE: Final = 960
CROSSROAD_SIDE: Final = 1024
FLOOR: Final = 0.1
CROSSROAD_CLASSES: Final = {1: PERSON, 2: CAR, 3: BICYCLE}
"""Labels of crossroad-0078: person, any vehicle (given as car), any two-wheeler (given as bicycle)."""


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


class CrossroadTeacher:
    """Open Model Zoo person-vehicle-bike-detection-crossroad-0078 under OpenVINO."""

    def __init__(self, model: Path, threads: int) -> None:
        import openvino  # noqa: PLC0415  (only to complete labels)

        self._compiled = openvino.compile_model(
            str(model), "CPU", {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"}
        )

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Boxes float32 [n, 6]: class, x1, y1, x2, y2, score."""
        height, width = picture.shape[:2]
        blob = cv2.resize(picture, (CROSSROAD_SIDE, CROSSROAD_SIDE)).transpose(2, 0, 1)[None].astype(np.float32)
        rows = np.asarray(self._compiled(blob)[0], np.float32).reshape(-1, 7)
        rows = rows[(rows[:, 0] >= 0) & (rows[:, 2] >= FLOOR)]
        out = np.zeros((len(rows), 6), np.float32)
        out[:, 0] = [CROSSROAD_CLASSES.get(int(label), -1) for label in rows[:, 1]]
        out[:, 1:5] = rows[:, 3:7] * (width, height, width, height)
        out[:, 5] = rows[:, 2]
        return out[out[:, 0] >= 0]
