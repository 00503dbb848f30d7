"""Finders that see what a test tells them, in place of the detectors."""

from __future__ import annotations

import numpy as np

from evidence.masker import Masker
from vision.types import Detections


def seen(*finds: tuple[int, float, tuple[float, float, float, float]]) -> Detections:
    """Detections from class, score and box."""
    if not finds:
        return Detections.empty()
    kinds, scores, boxes = zip(*finds, strict=True)
    return Detections(np.array(boxes, np.float32), np.array(scores, np.float32), np.array(kinds, np.int16))


class Told:
    """Finds the same in every picture that is as large as the first it was shown; in parts of it nothing."""

    def __init__(
        self, *finds: tuple[int, float, tuple[float, float, float, float]], skip: frozenset[int] = frozenset()
    ):
        self.finds, self.skip, self.size, self.looks = finds, skip, None, 0

    def detect(self, picture, min_score: float, long_side: int | None = None) -> Detections:
        self.size = self.size or picture.shape
        if picture.shape != self.size:
            return Detections.empty()
        self.looks += 1
        return seen() if self.looks - 1 in self.skip else seen(*(one for one in self.finds if one[1] >= min_score))


def a_masker(people=(), vehicles=(), plates=(), skip: frozenset[int] = frozenset()) -> Masker:
    road = [(0, 0.9, box) for box in people] + [(3, 0.9, box) for box in vehicles]
    return Masker(Told(*road, skip=skip), Told(*((0, 0.9, box) for box in plates)))
