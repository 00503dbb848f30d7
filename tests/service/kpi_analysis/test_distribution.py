from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.alert import Verdict
from kpi_catalog.period import Period
from kpi_catalog.tally import spread_of
from qyran.errors import NotFound
from qyran.roles import Role
from service import alerts
from service.kpi import security_report
from service.kpi_analysis import distribution
from service.kpi_analysis.spread import spread

MINUTE = 60_000_000
NOVEMBER = Period.parse("2026-11")


def test_reaction_times_are_those_of_the_kpi(both):
    operator, evaluator = both.person(Role.SITUATIONAL_OPERATOR), both.person(Role.EVALUATOR)
    for track, minutes in enumerate((2, 5, 11)):
        alert = both.alert("crash", track=track, time=both.clock())
        both.do(operator, alerts.acknowledge, alert)
        both.do(operator, alerts.verdict, alert, Verdict.TRUE)
        both.clock.forward(minutes=minutes)
        both.do(operator, alerts.dispatch, alert, "103")
        both.clock.forward(hours=2)
    found = distribution(both.store, "9.8", NOVEMBER, actor=evaluator)
    value = next(one for one in security_report(both.store, None, NOVEMBER).kpis if one.kpi.id == "9.8").value
    assert (found.n, sum(one.count for one in found.bins)) == (3, 3)
    assert (found.mean, found.median, found.p90) == (value.value, value.extra["median"], value.extra["p90"])
    assert found.median == pytest.approx(5, abs=0.01)
    assert found.p90 == pytest.approx(11, abs=0.01)
    assert distribution(both.store, "9.4", NOVEMBER, actor=evaluator).n == 0


def test_a_share_has_no_times(world):
    with pytest.raises(NotFound, match="no mean of times"):
        distribution(world.store, "9.9", NOVEMBER, actor=world.person(Role.EVALUATOR))


@given(st.lists(st.integers(-(10**9), 10**13), max_size=60))
def test_nothing_is_lost_between_the_columns(us):
    found = spread(spread_of(us))
    known = [one for one in us if one >= 0]
    assert found.n + found.reversed == len(us)
    assert sum(one.count for one in found.bins) == found.n == len(known)
    for before, after in zip(found.bins, found.bins[1:], strict=False):
        assert before.high == after.low
    for one in found.bins[:-1]:
        inside = sum(one.low * MINUTE <= each < one.high * MINUTE for each in known)
        assert abs(inside - one.count) <= sum(each == one.high * MINUTE for each in known)
    if known:
        assert found.median <= found.p90 <= max(known) / MINUTE


def test_the_numbers_are_those_of_the_definition():
    us = [k * MINUTE for k in range(1, 24)]
    found = spread(spread_of(us))
    assert (found.median, found.p90, found.mean) == (12.0, 21.0, 12.0)
