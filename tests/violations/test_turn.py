from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.violations.junction_view import INNER, OUTER, junction, through
from tests.violations.road_view import Mover, View, judge, via
from violations.rules.turn import RULE
from vision.classes import CAR, TRUCK

NIGHT = [{"start": "22:00", "end": "06:00"}]  # the scenes are at 11:00 in Almaty
DAY = [{"start": "08:00", "end": "20:00"}]


def no_left(view=None, **more):
    return (view or junction()).forbid("no-left", "turn", "inner", "west", **more)


def found(*movers, view=None, rate_hz=8.0, shift_s=0.0, until_s=12.0):
    view = view or no_left()
    return judge(RULE, view, view.observe(*movers, until_s=until_s, rate_hz=rate_hz, shift_s=shift_s))


@pytest.mark.parametrize("rate", [3.0, 8.0, 25.0])
@pytest.mark.parametrize("calibrated", [True, False])
def test_who_turns_where_it_is_forbidden_is_found_once(rate, calibrated) -> None:
    (finding,) = found(Mover(1, through("left", INNER)), view=no_left(junction(calibrated=calibrated)), rate_hz=rate)
    assert (finding.kind, finding.zone, finding.track) == ("turn", "west", 1)
    assert [reason.code for reason in finding.trace] == ["was_in_zone", "turned_by", "came_into_zone", "way_forbidden"]
    assert [moment.name for moment in finding.moments] == ["before_line", "in_act", "plate", "wide"]


@pytest.mark.parametrize(
    ("mover", "more", "count"),
    [
        (Mover(1, through("left", INNER)), {"hours": DAY}, 1),
        (Mover(1, through("left", INNER)), {"hours": NIGHT}, 0),
        (Mover(1, through("left", INNER), TRUCK), {"classes": ["truck"]}, 1),
        (Mover(1, through("left", INNER), CAR), {"classes": ["truck"]}, 0),
        (Mover(1, through("straight", INNER)), {}, 0),
        (Mover(1, through("right", OUTER)), {}, 0),
        (Mover(1, through("back", INNER)), {}, 0),
        (Mover(1, through("left", OUTER)), {}, 0),
        (Mover(1, via((0, 40, 15), (8, -40, 15))), {}, 0),
        (Mover(1, through("left", INNER), ids=lambda t: 1 if t < 2.6 else 2), {}, 0),
    ],
    ids=["by day", "by night", "lorry", "car", "straight", "right", "back", "other lane", "crossing", "new id"],
)
def test_only_who_is_meant_and_turns_while_it_is_forbidden_is_accused(mover, more, count) -> None:
    assert len(found(mover, view=no_left(**more))) == count


def test_ids_exchanged_in_the_junction_make_no_turn() -> None:
    straight, crossing = through("straight", INNER, speed=8.0), via((0, 26, 15), (6, -26, 15))
    movers = (
        Mover(1, straight, ids=lambda t: 1 if t < 4.1 else 2),
        Mover(2, crossing, ids=lambda t: 2 if t < 4.1 else 1),
    )
    assert found(*movers) == []


@settings(max_examples=10, deadline=None)
@given(
    way=st.sampled_from(["left", "straight"]), mirrored=st.booleans(), large=st.booleans(),
    shift_s=st.sampled_from([0.0, 900.0]), rate=st.sampled_from([5.0, 8.0, 12.5, 25.0]), speed=st.floats(5, 11),
)  # fmt: skip
def test_mirrored_enlarged_shifted_and_resampled_scenes_give_the_same_verdict(
    way, mirrored, large, shift_s, rate, speed
) -> None:
    view = no_left(junction(mirrored=mirrored, size=(1920, 1080) if large else (1280, 720)))
    mover = Mover(1, through(way, INNER, speed=speed))
    assert len(found(mover, view=view, rate_hz=rate, shift_s=shift_s)) == (way == "left")


def test_the_rule_says_what_it_lacks() -> None:
    assert [reason.code for reason in RULE.missing(View(calibrated=False).camera)] == ["missing_forbidden_turn"]
    assert RULE.missing(no_left().camera) == ()
