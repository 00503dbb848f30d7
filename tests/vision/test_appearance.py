from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.vision.worlds import boxes_at, detections, straight
from vision.appearance import LENGTH, looks_of
from vision.classes import CAR, PERSON
from vision.doubles import one_each
from vision.tracker import Tracker, TrackerSettings
from vision.types import Detections

RATE_S = 0.125
BLUE, RED = (200, 60, 40), (40, 60, 200)


def painted(*things) -> np.ndarray:
    """A grey picture with boxes in colours."""
    picture = np.full((200, 300, 3), 128, np.uint8)
    for (x1, y1, x2, y2), colour in things:
        picture[y1:y2, x1:x2] = colour
    return picture


def dressed(boxes, looks, score=0.9, class_id=PERSON) -> Detections:
    return replace(detections(boxes, score, class_id), look=np.asarray(looks, np.float32))


def worn(number) -> np.ndarray:
    """A look of its own for each number, far from the others."""
    return np.full(LENGTH, 0.2 * number, np.float32)


def test_the_same_clothes_look_the_same_at_any_size_and_others_do_not():
    picture = painted(((10, 20, 40, 120), BLUE), ((60, 30, 72, 70), BLUE), ((100, 20, 130, 120), RED))
    looks = looks_of(picture, np.array([(10, 20, 40, 120), (60, 30, 72, 70), (100, 20, 130, 120)], np.float32))
    np.testing.assert_allclose(looks[0], looks[1], atol=1e-6)
    assert np.linalg.norm(looks[0] - looks[2]) > 0.5


def test_shade_changes_a_look_less_than_other_clothes_do():
    box = np.array([(10, 20, 40, 120)], np.float32)
    lit, shaded, other = (
        looks_of(painted(((10, 20, 40, 120), colour)), box)[0]
        for colour in (BLUE, tuple(round(0.7 * part) for part in BLUE), RED)
    )
    assert np.linalg.norm(lit - shaded) < np.linalg.norm(lit - other) / 3


@pytest.mark.parametrize("boxes", [np.zeros((0, 4)), [(-50, -50, -10, -10)], [(290, 190, 900, 900)], [(5, 5, 5, 5)]])
def test_boxes_outside_the_picture_have_a_look_too(boxes):
    looks = looks_of(painted(), np.asarray(boxes, np.float32).reshape(-1, 4))
    assert looks.shape == (len(boxes), LENGTH)
    assert np.isfinite(looks).all()


@pytest.mark.parametrize("who", [0, 1])
def test_of_two_people_the_one_seen_between_them_is_told_by_the_clothes(who):
    clothes = [worn(0), worn(3)]
    both = dressed(boxes_at([(300, 400), (318, 400)], (20, 60)), clothes)
    one = dressed(boxes_at([(309, 400)], (20, 60)), [clothes[who]])
    tracker = Tracker(1280, 720)
    for i in range(16):
        tracks = tracker.step(both if i < 8 else one, i * RATE_S)
        if i == 7:
            ids = tracks.id[np.argsort(tracks.foot[:, 0])]
    assert tracks.id[tracks.seen].tolist() == [ids[who]]


def test_without_looks_nobody_is_thought_twice_seen():
    two = detections(boxes_at([(300, 400), (307, 400)], (20, 60)), class_id=PERSON)
    assert len(one_each(two, TrackerSettings())) == 2


@pytest.mark.parametrize(
    ("class_id", "apart_px", "other", "left"),
    [
        (PERSON, 7, 3, 1),  # too close for two people
        (PERSON, 8, 0, 1),  # the same clothes
        (PERSON, 8, 3, 2),  # two who walk side by side
        (CAR, 6, 0, 1),
        (CAR, 6, 3, 2),  # a red car before a blue one
        (CAR, 9, 0, 2),
    ],
)
def test_what_is_seen_twice_is_one(class_id, apart_px, other, left):
    boxes = boxes_at([(300, 400), (300 + apart_px, 400)], (20, 60))
    two = dressed(boxes, [worn(0), worn(other)], class_id=class_id)
    assert len(one_each(two, TrackerSettings())) == left


def test_the_box_of_a_person_seen_twice_is_the_mean_by_score():
    boxes = boxes_at([(300, 400), (306, 400)], (20, 60))
    two = Detections(boxes, np.array([0.9, 0.3], np.float32), np.full(2, PERSON, np.int16), np.zeros((2, LENGTH)))
    one = one_each(two, TrackerSettings(echo_score=0.1))
    np.testing.assert_allclose(one.box, boxes_at([(301.5, 400)], (20, 60)), rtol=1e-5)
    assert one.score.tolist() == pytest.approx([0.9])


def test_looks_go_with_their_detections_through_every_choice():
    feet = straight((100, 400), (80, 0), np.arange(5))
    some = dressed(boxes_at(feet), [worn(i) for i in range(5)])
    np.testing.assert_array_equal(some.where(np.array([3, 1])).look, [worn(3), worn(1)])
