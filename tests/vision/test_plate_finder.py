from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from vision.plate_finder import LEAST_READ_PX, LOOK_FLOOR, LOOK_SIDE, FoundAndRead
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
        ([(0.9, 10, 20, 110, 45)], [10, 20, 110, 45]),
        ([(0.9, 10, 20, 110, 45), (0.6, 50, 90, 150, 120)], [10, 20, 110, 45]),  # one vehicle, one plate
        ([(0.9, 10, 20, 10 + LEAST_READ_PX - 1, 30), (0.6, 50, 90, 150, 120)], [50, 90, 150, 120]),
        ([(0.9, 10, 20, 10 + LEAST_READ_PX - 1, 30)], None),  # too small for signs
    ],
)
def test_the_likeliest_plate_that_can_be_read_is_read(rows, read):
    finder, reader = Finder(*rows), Reader()
    sights = FoundAndRead(finder, reader).look(PICTURE)
    assert finder.asked == (PICTURE.shape, LOOK_FLOOR, LOOK_SIDE)
    assert reader.boxes == ([] if read is None else [read])
    assert [(list(one.box), one.reading.text) for one in sights] == ([] if read is None else [(read, "123ABC02")])


def test_a_sight_carries_the_score_of_its_own_box():
    rows = [(0.9, 0, 0, 5, 5), (0.7, 50, 90, 150, 120)]
    (sight,) = FoundAndRead(Finder(*rows), Reader()).look(PICTURE)
    assert sight.found == pytest.approx(0.7)
