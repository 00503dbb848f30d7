"""From columns to a text."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.plate_decoding import NEVER, beam, decode, likelihoods, log_softmax, positions, sign_confidence, softened
from vision.plate_grammar import SIGNS


def columns_of(text, steps=48, sure=8.0, doubts=()):
    """Columns that say a text, each sign in one column with blanks between; doubts are (position, other sign, lead)."""
    logits = np.zeros((steps, 37), np.float32)
    logits[:, 0] = sure
    places = np.linspace(2, steps - 3, len(text)).round().astype(int)
    for place, sign in zip(places, text, strict=True):
        logits[place, 0] = 0
        logits[place, SIGNS.index(sign) + 1] = sure
    for position, other, lead in doubts:
        logits[places[position], SIGNS.index(other) + 1] = sure + lead
    return log_softmax(logits)


def brute_force(columns, text):
    """Sum over every way of writing the text."""
    total = 0.0
    for path in itertools.product(range(columns.shape[1]), repeat=len(columns)):
        kept = [k for i, k in enumerate(path) if k and (i == 0 or path[i - 1] != k)]
        if "".join(SIGNS[k - 1] for k in kept) == text:
            total += np.exp(sum(columns[i, k] for i, k in enumerate(path)))
    return total


@pytest.mark.parametrize("text", ["", "0", "1", "01", "00", "010", "11"])
def test_the_likelihood_is_the_sum_over_all_alignments(text):
    columns = log_softmax(np.random.default_rng(1).normal(size=(4, 3)).astype(np.float32))
    wide = np.full((4, 37), -80.0)
    wide[:, :3] = columns
    assert np.exp(likelihoods(wide, [text, "0101"])[0]) == pytest.approx(
        brute_force(columns, text), rel=1e-9, abs=1e-20
    )


def test_a_text_longer_than_the_columns_is_never_said():
    assert likelihoods(columns_of("1", steps=3), ["11111"])[0] == NEVER


UNMISTAKABLE = "".join(sign for sign in SIGNS if sign not in "01OI")


@given(st.text(alphabet=UNMISTAKABLE, min_size=1, max_size=10))
@settings(max_examples=40, deadline=None)
def test_what_the_columns_clearly_say_is_read_whatever_its_shape(text):
    columns = columns_of(text, sure=12.0)
    assert beam(columns)[0] == text
    assert decode([columns]).texts[0] == text


@pytest.mark.parametrize(
    ("seen", "doubts", "read"),
    [
        ("O23ABC02", [(0, "0", -0.5)], "023ABC02"),
        ("1238BC02", [(3, "B", -0.5)], "123BBC02"),
        ("12SABC02", [(2, "5", -0.5)], "125ABC02"),
        ("123A8C02", [(4, "B", -0.5)], "123ABC02"),
        ("123ABCO2", [(6, "0", -0.5)], "123ABC02"),
        ("123ABC32", [(6, "0", -1.0)], "123ABC02"),
        ("0123BC77", [(0, "O", -0.5)], "O123BC77"),
        ("RK763A5", [(6, "S", -0.5)], "RK763AS"),
    ],
)
def test_look_alikes_are_resolved_by_their_position(seen, doubts, read):
    assert decode([columns_of(seen, doubts=doubts)]).texts[0] == read


@pytest.mark.parametrize("text", ["1B25790", "BIMMIAN", "CCLVN3", "7777DP7", "AB12CDE", "123ABC99"])
def test_a_clear_foreign_plate_is_not_bent_into_a_kazakh_one(text):
    assert decode([columns_of(text)]).texts[0] == text


@pytest.mark.parametrize(("seen", "read"), [("O23ABC02", "023ABC02"), ("BA3020Z", "BA302OZ"), ("A123O0", "A123OO")])
def test_between_twins_position_decides_even_against_a_sure_look(seen, read):
    assert decode([columns_of(seen)]).texts[0] == read


def test_softening_twins_keeps_every_column_a_distribution():
    columns = log_softmax(np.random.default_rng(4).normal(0, 4, (48, 37)).astype(np.float32))
    soft = softened(columns)
    assert np.exp(soft).sum(1) == pytest.approx(np.ones(48))
    untouched = [k for k in range(37) if k == 0 or SIGNS[k - 1] not in "01OI"]
    assert (soft[:, untouched] == columns[:, untouched]).all()


def test_two_looks_outvote_one():
    wrong, right = columns_of("123ABC02", doubts=[(4, "8", 1.0)]), columns_of("123ABC02", doubts=[(4, "8", -3.0)])
    assert decode([wrong, right, right]).texts[0] == "123ABC02"


def test_confidence_is_low_where_the_picture_doubts():
    decoded = decode([columns_of("123ABC02", doubts=[(4, "R", -0.1)])])
    confidence = sign_confidence(decoded)
    assert len(confidence) == 8
    assert confidence[4] < 0.7
    assert all(value > 0.95 for i, value in enumerate(confidence) if i != 4)


def test_nothing_is_read_where_all_is_blank():
    logits = np.zeros((48, 37), np.float32)
    logits[:, 0] = 60
    assert decode([log_softmax(logits)]).texts == ()


def test_positions_name_the_columns_of_each_sign():
    marks = positions(columns_of("A1", doubts=[(0, "H", -1.0)]), "A1")
    assert marks.shape == (2, 36)
    assert marks[0, SIGNS.index("H")] == pytest.approx(marks[0, SIGNS.index("A")] - 1.0)
    assert marks[1].argmax() == 1


@given(st.lists(st.floats(-6, 6), min_size=37 * 12, max_size=37 * 12))
@settings(max_examples=25, deadline=None)
def test_scores_are_shares_in_falling_order(values):
    decoded = decode([log_softmax(np.array(values, np.float32).reshape(12, 37))])
    assert list(decoded.scores) == sorted(decoded.scores, reverse=True)
    assert np.exp(np.array(decoded.scores)).sum() <= 1 + 1e-9
    assert all(decoded.texts)
    assert len(set(decoded.texts)) == len(decoded.texts)
