from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.classes import BUS, CAR, PERSON, TRUCK
from vision.plate_watch import PlateSettings, PlateWatch, Sight
from vision.plate_window import window
from vision.types import Tracks

PICTURE = np.zeros((720, 1280, 3), np.uint8)
SETTINGS = PlateSettings(looks_a_frame=2, most_looks=6, again_s=0.5, settled_frames=2, settled_score=0.9)


@dataclass(frozen=True)
class Read:
    text: str
    score: float = 0.9

    @property
    def confidence(self):
        return (0.99,) * len(self.text)

    @property
    def candidates(self):
        return ((self.text, math.log(self.score)),)


class Eye:
    """An eye that sees what is written down, and notes the sizes of the parts it was shown."""

    def __init__(self, *sights, always=None):
        self.shown = []
        self._script = list(sights)
        self._always = always

    def look(self, picture):
        self.shown.append(picture.shape[:2])
        if self._script:
            return self._script.pop(0)
        return self._always or []


def seen(text="123ABC02", score=0.9, found=0.8, box=(10.0, 20.0, 110.0, 42.0)):
    return [Sight(box, found, Read(text, score))]


def tracks(*vehicles, seen=True):
    """Tracks of (id, class, x1, y1, x2, y2)."""
    n = len(vehicles)
    empty = Tracks.empty()
    return replace(
        empty,
        id=np.array([row[0] for row in vehicles], np.int64),
        class_id=np.array([row[1] for row in vehicles], np.int16),
        score=np.full(n, 0.9, np.float32),
        box=np.array([row[2:] for row in vehicles], np.float32).reshape(n, 4),
        seen=np.full(n, seen),
    )


CAR_NEAR = (7, CAR, 400, 300, 640, 480)


def test_a_near_vehicles_plate_is_told_in_pixels_of_the_picture():
    eye = Eye(always=seen())
    (plate,) = PlateWatch(eye, SETTINGS).step(PICTURE, tracks(CAR_NEAR), 0.0)
    assert (plate.track, plate.text) == (7, "123ABC02")
    left, top = 400 - 15, 300 - 11
    assert plate.box == pytest.approx((left + 10, top + 20, left + 110, top + 42), abs=1.0)


@pytest.mark.parametrize(
    ("vehicle", "looked"),
    [
        (CAR_NEAR, True),
        ((1, CAR, 400, 300, 450, 340), False),  # too far for signs to be told apart
        ((1, PERSON, 400, 300, 640, 480), False),
        ((1, TRUCK, 400, 300, 640, 480), True),
        ((1, BUS, 1250, 300, 1600, 480), True),  # leaving the picture
        ((1, CAR, 1400, 300, 1700, 480), False),  # outside of it
    ],
)
def test_only_vehicles_that_could_show_a_plate_are_looked_at(vehicle, looked):
    eye = Eye(always=seen())
    PlateWatch(eye, SETTINGS).step(PICTURE, tracks(vehicle), 0.0)
    assert bool(eye.shown) is looked


def test_a_track_that_is_only_guessed_at_is_not_looked_at():
    eye = Eye(always=seen())
    assert PlateWatch(eye, SETTINGS).step(PICTURE, tracks(CAR_NEAR, seen=False), 0.0) == ()
    assert eye.shown == []


def test_a_frame_has_a_budget_of_looks_and_the_nearest_go_first():
    eye = Eye(always=seen())
    crowd = tracks(*((i, CAR, 10 * i, 100, 10 * i + 200 + i, 240) for i in range(9)))
    told = PlateWatch(eye, SETTINGS).step(PICTURE, crowd, 0.0)
    assert [plate.track for plate in told] == [8, 7]


def test_a_settled_track_is_looked_at_no_more():
    eye = Eye(always=seen(score=0.95))
    watch = PlateWatch(eye, SETTINGS)
    told = [watch.step(PICTURE, tracks(CAR_NEAR), second) for second in range(10)]
    assert len(eye.shown) == SETTINGS.settled_frames
    assert [bool(plates) for plates in told[:3]] == [True, True, False]


def test_a_track_that_never_settles_costs_a_bounded_number_of_looks():
    eye = Eye(always=seen(score=0.2))
    watch = PlateWatch(eye, SETTINGS)
    for second in range(30):
        watch.step(PICTURE, tracks(CAR_NEAR), float(second))
    assert len(eye.shown) == SETTINGS.most_looks


def test_a_vehicle_is_looked_at_again_when_its_size_changed_or_after_a_while():
    eye = Eye(always=seen(score=0.3))
    watch = PlateWatch(eye, SETTINGS)
    moments = [
        (0.0, CAR_NEAR, 1),
        (0.1, CAR_NEAR, 1),  # neither nearer nor later
        (0.2, (7, CAR, 400, 300, 670, 500), 2),  # nearer
        (0.3, (7, CAR, 400, 300, 672, 500), 2),
        (0.8, (7, CAR, 400, 300, 672, 500), 3),  # later
        (0.9, (7, CAR, 400, 300, 660, 490), 4),  # driving away: never better than now
    ]
    for second, vehicle, looks in moments:
        watch.step(PICTURE, tracks(vehicle), second)
        assert len(eye.shown) == looks, second


def test_who_showed_no_plate_is_asked_less_and_less_often():
    eye = Eye()
    watch = PlateWatch(eye, SETTINGS)
    at = []
    for step in range(60):
        before = len(eye.shown)
        assert watch.step(PICTURE, tracks(CAR_NEAR), step * 0.25) == ()
        if len(eye.shown) > before:
            at.append(step * 0.25)
    gaps = np.diff(at)
    assert (np.diff(gaps) >= 0).all()
    assert gaps[-1] > gaps[0]


@pytest.mark.parametrize("sights", [[], seen(found=0.2), seen(text="")])
def test_what_is_no_plate_or_no_text_tells_nothing(sights):
    assert PlateWatch(Eye(sights), SETTINGS).step(PICTURE, tracks(CAR_NEAR), 0.0) == ()


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ((8, CAR, 380, 380, 560, 500), []),  # before it, and the plate is in its box
        ((8, CAR, 380, 250, 560, 400), [7]),  # behind it
        ((8, PERSON, 380, 280, 560, 500), [7]),
        ((8, CAR, 700, 380, 900, 500), [7]),  # beside it
    ],
)
def test_the_plate_of_a_vehicle_standing_before_is_not_taken_for_its_own(other, told):
    sight = seen(box=(40.0, 120.0, 110.0, 140.0))
    settings = replace(SETTINGS, looks_a_frame=1)
    plates = PlateWatch(Eye(sight), settings).step(PICTURE, tracks(CAR_NEAR, other), 0.0)
    assert [plate.track for plate in plates] == told


def test_a_plate_cut_by_the_pictures_border_is_not_read():
    leaving = tracks((7, CAR, 1100, 300, 1280, 480))
    cut, whole = ([Sight((x, 120.0, x + 70, 140.0), 0.9, Read("123ABC02"))] for x in (1280 - 1089 - 71.0, 60.0))
    assert PlateWatch(Eye(cut), SETTINGS).step(PICTURE, leaving, 0.0) == ()
    assert len(PlateWatch(Eye(whole), SETTINGS).step(PICTURE, leaving, 0.0)) == 1


def test_a_reading_is_told_again_only_when_it_changed():
    weak = [Sight((0.0, 0.0, 90.0, 20.0), 0.9, Read("123ABC02", 0.6))]
    watch = PlateWatch(Eye(weak, [], seen("123ABC02", 0.99)), SETTINGS)
    told = [watch.step(PICTURE, tracks(CAR_NEAR), second) for second in (0.0, 1.0, 3.0)]
    assert [len(plates) for plates in told] == [1, 0, 1]
    assert told[2][0].score > told[0][0].score


def test_a_track_that_ended_is_forgotten():
    watch = PlateWatch(Eye(always=seen(score=0.5)), SETTINGS)
    watch.step(PICTURE, tracks(CAR_NEAR), 0.0)
    watch.step(PICTURE, tracks(), 1.0)
    (plate,) = watch.step(PICTURE, tracks(CAR_NEAR), 2.0)
    assert plate.score == pytest.approx(0.5, abs=0.01)  # one witness, not two


SIDES = st.floats(-2000, 4000, allow_nan=False)


@settings(deadline=None)
@given(SIDES, SIDES, SIDES, SIDES, st.integers(1, 2000), st.integers(1, 2000))
def test_a_window_lies_within_the_picture_and_is_never_empty(x1, y1, x2, y2, width, height):
    part = window((min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)), width, height)
    if part is not None:
        assert 0 <= part.left < part.right <= width
        assert 0 <= part.top < part.bottom <= height


def test_a_window_shows_the_whole_box_with_some_room():
    part = window((100, 50, 200, 150), 400, 300)
    assert part is not None
    assert (part.left, part.top, part.right, part.bottom) == (94, 44, 206, 156)
    assert part.cut(np.zeros((300, 400, 3), np.uint8)).shape == (112, 112, 3)


@pytest.mark.parametrize("box", [(math.nan, 0, 10, 10), (-50, -50, -20, -20), (500, 10, 600, 40)])
def test_nothing_of_a_box_in_the_picture_gives_no_window(box):
    assert window(box, 400, 300) is None


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.floats(0, 300)] * 4), max_size=4))
def test_boxes_move_with_their_window(rows):
    part = window((40, 30, 200, 150), 400, 300)
    assert part is not None
    boxes = np.array(rows, np.float32).reshape(-1, 4)
    moved = part.to_picture(boxes)
    assert moved.dtype == np.float32
    np.testing.assert_allclose(moved - boxes, np.broadcast_to([part.left, part.top] * 2, boxes.shape), atol=1e-3)
