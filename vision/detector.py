"""Finding objects in pictures: a network's raw scores and boxes, calibrated scores, suppression.

A network's raw score says little by itself: where to draw the line differs between classes and between trainings.
Each class's shipped threshold is therefore moved to 0.5 by a shift of its logit, so 0.5 means the same for every
class and every later training, and the order within a class stays.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from qyran.errors import ConfigError, QyranError
from vision.classes import BUS, CAR, FIRE_CLASSES, ROAD_CLASSES, TRUCK
from vision.engine import open_engine
from vision.letterbox import PLAIN, Letterbox, Pixels, fit, fit_into
from vision.nms import suppress
from vision.outputs import OUTPUTS, check_shape, misfit, strongest
from vision.types import Detections

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vision.engine import Engine

    Floats = NDArray[np.float64]
    Picture = NDArray[np.uint8]

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
NEVER: Final = 1.0
"""An overlap no two boxes exceed: suppression inside a class is off."""


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """What a detector must know about its weights.

    Attributes:
        weights: ONNX file with one input [n, 3, h, w].
        classes: names that the detections' class numbers stand for: ROAD_CLASSES, FIRE_CLASSES, PLATE_CLASSES.
        long_side: of the input, pixels.
        stride: both sides of the input are multiples of it.
        thresholds: raw score of each class that becomes 0.5.
        nms_iou: IoU above which the weaker box of a class falls.
        sha256: of the weights, lower-case hex; goes into every manifest.
        most_pixels: most pixels of the input; None for no limit beside `long_side`.
        output: what the network's output means, a key of `vision.outputs.OUTPUTS`.
        pixels: colour order, range and place of the picture in the input.
        channels: for each class of the network the index in `classes`, -1 for one that is dropped; None where both
            are the same.
    """

    weights: Path
    classes: tuple[str, ...]
    long_side: int
    stride: int
    thresholds: tuple[float, ...]
    nms_iou: float
    sha256: str
    most_pixels: int | None = None
    output: str = "yolo"
    pixels: Pixels = PLAIN
    channels: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        name = self.weights.name
        if not self.classes or len(set(self.classes)) != len(self.classes):
            raise ConfigError(f"The model {name} must name each of its classes once.")
        if len(self.thresholds) != len(self.classes) or not all(0 < value < 1 for value in self.thresholds):
            raise ConfigError(f"The model {name} needs one threshold between 0 and 1 for each class.")
        if self.stride < 1 or self.long_side < self.stride:
            raise ConfigError(f"The model {name} needs a long side of at least its stride.")
        if self.most_pixels is not None and self.most_pixels < self.stride**2:
            raise ConfigError(f"The model {name} needs most_pixels of at least its stride squared.")
        if not 0 < self.nms_iou <= 1:
            raise ConfigError(f"The model {name} needs an nms_iou above 0 and at most 1.")
        if self.output not in OUTPUTS:
            raise ConfigError(f"The model {name} needs an output kind of {', '.join(OUTPUTS)}.")

    @property
    def network_classes(self) -> int:
        """Number of the network's own classes."""
        return len(self.classes) if self.channels is None else len(self.channels)


class Detector:
    """Finds objects in pictures of any size; keeps its input buffer between pictures of one size.

    Not for use by two threads at once: `twin` gives each a detector over the same loaded network.
    """

    def __init__(self, spec: DetectorSpec, threads: int = 1, engine: str | Engine = "cpu", *, at_once: int = 1) -> None:
        """Make a detector.

        Args:
            spec: what it must know about its weights.
            threads: of the processor for each picture.
            engine: one of `vision.engine.ENGINES`, or the network that is loaded already.
            at_once: twins that look at the same time (see `vision.engine.open_engine`).

        Raises:
            ConfigError: the weights are missing or do not fit their spec, or the engine is not there.
        """
        self.spec = spec
        self._engine: Engine = (
            open_engine(spec.weights, threads, engine, at_once) if isinstance(engine, str) else engine
        )
        check_shape(self._engine.output_shape, spec.output, spec.network_classes, spec.weights.name)
        self._forget()

    def twin(self) -> Detector:
        """A detector over the same loaded network with buffers of its own, for another thread."""
        other = copy.copy(self)
        other._forget()  # noqa: SLF001 - its own class
        return other

    def _forget(self) -> None:
        """Begin without buffers."""
        self._fitted: dict[tuple[int, int, int], Letterbox] = {}
        self._filled: tuple[Letterbox, ...] = ()
        self._blob: NDArray[np.float32] = np.zeros((0, 3, 0, 0), np.float32)

    def prepare(self, width: int, height: int, long_side: int | None = None) -> None:
        """Make the network ready for pictures of a size before the first one comes.

        Args:
            width: of the pictures, pixels.
            height: of the pictures, pixels.
            long_side: as in `detect`.
        """
        box = self._fit(width, height, long_side or self.spec.long_side)
        self._engine.prepare((self._engine.batch or 1, 3, box.height, box.width))

    def detect(self, picture: Picture, min_score: float = MIN_SCORE, long_side: int | None = None) -> Detections:
        """Detections with a calibrated score of at least `min_score`, strongest first.

        Args:
            picture: uint8 [H, W, 3], BGR.
            min_score: calibrated score; 0.5 is the shipped threshold.
            long_side: of the input in pixels, where it is to be other than the spec's: smaller is faster and sees less;
                larger sees more, and the spec's `most_pixels` then bounds nothing.

        Raises:
            ConfigError: the weights do not fit their spec.
        """
        return self.detect_many((picture,), min_score, long_side)[0]

    def detect_many(
        self, pictures: Sequence[Picture], min_score: float = MIN_SCORE, long_side: int | None = None
    ) -> list[Detections]:
        """Detections of several pictures; those of one input size go through the network together.

        A network exported for one picture at a time gets one at a time. On a CPU nothing is gained by more.

        Args:
            pictures: each uint8 [H, W, 3], BGR, of any size.
            min_score: as in `detect`.
            long_side: as in `detect`.

        Raises:
            ConfigError: the weights do not fit their spec.
        """
        boxes = [self._letterbox(picture, long_side or self.spec.long_side) for picture in pictures]
        most = self._engine.batch or max(len(pictures), 1)
        seen: dict[int, Detections] = {}
        for group in _groups(boxes, most):
            output = self._run([pictures[i] for i in group], tuple(boxes[i] for i in group))
            for row, i in enumerate(group):
                seen[i] = decode(output[row : row + 1], boxes[i], self.spec, min_score)
        return [seen[i] for i in range(len(pictures))]

    def _run(self, pictures: Sequence[Picture], boxes: tuple[Letterbox, ...]) -> NDArray[np.float32]:
        if self._filled != boxes:
            grey = boxes[0].blank()
            self._blob = self._engine.memory((self._engine.batch or len(boxes), *grey.shape[1:]))
            self._blob[:] = grey
            self._filled = boxes
        for row, (picture, box) in enumerate(zip(pictures, boxes, strict=True)):
            box.fill(picture, self._blob[row : row + 1])
        try:
            output = self._engine.run(self._blob)
        except QyranError:
            self._filled = ()  # whoever failed may still read this memory: the next picture gets other
            raise
        check_shape(output.shape, self.spec.output, self.spec.network_classes, self.spec.weights.name)
        return output

    def _letterbox(self, picture: Picture, long_side: int) -> Letterbox:
        height, width = picture.shape[:2]
        return self._fit(width, height, long_side)

    def _fit(self, width: int, height: int, long_side: int) -> Letterbox:
        key = (width, height, long_side)
        if key not in self._fitted:
            fixed = self._engine.input_size
            if len(self._fitted) > 64:
                self._fitted.clear()
            if fixed is None:
                spec = self.spec
                most_pixels = spec.most_pixels if long_side <= spec.long_side else None
                self._fitted[key] = fit(width, height, long_side, spec.stride, most_pixels, spec.pixels)
            else:
                self._fitted[key] = fit_into(width, height, *fixed, self.spec.pixels)
        return self._fitted[key]


def _groups(boxes: Sequence[Letterbox], most: int) -> list[list[int]]:
    """Indices of letterboxes with one input size, at most `most` together, in order."""
    by_size: dict[tuple[int, int], list[int]] = {}
    for index, box in enumerate(boxes):
        by_size.setdefault((box.width, box.height), []).append(index)
    return [group[start : start + most] for group in by_size.values() for start in range(0, len(group), most)]


def decode(
    output: NDArray[np.float32], letterbox: Letterbox, spec: DetectorSpec, min_score: float = MIN_SCORE
) -> Detections:
    """Boxes, calibrated and suppressed, from a network's output for one picture.

    Args:
        output: [1, ., .] of the kind `spec.output`.
        letterbox: how the picture lay in the input.
        spec: meaning of the channels, thresholds, suppression.
        min_score: calibrated score below which a box is dropped.

    Raises:
        ConfigError: the content of the output is not of that kind.
    """
    kind = OUTPUTS[spec.output]
    try:
        raw = _ours(kind.scores(output[0], spec.network_classes), spec)
        best = strongest(raw)
        shift = _logit(np.asarray(spec.thresholds))[:, None]
        # The weakest raw score that can still reach min_score: a cheap sieve before any logarithm.
        floor = _sigmoid(_logit(np.asarray(max(min_score, SMALLEST))) + shift.min())
        anchors = np.flatnonzero(best >= floor * (1 - 1e-6))
        corners = kind.boxes(output[0], anchors, letterbox.width, letterbox.height)
    except ValueError as fault:
        raise misfit(spec.weights.name, spec.output, fault) from None
    logit = _logit(np.clip(raw[:, anchors].astype(np.float64), SMALLEST, 1 - SMALLEST)) - shift
    class_id = logit.argmax(axis=0)
    score = _sigmoid(logit.max(axis=0))
    boxes = letterbox.to_picture(corners)
    thick = ((boxes[:, 2:] - boxes[:, :2]) >= TINY_PX).all(axis=1)
    chosen = np.flatnonzero((score >= min_score) & thick)
    chosen = chosen[np.lexsort((anchors[chosen], -score[chosen]))][:MOST_CANDIDATES]
    one_object = ONE_OBJECT.get(spec.classes, ())
    limit = NEVER if kind.suppressed else spec.nms_iou
    kept = chosen[suppress(boxes[chosen], class_id[chosen], limit, one_object)][:MOST_DETECTIONS]
    return Detections(boxes[kept], score[kept].astype(np.float32), class_id[kept].astype(np.int16))


def _ours(raw: NDArray[np.float32], spec: DetectorSpec) -> NDArray[np.float32]:
    """Scores [classes, candidates] of our classes out of those of the network's."""
    if spec.channels is None or spec.channels == tuple(range(len(spec.classes))):
        return raw
    scores = np.zeros((len(spec.classes), raw.shape[1]), np.float32)
    for channel, index in enumerate(spec.channels):
        if index >= 0:
            np.maximum(scores[index], raw[channel], out=scores[index])
    return scores


def _logit(p: Floats) -> Floats:
    return np.asarray(np.log(p / (1 - p)))


def _sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))
