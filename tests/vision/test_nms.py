from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.classes import BUS, CAR, PERSON, TRUCK
from vision.geometry import iou
from vision.nms import suppress

A = (0, 0, 100, 100)
NEARLY_A = (0, 0, 100, 95)  # IoU 0.95
SHIFTED_A = (0, 0, 100, 70)  # IoU 0.7
FAR = (500, 500, 600, 600)


@pytest.mark.parametrize(
    ("boxes", "classes", "kept"),
    [
        ([], [], []),
        ([A], [CAR], [0]),
        ([A, NEARLY_A], [CAR, CAR], [0]),
        ([A, NEARLY_A], [CAR, TRUCK], [0]),
        ([A, NEARLY_A], [CAR, PERSON], [0, 1]),
        ([A, SHIFTED_A], [CAR, CAR], [0]),
        ([A, SHIFTED_A], [CAR, BUS], [0, 1]),
        ([A, FAR, NEARLY_A], [CAR, CAR, CAR], [0, 1]),
    ],
)
def test_one_box_an_object(boxes, classes, kept):
    found = suppress(np.array(boxes, np.float32).reshape(-1, 4), np.array(classes, np.int16), 0.6, (CAR, BUS, TRUCK))
    assert found.tolist() == kept


def test_a_suppressed_box_suppresses_nothing():
    chain = np.array([(0, 0, 100, 100), (30, 0, 130, 100), (60, 0, 160, 100)], np.float32)
    assert suppress(chain, np.zeros(3, np.int16), 0.5).tolist() == [0, 2]


@given(st.lists(st.tuples(*[st.integers(0, 50)] * 2, *[st.integers(1, 30)] * 2), max_size=20))
def test_no_two_kept_boxes_of_a_class_overlap_and_each_dropped_one_overlaps_a_kept(raw):
    boxes = np.array([(x, y, x + w, y + h) for x, y, w, h in raw], np.float32).reshape(-1, 4)
    kept = suppress(boxes, np.zeros(len(boxes), np.int16), 0.5)
    overlap = iou(boxes, boxes)
    among = overlap[np.ix_(kept, kept)] - np.eye(len(kept))
    assert (among <= 0.5).all()
    dropped = np.setdiff1d(np.arange(len(boxes)), kept)
    assert (overlap[np.ix_(dropped, kept)] > 0.5).any(axis=1).all()
