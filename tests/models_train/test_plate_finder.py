from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from models.ap import Curve
from models.data.plates import data_table
from models.data.records import Record, array
from models.plate_finder import LEAST_PRECISION, LIMITS, PLATES, threshold


def found(hits: list[bool], scores: list[float]):
    line = Curve(np.array(scores), np.array(hits), truths=max(1, sum(hits)))
    return SimpleNamespace(curve=lambda _: line)


@pytest.mark.parametrize(
    ("hits", "scores", "expected"),
    [
        ([True] * 9 + [False], np.linspace(0.9, 0.2, 10), 0.2),  # nine of ten are plates
        ([True] * 9 + [False] * 3, np.linspace(0.9, 0.2, 12), 0.327),
        ([True] * 5, np.linspace(0.9, 0.01, 5), LIMITS[0]),
        ([False] * 5, np.linspace(0.9, 0.1, 5), LIMITS[1]),
    ],
)
def test_the_threshold_is_the_lowest_at_which_boxes_are_plates(hits, scores, expected):
    assert threshold(found(hits, list(scores))) == pytest.approx(expected, abs=0.002)
    assert 0 < LEAST_PRECISION < 1


def test_every_source_that_is_drawn_stands_in_the_card():
    rows = [Record("a.jpg", name, "train", 10, 10, array([]), array([])) for name in PLATES.phases[0].sources]
    table = {row["name"]: row for row in data_table(rows)}
    assert set(PLATES.phases[0].sources) <= set(table)
    assert all(row["source"] and row["licence"] and row["attribution"] for row in table.values())
    assert all(
        table[name]["n"] == 1 for name in PLATES.phases[0].sources if name in {"rendered_plates", "without_plates"}
    )
