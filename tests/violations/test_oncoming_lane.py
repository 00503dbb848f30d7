from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.violations.road_view import Mover, View, judge, via
from violations.rules import solid_line, wrong_way
from violations.rules.oncoming_lane import RULE
from vision.classes import BUS, CAR, TRUCK

OWN, ONCOMING = 1.75, -1.75  # traffic keeps to the right; the camera looks along the road


def road(**changes) -> View:
    view = View(**{"position": (3.0, -18.0, 8.0), **changes})
    view = view.line("middle", "double_solid", (0.0, -4.0), (0.0, 70.0), travel=(0.0, 2.0))
    view = view.zone("up", "lane", (0.1, 3.5), (-4.0, 60.0), travel=(0.0, 2.0))
    return view.zone("down", "lane", (-3.5, -0.1), (-4.0, 60.0), travel=(0.0, -2.0))


def overtake(x=OWN, other=ONCOMING, *, at_y=8.0, speed=12.0, stay_s=2.5, y0=-12.0, back=True):
    """Drives away, goes over to the other side for a while and comes back."""
    begin = (at_y - y0) / speed
    points = [(0.0, x, y0), (begin, x, at_y), (begin + 1.2, other, at_y + 1.2 * speed)]
    end = begin + 1.2 + stay_s
    points.append((end, other, y0 + end * speed))
    if back:
        points.append((end + 1.2, x, y0 + (end + 1.2) * speed))
    return via(*points)


def found(*movers, view=None, rule=RULE, rate_hz=8.0, shift_s=0.0, until_s=9.0):
    view = view or road()
    return judge(rule, view, view.observe(*movers, until_s=until_s, rate_hz=rate_hz, shift_s=shift_s))


@pytest.mark.parametrize("rate", [3.0, 8.0, 25.0])
@pytest.mark.parametrize("class_id", [CAR, TRUCK])
@pytest.mark.parametrize("calibrated", [True, False])
def test_who_overtakes_over_the_dividing_line_is_found_once(rate, class_id, calibrated) -> None:
    (finding,) = found(Mover(1, overtake(), class_id), view=road(calibrated=calibrated), rate_hz=rate)
    assert (finding.kind, finding.line, finding.track) == ("oncoming_lane", "middle", 1)
    assert [reason.code for reason in finding.trace] == ["own_side", "crossed_line", "drives_oncoming", "material_only"]
    assert [moment.name for moment in finding.moments] == ["before_line", "in_act", "plate", "wide"]


def test_it_is_one_case_and_not_also_one_of_a_solid_line_or_the_wrong_way() -> None:
    mover = Mover(1, overtake(stay_s=3.5))
    assert len(found(mover)) == 1
    assert found(mover, rule=wrong_way.RULE) == []
    assert [reason.code for reason in solid_line.RULE.missing(road().camera)] == ["missing_solid_line"]


def test_whoever_comes_towards_the_camera_is_found_as_well() -> None:
    way = via((0.0, ONCOMING, 55.0), (1.5, ONCOMING, 39.0), (2.7, OWN, 27.0), (5.5, OWN, -2.0))
    assert len(found(Mover(1, way))) == 1


@pytest.mark.parametrize(
    ("mover", "why"),
    [
        (Mover(1, via((0, OWN, -12), (8, OWN, 84))), "keeps its lane"),
        (Mover(1, via((0, ONCOMING, 84), (8, ONCOMING, -12))), "oncoming traffic in its own lane"),
        (Mover(1, via((0, 1.5, -12), (8, 1.5, 84)), TRUCK), "a lorry in its lane"),
        (Mover(1, via((0, -1.5, 84), (8, -1.5, -12)), BUS), "a bus in its lane"),
        (Mover(1, overtake(other=0.0)), "rides on the line"),
        (Mover(1, overtake(other=-1.2, stay_s=0.0)), "over the line for a moment"),
        (Mover(1, overtake(x=ONCOMING, other=OWN)), "comes back from the oncoming lane, was there before"),
        (Mover(1, via((0, OWN, -10), (2.5, OWN, 14), (4, -3, 17), (6, -16, 17))), "turns off over the line"),
        (
            Mover(1, via((0, OWN, -10), (2.6, OWN, 14), (3.6, 0, 17.5), (4.6, ONCOMING, 14), (7, ONCOMING, -4))),
            "turns back over the line",
        ),
        (Mover(1, overtake(), ids=lambda t: 1 if t < 2.3 else 2), "a new id on the far side"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("calibrated", [True, False])
def test_who_does_not_drive_on_over_there_is_not_accused(mover, why, calibrated) -> None:
    assert found(mover, view=road(calibrated=calibrated)) == [], why


def test_overtaking_over_a_broken_line_is_lawful() -> None:
    view = View(position=(3.0, -18.0, 8.0)).line("middle", "broken", (0.0, -4.0), (0.0, 70.0), travel=(0.0, 2.0))
    view = view.zone("up", "lane", (0.1, 3.5), (-4.0, 60.0), travel=(0.0, 2.0))
    view = view.zone("down", "lane", (-3.5, -0.1), (-4.0, 60.0), travel=(0.0, -2.0))
    assert [reason.code for reason in RULE.missing(view.camera)] == ["missing_dividing_line"]
    assert found(Mover(1, overtake(stay_s=3.5)), view=view, rule=wrong_way.RULE) == []


def test_the_arrow_may_name_either_side() -> None:
    view = View(position=(3.0, -18.0, 8.0)).line("middle", "solid", (0.0, 70.0), (0.0, -4.0), travel=(0.0, -2.0))
    assert len(found(Mover(1, overtake()), view=view)) == 1


@settings(max_examples=10, deadline=None)
@given(
    other=st.sampled_from([ONCOMING, -2.2, 0.3]), large=st.booleans(), shift_s=st.sampled_from([0.0, 4000.0]),
    rate=st.sampled_from([5.0, 8.0, 12.5, 25.0]), speed=st.floats(8, 14),
)  # fmt: skip
def test_enlarged_shifted_and_resampled_scenes_give_the_same_verdict(other, large, shift_s, rate, speed) -> None:
    # Not mirrored: everywhere else the law says on which side of the line traffic keeps.
    view = road(size=(1920, 1080) if large else (1280, 720))
    mover = Mover(1, overtake(other=other, speed=speed))
    assert len(found(mover, view=view, rate_hz=rate, shift_s=shift_s)) == (other < -1)
