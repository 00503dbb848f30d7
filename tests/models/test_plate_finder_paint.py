from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.plate_finder_paint import (
    LONGEST,
    Scene,
    bounds,
    corners,
    cut,
    erase,
    false_friends,
    in_holder,
    lay,
    rows,
    tilted,
    turned,
)

RED = (0, 0, 255)
SEEDS = st.integers(0, 2**16)


def street(width: int = 400, height: int = 300) -> np.ndarray:
    """A smooth picture, so that anything laid on it stands out."""
    ramp = np.linspace(60, 120, width, dtype=np.uint8)
    return np.repeat(np.broadcast_to(ramp, (height, width))[..., None], 3, axis=2).copy()


def with_plate(box=(150.0, 120.0, 250.0, 145.0)) -> Scene:
    picture = street()
    x1, y1, x2, y2 = (int(value) for value in box)
    cv2.rectangle(picture, (x1, y1), (x2 - 1, y2 - 1), RED, -1)
    return Scene(picture, [corners(*box)], [])


def red_box(picture: np.ndarray) -> tuple[int, int, int, int]:
    """Bounds of what is red in a picture."""
    red = (picture[..., 2].astype(int) - picture[..., 0] > 70) & (picture[..., 1] < 110)
    ys, xs = np.nonzero(red)
    return int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_the_label_follows_the_plate_when_the_view_is_turned(seed):
    scene = turned(with_plate(), np.random.default_rng(seed))
    assert bounds(scene.plates[0]) == pytest.approx(red_box(scene.picture), abs=3)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.floats(0.05, 0.6))
def test_the_label_follows_the_plate_into_a_window(seed, share):
    scene = cut(with_plate(), share, np.random.default_rng(seed))
    assert max(scene.picture.shape[:2]) <= LONGEST
    taught, hidden = rows(scene)
    assert hidden == []
    assert taught[0][1:] == pytest.approx(red_box(scene.picture), abs=4)


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_the_label_is_the_plate_that_was_laid_not_its_holder(seed):
    rng = np.random.default_rng(seed)
    plate = np.full((112, 520, 3), RED, np.uint8)
    held, (left, top, right, bottom) = in_holder(plate, rng)
    height, width = held.shape[:2]
    assert (round(left * width), round(right * width) - round(left * width)) == ((width - 520) // 2, 520)
    inner = held[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]
    assert (inner == RED).all()


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_a_laid_plate_fills_its_place(seed):
    rng = np.random.default_rng(seed)
    picture = street()
    place = tilted(corners(140, 120, 260, 150), rng)
    lay(picture, np.full((112, 520, 3), RED, np.uint8), place, rng)
    assert bounds(place) == pytest.approx(red_box(picture), abs=4)


def test_an_erased_plate_leaves_nothing_to_see():
    scene = with_plate()
    erase(scene.picture, scene.plates[0])
    assert np.abs(scene.picture.astype(int) - street()).max() < 25


@pytest.mark.parametrize(
    ("box", "taught", "hidden"),
    [
        ((150.0, 120.0, 250.0, 145.0), 1, 0),
        ((-30.0, 120.0, 70.0, 145.0), 1, 0),  # most of it shows
        ((-70.0, 120.0, 30.0, 145.0), 0, 1),  # too little shows to teach, too much to call it background
        ((150.0, 120.0, 156.0, 122.0), 0, 1),  # too small
        ((500.0, 120.0, 600.0, 145.0), 0, 0),  # outside
    ],
)
def test_only_plates_that_can_be_seen_are_taught(box, taught, hidden):
    assert [len(part) for part in rows(Scene(street(), [corners(*box)], []))] == [taught, hidden]


def test_hidden_regions_are_cut_at_the_picture():
    _, hidden = rows(Scene(street(), [], [corners(-50, -50, 100, 80)]))
    assert hidden == [[0.0, 0.0, 0.0, 100.0, 80.0]]


@settings(max_examples=20, deadline=None)
@given(SEEDS)
def test_false_friends_keep_off_the_plate(seed):
    scene = with_plate()
    false_friends(scene, np.random.default_rng(seed))
    assert (scene.picture[120:145, 150:250] == RED).all()
