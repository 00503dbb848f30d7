from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.data.records import Record, array
from models.rare_paste import CutOut, cut_outs, paste
from vision.classes import BUS, CAR, MOTORCYCLE, TRUCK

CAR_BOX = (CAR, 280.0, 160.0, 360.0, 220.0)


def bus() -> CutOut:
    return CutOut(np.full((120, 100, 3), 240, np.uint8), BUS, (10.0, 10.0, 90.0, 110.0))


def road() -> np.ndarray:
    return np.full((384, 640, 3), 90, np.uint8)


@pytest.mark.parametrize("seed", range(12))
def test_a_bus_is_set_beside_a_car_inside_the_picture_and_stands_as_low(seed: int) -> None:
    canvas = road()
    boxes, _ = paste(canvas, array([CAR_BOX]), array([]), [bus()], np.random.default_rng(seed))
    new = boxes[boxes[:, 0] == BUS]
    assert len(new) == 1
    x1, y1, x2, y2 = new[0, 1:5]
    assert 0 <= x1 < x2 <= 640
    assert 0 <= y1 < y2 <= 384
    assert abs(y2 - CAR_BOX[4]) < 0.6 * (y2 - y1)
    assert 1.0 < (y2 - y1) / (CAR_BOX[4] - CAR_BOX[2]) < 3.5
    assert canvas[round((y1 + y2) / 2), round((x1 + x2) / 2)].mean() > 120


@pytest.mark.parametrize("seed", range(12))
def test_what_the_new_object_covers_is_hidden_and_nothing_is_lost(seed: int) -> None:
    before = array([CAR_BOX, (TRUCK, 380.0, 190.0, 390.0, 200.0), (CAR, 20.0, 20.0, 60.0, 50.0)])
    boxes, ignore = paste(road(), before, array([]), [bus()], np.random.default_rng(seed))
    kept = {tuple(row) for row in boxes[boxes[:, 0] != BUS].tolist()}
    assert kept | {tuple(row) for row in ignore.tolist()} == {tuple(row) for row in before.tolist()}


@pytest.mark.parametrize("rows", [[], [(TRUCK, 100.0, 100.0, 200.0, 200.0)], [(CAR, 100.0, 100.0, 104.0, 103.0)]])
def test_without_a_car_to_measure_by_nothing_changes(rows: list[tuple[float, ...]]) -> None:
    canvas = road()
    boxes, ignore = paste(canvas, array(rows), array([]), [bus()], np.random.default_rng(0))
    assert boxes.tolist() == array(rows).tolist()
    assert not len(ignore)
    assert (canvas == 90).all()


def test_only_rare_objects_that_are_large_and_whole_are_cut_out() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (400, 600, 3), dtype=np.uint8)
    rows = [
        (BUS, 100, 100, 200, 220),
        (MOTORCYCLE, 300, 100, 330, 120),  # too low
        (BUS, 0, 200, 80, 300),  # cut off by the picture's edge
        (CAR, 300, 200, 400, 300),  # not rare
    ]
    record = Record(str(Path("a.jpg")), "road", "train", 600, 400, array(rows), array([]))
    (item,) = cut_outs([record], {"a.jpg": picture})
    assert item.class_id == BUS
    x1, y1, x2, y2 = (round(value) for value in item.box)
    np.testing.assert_array_equal(item.pixels[y1:y2, x1:x2], picture[100:220, 100:200])
