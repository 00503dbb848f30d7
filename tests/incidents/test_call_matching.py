from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.call_matching import AFTER, BEFORE, CLOSE, KnownAlert, LoggedCall, Tie, pair_up

NOON = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
HERE, NEXT_DOOR, ELSEWHERE = (43.2389, 76.8897), (43.2395, 76.8897), (43.2789, 76.9897)


def call(name: str = "c", minutes: float = 1, **facts) -> LoggedCall:
    return LoggedCall(name, NOON + timedelta(minutes=minutes), **facts)


def alert(name: str = "a", minutes: float = 0, **facts) -> KnownAlert:
    return KnownAlert(name, NOON + timedelta(minutes=minutes), **facts)


@pytest.mark.parametrize(
    ("one", "other", "tie", "sure"),
    [
        (call("101-7", 600), alert(numbers=frozenset({"101-7"})), Tie.NUMBER, True),
        (call(object_id="UTO-1"), alert(object_id="UTO-1"), Tie.OBJECT, True),
        (call(object_id="UTO-1"), alert(object_id="UTO-2"), None, False),
        (call(object_id="UTO-1", place=HERE), alert(object_id="UTO-2", place=HERE), None, False),
        (call(place=HERE), alert(place=NEXT_DOOR), Tie.PLACE, True),
        (call(place=HERE), alert(place=ELSEWHERE), None, False),
        (call(place=HERE), alert(place=ELSEWHERE, radius_m=20_000), Tie.PLACE, True),
        (call(), alert(), Tie.TIME, False),
        (call(minutes=CLOSE.total_seconds() / 60 + 1), alert(), None, False),
        (call(minutes=-BEFORE.total_seconds() / 60 - 1, object_id="x"), alert(object_id="x"), None, False),
        (call(minutes=AFTER.total_seconds() / 60 + 1, object_id="x"), alert(object_id="x"), None, False),
    ],
)
def test_what_ties_a_call_to_an_alert(one, other, tie, sure):
    found = pair_up([one], [other])
    assert [(pair.tie, pair.sure) for pair in found] == ([] if tie is None else [(tie, sure)])


def test_where_two_would_fit_a_person_confirms():
    found = pair_up([call("c1", object_id="x"), call("c2", 5, object_id="x")], [alert(object_id="x")])
    assert [(pair.call, pair.sure) for pair in found] == [("c1", False), ("c2", False)]


def test_a_number_settles_what_the_object_leaves_open():
    calls = [call("c1", object_id="x"), call("c2", 5, object_id="x")]
    alerts = [alert("a1", object_id="x", numbers=frozenset({"c2"})), alert("a2", 3, object_id="x")]
    found = {(pair.call, pair.alert, pair.tie.name, pair.sure) for pair in pair_up(calls, alerts)}
    assert found == {("c2", "a1", "NUMBER", True), ("c1", "a2", "OBJECT", True)}


def test_what_a_person_refused_is_not_offered_again():
    assert pair_up([call()], [alert()], frozenset({("c", "a")})) == ()


def some(made, letter: str):
    names, objects = st.integers(0, 5).map(f"{letter}{{}}".format), st.sampled_from(["x", "y", None])
    one = st.builds(made, names, st.floats(-60, 60), object_id=objects)
    return st.lists(one, unique_by=lambda one: one.id, max_size=6)


calls, alerts = some(call, "c"), some(alert, "a")


@given(calls, alerts)
def test_a_sure_call_or_alert_stands_in_one_pair_only(logged, known):
    found = pair_up(logged, known)
    for pair in found:
        if pair.sure:
            assert sum(pair.call == one.call or pair.alert == one.alert for one in found) == 1
    assert len({(one.call, one.alert) for one in found}) == len(found)


@given(calls, alerts)
def test_the_order_of_the_log_does_not_matter(logged, known):
    assert pair_up(logged, known) == pair_up(logged[::-1], known[::-1])
