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


FOUND_AGAIN = 0.9
"""Least share of the sure boxes of our 8-bit weights on `cpu` that OpenVINO has too, where what flows between its
layers is not rounded to 8 bits: one box may differ, the figures over many pictures do not (docs/models.md)."""


def road_detector(engine: str) -> Detector:
    """The shipped road detector, of 8-bit weights."""
    return Detector(spec_of(load_detector_card(WEIGHTS / "road.json")), engine=engine)


def found_again(plain: Detector, other: Detector, pictures: Sequence[np.ndarray]) -> float:
    """Share of the sure boxes of one detector at which the other has one of the class as well."""
    found = []
    for picture in pictures:
        a, b = plain.detect(picture), other.detect(picture)
        there = (iou(a.box, b.box) >= 0.5) & (a.class_id[:, None] == b.class_id)
        found.extend(there.any(axis=1)[a.score >= 0.5])
    return float(np.mean(found))


def compared(plain: Detector, other: Detector, pictures: Sequence[np.ndarray], tolerance: tuple[float, float]) -> int:
    """Hold each sure box of one detector to its counterpart of the other; how many there were."""
    side, score = tolerance
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
