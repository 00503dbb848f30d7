from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.ap import AREAS, curve, curves
from models.data.records import ANY_CLASS, array


def found(*rows: tuple[float, float, float, float, float, float]) -> np.ndarray:
    return np.asarray(rows, np.float32).reshape(-1, 6)


BOX = (0.0, 10.0, 10.0, 30.0, 30.0)
FAR = (0.0, 100.0, 100.0, 130.0, 130.0)


def test_all_found_and_nothing_else_is_one() -> None:
    line = curve([found((*BOX, 0.9), (*FAR, 0.8))], [array([BOX, FAR])], [array([])], 0)
    assert line.ap == pytest.approx(1.0)


def test_a_second_box_on_the_same_object_is_wrong() -> None:
    line = curve([found((*BOX, 0.9), (*BOX, 0.8))], [array([BOX])], [array([])], 0)
    assert line.hit.tolist() == [True, False]


def test_a_false_alarm_above_the_hit_halves_precision() -> None:
    line = curve([found((*FAR, 0.9), (*BOX, 0.5))], [array([BOX])], [array([])], 0)
    assert line.ap == pytest.approx(0.5)
    assert line.at(0.6) == (0.0, 0.0)
    assert line.at(0.5) == (0.5, 1.0)


@pytest.mark.parametrize("hidden_class", [0, ANY_CLASS])
def test_what_lies_in_an_ignore_region_is_not_counted(hidden_class: int) -> None:
    line = curve([found((*FAR, 0.9), (*BOX, 0.5))], [array([BOX])], [array([(hidden_class, *FAR[1:])])], 0)
    assert line.ap == pytest.approx(1.0)


def test_an_ignore_region_of_another_class_hides_nothing() -> None:
    line = curve([found((*FAR, 0.9), (*BOX, 0.5))], [array([BOX])], [array([(1, *FAR[1:])])], 0)
    assert line.ap == pytest.approx(0.5)


def test_no_boxes_give_no_figure() -> None:
    assert np.isnan(curve([found((*BOX, 0.9))], [array([])], [array([])], 0).ap)


@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 0.99)), min_size=1, max_size=30))
def test_ap_lies_between_nought_and_recall(rows: list[tuple[bool, float]]) -> None:
    boxes = [(0.0, 50.0 * i, 0.0, 50.0 * i + 20, 20.0) for i in range(len(rows))]
    seen = [
        (0.0, x1, y1 if hit else y1 + 100, x2, y2 if hit else y2 + 100, score)
        for (_, x1, y1, x2, y2), (hit, score) in zip(boxes, rows, strict=True)
    ]
    line = curve([found(*seen)], [array(boxes)], [array([])], 0)
    share = sum(hit for hit, _ in rows) / len(rows)
    assert 0.0 <= line.ap <= share + 1e-9
    assert line.at(0.0)[1] == pytest.approx(share)


def boxed(x: float, side: float) -> tuple[float, float, float, float]:
    return (x, 0.0, x + side, side)


SIZES = {"small": 20.0, "medium": 60.0, "large": 120.0}


@pytest.mark.parametrize("size", SIZES)
def test_only_boxes_of_one_size_are_looked_at(size: str) -> None:
    boxes = [(0.0, *boxed(200.0 * i, side)) for i, side in enumerate(SIZES.values())]
    seen = [(*box, 0.9) for box in boxes]
    missed = [(*box, 0.9) for box, name in zip(boxes, SIZES, strict=True) if name != size]
    assert curve([found(*seen)], [array(boxes)], [array([])], 0, area=AREAS[size]).ap == pytest.approx(1.0)
    line = curve([found(*missed)], [array(boxes)], [array([])], 0, area=AREAS[size])
    assert (line.truths, len(line.hit)) == (1, 0)


def test_a_false_box_counts_in_the_size_it_has() -> None:
    seen = [found((0.0, *boxed(0.0, 20.0), 0.9))]
    wrong = {size: len(curve(seen, [array([])], [array([])], 0, area=area).hit) for size, area in AREAS.items()}
    assert wrong == {"small": 1, "medium": 0, "large": 0}


def test_a_loose_box_counts_only_while_the_overlap_allows() -> None:
    loose = (0.0, 10.0, 10.0, 30.0, 25.0)  # three quarters of BOX
    lines = curves([found((*loose, 0.9))], [array([BOX])], [array([])], 0, (0.5, 0.7, 0.8))
    assert [line.ap for line in lines] == [1.0, 1.0, 0.0]


def test_the_sizes_are_those_of_coco() -> None:
    assert [math.sqrt(low) for low, _ in AREAS.values()] == [0, 32, 96]
