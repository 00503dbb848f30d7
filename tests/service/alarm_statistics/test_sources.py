from __future__ import annotations

from datetime import timedelta

import pytest

from incidents.alert import Verdict
from qyran.errors import AccessError, InputError
from qyran.roles import Role
from qyran.wilson import wilson
from service import alerts
from service.alarm_statistics import answers, sources
from tests.service.world import NOON


@pytest.fixture
def operator(both):
    return both.person(Role.SITUATIONAL_OPERATOR)


def judge(both, operator, verdict, score, *, after_s=20, **named):
    event = both.event("smoke", type="fire_alert", plate=None, track=None, score=score, **named)
    both.take(event, evidence=False)
    both.clock.forward(seconds=after_s)
    both.do(operator, alerts.acknowledge, str(event.id))
    reason = "reflection" if verdict is Verdict.FALSE else None
    both.do(operator, alerts.verdict, str(event.id), verdict, reason=reason)
    both.clock.forward(minutes=40)


def test_false_alarms_stand_by_camera_and_rule_with_bounds_and_a_threshold(both, operator):
    for place in range(14):
        true = place >= 4
        judge(both, operator, Verdict.TRUE if true else Verdict.FALSE, 0.8 if true else 0.6, after_s=10 + place)
    both.take(both.event("crash", type="incident", plate=None, track=None), evidence=False)
    found = both.do(operator, sources, NOON - timedelta(days=1), NOON + timedelta(days=2))
    smoke = next(one for one in found.rows if one.counts.key == "smoke")
    low, high = wilson(4, 14)
    assert (smoke.camera, smoke.counts.false, smoke.counts.judged) == ("abay-12", 4, 14)
    assert (smoke.counts.low, smoke.counts.high) == pytest.approx((100 * low, 100 * high))
    assert (smoke.proposal.score, smoke.proposal.removed, smoke.proposal.true) == (0.7, 4, 10)
    assert (found.whole.false, found.whole.judged, found.whole.unjudged) == (4, 14, 1)
    assert sum(one.judged + one.unjudged for one in found.hours) == 15
    whole, day, night = both.do(operator, answers, NOON - timedelta(days=1), NOON + timedelta(days=2))
    assert (whole.n, whole.unanswered, day.n + night.n) == (14, 1, 14)
    assert 16 <= whole.median_s < 17
    assert 22 <= whole.p90_s < 23
    assert sum(one.count for one in whole.bins) == whole.n


def test_a_span_has_an_end_after_its_beginning(world):
    for step in (sources, answers):
        with pytest.raises(InputError, match="ends before"):
            world.do(world.person(Role.SITUATIONAL_OPERATOR), step, NOON, NOON)


def test_a_dispatcher_reads_no_statistics(world):
    with pytest.raises(AccessError):
        world.do(world.person(Role.SERVICE_DISPATCHER), sources, NOON, NOON + timedelta(days=1))
