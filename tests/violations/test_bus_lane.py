from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.violations.road_view import Mover, View, judge, via
from violations.rules.bus_lane import RULE
from vision.classes import BICYCLE, BUS, CAR, MOTORCYCLE, TRUCK

IN_LANE, BESIDE = 5.25, 1.75


def road(view=None, **more) -> View:
    view = view or View(position=(2.0, -18.0, 8.0))
    return view.zone("bus", "bus_lane", (3.5, 7.0), (-3.0, 70.0), travel=(0.0, 2.0), **more)


def found(*movers, view=None, rate_hz=8.0, shift_s=0.0, until_s=8.0, looks=None):
    view = view or road()
    observations = view.observe(*movers, until_s=until_s, rate_hz=rate_hz, shift_s=shift_s, looks=looks)
    return judge(RULE, view, observations)


def along(x=IN_LANE, speed=10.0):
    return via((0, x, -8), (8, x, -8 + 8 * speed))


@pytest.mark.parametrize("class_id", [CAR, MOTORCYCLE])
@pytest.mark.parametrize("rate", [3.0, 8.0, 25.0])
@pytest.mark.parametrize("calibrated", [True, False])
def test_who_drives_along_a_bus_lane_is_found_once(class_id, rate, calibrated) -> None:
    view = road(View(position=(2.0, -18.0, 8.0), calibrated=calibrated))
    (finding,) = found(Mover(1, along(), class_id), view=view, rate_hz=rate)
    assert (finding.kind, finding.zone, finding.track) == ("bus_lane", "bus", 1)
    assert [reason.code for reason in finding.trace] == ["in_bus_lane", "along_bus_lane", "class_not_allowed"]
    assert [moment.name for moment in finding.moments] == ["before_line", "in_act", "plate", "wide"]


@pytest.mark.parametrize(
    ("mover", "why"),
    [
        (Mover(1, along(), BUS), "a bus"),
        (Mover(1, along(), BICYCLE, size=(1.8, 0.6, 1.7)), "a bicycle"),
        (Mover(1, along(BESIDE)), "drives beside the lane"),
        (Mover(1, along(2.0), TRUCK), "a lorry beside the lane"),
        (Mover(1, along(3.5)), "rides on its edge"),
        (Mover(1, via((0, -20, 12), (8, 30, 12))), "crosses it"),
        (Mover(1, via((0, BESIDE, -8), (2.5, BESIDE, 17), (3.7, IN_LANE, 27), (5, 6, 36), (6, 14, 38))), "turns off"),
        (Mover(1, via((0, IN_LANE, 20), (8, IN_LANE, 20))), "stands in it"),
        (Mover(1, via((0, IN_LANE, 64), (8, IN_LANE, -8))), "comes the other way: another offence"),
    ],
)
@pytest.mark.parametrize("calibrated", [True, False])
def test_who_may_or_only_crosses_is_not_accused(mover, why, calibrated) -> None:
    assert found(mover, view=road(View(position=(2.0, -18.0, 8.0), calibrated=calibrated))) == [], why


@pytest.mark.parametrize(
    ("class_id", "more", "looks", "count"),
    [
        (CAR, {"hours": [{"start": "08:00", "end": "20:00"}]}, {}, 1),
        (CAR, {"hours": [{"start": "22:00", "end": "06:00"}]}, {}, 0),
        (CAR, {"classes": ["bus", "car"]}, {}, 0),
        (MOTORCYCLE, {"classes": ["bus", "motorcycle"]}, {}, 0),
        (BUS, {"classes": ["bus"]}, {}, 0),
        (CAR, {"grace_s": 30.0}, {}, 0),
        (CAR, {}, {1: "bus"}, 0),
        (TRUCK, {}, {}, 0),
        (TRUCK, {}, {1: "bus"}, 0),
        (TRUCK, {}, {1: "truck"}, 1),
        (TRUCK, {"classes": ["truck"]}, {1: "truck"}, 0),
    ],
)
def test_hours_classes_and_second_looks_decide(class_id, more, looks, count) -> None:
    assert len(found(Mover(1, along(), class_id), view=road(**more), looks=looks)) == count


@pytest.mark.parametrize(
    ("called", "looks", "count", "why"),
    [
        (lambda t: TRUCK, {}, 1, "a lorry to the detector at every look from near"),
        (lambda t: TRUCK if int(t * 8) % 5 else BUS, {}, 1, "seldom called a bus"),
        (lambda t: BUS if int(t * 8) % 5 else TRUCK, {}, 0, "mostly called a bus"),
        (lambda t: TRUCK if t < 0.4 else BUS, {}, 0, "a bus as soon as it is near"),
        (lambda t: TRUCK, {1: "bus"}, 0, "the second look calls it a bus"),
    ],
)
def test_what_a_lorry_was_called_from_near_decides(called, looks, count, why) -> None:
    assert len(found(Mover(1, along(), TRUCK, called=called), looks=looks)) == count, why


def test_a_van_taken_for_a_car_has_driven_as_far_as_the_road_says() -> None:
    view = View(position=(2.0, -18.0, 8.0)).zone("bus", "bus_lane", (3.5, 7.0), (-3.0, 24.0), travel=(0.0, 2.0))
    assert len(found(Mover(1, along(), CAR, size=(5.6, 2.0, 2.5)), view=view)) == 1


@settings(max_examples=10, deadline=None)
@given(
    x=st.sampled_from([IN_LANE, BESIDE, 5.0]), mirrored=st.booleans(), large=st.booleans(),
    shift_s=st.sampled_from([0.0, 900.0]), rate=st.sampled_from([5.0, 8.0, 12.5, 25.0]), speed=st.floats(6, 14),
)  # fmt: skip
def test_mirrored_enlarged_shifted_and_resampled_scenes_give_the_same_verdict(
    x, mirrored, large, shift_s, rate, speed
) -> None:
    view = road(View(position=(2.0, -18.0, 8.0), mirrored=mirrored, size=(1920, 1080) if large else (1280, 720)))
    assert len(found(Mover(1, along(x, speed)), view=view, rate_hz=rate, shift_s=shift_s)) == (x > 4)


def test_the_rule_says_what_it_lacks() -> None:
    assert [reason.code for reason in RULE.missing(View(calibrated=False).camera)] == ["missing_bus_lane"]
    assert RULE.missing(road().camera) == ()
