from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.observations import Timeline
from tests.violations.road_view import Mover, View, judge, via
from violations.rules.railway_crossing import RULE
from vision.types import SignalState as S

X = 1.75
FLASHES = {"rail": Timeline([(0.0, S.OFF), (3.0, S.FLASHING)])}
RED = {"rail": Timeline([(0.0, S.OFF), (3.0, S.RED)])}
DARK = {"rail": Timeline([(0.0, S.OFF)])}


def crossing(**changes) -> View:
    view = View(**{"position": (6.0, -24.0, 8.0), "look_at": (1.0, 5.0, 0.5), **changes})
    view = view.line("halt", "rail_stop", (0.2, 0.0), (3.5, 0.0), travel=(0.0, 2.0)).signal("rail", "halt")
    return view.zone("rails", "railway", (-6.0, 6.0), (5.0, 12.0))


def drives(over_s: float, speed: float = 8.0):
    """Its middle passes the stop line at a second."""
    return via((0.0, X, -speed * over_s), (14.0, X, speed * (14.0 - over_s)))


def found(*movers, view=None, signals=FLASHES, rate_hz=8.0, shift_s=0.0, until_s=14.0):
    view = view or crossing()
    observations = view.observe(*movers, until_s=until_s, rate_hz=rate_hz, signals=signals, shift_s=shift_s)
    return judge(RULE, view, observations)


@pytest.mark.parametrize("signals", [FLASHES, RED])
@pytest.mark.parametrize("rate", [3.0, 8.0, 25.0])
def test_who_drives_onto_the_rails_against_the_signal_is_found_once(signals, rate) -> None:
    (finding,) = found(Mover(1, drives(7.0)), signals=signals, rate_hz=rate)
    assert (finding.kind, finding.line, finding.signal) == ("railway_crossing", "halt", "rail")
    assert [reason.code for reason in finding.trace] == [
        "rail_signal_since", "before_rails", "crossed_rail_stop", "drove_on",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("mover", "signals", "why"),
    [
        (Mover(1, drives(2.5)), FLASHES, "was over the line when the signal began"),
        (Mover(1, drives(7.0)), DARK, "the signal is dark"),
        (Mover(1, drives(7.0)), {"rail": Timeline([(0.0, S.UNKNOWN)])}, "nobody can read the signal"),
        (Mover(1, via((0, X, -40), (5, X, -3), (14, X, -3))), FLASHES, "stops before the line"),
        (Mover(1, via((0, X, 40), (14, X, -40))), FLASHES, "comes the other way"),
        (Mover(1, via((0, X, -40), (6, X, 8), (14, X, 8))), DARK, "breaks down on the rails, nobody before it"),
        (
            Mover(1, drives(7.0)), {"rail": Timeline([(0.0, S.FLASHING), (6.5, S.OFF)])},
            "the signal had ended when it drove on",
        ),
    ],
)  # fmt: skip
def test_who_keeps_the_rules_of_the_crossing_is_not_accused(mover, signals, why) -> None:
    assert found(mover, signals=signals) == [], why


JAM = Mover(9, via((0, X, 16.5), (14, X, 16.5)))


def test_who_drives_onto_rails_that_are_not_free_and_stands_there_is_found_once() -> None:
    (finding,) = found(JAM, Mover(1, via((0, X, -20), (5, X, 10), (14, X, 10))), signals=DARK)
    assert (finding.zone, finding.track) == ("rails", 1)
    assert [reason.code for reason in finding.trace] == ["rails_not_free", "stands_on_rails"]


@pytest.mark.parametrize(
    ("mover", "why"),
    [
        (Mover(1, via((0, X, -20), (4, X, -3), (14, X, -3))), "waits before the line"),
        (Mover(1, via((0, X, -20), (5, X, 10), (8, X, 10), (14, X, 60))), "stands only for a moment"),
        (Mover(1, via((0, X, 9), (14, X, 9))), "stood there before anybody looked"),
    ],
)
def test_who_does_not_get_stuck_by_his_own_fault_is_not_accused(mover, why) -> None:
    assert found(JAM, mover, signals=DARK) == [], why


@settings(max_examples=8, deadline=None)
@given(
    over_s=st.sampled_from([1.5, 6.5, 8.0]), mirrored=st.booleans(), large=st.booleans(),
    shift_s=st.sampled_from([0.0, 900.0]), rate=st.sampled_from([5.0, 8.0, 12.5, 25.0]), speed=st.floats(6, 10),
)  # fmt: skip
def test_mirrored_enlarged_shifted_and_resampled_scenes_give_the_same_verdict(
    over_s, mirrored, large, shift_s, rate, speed
) -> None:
    view = crossing(mirrored=mirrored, size=(1920, 1080) if large else (1280, 720))
    assert len(found(Mover(1, drives(over_s, speed)), view=view, rate_hz=rate, shift_s=shift_s)) == (over_s > 4)


def test_the_rule_says_what_it_lacks() -> None:
    assert [reason.code for reason in RULE.missing(View(calibrated=False).camera)] == ["missing_rail_stop"]
    assert RULE.missing(crossing().camera) == ()
