from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.violations.junction_view import INNER, junction, through
from tests.violations.road_view import Mover, View, judge, via
from violations.rules.u_turn import RULE


def no_back(view=None, **more):
    return (view or junction()).forbid("no-back", "u_turn", "inner", "south", **more)


def found(*movers, view=None, rate_hz=8.0, shift_s=0.0, until_s=14.0):
    view = view or no_back()
    return judge(RULE, view, view.observe(*movers, until_s=until_s, rate_hz=rate_hz, shift_s=shift_s))


@pytest.mark.parametrize("rate", [3.0, 8.0, 25.0])
@pytest.mark.parametrize("calibrated", [True, False])
def test_who_turns_back_where_it_is_forbidden_is_found_once(rate, calibrated) -> None:
    mover = Mover(1, through("back", INNER, speed=6.0))
    (finding,) = found(mover, view=no_back(junction(calibrated=calibrated)), rate_hz=rate)
    assert (finding.kind, finding.zone, finding.track) == ("u_turn", "south", 1)
    degrees = dict(finding.trace[1].values)["degrees"]
    assert 130 <= degrees <= 230


@pytest.mark.parametrize(
    ("mover", "why"),
    [
        (Mover(1, through("left", INNER)), "turns left"),
        (Mover(1, through("straight", INNER)), "goes straight on"),
        (Mover(1, via((0, -1.75, 60), (9, -1.75, -20))), "comes from the other side"),
        (Mover(1, through("back", INNER, speed=6.0), ids=lambda t: 1 if t < 5.0 else 2), "a new id"),
        (Mover(1, via((0, INNER, -20), (4, INNER, 2), (6, INNER, 2), (10, INNER, -12))), "reverses"),
    ],
)
def test_who_does_not_turn_back_is_not_accused(mover, why) -> None:
    assert found(mover) == [], why


def test_ids_exchanged_with_oncoming_traffic_make_no_turn_back() -> None:
    away, towards = via((0, INNER, -18), (6, INNER, 30)), via((0, -1.75, 18), (6, -1.75, -30))
    movers = (
        Mover(1, away, ids=lambda t: 1 if t < 2.2 else 2),
        Mover(2, towards, ids=lambda t: 2 if t < 2.2 else 1),
    )
    assert found(*movers) == []


def test_the_hours_of_the_ban_count() -> None:
    mover = Mover(1, through("back", INNER, speed=6.0))
    assert found(mover, view=no_back(hours=[{"start": "22:00", "end": "06:00"}])) == []
    assert len(found(mover, view=no_back(hours=[{"start": "08:00", "end": "20:00"}]))) == 1


@settings(max_examples=8, deadline=None)
@given(
    mirrored=st.booleans(), large=st.booleans(), shift_s=st.sampled_from([0.0, 900.0]),
    rate=st.sampled_from([5.0, 8.0, 12.5, 25.0]), speed=st.floats(4, 8),
)  # fmt: skip
def test_mirrored_enlarged_shifted_and_resampled_scenes_give_the_same_verdict(
    mirrored, large, shift_s, rate, speed
) -> None:
    view = no_back(junction(mirrored=mirrored, size=(1920, 1080) if large else (1280, 720)))
    mover = Mover(1, through("back", INNER, speed=speed))
    assert len(found(mover, view=view, rate_hz=rate, shift_s=shift_s)) == 1


def test_the_rule_says_what_it_lacks() -> None:
    assert [reason.code for reason in RULE.missing(View(calibrated=False).camera)] == ["missing_forbidden_u_turn"]
    assert RULE.missing(no_back().camera) == ()
