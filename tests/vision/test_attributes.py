from __future__ import annotations

import numpy as np
import pytest

from vision.attributes import COLOURS, EVERY_S, KINDS, MOST_AT_ONCE, MOST_LOOKS, AttributeVote, named
from vision.classes import BUS, CAR, MOTORCYCLE, PERSON, TRUCK
from vision.types import Tracks

WIDTH, HEIGHT = 640, 360
PICTURE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)


class Scripted:
    """A reader that says for each crop what the script says of the look's number."""

    accept = 0.5

    def __init__(self, *says):
        self.says, self.sizes = says, []

    def read(self, crops):
        kinds = np.zeros((len(crops), len(KINDS)), np.float32)
        colours = np.zeros((len(crops), len(COLOURS)), np.float32)
        for row, crop in enumerate(crops):
            assert crop.size
            kind, colour, share = self.says[min(len(self.sizes), len(self.says) - 1)]
            kinds[row] = (1 - share) / (len(KINDS) - 1)
            colours[row] = (1 - share) / (len(COLOURS) - 1)
            kinds[row, KINDS.index(kind)] = colours[row, COLOURS.index(colour)] = share
            self.sizes.append(crop.shape[:2])
        return kinds, colours


def tracks(*boxes, classes=None, seen=None, ids=None):
    n = len(boxes)
    return Tracks(
        np.array(ids or range(1, n + 1), np.int64), np.array(classes or [CAR] * n, np.int16), np.ones(n, np.float32),
        np.array(boxes, np.float32).reshape(-1, 4), np.array([True] * n if seen is None else seen, np.bool_),
        np.ones(n, np.float32), np.zeros((n, 2), np.float32), np.full((n, 2), np.nan), np.full((n, 2), np.nan),
        np.full(n, np.nan),
    )  # fmt: skip


def watch(reader, given, times):
    vote = AttributeVote(reader)
    return [vote.step(PICTURE, given(second) if callable(given) else given, second) for second in times]


CAR_BOX = (100, 100, 180, 150)


def test_kind_and_colour_are_said_once_and_when_they_change():
    reader = Scripted(("car", "red", 0.9))
    said = watch(reader, tracks(CAR_BOX), np.arange(0, 4, 0.125))
    assert [(look.track, look.kind, look.colour) for looks in said for look in looks] == [(1, "car", "red")]
    assert said[0][0].kind_score == pytest.approx(0.9)


def test_one_odd_look_is_outvoted():
    reader = Scripted(("car", "red", 0.9), ("truck", "blue", 0.8), ("car", "red", 0.9))
    last = [look for looks in watch(reader, tracks(CAR_BOX), np.arange(0, 4, 0.5)) for look in looks][-1]
    assert (last.kind, last.colour) == ("car", "red")


@pytest.mark.parametrize(
    ("says", "kind", "colour"),
    [
        (("car", "red", 0.9), "car", "red"),
        (("bus", "unknown", 0.9), "bus", None),
        (("car", "red", 0.4), None, None),
    ],
    ids=["sure", "dark", "in doubt"],
)
def test_doubt_is_not_said(says, kind, colour):
    (looks, *_) = watch(Scripted(says), tracks(CAR_BOX), [0.0])
    assert [(look.kind, look.colour) for look in looks] == ([] if kind is None else [(kind, colour)])


def test_a_track_is_looked_at_now_and_then_and_not_for_ever():
    reader = Scripted(("car", "red", 0.9))
    watch(reader, tracks(CAR_BOX), np.arange(0, 60, 0.125))
    assert len(reader.sizes) == MOST_LOOKS
    reader = Scripted(("car", "red", 0.9))
    watch(reader, tracks(CAR_BOX), np.arange(0, EVERY_S, 0.01))
    assert len(reader.sizes) == 1


def test_a_vehicle_that_came_much_nearer_is_looked_at_again():
    reader = Scripted(("car", "red", 0.9))
    vote = AttributeVote(reader)
    for second in np.arange(0, 20, 0.5):
        vote.step(PICTURE, tracks(CAR_BOX), second)
    vote.step(PICTURE, tracks((100, 100, 260, 200)), 21.0)
    assert len(reader.sizes) == MOST_LOOKS + 1


@pytest.mark.parametrize(
    ("given", "looked"),
    [
        (tracks(CAR_BOX), 1),
        (tracks(CAR_BOX, classes=[PERSON]), 0),
        (tracks(CAR_BOX, classes=[MOTORCYCLE]), 0),
        (tracks(CAR_BOX, CAR_BOX, classes=[BUS, TRUCK]), 2),
        (tracks(CAR_BOX, seen=[False]), 0),
        (tracks((100, 100, 112, 150)), 0),
        (tracks((-1, 100, 60, 150)), 0),
        (tracks((600, 100, 640, 150)), 0),
        (tracks((100, 320, 180, 360)), 0),
        (tracks(CAR_BOX, (100, 110, 190, 170)), 1),
        (tracks(), 0),
    ],
    ids=["a car", "a person", "a motorcycle", "bus and lorry", "predicted only", "too small", "cut off left",
         "cut off right", "cut off below", "hidden by a nearer one", "nothing"],
)  # fmt: skip
def test_only_vehicles_seen_whole_are_looked_at(given, looked):
    reader = Scripted(("car", "red", 0.9))
    watch(reader, given, [0.0])
    assert len(reader.sizes) == looked


def test_a_crowded_picture_costs_no_more_than_a_few_looks_and_the_largest_come_first():
    boxes = [(10 + 55 * i, 100, 40 + 56 * i + i, 150) for i in range(10)]
    reader = Scripted(("car", "red", 0.9))
    vote = AttributeVote(reader)
    vote.step(PICTURE, tracks(*boxes), 0.0)
    assert len(reader.sizes) == MOST_AT_ONCE
    vote.step(PICTURE, tracks(*boxes), 0.1)
    assert len(reader.sizes) == 10


def test_a_track_that_ended_is_forgotten():
    reader = Scripted(("car", "red", 0.9))
    vote = AttributeVote(reader)
    assert vote.step(PICTURE, tracks(CAR_BOX), 0.0)
    vote.step(PICTURE, tracks(), 1.0)
    assert vote.step(PICTURE, tracks(CAR_BOX), 2.0)


@pytest.mark.parametrize(
    ("shares", "expected"),
    [((0.1, 0.7, 0.2), ("b", 0.7)), ((0.4, 0.35, 0.25), (None, 0.0)), ((0.1, 0.1, 0.8), (None, 0.0))],
)
def test_a_name_is_believed_from_the_accepted_share(shares, expected):
    name, score = named(np.array(shares, np.float32), ("a", "b", "unknown"), 0.5)
    assert (name, score) == (expected[0], pytest.approx(expected[1]))
