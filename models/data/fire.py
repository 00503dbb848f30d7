"""Pictures for the fire and smoke detector.

Facts about the sets that shape the labels: the class ``default`` of `fire` marks a whole picture in which nothing
burns, so it is a negative; `continuous_fire` and `nav_fire` label flames only, so smoke is hidden in them; street
and road pictures of the road sets show no fire and serve as negatives with the look-alikes that street cameras
meet (headlights, brake lights, glare, haze). `neg_cis_cars` is for evaluation only.
"""

from __future__ import annotations

import csv
import hashlib
from typing import TYPE_CHECKING, Final

import numpy as np

from models.data.records import Record, array, pictures, read_yolo, size_of, whole
from vision.classes import FIRE, SMOKE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REMAP: Final = {0: FIRE, 2: SMOKE}
"""Class numbers of all fire sets here; 1 is ``default``."""

SMOKE_UNLABELLED: Final = frozenset({"continuous_fire", "nav_fire"})
NEGATIVES: Final = frozenset({"hotfire_neg", "neg_dashcam_ro", "neg_cis_cars"})
EVALUATION_ONLY: Final = frozenset({"neg_cis_cars"})
SETS: Final = ("hotfire", "continuous_fire", "nav_fire", "hotfire_neg", "neg_dashcam_ro", "neg_cis_cars")
ROAD_NEGATIVES: Final = ("road", "manaus_cctv", "rf100_vehicles_km39", "bangkok_cctv")

VAL_SHARE: Final = 0.15
"""Share of the groups (clips, photographs) kept for validation."""


def fire_records(data: Path) -> list[Record]:
    """All pictures for the fire detector under the data folder `data`."""
    return [*_main_set(data / "fire"), *_more_sets(data / "fire_more"), *_road_negatives(data)]


def by_group(group: str) -> str:
    """``train`` or ``val`` for a clip or photograph, the same on every machine."""
    draw = int.from_bytes(hashlib.sha256(group.encode()).digest()[:4], "big") / 2**32
    return "val" if draw < VAL_SHARE else "train"


def _main_set(folder: Path) -> Iterator[Record]:
    for split in ("train", "val"):
        for path in pictures(folder / split / "images"):
            width, height = size_of(path)
            boxes, _default = read_yolo(folder / split / "labels" / f"{path.stem}.txt", width, height, REMAP)
            yield Record(str(path), "fire-wrpgm", split, width, height, boxes, array([]))


def _more_sets(folder: Path) -> Iterator[Record]:
    with (folder / "groups.csv").open(encoding="utf-8", newline="") as stream:
        groups = {(row["set"], row["file"]): row["group"] for row in csv.DictReader(stream)}
    for name in SETS:
        for path in pictures(folder / name / "images"):
            width, height = size_of(path)
            boxes, _ = read_yolo(folder / name / "labels" / f"{path.stem}.txt", width, height, REMAP)
            ignore = [whole(SMOKE, width, height)] if name in SMOKE_UNLABELLED else []
            group = groups.get((name, path.name), path.stem)
            split = "test" if name in EVALUATION_ONLY else by_group(f"{name}/{group}")
            yield Record(str(path), name, split, width, height, boxes, array(ignore))


def _road_negatives(data: Path) -> Iterator[Record]:
    splits = {}
    for line in (data / "road_more" / "split.tsv").read_text(encoding="utf-8").splitlines():
        file, split = line.split("\t")[:2]
        splits[data / "road_more" / file] = split
    files = [(path, "road", split) for split in ("train", "val") for path in pictures(data / "road" / split / "images")]
    for name in ROAD_NEGATIVES[1:]:
        files += [(path, name, splits[path]) for path in pictures(data / "road_more" / name / "images")]
    for path, name, split in files:
        width, height = size_of(path)
        yield Record(str(path), name, split, width, height, np.zeros((0, 5), np.float32), array([]))
