from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.observations import Scene, Timeline, Vehicle, along, driving, observe
from tests.violations.junction_view import INNER, OUTER, RED, halt, junction, through
from tests.violations.road_view import Mover, judge, via
from violations.rules.red_light import RULE
from vision.classes import BICYCLE, BUS, CAR
from vision.types import SignalState as S

# Vehicles drive up the picture, away from the camera, over a stop line at y = 500; red begins at second 5.
SCENE = Scene(
    RULE,
    {
        "lines": [
            {"id": "stop", "kind": "stop", "points": [[0.2, 0.5], [0.8, 0.5]], "direction": [[0.5, 0.9], [0.5, 0.1]]}
        ],
        "signals": [{"id": "head", "box": [0.9, 0.1, 0.95, 0.2], "stop_line": "stop"}],
    },
)
RED_FROM_5 = {"head": Timeline([(0.0, S.GREEN), (4.0, S.YELLOW), (5.0, S.RED)])}


def found(*boxes, signals=RED_FROM_5, until_s=20.0, class_id=CAR):
    vehicles = [Vehicle(k + 1, box, class_id) for k, box in enumerate(boxes)]
    return SCENE.run(observe(vehicles, until_s=until_s, signals=signals))


def test_a_vehicle_before_the_line_when_red_stands_that_drives_over_and_on_is_found_once() -> None:
    (finding,) = found(driving(500, 900, -50, start_s=2.0))
    assert (finding.kind, finding.line, finding.signal, finding.track) == ("red_light", "stop", "head", 1)
    assert finding.onset_s == pytest.approx(10.0, abs=0.02)
    assert [moment.name for moment in finding.moments] == ["before_line", "in_act", "plate", "wide"]
    assert finding.moments[0].video_s < finding.onset_s <= finding.moments[1].video_s
    assert [reason.code for reason in finding.trace] == ["red_since", "before_line", "crossed_on_red", "drove_on"]


@pytest.mark.parametrize("class_id", [CAR, BUS])
@pytest.mark.parametrize("rate", [3.0, 8.0, 25.0])
def test_it_is_found_at_every_analysis_rate(rate: float, class_id: int) -> None:
    vehicles = [Vehicle(1, driving(500, 900, -100, start_s=5.0), class_id)]
    assert len(SCENE.run(observe(vehicles, until_s=15, rate_hz=rate, signals=RED_FROM_5))) == 1


@pytest.mark.parametrize(
    ("box", "why"),
    [
        (driving(500, 900, -100, start_s=0.5), "crossed before red, on yellow"),
        (driving(500, 560, -100, start_s=5.0), "its front was over the line when red came, its rear crosses on red"),
        (along((0, 500, 900), (6, 500, 620), (20, 500, 620)), "stops before the line"),
        (along((0, 500, 900), (9, 500, 480), (20, 500, 480)), "stops just over the line: another offence"),
        (driving(950, 900, -50, start_s=2.0), "passes beside the drawn segment"),
        (driving(500, 100, 50, start_s=2.0), "comes the other way"),
    ],
)
def test_who_does_not_drive_through_red_is_not_accused(box, why) -> None:
    assert found(box) == [], why


def test_a_rolling_start_at_the_change_to_green_is_innocent_although_the_reading_lags() -> None:
    signals = {"head": Timeline([(0.0, S.RED), (10.0, S.GREEN)], lag_s=0.5)}
    assert found(driving(500, 900, -50, start_s=2.15), signals=signals) == []  # its rear passes 0.15 s after green


@pytest.mark.parametrize("state", [S.UNKNOWN, S.OFF, S.FLASHING, S.RED_YELLOW, S.GREEN, S.YELLOW])
def test_nothing_is_found_unless_the_head_reads_red(state: S) -> None:
    assert found(driving(500, 900, -50, start_s=2.0), signals={"head": Timeline([(0.0, state)])}) == []


def test_a_bicycle_has_no_plate_and_makes_no_case() -> None:
    assert found(driving(500, 900, -50, start_s=2.0), class_id=BICYCLE) == []


def test_two_vehicles_one_after_the_other_are_two_cases() -> None:
    assert [f.track for f in found(driving(400, 900, -50, start_s=2.0), driving(600, 900, -50, start_s=4.0))] == [1, 2]


@pytest.mark.parametrize(
    ("parts", "codes"),
    [
        ({}, ["missing_signal_with_stop_line"]),
        (
            {
                "lines": [{"id": "stop", "kind": "stop", "points": [[0.2, 0.5], [0.8, 0.5]]}],
                "signals": [{"id": "head", "box": [0.9, 0.1, 0.95, 0.2], "stop_line": "stop"}],
            },
            ["missing_stop_line_direction"],
        ),
        (SCENE.parts, []),
    ],
)
def test_the_rule_says_what_it_lacks(parts, codes) -> None:
    assert [reason.code for reason in RULE.missing(Scene(RULE, parts).camera)] == codes


def test_a_drawn_junction_gives_the_direction_that_the_line_lacks() -> None:
    line = {key: value for key, value in SCENE.parts["lines"][0].items() if key != "direction"}
    zone = {"id": "j", "kind": "junction", "points": [[0.2, 0.1], [0.8, 0.1], [0.8, 0.45], [0.2, 0.45]]}
    scene = Scene(RULE, {**SCENE.parts, "lines": [line], "zones": [zone]})
    vehicles = [Vehicle(1, driving(500, 900, -50, start_s=2.0))]
    assert len(scene.run(observe(vehicles, until_s=20, signals=RED_FROM_5))) == 1


# From here on in metres, at a junction with an arrow beside the head.
LIT = {"head": Timeline([(0.0, S.RED)]), "head/right": Timeline([(0.0, S.GREEN)])}
DARK = {"head": Timeline([(0.0, S.RED)]), "head/right": Timeline([(0.0, S.OFF)])}


def at_junction(*movers, signals=RED, arrows=(), rate_hz=8.0, until_s=14.0, shift_s=0.0, **changes):
    view = junction(*arrows, **changes)
    observations = view.observe(*movers, until_s=until_s, rate_hz=rate_hz, signals=signals, shift_s=shift_s)
    return judge(RULE, view, observations)


@pytest.mark.parametrize(
    ("way", "x", "signals", "count"),
    [
        ("right", OUTER, LIT, 0),
        ("straight", OUTER, LIT, 1),
        ("left", INNER, LIT, 1),
        ("right", OUTER, DARK, 1),
        ("straight", OUTER, DARK, 1),
        ("right", OUTER, {"head": LIT["head"]}, 0),
        ("right", OUTER, {**DARK, "head/right": Timeline([(0.0, S.UNKNOWN)])}, 0),
        ("right", OUTER, {**DARK, "head/right": Timeline([(0.0, S.FLASHING)])}, 0),
    ],
)
@pytest.mark.parametrize("calibrated", [True, False])
def test_a_lit_arrow_excuses_who_goes_where_it_points(way, x, signals, count, calibrated) -> None:
    found_ones = at_junction(Mover(1, through(way, x)), signals=signals, arrows=("right",), calibrated=calibrated)
    assert len(found_ones) == count
    if count and signals is LIT:
        assert found_ones[0].trace[-1].code == f"went_{way}_beside_arrow"


def test_who_is_lost_before_he_has_shown_his_way_beside_a_lit_arrow_is_not_accused() -> None:
    mover = Mover(1, through("straight", OUTER), ids=lambda t: 1 if t < 3.4 else None)
    assert at_junction(mover, signals=LIT, arrows=("right",)) == []


@pytest.mark.parametrize(
    ("mover", "why"),
    [
        (Mover(1, halt(INNER, -3.0, at_s=3.0, until_s=13.0)), "waits before the line"),
        (Mover(1, halt(INNER, -0.2, at_s=3.0, until_s=13.0)), "stands on the line"),
        (Mover(1, through("straight", INNER), ids=lambda t: 1 if t < 2.0 else 2), "a new id beyond the line"),
        (Mover(1, via((0, -30, 8), (7, 30, 8))), "crossing traffic"),
    ],
)
def test_who_stays_before_the_line_or_was_never_seen_there_is_not_accused(mover, why) -> None:
    assert at_junction(mover) == [], why


def test_an_id_that_crossing_traffic_takes_over_from_who_waits_at_the_line_is_no_offence() -> None:
    waits, passes = halt(INNER, -2.6, at_s=1.5, until_s=14.0), via((0, -20, 2.5), (5, 20, 2.5))
    movers = (
        Mover(1, waits, ids=lambda t: 1 if t < 2.7 else 3),
        Mover(2, passes, ids=lambda t: 2 if t < 2.7 else 1),
    )
    assert at_junction(*movers) == []


def test_a_glare_that_hides_the_head_at_the_crossing_hides_no_offence_and_makes_none() -> None:
    mover = Mover(1, through("straight", INNER))  # its rear crosses at 2 s
    hidden = {"head": Timeline([(0.0, S.RED), (1.5, S.UNKNOWN), (3.0, S.RED)])}
    assert len(at_junction(mover, signals=hidden)) == 1
    assert at_junction(mover, signals={"head": Timeline([(0.0, S.RED), (1.5, S.UNKNOWN)])}) == []
    assert at_junction(mover, signals={"head": Timeline([(0.0, S.RED), (1.5, S.UNKNOWN), (3.0, S.GREEN)])}) == []


@settings(max_examples=12, deadline=None)
@example(way="right", lit=False, mirrored=False, large=False, shift_s=0.0, rate=5.0, speed=9.0)  # cuts the corner
@given(
    way=st.sampled_from(["right", "straight"]), lit=st.booleans(), mirrored=st.booleans(), large=st.booleans(),
    shift_s=st.sampled_from([0.0, 5000.0]), rate=st.sampled_from([5.0, 8.0, 12.5, 25.0]), speed=st.floats(6, 11),
)  # fmt: skip
def test_mirrored_enlarged_shifted_and_resampled_scenes_give_the_same_verdict(
    way, lit, mirrored, large, shift_s, rate, speed
) -> None:
    arrow = "left" if mirrored else "right"
    signals = {"head": LIT["head"], f"head/{arrow}": (LIT if lit else DARK)["head/right"]}
    mover = Mover(1, through(way, OUTER, speed=speed))
    size = (1920, 1080) if large else (1280, 720)
    found_ones = at_junction(
        mover, signals=signals, arrows=("right",), rate_hz=rate, shift_s=shift_s, mirrored=mirrored, size=size
    )
    assert len(found_ones) == (way == "straight" or not lit)
