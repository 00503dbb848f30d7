from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.load import LASTING_S, MARGIN, LoadTerms, Pace, Thrift

TERMS = LoadTerms()


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def looked(pace: Pace, hands: Hands, delays: list[float], every_s: float = 0.125) -> list[float]:
    """The rate after each look."""
    rates = []
    for delay in delays:
        hands.now += every_s
        pace.done(delay)
        rates.append(pace.rate_hz)
    return rates


def test_the_rate_is_the_wanted_one_while_looks_end_in_good_time() -> None:
    hands = Hands()
    pace = Pace(TERMS, hands)
    assert set(looked(pace, hands, [0.1] * 50)) == {TERMS.wanted_hz}
    assert pace.thrift is Thrift.NONE


def test_late_looks_lower_it_within_a_second_and_looks_in_time_raise_it_slowly() -> None:
    hands = Hands()
    pace = Pace(TERMS, hands)
    falling = looked(pace, hands, [1.0] * 8)
    assert falling[-1] <= TERMS.wanted_hz * TERMS.fall
    assert pace.thrift is Thrift.SOME
    rising = looked(pace, hands, [0.1] * 160)
    assert all(after - before in {0.0, TERMS.rise_hz} for before, after in pairwise(rising[:-30]))
    assert rising[-1] == TERMS.wanted_hz


def test_between_late_and_soon_it_stays() -> None:
    hands = Hands()
    pace = Pace(TERMS, hands)
    low = looked(pace, hands, [1.0] * 8)[-1]
    assert set(looked(pace, hands, [0.5] * 100)) == {low}


def test_looks_become_thrifty_only_where_even_the_least_rate_is_late_and_whole_again_when_there_is_room() -> None:
    hands = Hands()
    pace = Pace(TERMS, hands)
    looked(pace, hands, [1.0] * 24)
    assert pace.rate_hz == TERMS.floor_hz
    thrift = [pace.thrift]
    for delays in ([1.0] * 40, [0.1] * 400):
        looked(pace, hands, delays)
        thrift.append(pace.thrift)
    assert thrift == [Thrift.MOST, Thrift.UTMOST, Thrift.NONE]


@given(st.lists(st.floats(0, 30), max_size=300), st.floats(0.5, 3.0))
def test_it_never_goes_below_what_the_rules_need_nor_above_what_is_wanted(delays: list[float], least: float) -> None:
    hands = Hands()
    pace = Pace(LoadTerms(least_hz=least), hands)
    assert all(least <= rate <= TERMS.wanted_hz for rate in looked(pace, hands, delays))


@given(st.integers(1, 8))
def test_two_cameras_that_see_like_delays_come_to_like_rates(shorter: int) -> None:
    hands = Hands()
    one, other = Pace(TERMS, hands), Pace(TERMS, hands)
    for _ in range(shorter):
        hands.now += 1.0
        other.done(1.0)
    for _ in range(400):  # together they get what the machine has: late where both ask for more than 10 a second
        hands.now += 0.25
        late = 1.0 if one.rate_hz + other.rate_hz > 10 else 0.1
        one.done(late)
        other.done(late)
    assert one.rate_hz == pytest.approx(other.rate_hz, abs=1.5)


def test_turns_are_as_far_apart_as_the_rate_says_and_what_was_missed_is_not_caught_up() -> None:
    pace = Pace(LoadTerms(wanted_hz=5.0), Hands())
    taken = []
    for number in range(200):
        video_s = number * 0.04
        if pace.ready(video_s) and not 2.0 < video_s < 4.0:  # nobody asks for two seconds
            pace.took(video_s)
            taken.append(video_s)
    steps = [later - earlier for earlier, later in pairwise(taken)]
    assert max(steps) == pytest.approx(2.0, abs=0.25)
    assert min(steps) >= 0.1 - 0.04
    assert len(taken) == pytest.approx(6.0 * 5, abs=2)


def test_other_rules_move_the_rate_into_their_bounds() -> None:
    hands = Hands()
    pace = Pace(LoadTerms(least_hz=0.5), hands)
    looked(pace, hands, [5.0] * 200)
    assert pace.rate_hz == pytest.approx(0.5 * MARGIN)
    pace.terms = LoadTerms(least_hz=3.0)
    assert pace.rate_hz == pytest.approx(3.0 * MARGIN)


def test_what_was_had_is_told_of_the_last_seconds_and_counts_the_gap_that_lasts() -> None:
    hands = Hands()
    pace = Pace(TERMS, hands)
    looked(pace, hands, [0.2] * 800)
    had = pace.had()
    assert had.rate_hz == pytest.approx(8.0, abs=0.1)
    assert (had.delay_p50_s, had.delay_p95_s) == (0.2, 0.2)
    hands.now += 7.0
    assert pace.had().longest_gap_s == pytest.approx(7.0)
    hands.now += LASTING_S
    assert pace.had().delay_p95_s is None


@pytest.mark.parametrize(
    "wrong", [{"least_hz": 0.0}, {"least_hz": 9.0}, {"soon_s": 0.0}, {"soon_s": 0.7, "late_s": 0.6}]
)
def test_terms_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        LoadTerms(**wrong)
