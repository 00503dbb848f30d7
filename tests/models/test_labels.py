from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.data.fire import REMAP
from models.data.records import Record, array, read_records, read_yolo, whole, write_records
from models.data.road import EITHER, MORE_REMAP, ROAD_REMAP
from vision.classes import BICYCLE, BUS, CAR, FIRE, MOTORCYCLE, PERSON, SMOKE, TRUCK

SQUARE = (100.0, 100.0, 200.0, 200.0)


@pytest.mark.parametrize(
    ("remap", "line", "class_id"),
    [
        (ROAD_REMAP, "0 0.5 0.5 0.2 0.4", EITHER),
        (ROAD_REMAP, "1 0.5 0.5 0.2 0.4", BUS),
        (ROAD_REMAP, "2 0.5 0.5 0.2 0.4", CAR),
        (ROAD_REMAP, "3 0.5 0.5 0.2 0.4", TRUCK),
        (MORE_REMAP, "0 0.5 0.5 0.2 0.4", PERSON),
        (MORE_REMAP, "1 0.5 0.5 0.2 0.4", BICYCLE),
        (MORE_REMAP, "2 0.5 0.5 0.2 0.4", MOTORCYCLE),
        (MORE_REMAP, "5 0.5 0.5 0.2 0.4", TRUCK),
        (REMAP, "0 0.5 0.5 0.2 0.4", FIRE),
        (REMAP, "2 0.5 0.5 0.2 0.4", SMOKE),
    ],
)
def test_class_numbers_become_ours(tmp_path: Path, remap: dict[int, int], line: str, class_id: int) -> None:
    (tmp_path / "a.txt").write_text(line + "\n", encoding="utf-8")
    boxes, other = read_yolo(tmp_path / "a.txt", 1000, 500, remap)
    assert boxes[0].tolist() == pytest.approx([class_id, 400, 150, 600, 350])
    assert not len(other)


@pytest.mark.parametrize(("remap", "line"), [(REMAP, "1 0.5 0.5 1 1")])
def test_classes_without_counterpart_come_apart(tmp_path: Path, remap: dict[int, int], line: str) -> None:
    (tmp_path / "a.txt").write_text(line, encoding="utf-8")
    boxes, other = read_yolo(tmp_path / "a.txt", 1000, 500, remap)
    assert not len(boxes)
    assert other[0, 0] == int(line[0])


def test_a_missing_label_file_means_an_empty_picture(tmp_path: Path) -> None:
    boxes, other = read_yolo(tmp_path / "none.txt", 10, 10, REMAP)
    assert boxes.shape == other.shape == (0, 5)


def test_records_come_back_as_written(tmp_path: Path) -> None:
    record = Record("/a.jpg", "road", "val", 640, 360, array([(CAR, *SQUARE)]), array([whole(PERSON, 640, 360)]))
    write_records(tmp_path / "r.jsonl", [record])
    (back,) = read_records(tmp_path / "r.jsonl")
    assert (back.file, back.split, back.width) == ("/a.jpg", "val", 640)
    np.testing.assert_allclose(back.boxes, record.boxes)
    np.testing.assert_allclose(back.ignore, record.ignore)
