from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from vision.plate_finder import LEAST_READ_PX, LOOK_FLOOR, LOOK_SIDES, FoundAndRead, look_side
from vision.types import Detections

PICTURE = np.zeros((200, 300, 3), np.uint8)


class Finder:
    def __init__(self, *rows):
        self.rows = rows
        self.asked = None

    def detect(self, picture, min_score, long_side=None):
        self.asked = (picture.shape, min_score, long_side)
        return Detections(
            np.array([row[1:] for row in self.rows], np.float32).reshape(-1, 4),
            np.array([row[0] for row in self.rows], np.float32),
            np.zeros(len(self.rows), np.int16),
        )


class Reader:
    def __init__(self):
        self.boxes = []

    def read(self, picture, boxes):
        self.boxes += boxes.tolist()
        return [SimpleNamespace(text="123ABC02") for _ in boxes]


@pytest.mark.parametrize(
    ("rows", "read"),
    [
        ([], None),
        ([(0.9, 10, 120, 110, 145)], [10, 120, 110, 145]),
        ([(0.9, 10, 120, 110, 145), (0.6, 50, 90, 150, 120)], [10, 120, 110, 145]),  # one vehicle, one plate
        ([(0.9, 10, 120, 10 + LEAST_READ_PX - 1, 130), (0.6, 50, 90, 150, 120)], [50, 90, 150, 120]),
        ([(0.9, 10, 120, 10 + LEAST_READ_PX - 1, 130)], None),  # too small for signs
        ([(0.9, 10, 5, 110, 30), (0.6, 50, 90, 150, 120)], [50, 90, 150, 120]),  # of a vehicle behind
    ],
)
def test_the_likeliest_plate_that_can_be_read_is_read(rows, read):
    finder, reader = Finder(*rows), Reader()
    sights = FoundAndRead(finder, reader).look(PICTURE)
    assert finder.asked == (PICTURE.shape, LOOK_FLOOR, look_side(300))
    assert reader.boxes == ([] if read is None else [read])
    assert [(list(one.box), one.reading.text) for one in sights] == ([] if read is None else [(read, "123ABC02")])


def test_a_sight_carries_the_score_of_its_own_box():
    rows = [(0.9, 0, 0, 5, 5), (0.7, 50, 90, 150, 120)]
    (sight,) = FoundAndRead(Finder(*rows), Reader()).look(PICTURE)
    assert sight.found == pytest.approx(0.7)


@pytest.mark.parametrize(("window", "side"), [(40, 192), (147, 192), (148, 224), (200, 288), (246, 320), (2000, 320)])
def test_small_vehicles_are_enlarged_and_large_ones_reduced(window, side):
    assert look_side(window) == side
    assert LOOK_SIDES[0] <= side <= LOOK_SIDES[1]
