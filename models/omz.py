"""Detectors of the Open Model Zoo under OpenVINO: yardsticks, and a teacher. Needs the extra ``openvino``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from vision.classes import BICYCLE, CAR, PERSON

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

LABELS: Final[Mapping[str, Mapping[int, int]]] = {
    "person-vehicle-bike-detection-crossroad-0078": {1: PERSON, 2: CAR, 3: BICYCLE},
    "vehicle-detection-0200": {0: CAR},
    "person-vehicle-bike-detection-2000": {0: CAR, 1: PERSON, 2: BICYCLE},
}
"""Road class of each label: any vehicle is given as car, any two-wheeler as bicycle."""


class OmzDetector:
    """An SSD of the Open Model Zoo: the picture stretched to its input, BGR 0 to 255, suppression inside."""

    def __init__(self, model: Path, threads: int, *, floor: float, precision: str | None = "f32") -> None:
        """Load `model` (.xml).

        Args:
            model: its IR.
            threads: of the processor.
            floor: score below which nothing is given.
            precision: what OpenVINO computes in; None leaves it to OpenVINO, which takes the fastest.
        """
        import openvino  # noqa: PLC0415 - an extra that need not be there

        options: dict[str, int | str] = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
        if precision is not None:
            options["INFERENCE_PRECISION_HINT"] = precision
        self._compiled = openvino.compile_model(str(model), "CPU", options)
        self._labels = LABELS[model.stem]
        self._floor = floor
        height, width = self._compiled.inputs[0].shape[2:]
        self._size = (int(width), int(height))

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Boxes float32 [n, 6]: class, x1, y1, x2, y2, score."""
        height, width = picture.shape[:2]
        blob = cv2.resize(picture, self._size).transpose(2, 0, 1)[None].astype(np.float32)
        rows = np.asarray(self._compiled(blob)[0], np.float32).reshape(-1, 7)
        rows = rows[(rows[:, 0] >= 0) & (rows[:, 2] >= self._floor)]
        out = np.zeros((len(rows), 6), np.float32)
        out[:, 0] = [self._labels.get(int(label), -1) for label in rows[:, 1]]
        out[:, 1:5] = np.clip(rows[:, 3:7], 0, 1) * (width, height, width, height)
        out[:, 5] = rows[:, 2]
        return out[out[:, 0] >= 0]
