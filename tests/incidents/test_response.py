from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.response import (
    AHEAD,
    MOMENTS,
    OLDEST,
    ON_THE_WAY,
    TRUST,
    Response,
    ResponseState,
    ResponseStep,
    in_reach,
    reported,
)
from qyran.errors import InputError

NOON = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
WAY = [ResponseStep.RECEIVE, ResponseStep.DEPART, ResponseStep.ARRIVE, ResponseStep.FINISH]
AT = {step: NOON + timedelta(minutes=2 * number) for number, step in enumerate(WAY)}


def told(steps, clock="external") -> Response:
    response = Response()
    for step in steps:
        response = reported(response, step, AT[step], clock)
    return response


@pytest.mark.parametrize("order", list(permutations(WAY)))
def test_reports_in_any_order_say_the_same_in_the_end(order):
    assert told(order) == told(WAY)
    assert told(order).state is ResponseState.FINISHED


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ([], "sent"), ([ResponseStep.RECEIVE], "received"), ([ResponseStep.DEPART], "departed"),
        ([ResponseStep.ARRIVE], "arrived"), (WAY, "finished"),
    ],
)  # fmt: skip
def test_a_service_stands_where_its_furthest_time_is(steps, state):
    assert told(steps).state == state


@given(st.lists(st.sampled_from(WAY), max_size=12), st.sampled_from(sorted(TRUST)))
def test_what_is_known_already_changes_nothing(steps, clock):
    once = told(steps, clock)
    for step in steps:
        assert reported(once, step, AT[step], clock) is once


@pytest.mark.parametrize(
    ("first", "second", "stands"),
    [
        ("server", "external", "second"), ("typed", "external", "second"), ("server", "typed", "second"),
        ("external", "typed", "first"), ("external", "server", "first"), ("typed", "server", "first"),
        ("external", "external", "second"), ("typed", "typed", "second"), ("server", "server", "first"),
    ],
)  # fmt: skip
def test_the_services_own_clock_goes_before_a_watch_and_a_watch_before_ours(first, second, stands):
    later = NOON + timedelta(seconds=30)
    response = reported(Response(), ResponseStep.DEPART, NOON, first)
    response = reported(response, ResponseStep.DEPART, later, second)
    assert (response.t_depart, response.clock("t_depart")) == ((NOON, first) if stands == "first" else (later, second))


@pytest.mark.parametrize("late", WAY[1:])
def test_a_crew_does_not_arrive_before_it_left(late):
    before = WAY[WAY.index(late) - 1]
    response = told([before])
    with pytest.raises(InputError, match="cannot lie before"):
        reported(response, late, AT[before] - timedelta(seconds=1), "external")


def test_times_of_two_clocks_may_differ_as_clocks_do():
    response = reported(Response(), ResponseStep.RECEIVE, NOON, "external")
    assert reported(response, ResponseStep.DEPART, NOON - AHEAD, "server").t_depart == NOON - AHEAD
    with pytest.raises(InputError):
        reported(response, ResponseStep.DEPART, NOON - AHEAD - timedelta(seconds=1), "server")


@pytest.mark.parametrize(
    ("at", "good"),
    [
        (NOON + AHEAD, True), (NOON + AHEAD + timedelta(seconds=1), False),
        (NOON - OLDEST, True), (NOON - OLDEST - timedelta(seconds=1), False),
    ],
)  # fmt: skip
def test_a_time_lies_neither_in_the_future_nor_long_before_the_alert(at, good):
    if good:
        in_reach(at, NOON, NOON)
        assert at <= NOON + AHEAD
    else:
        with pytest.raises(InputError):
            in_reach(at, NOON, NOON)


def test_every_step_has_its_time():
    assert set(MOMENTS) == set(ResponseStep)
    assert set(ON_THE_WAY) < set(MOMENTS.values())
