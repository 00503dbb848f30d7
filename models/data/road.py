"""Pictures for the road detector, with the project's own labels.

The published labels miss many objects; `models/labels/road` holds them completed: the val part by eye, the training
part by agreement of detectors and by eye (`models/data/complete.py`). A part of the training pictures, whole clips and
cameras where there are enough, is set aside as ``dev``: it chooses thresholds and settings, so that val chooses
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from models.data.labels import LABELS, read_labels
from models.data.records import Record, pictures, read_yolo, size_of
from vision.classes import BICYCLE, BUS, CAR, MOTORCYCLE, PERSON, TRUCK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

EITHER: Final = -1
"""Stands for a two-wheeler of unknown kind in published labels."""

ROAD_REMAP: Final = {0: EITHER, 1: BUS, 2: CAR, 3: TRUCK}
"""Classes of the `road` set; its "bike" is either two-wheeler."""

MORE_REMAP: Final = {0: PERSON, 1: BICYCLE, 2: MOTORCYCLE, 3: CAR, 4: BUS, 5: TRUCK}
"""Classes of the sets under `road_more`."""

MORE_SETS: Final = ("manaus_cctv", "rf100_vehicles_km39", "bangkok_cctv")
TRAIN_ONLY_SETS: Final = ("dashcam_ro", "plates_us_br")
"""Sets without published road labels: their label file, checked by eye, is also the list of their pictures."""

DEV: Final = LABELS / "road" / "dev.txt"


@dataclass(frozen=True, slots=True)
class Published:
    """A picture as its publisher labelled it.

    Attributes:
        path: of the picture.
        file: the same, relative to the data folder.
        source: name of the set.
        boxes: float32 [n, 5]: class (`EITHER` possible), x1, y1, x2, y2 in pixels.
    """

    path: Path
    file: str
    source: str
    boxes: NDArray[np.float32]


def published(data: Path, split: str) -> Iterator[Published]:
    """Pictures of a published split (``train`` or ``val``) under the data folder `data`."""
    for path, source in _files(data, split):
        width, height = size_of(path)
        label = path.parent.parent / "labels" / f"{path.stem}.txt"
        boxes, _ = read_yolo(label, width, height, ROAD_REMAP if source == "road" else MORE_REMAP)
        yield Published(path, path.relative_to(data).as_posix(), source, boxes)


def road_records(data: Path, parts: Sequence[str] = ("train", "val")) -> list[Record]:
    """Pictures for the road detector under the data folder `data`; the published train part gives train and dev.

    Raises:
        ConfigError: a label file is missing or broken.
    """
    dev = frozenset(DEV.read_text(encoding="utf-8").split())
    records = []
    for part in parts:
        labels = {source: read_labels(LABELS / "road" / f"{source}_{part}.jsonl") for source in ("road", *MORE_SETS)}
        for path, source in _files(data, part):
            file = path.relative_to(data).as_posix()
            boxes, ignore = labels[source][file]
            split = "dev" if file in dev else part
            records.append(Record(str(path), source, split, *size_of(path), boxes, ignore))
    if "train" in parts:
        for source in TRAIN_ONLY_SETS:
            for file, (boxes, ignore) in read_labels(LABELS / "road" / f"{source}_train.jsonl").items():
                path = data / file
                records.append(Record(str(path), source, "train", *size_of(path), boxes, ignore))
    return records


def _files(data: Path, split: str) -> Iterator[tuple[Path, str]]:
    for path in pictures(data / "road" / split / "images"):
        yield path, "road"
    text = (data / "road_more" / "split.tsv").read_text(encoding="utf-8")
    part = dict(line.split("\t")[:2] for line in text.splitlines())
    for source in MORE_SETS:
        for path in pictures(data / "road_more" / source / "images"):
            if part[f"{source}/images/{path.name}"] == split:
                yield path, source
