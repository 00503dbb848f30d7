"""Pictures for the road detector: class numbers made ours, missing labels completed.

The published labels miss many far, parked and oncoming vehicles and, in most sets, all persons. For training,
what two detectors agree on is added as a box, what only one of them sees is hidden from the loss, and only the
rest is taught as background. For validation nothing is added: every such box is hidden from the count, so that a
detector is neither paid nor punished for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.ap import intersection, iou
from models.data.records import Record, array, pictures, read_yolo, whole
from vision.classes import BICYCLE, BUS, CAR, MOTORCYCLE, PERSON, TRUCK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Teacher = Callable[[NDArray[np.uint8]], NDArray[np.float32]]

ROAD_REMAP: Final = {1: BUS, 2: CAR, 3: TRUCK}
"""Classes of the `road` set; its class 0, "bike", is either two-wheeler and is decided box by box."""

ROAD_BIKE: Final = 0
MORE_REMAP: Final = {0: PERSON, 1: BICYCLE, 2: MOTORCYCLE, 3: CAR, 4: BUS, 5: TRUCK}
"""Classes of the sets under `road_more`."""

MORE_SETS: Final = ("manaus_cctv", "rf100_vehicles_km39", "bangkok_cctv")
PERSONS_LABELLED: Final = frozenset({"manaus_cctv"})
OWN_TRUCK_RULE: Final = frozenset({"rf100_vehicles_km39"})
"""Sets whose trucks COCO models call buses: there an added bus or truck is hidden, not taught."""

SPECKLED: Final = frozenset({"road"})
"""Sets with pictures under artificial speckle, which the detectors look at once more through a median filter."""

DOUBTED: Final = {"road": (BUS, TRUCK), "rf100_vehicles_km39": (BUS,)}
"""Labels that count only where the COCO detector agrees: half of these boxes show vans, lorries or cars."""

VEHICLES: Final = (CAR, BUS, TRUCK)
TWO_WHEELERS: Final = (BICYCLE, MOTORCYCLE)

SURE: Final = {PERSON: 0.5, BICYCLE: 0.6, MOTORCYCLE: 0.6, CAR: 0.5, BUS: 0.6, TRUCK: 0.6}
"""COCO score at which its box is taken without a second opinion."""

SUPPORTED: Final = 0.25
"""COCO score at which its box is taken when the second detector sees it too."""

DOUBTFUL: Final = 0.1
"""COCO score from which its box is hidden."""

SECOND: Final = 0.4
"""Score at which the second detector's box counts as support, and is hidden when it stands alone."""

SAME: Final = 0.45
"""Overlap that makes two boxes one object."""

INSIDE: Final = 0.7
"""Share of a box inside a labelled one that makes it part of the same object."""


def road_records(data: Path, coco: Teacher, second: Teacher) -> list[Record]:
    """All pictures for the road detector under the data folder `data`, labels completed by two detectors."""
    records = []
    for path, source, split in _files(data):
        picture = np.asarray(cv2.imread(str(path)), np.uint8)
        height, width = picture.shape[:2]
        label = path.parent.parent / "labels" / f"{path.stem}.txt"
        views = [picture, np.asarray(cv2.medianBlur(picture, 3), np.uint8)] if source in SPECKLED else [picture]
        opinion = np.concatenate([coco(view) for view in views])
        other = np.concatenate([second(view) for view in views])
        hidden = array([])
        if source == "road":
            boxes, bikes = read_yolo(label, width, height, ROAD_REMAP)
            decided, hidden = split_bikes(bikes[bikes[:, 0] == ROAD_BIKE], opinion)
            boxes = np.concatenate([boxes, decided])
        else:
            boxes, _ = read_yolo(label, width, height, MORE_REMAP)
        boxes, doubtful = doubt_large(boxes, opinion, source)
        hidden = np.concatenate([hidden, doubtful])
        added, doubted = complete(boxes, np.concatenate([boxes, hidden]), opinion, other, source)
        if split == "train":
            ignore = np.concatenate([hidden, doubted])
            boxes = np.concatenate([boxes, added])
        else:
            ignore = np.concatenate([hidden, doubted, hide_as_any_vehicle(added)])
            if source not in PERSONS_LABELLED:
                ignore = np.concatenate([ignore, array([whole(PERSON, width, height)])])
        records.append(Record(str(path), source, split, width, height, array(boxes), array(ignore)))
    return records


def _files(data: Path) -> list[tuple[Path, str, str]]:
    files = [(path, "road", split) for split in ("train", "val") for path in pictures(data / "road" / split / "images")]
    text = (data / "road_more" / "split.tsv").read_text(encoding="utf-8")
    splits = {}
    for line in text.splitlines():
        name, split = line.split("\t")[:2]
        splits[name] = split
    for source in MORE_SETS:
        folder = data / "road_more" / source / "images"
        files += [(path, source, splits[f"{source}/images/{path.name}"]) for path in pictures(folder)]
    return files


def split_bikes(
    bikes: NDArray[np.float32], opinion: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Tell motorcycles from bicycles by the COCO detector's opinion on each box.

    Args:
        bikes: float32 [n, 5], boxes of either kind.
        opinion: float32 [m, 6], COCO detections.

    Returns:
        decided boxes [k, 5] and hide rows [2 (n - k), 5], one for each kind, where there is no opinion.
    """
    two = opinion[np.isin(opinion[:, 0], TWO_WHEELERS)]
    decided: list[list[float]] = []
    hidden: list[list[float]] = []
    for bike in bikes:
        overlap = intersection(bike[None, 1:5], two[:, 1:5])[0]
        smaller = np.minimum(_area(bike[None, 1:5]), _area(two[:, 1:5]))
        near = two[overlap >= INSIDE * np.maximum(smaller, 1e-6)]
        if len(near):
            best = near[near[:, 5].argmax()]
            decided.append([float(best[0]), *bike[1:5].tolist()])
        else:
            hidden += [[float(kind), *bike[1:5].tolist()] for kind in TWO_WHEELERS]
    return array(decided), array(hidden)


def doubt_large(
    boxes: NDArray[np.float32], opinion: NDArray[np.float32], source: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Set aside the labels of `DOUBTED` classes which the COCO detector sees as something else.

    Returns:
        the labels kept [k, 5] and rows [3 (n - k), 5] that hide the others for every vehicle class.
    """
    doubted = DOUBTED.get(source, ())
    vehicles = opinion[np.isin(opinion[:, 0], VEHICLES)]
    keep = np.ones(len(boxes), np.bool_)
    for row, box in enumerate(boxes):
        if int(box[0]) in doubted:
            near = vehicles[iou(box[None, 1:5], vehicles[:, 1:5])[0] >= SAME]
            keep[row] = len(near) > 0 and int(near[near[:, 5].argmax()][0]) == int(box[0])
    return boxes[keep], hide_as_any_vehicle(boxes[~keep])


def complete(
    boxes: NDArray[np.float32],
    known: NDArray[np.float32],
    opinion: NDArray[np.float32],
    second: NDArray[np.float32],
    source: str,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the labels of one picture miss.

    Args:
        boxes: float32 [n, 5], the labels.
        known: labels and regions already hidden; nothing is added on top of them.
        opinion: float32 [m, 6], COCO detections.
        second: float32 [k, 6], detections of the second detector (person, vehicle as car, bike as bicycle).
        source: name of the set.

    Returns:
        boxes to add [a, 5] and regions to hide [h, 5].
    """
    added: list[list[float]] = []
    hidden: list[list[float]] = []
    riders = boxes[np.isin(boxes[:, 0], TWO_WHEELERS)]
    for row in opinion[np.argsort(-opinion[:, 5])]:
        class_id, box, score = int(row[0]), row[1:5], float(row[5])
        if score < DOUBTFUL or _same_kind_known(class_id, box, known) or _same_kind_known(class_id, box, array(added)):
            continue
        backed = score >= SUPPORTED and _same_kind_known(class_id, box, second[second[:, 5] >= SECOND][:, :5])
        taken = backed or score >= SURE[class_id]
        if source in OWN_TRUCK_RULE and class_id in (BUS, TRUCK):
            taken = False
        if class_id == PERSON and _covered(box, riders):
            taken = False
        if taken:
            added.append([float(class_id), *box.tolist()])
        else:
            hidden += [[float(kind), *box.tolist()] for kind in _kin(class_id)]
    for row in second[second[:, 5] >= SECOND]:
        class_id, box = int(row[0]), row[1:5]
        if not _same_kind_known(class_id, box, np.concatenate([known[:, :5], array(added + hidden)])):
            hidden += [[float(kind), *box.tolist()] for kind in _kin(class_id)]
    return array(added), array(hidden)


def hide_as_any_vehicle(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Hide rows for boxes, each for all classes it could be taken for."""
    return array([[float(kind), *box[1:5].tolist()] for box in boxes for kind in _kin(int(box[0]))])


def _kin(class_id: int) -> tuple[int, ...]:
    """The classes a box of this class may be confused with, itself included."""
    for group in (VEHICLES, TWO_WHEELERS):
        if class_id in group:
            return group
    return (class_id,)


def _same_kind_known(class_id: int, box: NDArray[np.float32], known: NDArray[np.float32]) -> bool:
    kin = known[np.isin(known[:, 0], _kin(class_id))]
    if not len(kin):
        return False
    return bool(iou(box[None], kin[:, 1:5]).max() >= SAME) or _covered(box, kin)


def _covered(box: NDArray[np.float32], others: NDArray[np.float32]) -> bool:
    if not len(others):
        return False
    return bool(intersection(box[None], others[:, 1:5]).max() >= INSIDE * max(float(_area(box[None])[0]), 1e-6))


def _area(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), np.float32)
