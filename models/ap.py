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

ANY_AREA: Final = (0.0, float("inf"))
AREAS: Final = {"small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, float("inf"))}
"""Sizes of boxes as COCO divides them, square pixels of the picture."""


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
    area: tuple[float, float] = ANY_AREA,
) -> Curve:
    """Match detections to boxes over all pictures, strongest first; see `curves`."""
    return curves(found, truth, ignore, class_id, (min_iou,), area)[0]


def curves(
    found: Sequence[NDArray[np.float32]],
    truth: Sequence[NDArray[np.float32]],
    ignore: Sequence[NDArray[np.float32]],
    class_id: int | None,
    min_ious: Sequence[float],
    area: tuple[float, float] = ANY_AREA,
) -> list[Curve]:
    """One curve for each overlap that makes a hit.

    Args:
        found: per picture, float32 [n, 6]: class, x1, y1, x2, y2, score.
        truth: per picture, float32 [m, 5]: class, x1, y1, x2, y2.
        ignore: per picture, the same; what lies in such a region is not counted.
        class_id: the class to look at, or None to look at all boxes given as one class.
        min_ious: overlaps (IoU) that make a hit.
        area: square pixels from which and below which a box is looked at; boxes of another size are no truths, and
            what finds them, or is of another size itself and finds nothing, is not counted (as in COCO).
    """
    parts: list[list[tuple[NDArray[np.float64], NDArray[np.bool_]]]] = [[] for _ in min_ious]
    truths = 0
    for detections, boxes, regions in zip(found, truth, ignore, strict=True):
        mine = detections if class_id is None else detections[detections[:, 0] == class_id]
        mine = mine[np.argsort(-mine[:, 5], kind="stable")]
        real = boxes if class_id is None else boxes[boxes[:, 0] == class_id]
        inside = _inside(real[:, 1:5], area)
        truths += int(inside.sum())
        hidden = covered(mine, regions, class_id) | ~_inside(mine[:, 1:5], area)
        overlap = iou(mine[:, 1:5], real[:, 1:5])
        for part, min_iou in zip(parts, min_ious, strict=True):
            hit, other = _match(overlap, inside, min_iou)
            counted = hit | ~(other | hidden)
            part.append((mine[counted, 5].astype(np.float64), hit[counted]))
    return [_joined(part, truths) for part in parts]


def covered(found: NDArray[np.float32], regions: NDArray[np.float32], class_id: int | None) -> NDArray[np.bool_]:
    """Which detections [n, 6] lie in an ignore region [m, 5] of a class (None: of any), bool [n]."""
    hide = regions if class_id is None else regions[np.isin(regions[:, 0], (class_id, ANY_CLASS))]
    if not len(hide):
        return np.zeros(len(found), np.bool_)
    cover = intersection(found[:, 1:5], hide[:, 1:5]) / np.maximum(_area(found[:, 1:5]), 1e-9)[:, None]
    return np.asarray(cover.max(axis=1) >= IGNORE_COVER, np.bool_)


def _match(
    overlap: NDArray[np.float32], inside: NDArray[np.bool_], min_iou: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which detections find a box of their own, and which find one of a size that is not looked at."""
    hit, other = (np.zeros(len(overlap), np.bool_) for _ in range(2))
    taken = np.zeros(overlap.shape[1], np.bool_)
    near = np.flatnonzero((overlap >= min_iou).any(axis=1)) if overlap.size else ()
    for row in near:
        free = np.where(taken, -1.0, overlap[row])
        for kind, columns in ((hit, inside), (other, ~inside)):
            masked = np.where(columns, free, -1.0)
            best = int(np.argmax(masked))
            if masked[best] >= min_iou:
                kind[row] = taken[best] = True
                break
    return hit, other


def _inside(boxes: NDArray[np.float32], area: tuple[float, float]) -> NDArray[np.bool_]:
    size = _area(boxes)
    return np.asarray((size >= area[0]) & (size < area[1]), np.bool_)


def _joined(part: Sequence[tuple[NDArray[np.float64], NDArray[np.bool_]]], truths: int) -> Curve:
    score = np.concatenate([scores for scores, _ in part] or [np.zeros(0)])
    hit = np.concatenate([hits for _, hits in part] or [np.zeros(0, np.bool_)])
    order = np.argsort(-score, kind="stable")
    return Curve(score[order], hit[order], truths)
