from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.plate_vote import DOUBTFUL, alike, distance, vote


@dataclass(frozen=True)
class Read:
    text: str
    score: float
    confidence: tuple[float, ...]
    candidates: tuple[tuple[str, float], ...] = ()


def read(
    text: str, score: float = 0.9, *, weak: dict[int, float] | None = None, others: dict[str, float] | None = None
):
    sure = [0.99] * len(text)
    for place, value in (weak or {}).items():
        sure[place] = value
    candidates = ((text, math.log(score)), *((other, math.log(p)) for other, p in (others or {}).items()))
    return Read(text, score, tuple(sure), candidates)


SIGNS = st.sampled_from("ABC0123456789")
TEXTS = st.text(SIGNS, min_size=0, max_size=9)


@st.composite
def readings(draw):
    text = draw(TEXTS)
    score = draw(st.floats(0.001, 0.999))
    sure = tuple(draw(st.lists(st.floats(0, 1), min_size=len(text), max_size=len(text))))
    others = draw(st.dictionaries(TEXTS, st.floats(0.0001, 0.3), max_size=3))
    candidates = ((text, math.log(score)), *((other, math.log(p)) for other, p in others.items()))
    return Read(text, score, sure, candidates), draw(st.floats(0.05, 1.0))


def test_one_frames_reading_is_its_own_vote():
    voted = vote([(read("123ABC02", 0.83), 0.4)])
    assert voted is not None
    assert (voted.text, voted.frames) == ("123ABC02", 1)
    assert voted.score == pytest.approx(0.83, abs=0.01)


@pytest.mark.parametrize("heard", [[], [(read(""), 1.0)], [(read("123ABC02"), 0.0)]])
def test_without_a_text_there_is_no_vote(heard):
    assert vote(heard) is None


@settings(deadline=None)
@given(st.lists(readings(), max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_frames_plays_no_part(heard, chance):
    shuffled = list(heard)
    chance.shuffle(shuffled)
    one, other = vote(heard), vote(shuffled)
    if one is None or other is None:
        assert one is other
    else:
        assert (one.text, one.uncertain, one.frames) == (other.text, other.uncertain, other.frames)
        assert one.score == pytest.approx(other.score)


@settings(deadline=None)
@given(st.lists(readings(), min_size=1, max_size=6))
def test_a_score_is_a_probability_and_marks_lie_in_the_text(heard):
    voted = vote(heard)
    if voted is not None:
        assert 0.0 <= voted.score <= 1.0
        assert voted.text
        assert all(0 <= place < len(voted.text) for place in voted.uncertain)


@settings(deadline=None)
@given(st.floats(0.3, 0.95), st.integers(1, 8))
def test_frames_that_agree_are_trusted_more_than_fewer_of_them(score, n):
    fewer, more = (vote([(read("123ABC02", score), 1.0)] * k) for k in (n, n + 1))
    assert fewer is not None
    assert more is not None
    assert more.score >= fewer.score


def test_a_sign_wrong_in_one_frame_is_outvoted():
    heard = [(read("123ABC02", 0.9), 1.0), (read("I23ABC02", 0.6, weak={0: 0.62}), 1.0), (read("123ABC02", 0.8), 1.0)]
    voted = vote(heard)
    assert voted is not None
    assert voted.text == "123ABC02"
    assert voted.uncertain == ()


def test_a_text_that_no_frame_read_whole_is_put_together_from_their_signs():
    heard = [
        (read("123A8C02", 0.4, weak={4: 0.51}), 1.0),
        (read("128ABC02", 0.4, weak={2: 0.51}), 1.0),
        (read("123ABC0Z", 0.4, weak={7: 0.51}), 1.0),
    ]
    voted = vote(heard)
    assert voted is not None
    assert voted.text == "123ABC02"


def test_a_doubtful_sign_stays_marked_until_a_frame_shows_it_clearly():
    weak = (read("123ABC02", 0.55, weak={4: 0.55}, others={"123A8C02": 0.4}), 1.0)
    clear = (read("123ABC02", 0.97), 1.0)
    first, later = vote([weak, weak]), vote([weak, clear, clear, clear])
    assert first is not None
    assert later is not None
    assert first.uncertain == (4,)
    assert later.uncertain == ()
    assert later.score > first.score


def test_frames_that_contradict_each_other_mark_the_sign():
    heard = [(read("123ABC02", 0.7, weak={4: 0.8}), 1.0), (read("123A8C02", 0.7, weak={4: 0.79}), 1.0)]
    voted = vote(heard)
    assert voted is not None
    assert voted.uncertain == (4,)
    assert voted.score < 0.7


def test_no_text_is_surer_than_its_most_doubtful_sign():
    voted = vote([(read("123ABC02", 0.9, weak={4: 0.4}), 1.0)])
    assert voted is not None
    assert voted.score == pytest.approx(0.4)


def test_a_large_clear_view_outweighs_a_small_one():
    heard = [(read("123ABC02", 0.8), 1.0), (read("123A8C02", 0.8), 0.2)]
    voted = vote(heard)
    assert voted is not None
    assert voted.text == "123ABC02"


def test_two_plates_on_one_track_are_not_mixed():
    heard = [(read("123ABC02", 0.9), 1.0)] * 3 + [(read("777XYZ14", 0.9), 1.0)] * 2
    voted = vote(heard)
    assert voted is not None
    assert (voted.text, voted.frames) == ("123ABC02", 3)
    assert voted.score < 0.7  # the other plate takes its share of the trust


def test_readings_of_another_length_join_the_plate_they_resemble():
    heard = [(read("123ABC02", 0.9), 1.0), (read("123ABC02", 0.9), 1.0), (read("123ABC0", 0.5), 1.0)]
    voted = vote(heard)
    assert voted is not None
    assert (voted.text, voted.frames) == ("123ABC02", 3)


@pytest.mark.parametrize(
    ("one", "other", "apart"), [("", "", 0), ("ABC", "ABC", 0), ("ABC", "ABD", 1), ("ABC", "BC", 1), ("A", "BCD", 3)]
)
def test_distance_counts_the_signs_to_change(one, other, apart):
    assert distance(one, other) == distance(other, one) == apart


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("123ABC02", "123ABC02", True),
        ("123ABC02", "123A8C0Z", True),
        ("123ABC02", "723A8C0Z", False),
        ("12", "34", False),
    ],
)
def test_alike_are_texts_that_may_be_one_plate(one, other, same):
    assert alike(one, other) is same


def test_the_doubt_that_is_marked_is_a_probability():
    assert 0.5 < DOUBTFUL < 1.0
