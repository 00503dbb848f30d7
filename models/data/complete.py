"""Complete the training labels of the road detector by agreement: ``.venv-train/bin/python -m models.data.complete``.

The published labels miss many far, parked and oncoming vehicles and, in most sets, all persons. Three detectors look
at each picture: what two of them see, or one sees beyond doubt, becomes a box; what one of them merely suspects is
hidden from the loss; the rest is background. Classes of large vehicles and two-wheelers, where published labels and
detectors are both unreliable, come from `models/labels/road/classes_train.jsonl`, decided by eye box by box. The
result is committed as ``models/labels/road/<source>_train.jsonl``; training reads only that.
"""

from __future__ import annotations

import logging
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.ap import intersection, iou
from models.data.labels import LABELS, read_decisions, write_labels
from models.data.places import CACHE, shared
from models.data.records import array
from models.data.road import published
from vision.classes import BICYCLE, BUS, CAR, MOTORCYCLE, PERSON, ROAD_CLASSES, TRUCK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from models.data.labels import Labels
    from models.data.road import Published

    Floats = NDArray[np.float32]
    Decision = tuple[str, tuple[float, ...]]
    Teacher = Callable[[NDArray[np.uint8]], Floats]

log = logging.getLogger("models.data.complete")

DECISIONS: Final = LABELS / "road" / "classes_train.jsonl"
VEHICLES: Final = (CAR, BUS, TRUCK)
TWO_WHEELERS: Final = (BICYCLE, MOTORCYCLE)
BY_EYE: Final = frozenset({BUS, TRUCK, BICYCLE, MOTORCYCLE})
"""Classes that a detector's word alone does not give to an unlabelled object."""

SPECKLED: Final = frozenset({"road"})
"""Sets with pictures under artificial speckle, which the detectors look at once more through a median filter."""

SEEN: Final = {"own": 0.25, "coco": 0.2, "crossroad": 0.4}
"""Raw score from which a detector's word counts towards agreement."""

SUSPECTED: Final = {"own": 0.12, "coco": 0.12, "crossroad": 0.35}
"""Raw score from which its box is hidden from the loss."""

SURE: Final = {"own": 0.5, "coco": 0.55, "crossroad": 0.95}
"""Raw score at which one detector is enough."""

NAMES_CLASS: Final = ("own", "coco")
"""Detectors that tell the six classes apart; crossroad-0078 knows person, vehicle and two-wheeler only."""

SAME: Final = 0.5
"""Overlap that makes two boxes one object."""

INSIDE: Final = 0.7
"""Share of a box inside another one of its kind that makes it a part of the same object."""


@dataclass(slots=True)
class _Object:
    """One object as the detectors see it: its best box and each one's best score and class."""

    box: Floats
    votes: dict[str, tuple[float, int]] = field(default_factory=dict)

    def add(self, detector: str, score: float, class_id: int) -> None:
        if score > self.votes.get(detector, (0.0, 0))[0]:
            self.votes[detector] = (score, class_id)

    @property
    def class_id(self) -> int:
        named = [self.votes[name] for name in NAMES_CLASS if name in self.votes] or list(self.votes.values())
        return max(named)[1]

    @property
    def agreed(self) -> bool:
        backing = sum(score >= SEEN[name] for name, (score, _) in self.votes.items())
        return backing > 1 or any(score >= SURE[name] for name, (score, _) in self.votes.items())


def agree(boxes: Floats, opinions: Mapping[str, Floats], decided: Sequence[Decision]) -> Labels:
    """Labels for one training picture.

    Args:
        boxes: float32 [n, 5], the published labels; class -1 is a two-wheeler of unknown kind.
        opinions: detections float32 [m, 6] (class, box, raw score) by the name of the detector, see `SEEN`.
        decided: classes given by eye to single boxes; ``none`` takes a box away, ``unsure`` hides it.

    Returns:
        boxes [k, 5] to teach and ignore regions [h, 5].
    """
    taught: list[list[float]] = []
    hidden: list[list[float]] = []

    def settle(class_id: int, box: Floats, *, labelled: bool, sure: bool) -> None:
        by_eye = _decision(box, decided)
        if by_eye in ROAD_CLASSES:
            named = ROAD_CLASSES.index(by_eye)
            if not _known(named, box, array(taught)):
                taught.append([float(named), *box.tolist()])
            elif class_id == PERSON:  # the rider of a machine that has its box already
                hidden.append([float(PERSON), *box.tolist()])
        elif by_eye == "none":
            return
        elif by_eye == "unsure" or class_id < 0 or not sure or (not labelled and class_id in BY_EYE):
            hidden.extend([float(kind), *box.tolist()] for kind in _kin(class_id))
        else:
            taught.append([float(class_id), *box.tolist()])

    for row in boxes:
        settle(int(row[0]), row[1:5], labelled=True, sure=True)
    known = boxes[[_decision(row[1:5], decided) != "none" for row in boxes]] if len(boxes) else boxes
    for seen in _objects(opinions):
        if not _known(seen.class_id, seen.box, known):
            rider = seen.class_id == PERSON and _covered(seen.box, known[np.isin(known[:, 0], (*TWO_WHEELERS, -1))])
            settle(seen.class_id, seen.box, labelled=False, sure=seen.agreed and not rider)
            known = np.concatenate([known, array([[float(seen.class_id), *seen.box.tolist()]])])
    return array(taught), array(hidden)


def _objects(opinions: Mapping[str, Floats]) -> list[_Object]:
    """Detections of one object brought together, most trusted detector's box first."""
    objects: list[_Object] = []
    for name in ("own", "coco", "crossroad"):
        rows = opinions.get(name, np.zeros((0, 6), np.float32))
        for row in rows[np.argsort(-rows[:, 5], kind="stable")]:
            class_id, box, score = int(row[0]), row[1:5], float(row[5])
            if score < SUSPECTED[name]:
                continue
            for other in objects:
                kin = other.class_id in _kin(class_id)
                if kin and float(iou(box[None], other.box[None])[0, 0]) >= SAME:
                    other.add(name, score, class_id)
                    break
            else:
                objects.append(_Object(box, {name: (score, class_id)}))
    return sorted(objects, key=lambda seen: -max(score for score, _ in seen.votes.values()))


def _decision(box: Floats, decided: Sequence[Decision]) -> str:
    if not decided:
        return ""
    overlap = iou(box[None], np.asarray([other for _, other in decided], np.float32))[0]
    best = int(overlap.argmax())
    return decided[best][0] if overlap[best] >= SAME else ""


def _kin(class_id: int) -> tuple[int, ...]:
    """The classes a box of this class may be confused with, itself included."""
    if class_id < 0:
        return TWO_WHEELERS
    return next((group for group in (VEHICLES, TWO_WHEELERS) if class_id in group), (class_id,))


def _known(class_id: int, box: Floats, known: Floats) -> bool:
    mine = _kin(class_id)
    kin = known[np.isin(known[:, 0], (*mine, -1) if mine == TWO_WHEELERS else mine)]
    return len(kin) > 0 and (bool(iou(box[None], kin[:, 1:5]).max() >= SAME) or _covered(box, kin))


def _covered(box: Floats, others: Floats) -> bool:
    area = float((box[2] - box[0]) * (box[3] - box[1]))
    return len(others) > 0 and bool(intersection(box[None], others[:, 1:5]).max() >= INSIDE * max(area, 1e-6))


def complete(teachers: Mapping[str, Teacher]) -> dict[str, dict[str, Labels]]:
    """Labels of all training pictures by source and file."""
    decisions = read_decisions(DECISIONS)
    out: dict[str, dict[str, Labels]] = defaultdict(dict)
    for picture in published(shared() / "data", "train"):
        labels = agree(picture.boxes, _opinions(picture, teachers), decisions.get(picture.file, ()))
        out[picture.source][picture.file] = labels
    return out


def _opinions(picture: Published, teachers: Mapping[str, Teacher]) -> dict[str, Floats]:
    """What each detector sees in a picture; kept in the cache, since looking is what takes the time."""
    kept = CACHE / "opinions" / f"{picture.file.replace('/', '_')}.npz"
    if not kept.is_file():
        pixels = np.asarray(cv2.imread(str(picture.path)), np.uint8)
        views = [pixels]
        if picture.source in SPECKLED:
            views.append(np.asarray(cv2.medianBlur(pixels, 3), np.uint8))
        kept.parent.mkdir(parents=True, exist_ok=True)
        seen = {name: np.concatenate([look(view) for view in views]) for name, look in teachers.items()}
        np.savez(kept, **seen)  # type: ignore[arg-type]
    with np.load(kept) as arrays:
        return {name: arrays[name] for name in teachers}


def main() -> None:
    """Write the label files of all training sets."""
    from models.data.teachers import FLOOR, CocoTeacher, OwnTeacher  # noqa: PLC0415  (torch)
    from models.omz import OmzDetector  # noqa: PLC0415
    from models.start import coco_start_onnx  # noqa: PLC0415

    omz = shared() / "weights" / "omz" / "person-vehicle-bike-detection-crossroad-0078.xml"
    teachers: dict[str, Teacher] = {
        "own": OwnTeacher(threads=1),
        "coco": CocoTeacher(coco_start_onnx(CACHE / "coco_start.onnx"), threads=1),
        "crossroad": OmzDetector(omz, threads=1, floor=FLOOR),
    }
    for source, labels in complete(teachers).items():
        write_labels(LABELS / "road" / f"{source}_train.jsonl", labels)
        log.info("%s: %d pictures, %d boxes", source, len(labels), sum(len(boxes) for boxes, _ in labels.values()))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    main()
