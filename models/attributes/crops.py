"""Vehicle crops as training sees them, and where they come from.

``.venv-train/bin/python -m models.attributes.crops`` cuts them out of the training parts of the road sets and of a
dashboard set (boxes of the shipped road detector), asks the teacher about each, and keeps all in the cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.attributes.cutting import EDGE, cut
from models.attributes.teacher import TEACHER, Teacher
from models.data.places import CACHE, shared
from models.data.road import road_records
from vision.classes import BUS, CAR, TRUCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Floats = NDArray[np.float32]

KEPT: Final = CACHE / "attributes"
LEAST_PX: Final = (16, 24)
"""Shorter and longer side of the smallest box cut out, pixels."""
VEHICLES: Final = (CAR, BUS, TRUCK)


@dataclass(frozen=True, slots=True)
class Cut:
    """One vehicle.

    Attributes:
        file: of the picture, relative to the data folder.
        source: name of the set.
        dev: whether it is kept out of the training to choose by.
        class_id: road class of its box.
        side: longer side of the box, pixels.
        crop: uint8 [96, 96, 3] BGR.
    """

    file: str
    source: str
    dev: bool
    class_id: int
    side: float
    crop: Picture


def road_cuts(data: Path) -> Iterator[Cut]:
    """Vehicles of the training parts of the road sets, with the project's own boxes and classes."""
    for record in road_records(data, ("train",)):
        picture = np.asarray(cv2.imread(record.file), np.uint8)
        file = Path(record.file).relative_to(data).as_posix()
        for class_id, *box in record.boxes.tolist():
            side = _side(box)
            if int(class_id) in VEHICLES and side:
                yield Cut(file, record.source, record.split == "dev", int(class_id), side, cut(picture, box))


def dashboard_cuts(data: Path) -> Iterator[Cut]:
    """Vehicles that the shipped road detector finds in the dashboard pictures; every eighth picture is kept out."""
    from service.detectors import SHIPPED  # noqa: PLC0415  (only here)

    detector = SHIPPED.detector("road")
    for number, path in enumerate(sorted((data / "fire_more" / "neg_dashcam_ro" / "images").glob("*"))):
        picture = np.asarray(cv2.imread(str(path)), np.uint8)
        seen = detector.detect(picture, min_score=0.5, long_side=640)
        for box, class_id in zip(seen.box.tolist(), seen.class_id.tolist(), strict=True):
            side = _side(box)
            if class_id in VEHICLES and side:
                file = path.relative_to(data).as_posix()
                yield Cut(file, "neg_dashcam_ro", number % 8 == 0, class_id, side, cut(picture, box))


def _side(box: Sequence[float]) -> float:
    width, height = box[2] - box[0], box[3] - box[1]
    fits = min(width, height) >= LEAST_PX[0] and max(width, height) >= LEAST_PX[1]
    return max(width, height) if fits else 0.0


def teach(cuts: Sequence[Cut], teacher: Teacher) -> tuple[Floats, Floats]:
    """What the teacher says of each vehicle, float32 [N, 4] and [N, 7]."""
    said = [teacher.say(one.crop[EDGE:-EDGE, EDGE:-EDGE]) for one in cuts]
    return np.stack([kind for kind, _ in said]), np.stack([colour for _, colour in said])


def main() -> None:
    """Cut, ask, keep."""
    cv2.setNumThreads(1)
    root = shared()
    cuts = [*road_cuts(root / "data"), *dashboard_cuts(root / "data")]
    kinds, colours = teach(cuts, Teacher(root / TEACHER))
    KEPT.mkdir(parents=True, exist_ok=True)
    np.savez(
        KEPT / "crops.npz", crop=np.stack([one.crop for one in cuts]), kind=kinds, colour=colours,
        picture=[one.file for one in cuts], source=[one.source for one in cuts], dev=[one.dev for one in cuts],
        class_id=[one.class_id for one in cuts], side=[one.side for one in cuts],
    )  # fmt: skip


if __name__ == "__main__":
    main()
