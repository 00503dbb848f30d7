"""What was taken for what at the shipped thresholds: the confusion matrix and the single mistakes behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from models.ap import covered, iou

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.data.records import Record
    from models.look import Found

SAME: Final = 0.5
"""Overlap (IoU) from which a detection and a box speak of one object."""
NOTHING: Final = "nothing"
"""Name of the last row (found where nothing is) and the last column (missed)."""
GALLERY: Final = 12
"""Mistakes shown of each kind."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong answer.

    Attributes:
        kind: ``false``, ``missed`` or ``wrong class``.
        file: of the picture.
        box: x1, y1, x2, y2 in pixels.
        text: what was said and what is there, in words.
        weight: how bad it is, to be compared within a kind.
    """

    kind: str
    file: str
    box: tuple[float, float, float, float]
    text: str
    weight: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """Detections against boxes, classes mixed.

    Attributes:
        counts: int [classes + 1, classes + 1]: what is there by row, what was said by column; the last of each is
            nothing.
        mistakes: every wrong answer.
    """

    counts: NDArray[np.int64]
    mistakes: list[Mistake]

    def worst(self, most: int = GALLERY) -> list[Mistake]:
        """The worst mistakes, the same number of each kind at most."""
        kinds = dict.fromkeys(mistake.kind for mistake in self.mistakes)
        ordered = sorted(self.mistakes, key=lambda mistake: -mistake.weight)
        return [mistake for kind in kinds for mistake in [m for m in ordered if m.kind == kind][:most]]


def confusion(found: Found, classes: Sequence[str], thresholds: Sequence[float]) -> Confusion:
    """Match each picture's detections to its boxes, whatever their class, strongest first.

    Args:
        found: detections with raw scores.
        classes: names by class number.
        thresholds: raw score from which a detection of each class counts.
    """
    counts = np.zeros((len(classes) + 1, len(classes) + 1), np.int64)
    mistakes: list[Mistake] = []
    level = np.asarray(thresholds)
    for record, rows in zip(found.records, found.boxes, strict=True):
        said = rows[rows[:, 5] >= level[rows[:, 0].astype(int)]]
        said = said[np.argsort(-said[:, 5], kind="stable")]
        mistakes += _picture(record, said, classes, counts)
    return Confusion(counts, mistakes)


def _picture(
    record: Record, said: NDArray[np.float32], classes: Sequence[str], counts: NDArray[np.int64]
) -> list[Mistake]:
    """Mistakes of one picture; adds to `counts`."""
    mistakes = []
    overlap = iou(said[:, 1:5], record.boxes[:, 1:5])
    free = np.ones(len(record.boxes), np.bool_)
    for row, detection in enumerate(said):
        class_id, score = int(detection[0]), float(detection[5])
        # A box of the detection's own class goes first: two classes may lie on one spot, a rider and the machine.
        rank = np.where(free & (overlap[row] >= SAME), overlap[row] + (record.boxes[:, 0] == class_id), -1.0)
        best = int(np.argmax(rank)) if len(rank) else -1
        if best >= 0 and rank[best] >= SAME:
            free[best] = False
            real = int(record.boxes[best, 0])
            counts[real, class_id] += 1
            if real != class_id:
                text = f"a {classes[real]} called {classes[class_id]}, score {score:.2f}"
                mistakes.append(_mistake("wrong class", record, detection[1:5], text, score))
        elif not covered(detection[None], record.ignore, class_id)[0]:
            counts[-1, class_id] += 1
            text = f"{classes[class_id]} where none is, score {score:.2f}"
            mistakes.append(_mistake("false", record, detection[1:5], text, score))
    for box in record.boxes[free]:
        real = int(box[0])
        counts[real, -1] += 1
        text = f"{classes[real]} missed, {box[3] - box[1]:.0f} x {box[4] - box[2]:.0f} px"
        mistakes.append(_mistake("missed", record, box[1:5], text, float((box[3] - box[1]) * (box[4] - box[2]))))
    return mistakes


def _mistake(kind: str, record: Record, box: NDArray[np.float32], text: str, weight: float) -> Mistake:
    x1, y1, x2, y2 = (round(float(value), 1) for value in box)
    return Mistake(kind, record.file, (x1, y1, x2, y2), text, weight)


def as_json(result: Confusion, classes: Sequence[str]) -> dict[str, Any]:
    """The matrix for a report."""
    return {"classes": [*classes, NOTHING], "counts": result.counts.tolist()}
