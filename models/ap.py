"""Average precision of detections against boxes, with ignore regions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from models.data.records import ANY_CLASS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

IGNORE_COVER: Final = 0.5
"""A detection with at least this share of its area inside an ignore region is not counted."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision and recall of one class as the score falls.

    Attributes:
        score: float [n], descending, of the counted detections.
        hit: bool [n], whether each found a box of its own.
        truths: number of boxes.
    """

    score: NDArray[np.float64]
    hit: NDArray[np.bool_]
    truths: int

    @property
    def recall(self) -> NDArray[np.float64]:
        """Share of the boxes found down to each score."""
        return np.asarray(np.cumsum(self.hit) / max(self.truths, 1), np.float64)

    @property
    def precision(self) -> NDArray[np.float64]:
        """Share of the detections down to each score that are right."""
        return np.asarray(np.cumsum(self.hit) / np.arange(1, len(self.hit) + 1), np.float64)

    @property
    def ap(self) -> float:
        """Area under the precision envelope (every recall step, as in PASCAL VOC 2010); NaN without boxes."""
        if self.truths == 0:
            return float("nan")
        envelope = np.maximum.accumulate(self.precision[::-1])[::-1]
        return float(np.sum(envelope * self.hit) / self.truths)

    def best_f(self, beta: float = 1.0) -> tuple[float, float]:
        """Score with the highest F-beta and that F-beta; (0.5, 0.0) where nothing was hit."""
        if not self.hit.any():
            return 0.5, 0.0
        p, r = self.precision, self.recall
        f = (1 + beta**2) * p * r / np.maximum(beta**2 * p + r, 1e-12)
        best = int(np.argmax(f))
        return float(self.score[best]), float(f[best])

    def at(self, threshold: float) -> tuple[float, float]:
        """Precision and recall of the detections scored at least `threshold`; precision NaN without any."""
        n = int(np.count_nonzero(self.score >= threshold))
        hits = int(np.count_nonzero(self.hit[:n]))
        return (hits / n if n else float("nan")), hits / max(self.truths, 1)


def iou(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of boxes a [n, 4] and b [m, 4] (x1, y1, x2, y2): float32 [n, m]."""
    inter = intersection(a, b)
    union = _area(a)[:, None] + _area(b)[None] - inter
    return np.asarray(inter / np.maximum(union, 1e-9), np.float32)


def intersection(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Common area of boxes a [n, 4] and b [m, 4]: float32 [n, m]."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.asarray(np.prod(np.clip(high - low, 0, None), axis=2), np.float32)


def _area(a: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1]), np.float32)


def curve(
    found: Sequence[NDArray[np.float32]],
    truth: Sequence[NDArray[np.float32]],
    ignore: Sequence[NDArray[np.float32]],
    class_id: int | None,
    min_iou: float = 0.5,
) -> Curve:
    """Match detections to boxes over all pictures, strongest first.

    Args:
        found: per picture, float32 [n, 6]: class, x1, y1, x2, y2, score.
        truth: per picture, float32 [m, 5]: class, x1, y1, x2, y2.
        ignore: per picture, the same; what lies in such a region is not counted.
        class_id: the class to look at, or None to look at all boxes given as one class.
        min_iou: overlap that makes a hit.
    """
    scores: list[float] = []
    hits: list[bool] = []
    truths = 0
    for detections, boxes, regions in zip(found, truth, ignore, strict=True):
        mine = detections if class_id is None else detections[detections[:, 0] == class_id]
        mine = mine[np.argsort(-mine[:, 5], kind="stable")]
        real = boxes if class_id is None else boxes[boxes[:, 0] == class_id]
        hide = regions if class_id is None else regions[np.isin(regions[:, 0], (class_id, ANY_CLASS))]
        truths += len(real)
        overlap = iou(mine[:, 1:5], real[:, 1:5])
        cover = intersection(mine[:, 1:5], hide[:, 1:5]) / np.maximum(_area(mine[:, 1:5]), 1e-9)[:, None]
        taken = np.zeros(len(real), bool)
        for row in range(len(mine)):
            free = np.where(taken, -1.0, overlap[row])
            best = int(np.argmax(free)) if len(real) else -1
            if best >= 0 and free[best] >= min_iou:
                taken[best] = True
                hits.append(True)
            elif len(hide) and float(cover[row].max()) >= IGNORE_COVER:
                continue
            else:
                hits.append(False)
            scores.append(float(mine[row, 5]))
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    return Curve(np.asarray(scores, np.float64)[order], np.asarray(hits, np.bool_)[order], truths)
