from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.violations.junction_view import INNER, OUTER, junction, through
from tests.violations.road_view import Mover, View, judge, via
from violations.rules.lane_direction import RULE
from vision.classes import BICYCLE, BUS, CAR, TRUCK

LANES = (("left", "straight"), ("straight", "right"))
X = {"inner": INNER, "outer": OUTER}


def found(*movers, view=None, rate_hz=8.0, shift_s=0.0, until_s=12.0):
    view = view or junction(lanes=LANES)
    return judge(RULE, view, view.observe(*movers, until_s=until_s, rate_hz=rate_hz, shift_s=shift_s))


@pytest.mark.parametrize(("lane", "way"), [("inner", "right"), ("outer", "left")])
@pytest.mark.parametrize("rate", [3.0, 8.0, 25.0])
def test_who_goes_another_way_than_his_lane_allows_is_found_once(lane, way, rate) -> None:
    (finding,) = found(Mover(1, through(way, X[lane])), rate_hz=rate)
    assert (finding.kind, finding.zone, finding.track) == ("lane_direction", lane, 1)
    codes = [reason.code for reason in finding.trace]
    assert codes == ["was_in_lane", *(f"lane_allows_{turn}" for turn in LANES[lane == "outer"]), f"lane_way_{way}"]
    assert [moment.name for moment in finding.moments] == ["before_line", "in_act", "plate", "wide"]
    assert finding.moments[0].video_s == finding.onset_s < finding.moments[1].video_s


@pytest.mark.parametrize(
    ("lanes", "x", "way", "count"),
    [
        ((("left",), ("right",)), INNER, "straight", 1),
        ((("left",), ("straight", "right")), INNER, "straight", 1),
        ((("straight",), ("right",)), OUTER, "straight", 1),
        ((("straight",), ("straight", "right")), INNER, "back", 1),
        ((("left", "back"), ("straight", "right")), INNER, "back", 0),
        ((("left",), ("right",)), INNER, "left", 0),
        ((("straight",), ("right",)), OUTER, "right", 0),
    ],
)
def test_the_turns_of_the_lane_decide(lanes, x, way, count) -> None:
    assert len(found(Mover(1, through(way, x)), view=junction(lanes=lanes))) == count


@pytest.mark.parametrize(
    ("mover", "why"),
    [
        (Mover(1, through("left", INNER)), "the lane allows it"),
        (Mover(1, through("straight", INNER)), "the lane allows it"),
        (Mover(1, through("straight", OUTER), TRUCK), "the lane allows it, a lorry"),
        (Mover(1, through("straight", INNER), BUS), "the lane allows it, a bus"),
        (Mover(1, through("right", OUTER)), "the lane allows it"),
        (Mover(1, through("right", 3.5)), "straddles both lanes"),
        (Mover(1, through("right", INNER), BICYCLE, size=(1.8, 0.6, 1.7)), "a bicycle"),
        (Mover(1, through("right", INNER), ids=lambda t: 1 if t < 2.4 else 2), "a new id beyond the line"),
        (Mover(1, via((0, -40, 8), (8, 40, 8))), "crossing traffic"),
        (Mover(1, via((0, -1.75, 60), (8, -1.75, -20))), "oncoming traffic"),
        (
            Mover(1, via((0, INNER, -20), (1.2, INNER, -9), (2, OUTER, -4.5), (3, OUTER, 2), (4, 9, 7), (5, 30, 7))),
            "changes to the right lane before its end",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("calibrated", [True, False])
def test_who_goes_where_his_lane_leads_is_not_accused(mover, why, calibrated) -> None:
    assert found(mover, view=junction(lanes=LANES, calibrated=calibrated)) == [], why


def test_ids_exchanged_in_the_junction_make_no_turn() -> None:
    """One goes straight on, another comes from the left and crosses; where they meet, the ids change."""
    straight, crossing = through("straight", INNER, speed=8.0), via((0, -24, 8.5), (6, 30, 8.5))
    movers = (
        Mover(1, straight, ids=lambda t: 1 if t < 3.4 else 2),
        Mover(2, crossing, ids=lambda t: 2 if t < 3.4 else 1),
    )
    assert found(*movers) == []


def test_an_exit_may_say_its_way_itself() -> None:
    view = View(position=(9.0, -25.0, 8.4), look_at=(0.8, 4.0, 0.6))
    view = view.zone("inner", "lane", (0.2, 3.5), (-13.0, 0.0), travel=(0.0, 2.0), turns=["straight"])
    view = view.zone("east", "exit", (7.5, 22.0), (5.0, 12.0), turns=["right"])
    assert len(found(Mover(1, through("right", INNER)), view=view)) == 1


@settings(max_examples=12, deadline=None)
@given(
    x=st.sampled_from([INNER, OUTER]), way=st.sampled_from(["left", "straight", "right"]), mirrored=st.booleans(),
    large=st.booleans(), shift_s=st.sampled_from([0.0, 777.7]), rate=st.sampled_from([5.0, 8.0, 12.5, 25.0]),
    speed=st.floats(6, 11),
)  # fmt: skip
def test_mirrored_enlarged_shifted_and_resampled_scenes_give_the_same_verdict(
    x, way, mirrored, large, shift_s, rate, speed
) -> None:
    lawful = way in LANES[x == OUTER]
    view = junction(lanes=LANES, mirrored=mirrored, size=(1920, 1080) if large else (1280, 720))
    mover = Mover(1, through(way, x, speed=speed), CAR)
    assert len(found(mover, view=view, rate_hz=rate, shift_s=shift_s)) == (not lawful)


def test_the_rule_says_what_it_lacks() -> None:
    bare = View(calibrated=False)
    assert [reason.code for reason in RULE.missing(bare.camera)] == ["missing_lane_turns", "missing_exits"]
    assert RULE.missing(junction(lanes=LANES).camera) == ()
