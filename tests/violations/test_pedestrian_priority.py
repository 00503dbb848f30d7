from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.observations import Timeline
from tests.violations.road_view import Mover, View, judge, via
from violations.rules.pedestrian_priority import RULE
from vision.classes import BICYCLE, CAR, PERSON, TRUCK
from vision.types import SignalState as S

PLACES = [(0.0, -16.0, 8.0), (9.0, -14.0, 8.0), (-9.0, -14.0, 8.0)]
REACHED_S = 4.0


def street(position=PLACES[0], **changes):
    """Two lanes each way between kerbs at x = -7 and x = 7, a crosswalk from y = 10 to y = 14."""
    return View(position=position, **changes).zone("zebra", "crosswalk", (-7.0, 7.0), (10.0, 14.0))


def up(x=1.75, *, speed=10.0, track=1, class_id=CAR):
    """Drives away from the camera, its front at the crosswalk at second 4."""
    y = 10.0 - 2.25 - speed * REACHED_S
    return Mover(track, via((0, x, y), (9, x, y + 9 * speed)), class_id)


def down(x=-1.75, *, speed=10.0):
    """Drives towards the camera, its front at the crosswalk at second 4."""
    y = 14.0 + 2.25 + speed * REACHED_S
    return Mover(1, via((0, x, y), (5.4, x, y - 5.4 * speed)))


def walker(*points, track=50, y=12.0):
    """A pedestrian straight between (second, x) points on the crosswalk."""
    return Mover(track, via(*((s, x, y) for s, x in points)), PERSON, size=(0.5, 0.5, 1.75), heading=(1.0, 0.0))


def walks(x, pace, *, from_s=0.0, until_s=9.0, y=12.0):
    """A pedestrian who is at x when the vehicle reaches the crosswalk and walks at this pace, m/s to the right."""
    return walker((from_s, x + pace * (from_s - REACHED_S)), (until_s, x + pace * (until_s - REACHED_S)), y=y)


def found(view, *movers, rate_hz=8.0, until_s=8.0, shift_s=0.0, signals=None):
    observations = view.observe(*movers, until_s=until_s, rate_hz=rate_hz, shift_s=shift_s, signals=signals)
    return judge(RULE, view, observations)


FROM_KERB = walks(5.0, -1.4)
FROM_MIDDLE = walks(1.2, 1.4)
WAITS = walker((0, 6.9), (1.2, 4.6), (9, 4.6))


@pytest.mark.parametrize(("position", "calibrated"), [(PLACES[0], True), (PLACES[1], False), (PLACES[2], True)])
@pytest.mark.parametrize(
    ("driver", "person", "last"),
    [
        (up(), FROM_KERB, "pedestrian_walked_towards"),
        (up(5.25), FROM_MIDDLE, "pedestrian_walked_towards"),
        (up(), WAITS, "pedestrian_waited"),
        (down(), walks(-5.0, 1.4), "pedestrian_walked_towards"),
        (up(class_id=TRUCK), FROM_KERB, "pedestrian_walked_towards"),
    ],
)  # fmt: skip
def test_who_drives_on_before_a_pedestrian_on_its_half_is_found_once(
    position, calibrated, driver, person, last
) -> None:
    (finding,) = found(street(position, calibrated=calibrated), driver, person)
    assert (finding.kind, finding.zone, finding.track) == ("pedestrian_priority", "zebra", 1)
    assert [reason.code for reason in finding.trace][:3] == ["pedestrian_on_crossing", last, "drove_through_crossing"]
    assert finding.onset_s == pytest.approx(REACHED_S, abs=1.0)
    assert [moment.name for moment in finding.moments] == ["before_line", "in_act", "plate", "wide"]


@pytest.mark.parametrize("rate", [3.0, 5.0, 12.5, 25.0])
def test_it_is_found_at_every_analysis_rate(rate) -> None:
    assert len(found(street(), up(), FROM_KERB, rate_hz=rate)) == 1


YIELDS = Mover(1, via((0, 1.75, -28), (3.5, 1.75, 5), (9, 1.75, 5), (12, 1.75, 30)))
SLOW = Mover(1, via((0, 1.75, -28), (3.5, 1.75, 8.6), (9, 1.75, 8.6), (12, 1.75, 34)))


@pytest.mark.parametrize(("position", "calibrated"), [(PLACES[0], True), (PLACES[1], False), (PLACES[2], True)])
@pytest.mark.parametrize(
    ("driver", "person", "why"),
    [
        (up(), walks(-4.0, 1.4), "far on the other half, coming"),
        (up(), walks(-3.0, -1.4), "far on the other half, going"),
        (up(), walks(5.0, 1.4), "has walked out of the way"),
        (up(), walker((0, 7.7), (9, 7.7)), "waits on the pavement"),
        (up(), walker((0, 6.8), (9, 6.8)), "waits at the very kerb"),
        (up(), walks(6.2, -1.4, from_s=3.7), "stepped down too late"),
        (up(), walks(5.0, -1.4, y=20.0), "walks beside the crosswalk"),
        (up(5.25), walker((0, -0.3), (9, -0.3)), "stands in the middle of the road, on the other half"),
        (YIELDS, walker((1, 6.9), (9, -4.3)), "is let pass"),
        (SLOW, walker((1, 6.9), (9, -4.3)), "is let pass by one that stops with its front on the bars"),
        (up(), Mover(50, FROM_KERB.way, BICYCLE, size=(1.8, 0.6, 1.7)), "rides a bicycle"),
    ],
)
def test_who_gives_way_or_need_not_is_innocent(position, calibrated, driver, person, why) -> None:
    assert found(street(position, calibrated=calibrated), driver, person, until_s=14.0) == [], why


def test_a_driver_seen_through_the_windscreen_is_no_pedestrian() -> None:
    inside = Mover(
        50, up(5.25, speed=6.0, track=2).way, PERSON, bend=lambda _, box: box - [0, 45, 0, 45], size=(1, 1, 1)
    )
    assert found(street(), up(speed=6.0), up(5.25, speed=6.0, track=2), inside, until_s=12.0) == []


RULED = street().line("stop", "stop", (0.2, 7.0), (7.0, 7.0), (0, 4)).signal("head", "stop", "right")


@pytest.mark.parametrize(
    ("state", "count"),
    [(S.GREEN, 0), (S.YELLOW, 0), (S.UNKNOWN, 0), (S.RED, 1), (S.OFF, 1), (S.FLASHING, 1)],
)
def test_a_signal_that_does_not_stop_traffic_gives_it_the_crossing(state, count) -> None:
    signals = {"head": Timeline([(0.0, state)])}
    assert len(found(RULED, up(), FROM_KERB, signals=signals)) == count


def test_a_lit_arrow_gives_the_crossing_too() -> None:
    signals = {"head": Timeline([(0.0, S.RED)]), "head/right": Timeline([(0.0, S.GREEN)])}
    assert found(RULED, up(), FROM_KERB, signals=signals) == []


@settings(max_examples=5, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(PLACES), st.booleans(), st.sampled_from([5.0, 8.0, 12.5, 25.0]), st.floats(0, 5000),
    st.sampled_from([(640, 360), (1280, 720), (2560, 1440)]), st.floats(4.0, 5.5), st.floats(6.0, 13.0),
)  # fmt: skip
def test_mirrored_enlarged_shifted_and_resampled_the_verdict_is_the_same(
    place, mirrored, rate, shift, size, x, speed
) -> None:
    view = street(place, mirrored=mirrored, size=size)
    for person, count in ((walks(x, -1.4), 1), (walks(-x, 1.2), 0), (walks(x, 1.4), 0)):
        assert len(found(view, up(speed=speed), person, rate_hz=rate, shift_s=shift)) == count


def test_the_rule_says_what_it_lacks() -> None:
    assert [reason.code for reason in RULE.missing(View().camera)] == ["missing_crosswalk"]
    assert RULE.missing(street().camera) == ()
