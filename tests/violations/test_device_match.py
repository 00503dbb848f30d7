from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.violations.records import NOON, a_record
from violations.device_match import WINDOW_S, Match, Seen, match, plate_distance


def seen(name: str = "p1", after_s: float = 0.5, plate: str | None = "123ABC02", **changes: object) -> Seen:
    return Seen(name, NOON + timedelta(seconds=after_s), plate, **changes)


RECORD = a_record()


@pytest.mark.parametrize(
    ("passages", "status", "who"),
    [
        ([seen()], "matched", "p1"),
        ([seen(lane="north-1", direction="forward", speed_kmh=93.0, sigma_kmh=2.0)], "matched", "p1"),
        ([seen(plate="I23A8C0Z")], "matched", "p1"),
        ([seen(plate=None)], "matched", "p1"),
        ([seen(plate="777XYZ01")], "none", None),
        ([seen(after_s=WINDOW_S + 0.1)], "none", None),
        ([seen(direction="backward")], "none", None),
        ([], "none", None),
        ([seen("a", plate=None), seen("b", after_s=-0.4, plate=None)], "ambiguous", None),
        ([seen("a"), seen("b", after_s=0.4)], "ambiguous", None),
        ([seen("a"), seen("b", plate=None)], "matched", "a"),
        ([seen("a", lane="north-1"), seen("b", lane="north-2")], "matched", "a"),
        ([seen("a", plate=None, speed_kmh=94.0), seen("b", plate=None, speed_kmh=50.0)], "matched", "a"),
        ([seen("a", plate="777XYZ01"), seen("b", after_s=2.5)], "matched", "b"),
    ],
)
def test_the_passage_a_record_is_about(passages, status, who):
    found = match(RECORD, passages)
    assert (found.status, found.seen) == (status, who)


plates = st.text("ABO0I1B8S5Z2", min_size=4, max_size=8)
passages = st.builds(
    seen,
    st.sampled_from("abcdef"),
    st.floats(-5, 5),
    st.none() | plates | st.just("123ABC02"),
    lane=st.sampled_from([None, "north-1", "north-2"]),
    direction=st.sampled_from([None, "forward", "backward"]),
    speed_kmh=st.none() | st.floats(0, 200),
)


@given(st.lists(passages, max_size=5, unique_by=lambda one: one.id), st.randoms())
def test_the_order_of_the_passages_plays_no_part(given_, random):
    shuffled = list(given_)
    random.shuffle(shuffled)
    assert match(RECORD, given_) == match(RECORD, shuffled)


@given(st.lists(passages, max_size=4, unique_by=lambda one: one.id), st.integers(-(10**6), 10**6))
def test_a_shift_of_all_clocks_changes_nothing(given_, seconds):
    shift = timedelta(seconds=seconds)
    moved = [Seen(one.id, one.time + shift, one.plate, one.lane, one.direction, one.speed_kmh) for one in given_]
    assert match(a_record(time=NOON + shift), moved) == match(RECORD, given_)


@given(st.lists(passages, max_size=4, unique_by=lambda one: one.id))
def test_scores_lie_between_0_and_1_and_only_a_match_names_somebody(given_):
    found = match(RECORD, given_)
    assert 0.0 <= found.score <= 1.0
    assert (found.status == "matched") == (found.seen is not None)
    assert isinstance(found, Match)


@given(plates, plates, plates)
def test_the_distance_of_plates_is_a_distance(one, other, third):
    assert plate_distance(one, one) == 0.0
    assert (plate_distance(one, other) == 0.0) == (one == other)
    assert plate_distance(one, other) == pytest.approx(plate_distance(other, one))
    assert plate_distance(one, third) <= plate_distance(one, other) + plate_distance(other, third) + 1e-9


def test_signs_that_look_alike_are_nearer_than_others():
    assert plate_distance("123ABC02", "123A8C02") < plate_distance("123ABC02", "123AXC02") == 1.0
