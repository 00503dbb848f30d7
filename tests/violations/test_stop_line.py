from __future__ import annotations

import gc
from weakref import ref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.observations import Timeline
from tests.violations.junction_view import GREEN, INNER, OUTER, RED, RED_FROM_3, halt, junction, through
from tests.violations.road_view import Mover, View, judge, via
from violations.rules import red_light
from violations.rules.stop_line import RULE
from vision.classes import BICYCLE, BUS, TRUCK
from vision.types import SignalState as S

CYCLE = {"head": Timeline([(0.0, S.RED), (14.0, S.RED_YELLOW), (15.0, S.GREEN)])}


def found(*movers, view=None, signals=CYCLE, rule=RULE, until_s=22.0, rate_hz=8.0, shift_s=0.0):
    view = view or junction()
    observations = view.observe(*movers, until_s=until_s, rate_hz=rate_hz, signals=signals, shift_s=shift_s)
    return judge(rule, view, observations)


def over(beyond_m: float, *, x=INNER, at_s=4.0, until_s=16.0, length=4.5):
    """Stands from one second to another with its front so far beyond the line."""
    return halt(x, beyond_m - length / 2, at_s=at_s, until_s=until_s)


@pytest.mark.parametrize("beyond_m", [1.3, 1.8, 3.0])
@pytest.mark.parametrize("x", [INNER, OUTER])
@pytest.mark.parametrize("rate", [3.0, 8.0, 25.0])
def test_who_stands_over_the_line_under_red_is_found_once_and_ran_no_red_light(beyond_m, x, rate) -> None:
    mover = Mover(1, over(beyond_m, x=x))
    (finding,) = found(mover, rate_hz=rate)
    assert (finding.kind, finding.line, finding.signal, finding.track) == ("stop_line", "stop", "head", 1)
    assert [reason.code for reason in finding.trace] == [
        "red_since", "before_line", "stands_over_line", "front_beyond", "did_not_drive_on",
    ]  # fmt: skip
    assert [moment.name for moment in finding.moments] == ["before_line", "in_act", "plate", "wide"]
    assert finding.onset_s == pytest.approx(4.0, abs=0.7)
    assert finding.video_s > 14.0
    assert found(mover, rule=red_light.RULE) == []


@pytest.mark.parametrize(
    ("mover", "signals", "why"),
    [
        (Mover(1, over(-0.5)), CYCLE, "stands before the line"),
        (Mover(1, over(0.0)), CYCLE, "stands with its front at the line"),
        (Mover(1, over(0.3)), CYCLE, "stands on the line itself"),
        (Mover(1, over(2.0, until_s=6.0)), CYCLE, "drives on at red: another offence"),
        (Mover(1, over(2.0, at_s=13.0)), CYCLE, "red ended before it had stood for long"),
        (Mover(1, over(2.0, at_s=2.0)), RED_FROM_3, "stood over the line when red came"),
        (Mover(1, over(2.0)), GREEN, "stands over the line on green, in a jam"),
        (Mover(1, over(2.0)), {"head": Timeline([(0.0, S.UNKNOWN)])}, "nobody can read the signal"),
        (
            Mover(1, via((0, INNER, -30), (4, INNER, -0.3), (5.5, INNER, -0.3), (7, INNER, -3.5), (22, INNER, -3.5))),
            CYCLE, "backs off in time",
        ),
        (Mover(1, halt(INNER, 9.0, at_s=5.0, until_s=16.0)), CYCLE, "stands far beyond the line: it drove on"),
        (Mover(1, through("straight", INNER, start_s=1.0)), CYCLE, "drives through"),
        (Mover(1, halt(INNER, 0.5, at_s=4.0, until_s=16.0), BICYCLE, size=(1.8, 0.6, 1.7)), CYCLE, "a bicycle"),
        (Mover(1, over(2.0), ids=lambda t: 1 if t < 3.5 else None), CYCLE, "is lost before the line"),
        (Mover(1, over(2.0), ids=lambda t: 2 if t > 3.9 else None), CYCLE, "is born over the line"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("calibrated", [True, False])
def test_who_does_not_stand_over_it_under_red_is_not_accused(mover, signals, why, calibrated) -> None:
    assert found(mover, signals=signals, view=junction(calibrated=calibrated)) == [], why


@pytest.mark.parametrize("class_id", [BUS, TRUCK])
def test_a_long_vehicle_that_stands_before_the_line_is_not_accused(class_id) -> None:
    length = {BUS: 11.5, TRUCK: 9.0}[class_id]
    assert found(Mover(1, over(-0.5, length=length), class_id)) == []


def test_a_car_longer_than_most_is_found_where_a_usual_one_would_stand_far_beyond() -> None:
    # Its rear is what the camera sees; the front is told by the usual length, which a long car hides behind.
    assert len(found(Mover(1, over(2.2, length=5.1), size=(5.1, 1.9, 1.9)))) == 1


def test_a_lit_arrow_lets_it_stand_where_it_likes() -> None:
    signals = {**CYCLE, "head/right": Timeline([(0.0, S.GREEN)])}
    assert found(Mover(1, over(2.0, x=OUTER)), view=junction("right"), signals=signals) == []
    dark = {**CYCLE, "head/right": Timeline([(0.0, S.OFF)])}
    assert len(found(Mover(1, over(2.0, x=OUTER)), view=junction("right"), signals=dark)) == 1


def test_the_end_of_the_video_confirms_who_has_stood_for_long() -> None:
    assert len(found(Mover(1, over(2.0)), signals=RED, until_s=12.0)) == 1
    assert found(Mover(1, over(2.0)), signals=RED, until_s=6.0) == []


def test_a_detector_that_flickers_hides_nobody() -> None:
    mover = Mover(1, over(2.0), ids=lambda t: None if int(t * 8) % 3 == 0 else 1)
    assert len(found(mover)) == 1


def test_towards_the_camera_the_front_itself_is_seen() -> None:
    view = View(position=(-3.0, 30.0, 8.0), look_at=(1.0, 0.0, 0.5))
    view = view.line("stop", "stop", (0.2, 0.0), (7.0, 0.0), travel=(0.0, 2.0)).signal("head", "stop")
    assert len(found(Mover(1, over(1.5)), view=view)) == 1
    assert found(Mover(1, over(0.0)), view=view) == []


@settings(max_examples=12, deadline=None)
@given(
    beyond_m=st.sampled_from([-0.8, 0.0, 1.6, 2.5]), mirrored=st.booleans(), large=st.booleans(),
    shift_s=st.sampled_from([0.0, 5000.0]), rate=st.sampled_from([5.0, 8.0, 12.5, 25.0]),
    x=st.sampled_from([INNER, OUTER]),
)  # fmt: skip
def test_mirrored_enlarged_shifted_and_resampled_scenes_give_the_same_verdict(
    beyond_m, mirrored, large, shift_s, rate, x
) -> None:
    view = junction(mirrored=mirrored, size=(1920, 1080) if large else (1280, 720))
    assert len(found(Mover(1, over(beyond_m, x=x)), view=view, rate_hz=rate, shift_s=shift_s)) == (beyond_m > 1)


def test_rules_that_watch_the_same_lines_share_one_watch_and_say_what_each_says_alone() -> None:
    view, movers = junction(), (Mover(1, over(2.0)), Mover(2, through("straight", OUTER, start_s=5.0)))
    camera, observations = view.camera, list(view.observe(*movers, until_s=22.0, rate_hz=8.0, signals=CYCLE))
    rules = (RULE, red_light.RULE)
    states, together = [rule.start(camera) for rule in rules], []
    for observation in observations:
        for k, rule in enumerate(rules):
            states[k], told = rule.step(states[k], observation)
            together += told
        assert states[0].watch is states[1].watch
    alone = [finding for rule in rules for finding in judge(rule, view, observations)]
    assert sorted(together, key=lambda one: one.kind) == sorted(alone, key=lambda one: one.kind)
    assert {one.kind for one in together} == {"stop_line", "red_light"}


def test_a_watch_that_is_kept_keeps_nothing_of_what_came_after() -> None:
    view = junction()
    observations = list(view.observe(Mover(1, over(2.0)), until_s=2.0, rate_hz=8.0, signals=CYCLE))
    first = RULE.start(view.camera)
    state, _ = RULE.step(first, observations[0])
    gone = ref(state.watch)
    del state
    gc.collect()
    assert first.watch.taken
    assert gone() is None


def test_the_rule_says_what_it_lacks() -> None:
    assert [reason.code for reason in RULE.missing(View(calibrated=False).camera)] == ["missing_signal_with_stop_line"]
    assert RULE.missing(junction().camera) == ()
