"""Running a detector over labelled pictures and keeping what it saw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.ap import Curve, curve, iou
from models.card import file_sha256
from models.data.records import ANY_CLASS
from qyran.errors import MediaError
from vision.detector import Detector, DetectorSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.data.records import Record
    from vision.types import Detections

FLOOR: Final = 0.005
"""Raw score from which detections enter the curves."""

STRIDE: Final = 32
NMS_IOU: Final = 0.6
"""Overlap above which the weaker box of a class falls; queues of cars seen from behind overlap up to here."""


@dataclass(frozen=True, slots=True)
class Found:
    """Detections of all pictures.

    Attributes:
        records: the pictures.
        boxes: per picture, float32 [n, 6]: class, x1, y1, x2, y2, raw score.
    """

    records: list[Record]
    boxes: list[NDArray[np.float32]]

    @property
    def truth(self) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
        """Boxes and ignore regions, per picture, float32 [n, 5]."""
        return [record.boxes for record in self.records], [record.ignore for record in self.records]

    def where(self, keep: Callable[[Record], bool]) -> Found:
        """The part for which `keep` holds."""
        chosen = [index for index, record in enumerate(self.records) if keep(record)]
        return Found([self.records[index] for index in chosen], [self.boxes[index] for index in chosen])

    def curve(self, class_id: int) -> Curve:
        """Precision and recall of one class."""
        return curve(self.boxes, *self.truth, class_id)

    def as_one_class(self, members: Sequence[int], name: int) -> Found:
        """All boxes of the classes `members` as class `name`, weaker duplicates dropped; others gone."""
        records = []
        for record in self.records:
            boxes = record.boxes[np.isin(record.boxes[:, 0], members)].copy()
            ignore = record.ignore[np.isin(record.ignore[:, 0], [*members, ANY_CLASS])].copy()
            boxes[:, 0] = name
            ignore[:, 0] = name
            records.append(replace(record, boxes=boxes, ignore=ignore))
        found = []
        for rows in self.boxes:
            mine = rows[np.isin(rows[:, 0], members)].copy()
            mine[:, 0] = name
            found.append(_drop_duplicates(mine))
        return Found(records, found)


def _drop_duplicates(rows: NDArray[np.float32], limit: float = 0.7) -> NDArray[np.float32]:
    rows = rows[np.argsort(-rows[:, 5], kind="stable")]
    overlap = iou(rows[:, 1:5], rows[:, 1:5])
    keep = np.ones(len(rows), bool)
    for index in range(len(rows)):
        if keep[index]:
            keep[index + 1 :] &= overlap[index, index + 1 :] <= limit
    return rows[keep]


def raw_detector(
    weights: Path,
    classes: Sequence[str],
    long_side: int,
    threads: int = 1,
    nms_iou: float = NMS_IOU,
    most_pixels: int | None = None,
) -> Detector:
    """The product's detector with scores left as the network gives them (all thresholds at 0.5)."""
    spec = DetectorSpec(
        weights=weights, classes=tuple(classes), long_side=long_side, stride=STRIDE,
        thresholds=(0.5,) * len(classes), nms_iou=nms_iou, sha256=file_sha256(weights), most_pixels=most_pixels,
    )  # fmt: skip
    return Detector(spec, threads=threads)


def raw(spec: DetectorSpec) -> DetectorSpec:
    """A detector's spec with scores left as the network gives them."""
    return replace(spec, thresholds=(0.5,) * len(spec.classes))


def as_rows(seen: Detections) -> NDArray[np.float32]:
    """Detections as float32 [n, 6]: class, x1, y1, x2, y2, score."""
    return np.concatenate([seen.class_id[:, None], seen.box, seen.score[:, None]], axis=1, dtype=np.float32)


def read(file: str) -> NDArray[np.uint8]:
    """A picture, uint8 [H, W, 3] BGR.

    Raises:
        MediaError: it cannot be read.
    """
    picture = cv2.imread(file)
    if picture is None:
        raise MediaError(f"The picture {file} cannot be read; restore it from its data set.")
    return np.asarray(picture, np.uint8)


def look(detector: Detector, records: Sequence[Record]) -> Found:
    """Run the detector over pictures."""
    return look_with(lambda picture: as_rows(detector.detect(picture, min_score=FLOOR)), records)


def look_with(see: Callable[[NDArray[np.uint8]], NDArray[np.float32]], records: Sequence[Record]) -> Found:
    """Run anything that gives rows of class, x1, y1, x2, y2, score over pictures."""
    return Found(list(records), [see(read(record.file)) for record in records])
