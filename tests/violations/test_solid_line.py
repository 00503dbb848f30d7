from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.violations.road_view import Mover, View, judge, via
from violations.rules.solid_line import RULE
from vision.classes import BICYCLE, BUS, CAR, TRUCK

LANE = 3.5
PLACES = [(0.0, -18.0, 8.0), (9.0, -18.0, 8.0), (-9.0, -18.0, 8.0), (4.0, -14.0, 6.0)]


def road(position=PLACES[0], **changes):
    """Two lanes each side of a solid line at x = 0 that lies from y = -4 to y = 45."""
    return View(position=position, **changes).line("solid", "solid", (0.0, -4.0), (0.0, 45.0))


def change(
    from_x: float, to_x: float, *, at_y: float = 14.0, speed: float = 12.0, over_s: float = 2.0, start_y: float = -8.0
):
    """Drives away in one lane and changes to another."""
    begin, end = (at_y - start_y) / speed - over_s / 2, (at_y - start_y) / speed + over_s / 2
    last = 8.0
    return via(
        (0, from_x, start_y),
        (begin, from_x, start_y + begin * speed),
        (end, to_x, start_y + end * speed),
        (last, to_x, start_y + last * speed),
    )


def found(view, *movers, rate_hz=8.0, until_s=8.0, shift_s=0.0):
    return judge(RULE, view, view.observe(*movers, until_s=until_s, rate_hz=rate_hz, shift_s=shift_s))


@pytest.mark.parametrize("position", PLACES)
@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize(("a", "b"), [(1.75, -1.75), (-1.75, 1.75)])
@pytest.mark.parametrize("class_id", [CAR, TRUCK])
def test_who_changes_lanes_over_a_solid_line_is_found_once(position, calibrated, a, b, class_id) -> None:
    (finding,) = found(road(position, calibrated=calibrated), Mover(1, change(a, b), class_id))
    assert (finding.kind, finding.line, finding.track) == ("solid_line", "solid", 1)
    assert [reason.code for reason in finding.trace] == ["clear_before_line", "crossed_line", "clear_beyond_line"]
    assert [moment.name for moment in finding.moments] == ["before_line", "in_act", "plate", "wide"]
    assert finding.moments[0].video_s < finding.onset_s <= finding.moments[1].video_s <= finding.video_s
    assert finding.onset_s == pytest.approx(22 / 12, abs=0.5)


@pytest.mark.parametrize("rate", [3.0, 5.0, 8.0, 12.5, 25.0])
def test_it_is_found_at_every_analysis_rate(rate) -> None:
    assert len(found(road(), Mover(1, change(1.75, -1.75)), rate_hz=rate)) == 1


def weave(x, amplitude, hz=0.4):
    return lambda t: (x + amplitude * np.sin(2 * np.pi * hz * t), -8 + 10 * t)


@pytest.mark.parametrize("position", PLACES)
@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize(
    ("mover", "why"),
    [
        (Mover(1, via((0, 1.75, -8), (8, 1.75, 88))), "keeps its lane"),
        (Mover(1, via((0, -1.75, -8), (8, -1.75, 88))), "keeps its lane"),
        (Mover(1, via((0, 1.6, -8), (8, 1.6, 88)), TRUCK), "a lorry, tall and long, in its lane"),
        (Mover(1, via((0, -1.6, -8), (8, -1.6, 88)), TRUCK), "a lorry, tall and long, in its lane"),
        (Mover(1, via((0, -1.6, -8), (8, -1.6, 88)), BUS), "a bus in its lane"),
        (Mover(1, via((0, 1.6, -8), (8, 1.6, 88)), BUS), "a bus in its lane"),
        (Mover(1, via((0, 1.6, 88), (8, 1.6, -8)), BUS), "a bus in its lane, towards the camera"),
        (Mover(1, via((0, 0.2, -8), (8, 0.2, 88))), "rides on the line"),
        (Mover(1, weave(0.0, 0.6)), "trembles on the line"),
        (Mover(1, weave(1.0, 1.0)), "touches the line again and again"),
        (Mover(1, via((0, 1.75, -8), (2, 0.1, 16), (4, 1.75, 40), (8, 1.75, 88))), "half over and back"),
        (Mover(1, via((0, 1.75, 50), (5, 1.75, 50), (6, -1.75, 62), (8, -1.75, 86))), "changes beyond the line's end"),
    ],
)
def test_who_stays_on_his_side_is_not_accused(position, calibrated, mover, why) -> None:
    assert found(road(position, calibrated=calibrated), mover) == [], why


def test_a_change_of_lanes_across_the_end_of_the_line_may_have_begun_on_the_broken_one() -> None:
    view = View().line("solid", "solid", (0.0, 13.0), (0.0, 45.0))
    assert found(view, Mover(1, change(1.75, -1.75, at_y=14.0))) == []


@pytest.mark.parametrize(("a", "b", "count"), [(1.75, -1.75, 0), (-1.75, 1.75, 1)])
def test_who_comes_from_the_broken_line_beside_it_may_cross(a, b, count) -> None:
    view = road().line("broken", "broken", (0.25, 45.0), (0.25, -4.0))
    assert len(found(view, Mover(1, change(a, b)))) == count


def test_a_broken_line_one_lane_away_excuses_nobody() -> None:
    view = road().line("broken", "broken", (LANE, -4.0), (LANE, 45.0))
    assert len(found(view, Mover(1, change(1.75, -1.75)))) == 1


def test_a_double_line_counts_and_one_that_divides_directions_belongs_to_another_rule() -> None:
    double = View().line("d", "double_solid", (0.0, -4.0), (0.0, 45.0))
    assert len(found(double, Mover(1, change(1.75, -1.75)))) == 1
    dividing = View().line("d", "double_solid", (0.0, -4.0), (0.0, 45.0), travel=(0.0, 2.0))
    assert [reason.code for reason in RULE.missing(dividing.camera)] == ["missing_solid_line"]


def swollen(side: int, share: float):
    """A shadow or a lorry that widens the box on one side for a while."""

    def bend(t, box):
        if 1.0 <= t <= 3.5:
            box = box.copy()
            box[0 if side < 0 else 2] += side * share * (box[2] - box[0])
        return box

    return bend


@pytest.mark.parametrize("x", [1.75, -1.75])
@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("share", [0.5, 1.0, 1.6, -0.4])
def test_a_shadow_or_a_lorry_that_changes_one_side_of_the_box_moves_nobody(x, side, share) -> None:
    assert found(road(), Mover(1, via((0, x, -8), (8, x, 88)), bend=swollen(side, share))) == []


def test_an_id_that_goes_over_to_a_vehicle_in_the_next_lane_is_no_crossing() -> None:
    left, right = via((0, -1.75, -8), (8, -1.75, 88)), via((0, 1.75, -7), (8, 1.75, 89))
    movers = (Mover(1, left, ids=lambda t: 1 if t < 2 else 2), Mover(2, right, ids=lambda t: 2 if t < 2 else 1))
    assert found(road(), *movers) == []


def test_an_id_born_on_the_far_side_is_no_crossing() -> None:
    assert found(road(), Mover(1, change(1.75, -1.75), ids=lambda t: 1 if t < 1.9 else 2)) == []


def test_who_comes_into_view_while_changing_lanes_is_found() -> None:
    seen = Mover(1, change(1.75, -1.75), ids=lambda t: 1 if t >= 1.25 else None)  # its middle is 1 m before the line
    assert len(found(road(), seen)) == 1
    late = Mover(1, change(1.75, -1.75), ids=lambda t: 1 if t >= 1.6 else None)
    assert found(road(), late) == []


def test_a_detector_that_flickers_does_not_hide_a_crossing() -> None:
    rng = np.random.default_rng(3)
    shown = {k: bool(rng.random() > 0.3) for k in range(100)}
    mover = Mover(1, change(1.75, -1.75), ids=lambda t: 1 if shown[round(t * 8)] else None)
    assert len(found(road(), mover)) == 1


def test_a_bicycle_has_no_plate_and_makes_no_case() -> None:
    assert found(road(), Mover(1, change(1.75, -1.75), BICYCLE, size=(1.8, 0.6, 1.7))) == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    from_x=st.sampled_from([1.75, -1.75, 1.5, -2.0]), to_x=st.sampled_from([1.75, -1.75, -1.4, 0.0, 0.4]),
    at_y=st.floats(10, 25), speed=st.floats(6, 15), mirrored=st.booleans(), large=st.booleans(),
    shift_s=st.sampled_from([0.0, 1000.0, 12345.6]), rate=st.sampled_from([5.0, 8.0, 12.5, 25.0]),
)  # fmt: skip
def test_mirrored_enlarged_shifted_and_resampled_scenes_give_the_same_verdict(
    from_x, to_x, at_y, speed, mirrored, large, shift_s, rate
) -> None:
    mover = Mover(1, change(from_x, to_x, at_y=at_y, speed=speed))
    plain = found(road(), mover)
    view = road(mirrored=mirrored, size=(1920, 1080) if large else (1280, 720))
    assert len(found(view, mover, rate_hz=rate, shift_s=shift_s)) == len(plain) == (1 if from_x * to_x < -1 else 0)


def test_the_words_of_the_trace_carry_the_seconds() -> None:
    (finding,) = found(road(), Mover(1, change(1.75, -1.75)))
    values = dict(finding.trace[1].values)
    assert values["line"] == "solid"
    assert values["at_s"] == pytest.approx(finding.onset_s, abs=0.01)


def test_the_rule_is_replayed_from_any_point() -> None:
    view = road()
    observations = view.observe(Mover(1, change(1.75, -1.75)), until_s=8)
    state = RULE.start(view.camera)
    for observation in observations[:12]:
        state, _ = RULE.step(state, observation)
    tails = []
    for _ in range(2):
        again, tail = state, []
        for observation in observations[12:]:
            again, findings = RULE.step(again, observation)
            tail += findings
        tails.append(tail)
    assert tails[0] == tails[1]
    assert len(tails[0]) == 1
