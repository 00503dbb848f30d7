from __future__ import annotations

import numpy as np
import pytest

from vision.passage_speed import LOST_S, SETTLE_S, PassageSpeeds
from vision.speed import GroundMotion
from vision.types import Passage, Tracks

STEP_S = 0.125
CROSSED_S = 10.0


def tracks(ids, seen=True) -> Tracks:
    n = len(ids)
    return Tracks(
        id=np.asarray(ids, np.int64),
        class_id=np.full(n, 3, np.int16),
        score=np.full(n, 0.9, np.float32),
        box=np.zeros((n, 4), np.float32),
        seen=np.full(n, seen),
        age_s=np.full(n, 5.0, np.float32),
        velocity_px=np.zeros((n, 2), np.float32),
        ground=np.full((n, 2), np.nan),
        velocity_ms=np.full((n, 2), np.nan),
        speed_sigma_ms=np.full(n, np.nan),
    )


def passage(track=7) -> Passage:
    return Passage("count", track, 3, CROSSED_S, forward=True, speed_ms=99.0, speed_sigma_ms=0.01)


def watch(known, seen_until_s=99.0, looks=12):
    """What is told of one passage, look by look: new ones, then settled ones.

    `known` gives speed and uncertainty at a second.
    """
    speeds, told = PassageSpeeds(), []
    asked = []
    for i in range(looks):
        now = CROSSED_S + (i + 0.5) * STEP_S

        def speeds_at(ids, at_s, now=now):
            asked.extend(at_s.tolist())
            speed, sigma = known(now)
            return GroundMotion(np.array([[0.0, speed]] * len(ids)), np.array([sigma] * len(ids)))

        here = tracks([7]) if now <= seen_until_s else tracks([])
        told.append((now, *speeds.step((passage(),) if i == 0 else (), here, now, speeds_at)))
    assert set(asked) <= {CROSSED_S}  # the speed at the line is wanted, whenever it is asked
    return told


def test_a_passage_is_told_at_once_and_again_when_its_speed_is_settled():
    told = watch(lambda now: (10.0 + now - CROSSED_S, 0.9 - 0.4 * (now - CROSSED_S)))
    (first,) = told[0][1]
    assert not first.settled
    assert first.speed_ms == pytest.approx(10.0, abs=0.1)  # of the line, not what the counter saw last
    settled = [(now, one) for now, _, later in told for one in later]
    ((now, one),) = settled
    assert one.settled
    assert (one.track, one.line, one.video_s) == (7, "count", CROSSED_S)
    assert now - CROSSED_S == pytest.approx(SETTLE_S, abs=STEP_S)
    assert one.speed_ms > first.speed_ms


def test_the_most_certain_of_all_speeds_is_kept():
    told = watch(lambda now: (12.0, 0.3) if now < CROSSED_S + 0.3 else (40.0, 4.0))
    (one,) = [one for _, _, later in told for one in later]
    assert (one.speed_ms, one.speed_sigma_ms) == (12.0, 0.3)


def test_who_is_lost_settles_with_what_is_known():
    told = watch(lambda now: (12.0, 0.3), seen_until_s=CROSSED_S + 0.2)
    ((now, one),) = [(now, one) for now, _, later in told for one in later]
    assert one.speed_ms == 12.0
    assert now - CROSSED_S < 0.2 + LOST_S + 2 * STEP_S


def test_a_speed_that_nobody_can_tell_stays_as_it_came():
    told = watch(lambda now: (np.nan, np.nan))
    (one,) = [one for _, _, later in told for one in later]
    assert one.speed_ms == 99.0


@pytest.mark.parametrize(
    ("speed_ms", "sigma_ms", "is_told"),
    [(10.0, 0.9, True), (10.0, 1.1, False), (30.0, 1.4, True), (30.0, 1.6, False), (0.0, 1.5, False)],
)
def test_a_speed_of_no_use_is_not_told(speed_ms, sigma_ms, is_told):
    told = watch(lambda now: (speed_ms, sigma_ms))
    first, settled = told[0][1][0], next(one for _, _, later in told for one in later)
    for one in (first, settled):
        assert np.isfinite([one.speed_ms, one.speed_sigma_ms]).tolist() == [is_told, is_told]


def test_a_poor_speed_becomes_one_that_is_told_once_it_is_known_well():
    told = watch(lambda now: (12.0, 2.0) if now < CROSSED_S + 0.3 else (11.0, 0.2))
    (settled,) = [one for _, _, later in told for one in later]
    assert np.isnan(told[0][1][0].speed_ms)
    assert (settled.speed_ms, settled.speed_sigma_ms) == (11.0, 0.2)


def test_without_a_road_plane_a_passage_is_settled_when_it_is_told():
    told, later = PassageSpeeds().step((passage(),), tracks([7]), CROSSED_S, None)
    assert told == (passage(),)
    assert told[0].settled
    assert later == ()
