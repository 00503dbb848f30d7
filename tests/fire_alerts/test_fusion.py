from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fire_alerts.fusion import NEAR_M, TOGETHER, Origin, Place, Sign, Standing, fused

T0 = datetime(2026, 11, 23, 4, tzinfo=UTC)
HERE = Place(43.2389, 76.8897, 10.0)
NEXT_DOOR = Place(43.2393, 76.8897, 10.0)  # 44 m north
FAR = Place(43.2489, 76.8897, 10.0)  # 1.1 km north


def video(seconds=0.0, source="cam-1", place=HERE, object_id=None):
    return Sign(Origin.VIDEO, source, T0 + timedelta(seconds=seconds), place, object_id)


def sensor(seconds=0.0, source="s-1", place=HERE, object_id=None):
    return Sign(Origin.SENSOR, source, T0 + timedelta(seconds=seconds), place, object_id)


@pytest.mark.parametrize(
    ("signs", "standings"),
    [
        ([video()], [Standing.RAISED]),
        ([sensor()], [Standing.RAISED]),
        ([video(), sensor(60)], [Standing.CONFIRMED]),
        ([sensor(), video(60)], [Standing.CONFIRMED]),
        ([video(), video(60, "cam-2")], [Standing.RAISED]),
        ([video(), sensor(60, place=NEXT_DOOR)], [Standing.CONFIRMED]),
        ([video(), sensor(60, place=FAR)], [Standing.RAISED, Standing.RAISED]),
        ([video(object_id="a"), sensor(60, place=FAR, object_id="a")], [Standing.CONFIRMED]),
        ([video(object_id="a"), sensor(60, object_id="b")], [Standing.RAISED, Standing.RAISED]),
        ([video(), sensor(TOGETHER.total_seconds() + 1)], [Standing.RAISED, Standing.RAISED]),
        ([video(place=None), sensor(60)], [Standing.RAISED, Standing.RAISED]),
        ([video(place=None), video(60, place=None)], [Standing.RAISED]),
    ],
    ids=[
        "camera alone", "sensor alone", "camera then sensor", "sensor then camera", "two cameras look one way",
        "next door", "another street", "the same object", "two objects wall to wall", "too late", "a place unknown",
        "one camera twice",
    ],
)  # fmt: skip
def test_either_alone_raises_and_both_together_confirm(signs, standings):
    assert [one.standing for one in fused(signs)] == standings


def test_a_sign_between_two_happenings_makes_them_one():
    east, west = Place(43.2389, 76.8890, 5.0), Place(43.2389, 76.8904, 5.0)  # 114 m
    middle = Place(43.2389, 76.8897, 5.0)

    assert len(fused([video(0, "a", east), video(1, "b", west)])) == 2
    (one,) = fused([video(0, "a", east), video(1, "b", west), sensor(2, place=middle)])
    assert len(one.signs) == 3


def test_the_order_of_arrival_changes_nothing():
    signs = [video(0), sensor(30, place=NEXT_DOOR), video(60, "cam-2", FAR), sensor(90, "s-2", FAR)]

    assert len({fused(order) for order in permutations(signs)}) == 1


@given(
    st.lists(
        st.builds(
            lambda seconds, far, is_video, number: (video if is_video else sensor)(
                seconds, f"{number}", Place(43.2 + far * 1e-4, 76.9, 1.0)
            ),
            st.integers(0, 2000), st.integers(0, 60), st.booleans(), st.integers(0, 5),
        ),
        max_size=12,
    )
)  # fmt: skip
def test_no_sign_is_lost_or_told_twice(signs):
    told = [sign for one in fused(signs) for sign in one.signs]

    assert sorted(told, key=repr) == sorted(set(signs), key=repr)
    assert NEAR_M > 0
