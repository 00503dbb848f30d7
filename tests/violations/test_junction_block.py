from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.violations.road_view import Mover, View, curve, judge, via
from violations.rules.junction_block import DWELL_S, RULE
from vision.classes import CAR, TRUCK

PLACES = [(0.0, -18.0, 8.0), (9.0, -18.0, 8.0), (-9.0, -18.0, 8.0)]
X = 1.75


def junction(position=PLACES[0], **changes):
    """A crossing road from y = 6 to y = 18; the exit lies beyond."""
    return View(position=position, **changes).zone("box", "junction", (-7.0, 7.0), (6.0, 18.0))


def crosswalk(position=PLACES[0], **changes):
    """A crosswalk from y = 10 to y = 14."""
    return View(position=position, **changes).zone("zebra", "crosswalk", (-7.0, 7.0), (10.0, 14.0))


def stands(track, y, *, x=X, from_s=0.0, until_s=40.0):
    """A vehicle of the queue, ahead; it drives up where it was not there before."""
    if from_s <= 0:
        return Mover(track, via((0, x, y), (until_s, x, y), (until_s + 4, x, y + 40)))
    return Mover(track, via((from_s - 4, x, y - 40), (from_s, x, y), (until_s, x, y), (until_s + 4, x, y + 40)))


def stops(y, *, at_s=5.0, until_s=40.0, track=1, class_id=CAR):
    return Mover(track, via((at_s - 4, X, y - 28), (at_s, X, y), (until_s, X, y), (until_s + 4, X, y + 40)), class_id)


def found(view, *movers, rate_hz=8.0, until_s=16.0, shift_s=0.0):
    return judge(RULE, view, view.observe(*movers, until_s=until_s, rate_hz=rate_hz, shift_s=shift_s))


QUEUE = (stands(10, 21.5), stands(11, 28.5), stands(12, 35.5))


@pytest.mark.parametrize(("position", "calibrated"), [(PLACES[0], True), (PLACES[1], False), (PLACES[2], True)])
@pytest.mark.parametrize("class_id", [CAR, TRUCK])
def test_who_enters_a_jammed_junction_and_is_left_standing_is_found_once(position, calibrated, class_id) -> None:
    y = 14.5 if class_id == CAR else 12.5
    (finding,) = found(junction(position, calibrated=calibrated), *QUEUE, stops(y, class_id=class_id))
    assert (finding.kind, finding.zone, finding.track) == ("junction_block", "box", 1)
    codes = ["entered_jammed_junction", "queue_stood_beyond", "left_standing_inside"]
    assert [reason.code for reason in finding.trace][:3] == codes
    assert finding.onset_s < 5.0
    assert finding.video_s == pytest.approx(5.0 + DWELL_S, abs=1.0)


def test_the_second_who_follows_into_the_junction_is_found_too() -> None:
    assert sorted(f.track for f in found(junction(), *QUEUE, stops(14.8), stops(8.6, at_s=7.0, track=2))) == [1, 2]


@pytest.mark.parametrize("position", PLACES)
def test_a_crosswalk_counts_like_a_junction(position) -> None:
    queue = (stands(10, 19.0), stands(11, 26.0))
    (finding,) = found(crosswalk(position), *queue, stops(12.4))
    assert finding.trace[0].code == "entered_jammed_crosswalk"


@pytest.mark.parametrize("rate", [3.0, 5.0, 12.5, 25.0])
def test_it_is_found_at_every_analysis_rate(rate) -> None:
    assert len(found(junction(), *QUEUE, stops(14.5), rate_hz=rate)) == 1


@pytest.mark.parametrize(("position", "calibrated"), [(PLACES[0], True), (PLACES[1], False), (PLACES[2], True)])
@pytest.mark.parametrize(
    ("movers", "why"),
    [
        ((*QUEUE, stops(1.0)), "waits before the junction until the queue has gone"),
        ((*QUEUE, stops(14.5, until_s=8.0)), "stands shorter than the dwell"),
        ((stops(14.5),), "stands alone: a breakdown, or waits to turn"),
        ((stands(10, 21.5, from_s=7.0), stands(11, 28.5, from_s=6.0), stops(14.5, at_s=8.0)),
         "is surprised by those ahead of it, who stop later"),
        ((*(stands(k, y, x=-1.75) for k, y in ((10, 21.5), (11, 28.5))), stops(14.5)), "the queue is in another lane"),
        ((stands(10, 16.0, x=X), stops(9.5)), "waits behind one that waits to turn"),
        ((Mover(1, via((0, X, -10), (12, X, 60))), *(stands(k, y, x=5.25) for k, y in ((10, 21.5), (11, 28.5)))),
         "drives through beside a queue"),
        ((Mover(1, curve((X, -14), (X, 10), (-12, 13), speed=5.0)), *QUEUE), "turns off"),
    ],
)  # fmt: skip
def test_who_is_not_to_blame_is_innocent(position, calibrated, movers, why) -> None:
    assert found(junction(position, calibrated=calibrated), *movers) == [], why


def test_who_stops_with_its_nose_on_the_crosswalk_does_not_block_it() -> None:
    assert found(crosswalk(), stands(10, 19.0), stands(11, 26.0), stops(8.6)) == []


@settings(max_examples=5, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(PLACES), st.booleans(), st.sampled_from([5.0, 8.0, 12.5, 25.0]), st.floats(0, 5000),
    st.sampled_from([(640, 360), (1280, 720), (2560, 1440)]), st.floats(13.0, 15.0),
)  # fmt: skip
def test_mirrored_enlarged_shifted_and_resampled_the_verdict_is_the_same(place, mirrored, rate, shift, size, y) -> None:
    view = junction(place, mirrored=mirrored, size=size)
    for movers, count in (((*QUEUE, stops(y)), 1), ((stops(y),), 0), ((*QUEUE, stops(0.5)), 0)):
        assert len(found(view, *movers, until_s=13.0, rate_hz=rate, shift_s=shift)) == count


def test_the_rule_says_what_it_lacks() -> None:
    assert [reason.code for reason in RULE.missing(View().camera)] == ["missing_junction_or_crosswalk"]
    assert RULE.missing(junction().camera) == RULE.missing(crosswalk().camera) == ()


def test_who_stood_on_the_edge_from_the_first_has_not_entered_when_only_its_box_changes() -> None:
    def hidden(now, box):
        low = 0.35 * (box[3] - box[1]) if now < 6.0 else 0.0
        return box - np.array([0, 0, 0, low])

    edge = Mover(1, via((0, X, 17.2), (40, X, 17.2)), bend=hidden)
    view = junction()
    assert found(view, edge, stands(10, 24.5), stands(11, 31.5)) == []
