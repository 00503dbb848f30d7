"""The road label files we ship: whole, in order and, where they are the truth, fitting their pictures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from models.ap import iou
from models.data.labels import ANY, LABELS, read_labels
from models.data.records import size_of
from models.data.road import MORE_SETS, TRAIN_ONLY_SETS, published
from vision.classes import ROAD_CLASSES

if TYPE_CHECKING:
    from pathlib import Path

PARTS: Final = ("train", "val")
SOURCES: Final = ("road", *MORE_SETS, *TRAIN_ONLY_SETS)
FOLDER: Final = LABELS / "road"
FILES: Final = sorted(path for part in PARTS for source in SOURCES for path in FOLDER.glob(f"{source}_{part}.jsonl"))
TRUTH: Final = [path for path in FILES if path.stem.endswith("_val")]
SAME: Final = 0.9
"""Two boxes of one class that overlap more than this (IoU) are one object labelled twice."""

each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
each_truth = pytest.mark.parametrize("path", TRUTH, ids=lambda path: path.stem)


def rows(path: Path) -> list[dict[str, Any]]:
    """The lines of a label file; raises where one is no JSON."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def regions(path: Path) -> list[tuple[str, list[Any]]]:
    """Every box and ignore region of a file, each with its picture."""
    return [(row["file"], region) for row in rows(path) for region in (*row["boxes"], *row["ignore"])]


@pytest.fixture(scope="module")
def truth_pictures(shared_data: Path) -> set[str]:
    """The held-out pictures, relative to the data folder."""
    return {picture.file for picture in published(shared_data, "val")}


@each_file
def test_lines_have_the_three_fields(path: Path) -> None:
    assert {tuple(row) for row in rows(path)} == {("file", "boxes", "ignore")}


@each_file
def test_pictures_are_unique_and_in_order(path: Path) -> None:
    files = [row["file"] for row in rows(path)]
    assert files == sorted(set(files))


@each_file
def test_classes_are_known(path: Path) -> None:
    assert {box[0] for row in rows(path) for box in row["boxes"]} <= set(ROAD_CLASSES)
    assert {region[0] for row in rows(path) for region in row["ignore"]} <= {*ROAD_CLASSES, ANY}


@each_file
def test_boxes_have_an_area(path: Path) -> None:
    flat = [(file, region) for file, region in regions(path) if not (region[1] < region[3] and region[2] < region[4])]
    assert flat == []


@each_file
def test_coordinates_are_tenths_of_a_pixel(path: Path) -> None:
    assert [value for _, (_, *box) in regions(path) for value in box if round(value, 1) != value] == []


@each_truth
def test_no_object_is_labelled_twice(path: Path) -> None:
    twice = []
    for file, (boxes, _) in read_labels(path).items():
        same = (iou(boxes[:, 1:], boxes[:, 1:]) > SAME) & (boxes[:, :1] == boxes[:, 0])
        twice += [(file, boxes[i].tolist()) for i, _ in np.argwhere(np.triu(same, 1))]
    assert twice == []


def test_each_held_out_picture_has_one_line(truth_pictures: set[str]) -> None:
    assert sorted(row["file"] for path in TRUTH for row in rows(path)) == sorted(truth_pictures)


@each_truth
def test_boxes_lie_in_the_picture(shared_data: Path, path: Path) -> None:
    sizes = {row["file"]: size_of(shared_data / row["file"]) for row in rows(path)}
    outside = [(file, region) for file, region in regions(path) if not _inside(region[1:], *sizes[file])]
    assert outside == []


def _inside(box: list[float], width: int, height: int) -> bool:
    x1, y1, x2, y2 = box
    return x1 >= 0 and y1 >= 0 and x2 <= width and y2 <= height
