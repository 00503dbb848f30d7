from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.alert import Verdict
from kpi_catalog.facts.durations import durations
from kpi_catalog.period import Period
from qyran.errors import NotFound
from qyran.roles import Role
from service import alerts
from service.kpi import security_report
from service.kpi_analysis import distribution
from service.kpi_analysis.spread import spread

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
    assert found.mean == pytest.approx(value.value, abs=1e-4)
    assert found.median == pytest.approx(5, abs=0.01)
    assert found.p90 == pytest.approx(11, abs=0.01)
    assert distribution(both.store, "9.4", NOVEMBER, actor=evaluator).n == 0


def test_a_share_has_no_times(world):
    with pytest.raises(NotFound, match="no mean of times"):
        distribution(world.store, "9.9", NOVEMBER, actor=world.person(Role.EVALUATOR))


@given(st.lists(st.floats(-10, 5000), max_size=60))
def test_nothing_is_lost_between_the_columns(minutes):
    found = spread(minutes)
    known = [one for one in minutes if one >= 0]
    assert found.n + found.reversed == len(minutes)
    assert sum(one.count for one in found.bins) == found.n == len(known)
    for before, after in zip(found.bins, found.bins[1:], strict=False):
        assert before.high == after.low
    if known:
        assert found.median == pytest.approx(statistics.median(known))
        assert found.mean == pytest.approx(statistics.fmean(known))
        assert found.median <= found.p90 <= max(known)


def test_the_percentile_is_the_definitions_own():
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415

    start = datetime(2026, 11, 1, tzinfo=UTC)
    pairs = [(start, start + timedelta(minutes=k)) for k in range(1, 24)]
    own = durations(pairs)
    found = spread([float(k) for k in range(1, 24)])
    assert (found.median, found.p90, found.mean) == (own.median, own.p90, own.mean)
