"""Finding objects in a picture: a YOLOv8-shaped network, calibrated scores, suppression.

A network's raw score says little by itself: where to draw the line differs between classes and between trainings.
Each class's shipped threshold is therefore moved to 0.5 by a shift of its logit, so 0.5 means the same for every
class and every later training, and the order within a class stays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from qyran.errors import ConfigError
from vision.classes import BUS, CAR, FIRE_CLASSES, ROAD_CLASSES, TRUCK
from vision.engine import open_engine
from vision.letterbox import Letterbox, fit, fit_into
from vision.nms import suppress
from vision.types import Detections

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from vision.engine import Engine

    Floats = NDArray[np.float64]

MIN_SCORE: Final = 0.01
"""Calibrated score below which nothing is reported."""
MOST_CANDIDATES: Final = 1000
"""Boxes that enter suppression, the strongest ones; bounds the cost of a picture full of noise."""
MOST_DETECTIONS: Final = 300
"""Boxes given for one picture."""
TINY_PX: Final = 1.0
"""Boxes thinner than this after clipping are no objects, pixels."""
SMALLEST: Final = 1e-9
"""Raw scores are kept this far from 0 and 1, where the logit ends."""
ONE_OBJECT: Final = {ROAD_CLASSES: (CAR, BUS, TRUCK), FIRE_CLASSES: ()}
"""Classes, by model, that one object may wear at once."""


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """What a detector must know about its weights.

    Attributes:
        weights: ONNX file; input [1, 3, h, w] RGB 0 to 1, output [1, 4 + classes, anchors] with centre, size and
            sigmoid scores (YOLOv8).
        classes: names in the order of the output channels: ROAD_CLASSES, FIRE_CLASSES, or those of a reader.
        long_side: of the input, pixels.
        stride: both sides of the input are multiples of it.
        thresholds: raw score of each class that becomes 0.5.
        nms_iou: IoU above which the weaker box of a class falls.
        sha256: of the weights, lower-case hex; goes into every manifest.
    """

    weights: Path
    classes: tuple[str, ...]
    long_side: int
    stride: int
    thresholds: tuple[float, ...]
    nms_iou: float
    sha256: str

    def __post_init__(self) -> None:
        name = self.weights.name
        if not self.classes or len(set(self.classes)) != len(self.classes):
            raise ConfigError(f"The model {name} must name each of its classes once.")
        if len(self.thresholds) != len(self.classes) or not all(0 < value < 1 for value in self.thresholds):
            raise ConfigError(f"The model {name} needs one threshold between 0 and 1 for each class.")
        if self.stride < 1 or self.long_side < self.stride:
            raise ConfigError(f"The model {name} needs a long side of at least its stride.")
        if not 0 < self.nms_iou <= 1:
            raise ConfigError(f"The model {name} needs an nms_iou above 0 and at most 1.")


class Detector:
    """Finds objects in pictures of any size; keeps its input buffer between pictures of one size.

    Not for use by two threads at once.
    """

    def __init__(self, spec: DetectorSpec, threads: int = 1, engine: str = "cpu") -> None:
        self.spec = spec
        self._engine: Engine = open_engine(spec.weights, threads, engine)
        self._letterbox: Letterbox | None = None
        self._fitted_to = (0, 0, 0)
        self._blob: NDArray[np.float32] = np.zeros((1, 3, 0, 0), np.float32)

    def detect(
        self, picture: NDArray[np.uint8], min_score: float = MIN_SCORE, long_side: int | None = None
    ) -> Detections:
        """Detections with a calibrated score of at least `min_score`, strongest first.

        Args:
            picture: uint8 [H, W, 3], BGR.
            min_score: calibrated score; 0.5 is the shipped threshold.
            long_side: of the input in pixels, where it is to be other than the spec's: smaller is faster and sees less.

        Raises:
            ConfigError: the weights do not fit their spec.
        """
        letterbox = self._fitted(picture, long_side or self.spec.long_side)
        letterbox.fill(picture, self._blob)
        output = self._engine.run(self._blob)
        channels = 4 + len(self.spec.classes)
        if output.ndim != 3 or output.shape[1] != channels:
            raise ConfigError(
                f"The weights {self.spec.weights.name} give an output of shape {output.shape}, which does not fit "
                f"{len(self.spec.classes)} classes; give the card that belongs to them."
            )
        return decode(output, letterbox, self.spec, min_score)

    def _fitted(self, picture: NDArray[np.uint8], long_side: int) -> Letterbox:
        height, width = picture.shape[:2]
        if self._letterbox is not None and self._fitted_to == (width, height, long_side):
            return self._letterbox
        fixed = self._engine.input_size
        if fixed is None:
            letterbox = fit(width, height, long_side, self.spec.stride)
        else:
            letterbox = fit_into(width, height, *fixed)
        self._letterbox, self._blob, self._fitted_to = letterbox, letterbox.blank(), (width, height, long_side)
        return letterbox


def decode(
    output: NDArray[np.float32], letterbox: Letterbox, spec: DetectorSpec, min_score: float = MIN_SCORE
) -> Detections:
    """Boxes, calibrated and suppressed, from a network's output.

    Args:
        output: [1, 4 + classes, anchors]: centre x, centre y, width, height in input pixels, raw scores.
        letterbox: how the picture lay in the input.
        spec: thresholds, suppression.
        min_score: calibrated score below which a box is dropped.
    """
    raw = output[0, 4:]
    shift = _logit(np.asarray(spec.thresholds))[:, None]
    # The weakest raw score that can still reach min_score: a cheap sieve before any logarithm.
    floor = _sigmoid(_logit(np.asarray(max(min_score, SMALLEST))) + shift.min())
    anchors = np.flatnonzero(raw.max(axis=0, initial=0) >= floor * (1 - 1e-6))
    logit = _logit(np.clip(raw[:, anchors].astype(np.float64), SMALLEST, 1 - SMALLEST)) - shift
    class_id = logit.argmax(axis=0)
    score = _sigmoid(logit.max(axis=0))
    centre, half = output[0, :2, anchors].astype(np.float64), output[0, 2:4, anchors].astype(np.float64) / 2
    boxes = letterbox.to_picture(np.concatenate((centre - half, centre + half), axis=1))
    thick = ((boxes[:, 2:] - boxes[:, :2]) >= TINY_PX).all(axis=1)
    chosen = np.flatnonzero((score >= min_score) & thick)
    chosen = chosen[np.lexsort((anchors[chosen], -score[chosen]))][:MOST_CANDIDATES]
    one_object = ONE_OBJECT.get(spec.classes, ())
    kept = chosen[suppress(boxes[chosen], class_id[chosen], spec.nms_iou, one_object)][:MOST_DETECTIONS]
    return Detections(boxes[kept], score[kept].astype(np.float32), class_id[kept].astype(np.int16))


def _logit(p: Floats) -> Floats:
    return np.asarray(np.log(p / (1 - p)))


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))
