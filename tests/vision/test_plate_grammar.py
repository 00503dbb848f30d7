"""What plates can say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.plate_grammar import FREE_WEIGHT, MOST, SIGNS, allowed_at, classify, is_kazakh, patterns, tables


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("123ABC02", "kz"),
        ("001KAZ20", "kz"),
        ("415DM02", "kz_legal"),
        ("A123BCD", "kz_1993"),
        ("A123BC", "kz_1993_legal"),
        ("H123402", "kz_foreign"),
        ("A123BC77", "ru"),
        ("A123BC777", "ru"),
        ("1B23456", "other"),
        ("LM010BE", "other"),
        ("ABC1D23", "other"),
        ("AB12CDE", "other"),
    ],
)
def test_a_text_has_its_form(text, form):
    assert classify(text)[0] == form


@pytest.mark.parametrize("region", ["00", "21", "30", "99"])
def test_a_region_that_does_not_exist_is_no_kazakh_plate(region):
    assert not is_kazakh(classify(f"123ABC{region}")[0])


@pytest.mark.parametrize("region", [f"{n:02d}" for n in range(1, 21)])
def test_every_region_is_a_kazakh_plate(region):
    assert classify(f"123ABC{region}")[0] == "kz"
    assert classify(f"123AB{region}")[0] == "kz_legal"


@pytest.mark.parametrize("letter", "DFGIJLNQRSUVWZ")
def test_russian_plates_bear_only_letters_that_look_alike_in_both_alphabets(letter):
    assert classify(f"{letter}123BC77")[0] != "ru"


def test_a_text_of_no_known_shape_has_no_form_and_the_lowest_weight():
    assert classify("A1B2C3D4E5") == (None, FREE_WEIGHT)
    assert all(FREE_WEIGHT <= item.weight <= 0 for item in patterns())


def test_positions_of_a_kazakh_plate_take_digits_or_letters_only():
    assert allowed_at("123ABC02", 0) == "0123456789"
    assert set(allowed_at("123ABC02", 3)) == set("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert allowed_at("A1B2C3D4E5", 0) == SIGNS


@given(st.text(alphabet=SIGNS, min_size=1, max_size=MOST))
def test_the_weight_of_a_text_is_that_of_its_likeliest_shape(text):
    form, weight = classify(text)
    fitting = [item.weight for item in patterns() if item.fits(text)]
    assert weight == max(fitting, default=FREE_WEIGHT)
    assert (form is None) == (not fitting)


def test_the_tables_say_what_the_patterns_say():
    allowed, lengths, weights = tables()
    for i, pattern in enumerate(patterns()):
        assert lengths[i] == len(pattern.places)
        assert weights[i] == pattern.weight
        for k, place in enumerate(pattern.places):
            assert {SIGNS[j] for j in allowed[i, k].nonzero()[0]} == set(place)
        assert not allowed[i, len(pattern.places) :].any()
