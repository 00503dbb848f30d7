"""How closely two engines must agree, and whether they do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.ap import iou
from models.card import WEIGHTS, load_detector_card
from models.spec import spec_of
from vision.detector import Detector

TOLERANCES = {
    "openvino": (0.5, 0.01), "openvino-bf16": (10.0, 0.15), "cuda": (0.5, 0.01), "tensorrt": (2.0, 0.05),
}  # fmt: skip
"""Of a box's side in pixels and of a score, for objects with a score of 0.5 and more; as in docs/models.md."""


def shipped(name: str, engine: str) -> Detector:
    """A shipped detector on an engine."""
    return Detector(spec_of(load_detector_card(WEIGHTS / f"{name}.json")), engine=engine)


def road_detector(engine: str) -> Detector:
    """The shipped road detector."""
    return shipped("road", engine)


def compared(plain: Detector, other: Detector, pictures: Sequence[np.ndarray], engine: str) -> int:
    """Hold each sure box of one detector to its counterpart of the other; how many there were."""
    side, score = TOLERANCES[engine]
    count = 0
    for picture in pictures:
        a, b = plain.detect(picture), other.detect(picture)
        for i in np.flatnonzero(a.score >= 0.5):
            overlap = np.where(b.class_id == a.class_id[i], iou(a.box[i : i + 1], b.box)[0], 0)
            j = int(np.argmax(overlap))
            np.testing.assert_allclose(b.box[j], a.box[i], atol=side)
            np.testing.assert_allclose(b.score[j], a.score[i], atol=score)
            count += 1
    return count
