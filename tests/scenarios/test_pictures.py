from __future__ import annotations

import numpy as np
import pytest

from scenarios.compose import in_front
from scenarios.pictures import FIRE, ROAD, sample
from scenarios.smoke import Flame, Plume
from vision.classes import FIRE_CLASSES, ROAD_CLASSES

SMALL = (384, 224)


@pytest.mark.parametrize(("task", "classes"), [("road", 6), ("fire", 2)])
def test_pictures_come_with_boxes_inside_them(task: str, classes: int) -> None:
    made = list(sample(4, 3, task, SMALL))  # type: ignore[arg-type]
    assert len(made) == 4
    for picture, boxes, ids in made:
        assert picture.shape == (224, 384, 3)
        assert boxes.dtype == np.float32
        assert boxes.shape == (len(ids), 4)
        assert ((boxes[:, 2:] - boxes[:, :2]) > 0).all()
        assert (boxes >= 0).all()
        assert (boxes[:, [0, 2]] <= 384).all()
        assert (boxes[:, [1, 3]] <= 224).all()
        assert ((ids >= 0) & (ids < classes)).all()


def test_pictures_depend_on_the_seed_alone() -> None:
    one, two, other = (next(iter(sample(1, seed, "road", SMALL))) for seed in (5, 5, 6))
    assert (one[0] == two[0]).all()
    assert (one[1] == two[1]).all()
    assert one[0].tobytes() != other[0].tobytes()


def test_class_order_is_that_of_the_detectors() -> None:
    assert ROAD == ROAD_CLASSES
    assert FIRE == FIRE_CLASSES


def test_smoke_begins_with_its_source_grows_and_is_the_same_for_the_same_age() -> None:
    plume = Plume(200, 180, 12.0, 4)
    areas = []
    for age in (-1.0, 0.0, 2.0, 6.0, 14.0):
        canvas = np.full((224, 384, 3), 200, np.uint8)
        region = plume.draw(canvas, age)
        areas.append(0.0 if region is None else (region.box[2] - region.box[0]) * (region.box[3] - region.box[1]))
        again = np.full((224, 384, 3), 200, np.uint8)
        plume.draw(again, age)
        assert (canvas == again).all()
    assert areas[0] == areas[1] == 0
    assert areas[2] < areas[3] < areas[4]


def test_a_flame_is_bright_where_its_box_says() -> None:
    canvas = np.full((224, 384, 3), 40, np.uint8)
    region = Flame(150, 200, 30, 50, 1).draw(canvas, 8.0)
    assert region is not None
    x0, y0, x1, y1 = (int(v) for v in region.box)
    assert canvas[y0:y1, x0:x1, 2].mean() > 150
    assert canvas[:, 300:].max() == 40


@pytest.mark.parametrize(
    ("shift", "eye", "answer"),
    [((0, 10), (0, -20), True), ((0, -10), (0, -20), False), ((5, 3), (-30, 0), True), ((0.5, 0.5), (0, -20), None)],
)
def test_what_lies_nearer_hides_what_lies_beyond(
    shift: tuple[float, float], eye: tuple[float, float], answer: bool | None
) -> None:
    square = np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)], float)
    assert in_front(square, square + shift, np.array(eye, float)) is answer
