"""A course is driven as planned: there at its time, at rest where and as long as it should, never in jumps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios.course import ACCEL, BRAKE, SIDEWAYS, Stop, place_on, plan_course, smooth
from scenarios.happenings.moves import creeping

STRAIGHT = smooth([(0.0, -60.0), (0.0, 60.0)])
BEND = smooth([(0.0, -60.0), (0.0, 0.0), (60.0, 0.0)], 3.0)


@given(speed=st.floats(3.0, 25.0), at=st.floats(5.0, 100.0), t=st.floats(-5.0, 30.0))
@settings(deadline=None, max_examples=30)
def test_it_is_at_its_place_at_its_second(speed: float, at: float, t: float) -> None:
    now = plan_course(STRAIGHT, speed, at=(at, t)).at(t)
    assert now is not None
    assert now[1] == pytest.approx(-60.0 + at, abs=0.05)
    assert now[3] == pytest.approx(speed, abs=1e-6)


@given(place=st.floats(30.0, 100.0), hold=st.floats(0.5, 20.0), speed=st.floats(4.0, 20.0))
@settings(deadline=None, max_examples=30)
def test_it_rests_where_and_as_long_as_planned(place: float, hold: float, speed: float) -> None:
    course = plan_course(STRAIGHT, speed, at=(place, 10.0), stops=(Stop(place, hold),))
    for t in (10.05, 10.0 + hold - 0.05):
        now = course.at(t)
        assert now is not None
        assert now[1] == pytest.approx(-60.0 + place, abs=0.15)
        assert now[3] == 0.0
    after = course.at(10.0 + hold + 1.0)
    assert after is not None
    assert after[3] > 0.3


@given(speed=st.floats(4.0, 25.0), place=st.floats(40.0, 90.0), way=st.sampled_from(["straight", "bend"]))
@settings(deadline=None, max_examples=20)
def test_it_never_jumps_and_keeps_to_what_drivers_do(speed: float, place: float, way: str) -> None:
    course = plan_course(STRAIGHT if way == "straight" else BEND, speed, at=(place, 8.0), stops=(Stop(place, 2.0),))
    times = np.arange(course.t[0], course.t[-1], 0.05)
    states = np.array([course.at(float(t)) for t in times])
    moved = np.linalg.norm(np.diff(states[:, :2], axis=0), axis=1)
    assert moved.max() <= speed * 0.05 + 1e-6
    assert np.allclose(moved, (states[1:, 3] + states[:-1, 3]) / 2 * 0.05, atol=0.03)
    assert states[:, 4].max() <= ACCEL + 0.05
    assert states[:, 4].min() >= -BRAKE - 0.05


def test_a_bend_is_taken_slowly_and_a_slow_stretch_more_so() -> None:
    course = plan_course(BEND, 20.0, at=(0.0, 0.0))
    slowest = float(course.v.min())
    turn = np.abs(np.gradient(course.heading, course.s)).max()
    assert slowest <= np.sqrt(SIDEWAYS / turn) + 1e-6
    crawling = plan_course(STRAIGHT, 10.0, at=(0.0, 0.0), slow=((40.0, 60.0, 2.0),))
    assert crawling.v[(crawling.s > 42) & (crawling.s < 58)].max() <= 2.0


def test_nobody_is_there_before_and_after() -> None:
    course = plan_course(STRAIGHT, 10.0, at=(60.0, 5.0))
    assert course.at(float(course.t[0]) - 0.1) is None
    assert course.at(float(course.t[-1]) + 0.1) is None


def test_a_place_is_found_on_a_line_or_named_as_absent() -> None:
    assert place_on(STRAIGHT, y=0.0) == pytest.approx(60.0, abs=0.01)
    with pytest.raises(ValueError, match="never comes"):
        place_on(STRAIGHT, x=5.0)


def test_who_creeps_comes_to_rest_backs_off_and_leaves_with_its_nose_ahead_all_the_time() -> None:
    way = smooth([(0.0, -60.0), (0.0, 90.0)])
    course = creeping(way, 30.0, 62.0, 8.0, 0.6, 3.0, 20.0)
    assert (np.diff(course.t) >= 0).all()
    times = np.arange(course.t[0], 30.0, 0.1)
    places = course.over(times)
    y, heading, speed = places[:, 1], places[:, 2], places[:, 3]
    assert np.interp(8.3, times, y) == pytest.approx(2.0, abs=0.1)
    assert np.interp(18.0, times, y) == pytest.approx(-1.0, abs=0.3)
    assert y[-1] > 10.0
    assert heading == pytest.approx(np.pi / 2, abs=1e-6)
    assert np.abs(np.diff(y)).max() < 0.1 * speed.max() + 0.05  # nowhere does it leap
