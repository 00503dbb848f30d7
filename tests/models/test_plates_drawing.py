"""Plates drawn for training, and the rendered plates the reader is measured on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.plates.draw import KZ_FORMS, SHARES, draw_plate
from models.plates.rendered_test import greedy, rendered, true_crop
from models.plates.seen import project, see
from models.plates.strokes import HEIGHT, SIGNS, alphabet, random_face
from models.plates.texts import BR, CIS, CYRILLIC_LIKE, EU, US, fill, plain
from models.plates.view import HARDSHIPS, View, clean_view, hard_view, training_view
from vision.plate_crop import HEIGHT as CROP_HEIGHT
from vision.plate_crop import WIDTH as CROP_WIDTH
from vision.plate_grammar import SIGNS as READ_SIGNS
from vision.plate_grammar import classify

FORM_READ = {
    "kz": {"kz"},
    "kz_legal": {"kz_legal"},
    "kz_1993": {"kz_1993", "kz_1993_legal"},
    "kz_square": {"kz", "kz_legal"},
    "kz_1993_square": {"kz_1993", "kz_1993_legal"},
    "kz_foreign": {"kz_foreign"},
}


def test_the_drawn_signs_are_the_signs_read():
    assert SIGNS == READ_SIGNS


def test_every_sign_of_a_face_has_ink_over_its_whole_height():
    for number in range(5):
        for sign, mask in alphabet(random_face(np.random.default_rng(number))).items():
            rows = np.flatnonzero(mask.max(1) > 60)
            assert mask.shape[0] == HEIGHT, sign
            assert rows[0] <= 2, sign
            assert rows[-1] >= HEIGHT - 3, sign


def test_signs_of_a_face_differ():
    signs = alphabet(random_face(np.random.default_rng(1)))
    seen = {mask.tobytes() for sign, mask in signs.items() if sign != "O"}
    assert len(seen) == len(SIGNS) - 1


@pytest.mark.parametrize("form", SHARES)
def test_every_form_is_drawn_with_a_text(form):
    rng = np.random.default_rng([1, list(SHARES).index(form)])
    for _ in range(5):
        drawn = draw_plate(rng, form, own_face=True)
        height, width = drawn.picture.shape[:2]
        assert 2 <= len(drawn.text) <= 10
        assert set(drawn.text) <= set(SIGNS)
        assert drawn.lines == (2 if form.endswith("square") else 1)
        assert width / height == pytest.approx(drawn.size_mm[0] / drawn.size_mm[1], rel=0.1)
        assert float(drawn.picture.std()) > 5


@pytest.mark.parametrize("form", KZ_FORMS)
def test_kazakh_plates_are_drawn_with_texts_of_their_form(form):
    rng = np.random.default_rng([2, KZ_FORMS.index(form)])
    for _ in range(20):
        assert classify(draw_plate(rng, form, own_face=True).text)[0] in FORM_READ[form]


@pytest.mark.parametrize("pattern", sorted({*EU, *US, *BR, *CIS}))
def test_a_pattern_is_filled_place_by_place(pattern):
    line = fill(np.random.default_rng(3), pattern)
    assert len(line) == len(pattern)
    assert all(got.isdigit() == (wanted == "D") for got, wanted in zip(line, pattern, strict=True))
    assert len(plain(line)) == sum(sign.isupper() for sign in pattern)


def test_russian_plates_bear_their_letters_only():
    rng = np.random.default_rng(4)
    for _ in range(30):
        assert {sign for sign in draw_plate(rng, "ru", own_face=True).text if sign.isalpha()} <= set(CYRILLIC_LIKE)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_a_seen_plate_lies_inside_its_picture(seed):
    rng = np.random.default_rng(seed)
    view = training_view(rng)
    seen = see(rng, draw_plate(rng, own_face=True), view)
    height, width = seen.picture.shape
    low, high = seen.corners.min(0), seen.corners.max(0)
    assert (low >= 0).all()
    assert (high <= (width, height)).all()
    assert high[0] - low[0] == pytest.approx(view.width, rel=0.02)


def test_a_plate_seen_straight_keeps_its_shape():
    corners = np.array([[0, 0], [260, 0], [260, 56], [0, 56]], np.float64)
    assert project(corners, (56, 260), View()) == pytest.approx(corners - (130, 28))


@pytest.mark.parametrize("hardship", HARDSHIPS)
def test_hard_plates_are_about_80_px_wide(hardship):
    rng = np.random.default_rng(5)
    assert all(76 <= hard_view(rng, hardship).width <= 84 for _ in range(20))
    assert all(clean_view(rng).width >= 120 for _ in range(20))


def test_rendered_test_plates_are_always_the_same_and_none_is_a_development_plate():
    first, again = rendered("hard", 6, test=True), rendered.__wrapped__("hard", 6, test=True)
    assert all((a.picture == b.picture).all() and a.text == b.text for a, b in zip(first, again, strict=True))
    assert {seen.text for seen in first}.isdisjoint({seen.text for seen in rendered("hard", 6)})
    assert true_crop(first[0]).shape == (CROP_HEIGHT, CROP_WIDTH)


def test_the_free_reading_drops_repeats_and_blanks():
    columns = np.full((8, 37), -9.0, np.float32)
    for step, sign in enumerate(["A", "A", None, "A", "1", "1", None, "B"]):
        columns[step, 0 if sign is None else SIGNS.index(sign) + 1] = 0
    assert greedy(columns) == "AA1B"
