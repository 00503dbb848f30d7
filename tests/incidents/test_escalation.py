from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.alert import AlertState
from incidents.escalation import WAITS, Ladder, Rung, Wait, due, turns

LADDER = Ladder(
    "test", date(2026, 11, 23), "a test",
    (
        Rung("first", Wait.UNACKNOWLEDGED, timedelta(seconds=30), ("senior_shift",), frozenset({"high"})),
        Rung("service", Wait.UNACKNOWLEDGED, timedelta(seconds=90), ("112",), frozenset({"high"})),
        Rung("again", Wait.UNACKNOWLEDGED, timedelta(seconds=100), ("senior_shift",), repeat=timedelta(seconds=60),
             most=3),
        Rung("verdict", Wait.UNDECIDED, timedelta(seconds=120), ("senior_shift",), kinds=frozenset({"smoke"})),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("state", "kind", "expected"),
    [
        ("notified", "fire", [(30, "first"), (90, "service"), (100, "again"), (160, "again"), (220, "again")]),
        ("reopened", "congestion", [(100, "again"), (160, "again"), (220, "again")]),
        ("verifying", "smoke", [(120, "verdict")]),
        ("acknowledged", "fire", []),
        ("departed", "fire", []),
    ],
)
def test_the_ladder_of_an_alert_is_that_of_its_kind_and_of_what_it_waits_for(state, kind, expected):
    found = turns(LADDER, AlertState(state), kind)
    assert [(turn.after.total_seconds(), turn.rung.id) for turn in found] == expected


@given(st.lists(st.integers(0, 300), max_size=12).map(sorted))
def test_every_turn_is_taken_once_or_passed_over_and_none_before_its_time(looks):
    every = turns(LADDER, AlertState.NOTIFIED, "fire")
    done, taken = 0, []
    for second in looks:
        done, now = due(every, done, timedelta(seconds=second))
        assert all(turn.after <= timedelta(seconds=second) for turn in now)
        taken += now
    assert len(taken) == len(set(taken))
    assert done == sum(turn.after.total_seconds() <= max(looks, default=0) for turn in every)


def test_after_a_standstill_each_step_is_taken_once():
    done, now = due(turns(LADDER, AlertState.NOTIFIED, "fire"), 0, timedelta(hours=1))
    assert (done, [(turn.rung.id, turn.number) for turn in now]) == (5, [("first", 1), ("service", 1), ("again", 3)])


def test_states_in_which_somebody_is_waited_for_have_a_name():
    assert set(WAITS.values()) == set(Wait)
