from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.masker import FILL, TILE_PX, Masker, fill, tiles
from evidence.masks import HEAD, Masked, hidden, masks_of, together
from tests.evidence.finders import Told, a_masker, seen
from vision.classes import BICYCLE, BUS, CAR, MOTORCYCLE, PERSON, TRUCK

SIZE = (640, 360)
CAR_BOX = (100.0, 100.0, 260.0, 220.0)
ITS_PLATE = (160.0, 190.0, 200.0, 202.0)
OTHER = (300.0, 100.0, 460.0, 220.0)
OTHERS_PLATE = (360.0, 190.0, 400.0, 202.0)


def boxes():
    side = st.floats(-50, 700, allow_nan=False)
    return st.tuples(side, side, st.floats(1, 300), st.floats(1, 300)).map(
        lambda one: (one[0], one[1], one[0] + one[2], one[1] + one[3])
    )


def finds(kinds):
    return st.lists(st.tuples(st.sampled_from(kinds), st.floats(0.1, 1), boxes()), max_size=6)


@given(finds([PERSON, BICYCLE, MOTORCYCLE, CAR, BUS, TRUCK]), finds([0]), st.none() | boxes())
def test_masks_lie_within_the_picture_and_are_not_empty(road, plates, subject):
    for x1, y1, x2, y2 in masks_of(seen(*road), seen(*plates), SIZE, subject).rectangles:
        assert 0 <= x1 < x2 <= SIZE[0]
        assert 0 <= y1 < y2 <= SIZE[1]


@given(finds([PERSON, CAR]), finds([0]), st.none() | boxes())
def test_no_head_stays_whatever_else_is_there(road, plates, subject):
    masks = masks_of(seen(*road), seen(*plates), SIZE, subject).rectangles
    for kind, _, (x1, y1, x2, y2) in road:
        if kind == PERSON:
            assert hidden((x1, y1, x2, y1 + HEAD * (y2 - y1)), masks, SIZE) == 1


@given(finds([PERSON, CAR]), finds([0]), st.none() | boxes())
def test_every_plate_but_at_most_one_is_hidden(road, plates, subject):
    found = masks_of(seen(*road), seen(*plates), SIZE, subject)
    left = [one for one in plates if hidden(one[2], found.rectangles, SIZE) < 1]
    assert not left or found.kept is not None


@given(finds([PERSON, CAR, TRUCK]), finds([0]))
def test_without_a_subject_every_plate_is_hidden(road, plates):
    found = masks_of(seen(*road), seen(*plates), SIZE, None)
    assert found.kept is None
    assert all(hidden(box, found.rectangles, SIZE) == 1 for _, _, box in plates)


@pytest.mark.parametrize(("keep", "share"), [(True, 0.0), (False, 1.0)])
def test_the_subjects_plate_stays_only_where_it_is_wanted(keep, share):
    road, plates = seen((CAR, 0.9, CAR_BOX), (CAR, 0.9, OTHER)), seen((0, 0.9, ITS_PLATE), (0, 0.9, OTHERS_PLATE))
    found = masks_of(road, plates, SIZE, CAR_BOX, keep_plate=keep)
    assert hidden(ITS_PLATE, found.rectangles, SIZE) == share
    assert hidden(OTHERS_PLATE, found.rectangles, SIZE) == 1


def test_the_windows_of_the_subject_are_hidden_too():
    found = masks_of(seen((CAR, 0.9, CAR_BOX)), seen((0, 0.9, ITS_PLATE)), SIZE, CAR_BOX)
    assert hidden((100, 100, 260, 160), found.rectangles, SIZE) == 1


def test_a_near_vehicle_without_a_found_plate_loses_its_lower_part():
    found = masks_of(seen((CAR, 0.9, OTHER)), seen(), SIZE, None)
    assert hidden(OTHERS_PLATE, found.rectangles, SIZE) == 1


def test_the_subject_keeps_its_lower_part_where_its_plate_was_not_found():
    found = masks_of(seen((CAR, 0.9, CAR_BOX)), seen(), SIZE, CAR_BOX)
    assert hidden(ITS_PLATE, found.rectangles, SIZE) == 0
    without = masks_of(seen((CAR, 0.9, CAR_BOX)), seen(), SIZE, CAR_BOX, keep_plate=False)
    assert hidden(ITS_PLATE, without.rectangles, SIZE) == 1


def test_a_far_vehicle_keeps_its_lower_part():
    far = (300.0, 100.0, 340.0, 130.0)
    found = masks_of(seen((CAR, 0.9, far)), seen(), SIZE, None)
    assert hidden((310, 122, 330, 130), found.rectangles, SIZE) == 0


@pytest.mark.parametrize("kind", [BICYCLE, MOTORCYCLE])
def test_a_rider_who_was_not_found_is_hidden(kind):
    found = masks_of(seen((kind, 0.9, (300.0, 200.0, 340.0, 260.0))), seen(), SIZE, None)
    assert hidden((305, 170, 335, 220), found.rectangles, SIZE) == 1


def test_a_plate_in_another_vehicle_too_is_not_the_subjects_where_it_has_one_of_its_own():
    behind = (110.0, 170.0, 300.0, 260.0)
    shared = (220.0, 205.0, 250.0, 215.0)
    road = seen((CAR, 0.9, CAR_BOX), (CAR, 0.9, behind))
    found = masks_of(road, seen((0, 0.95, shared), (0, 0.5, (120.0, 180.0, 150.0, 190.0))), SIZE, CAR_BOX)
    assert found.kept == (120.0, 180.0, 150.0, 190.0)


class Reads:
    """Reads plates as a test tells it, by where they begin."""

    def __init__(self, **texts: str) -> None:
        self.texts = texts

    def read(self, picture, boxes):
        return [SimpleNamespace(text=self.texts[f"x{int(box[0])}"]) for box in boxes]


@pytest.mark.parametrize(
    ("reads", "kept"),
    [("123ABC02", OTHERS_PLATE), ("123A8C02", OTHERS_PLATE), ("999ZZZ02", None)],
    ids=["as told", "one sign misread", "another"],
)
def test_without_a_track_the_subjects_plate_is_told_by_reading_it(reads, kept):
    both = [(0, 0.9, ITS_PLATE), (0, 0.8, OTHERS_PLATE)]
    masker = Masker(Told((CAR, 0.9, CAR_BOX), (CAR, 0.9, OTHER)), Told(*both), Reads(x160="777XXX05", x360=reads))
    found = masker.look(np.zeros((360, 640, 3), np.uint8), plate="123ABC02")
    assert found.kept == kept
    assert hidden(ITS_PLATE, found.rectangles, SIZE) == 1
    assert hidden(OTHERS_PLATE, found.rectangles, SIZE) == (0 if kept else 1)


def test_what_is_masked_is_gone():
    picture = np.random.default_rng(1).integers(0, 256, (360, 640, 3), np.uint8)
    masked = a_masker(people=[(300.0, 50.0, 340.0, 150.0)], vehicles=[CAR_BOX], plates=[ITS_PLATE]).look(picture)
    out = fill(picture, masked)
    for x1, y1, x2, y2 in masked.rectangles:
        assert (out[y1:y2, x1:x2] == FILL).all()
    untouched = np.ones(picture.shape[:2], bool)
    for x1, y1, x2, y2 in masked.rectangles:
        untouched[y1:y2, x1:x2] = False
    assert (out[untouched] == picture[untouched]).all()


def test_neighbours_masks_are_worn_but_not_over_the_plate_that_stays():
    here = Masked(((0, 0, 10, 10),), 1, 0, 0, (22.0, 22.0, 28.0, 28.0), (20, 20, 30, 30))
    near = Masked(((5, 5, 60, 60),), 1, 0, 0, None, None)
    masks = together(here, [near])
    assert hidden((20, 20, 30, 30), masks, SIZE) == 0
    assert hidden((31, 31, 60, 60), masks, SIZE) == 1
    assert hidden((0, 0, 10, 10), masks, SIZE) == 1


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_parts_cover_the_whole_picture_and_the_first_is_all_of_it(width, height):
    first, *parts = tiles(width, height)
    assert (first.left, first.top, first.right, first.bottom) == (0, 0, width, height)
    assert bool(parts) == (max(width, height) > TILE_PX)
    across = np.zeros(width, bool)
    down = np.zeros(height, bool)
    for part in parts:
        across[part.left : part.right] = True
        down[part.top : part.bottom] = True
        assert part.right - part.left <= TILE_PX
    assert not parts or (across.all() and down.all())
