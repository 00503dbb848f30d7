from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from kpi_catalog.period import Period
from service.public_page import BEAT, availability
from service.public_page.probe import beat
from service.store.public_tables import PublicUptime

NOVEMBER = Period.parse("2026-11")


def beats(world, count: int) -> None:
    for _ in range(count):
        beat(world.store)
        world.clock.forward(seconds=BEAT.total_seconds())


def test_before_the_first_probe_nothing_is_known(both):
    found = availability(both.store, NOVEMBER)
    assert (found.percent, found.since, found.target) == (None, None, 99.5)


def test_an_hour_with_six_minutes_out_is_ninety_percent_and_the_outage_is_listed(both):
    start = both.clock.now
    beats(both, 60)
    both.clock.forward(minutes=6)
    beats(both, 48)
    found = availability(both.store, NOVEMBER)
    # The last beat before the outage marks its start: half a minute of the gap belongs to it.
    assert found.measured == pytest.approx(timedelta(hours=1), abs=timedelta(seconds=1))
    assert found.percent == pytest.approx(100 * (60 - 6.5) / 60, abs=0.1)
    assert [one.end - one.start for one in found.outages] == [
        pytest.approx(timedelta(minutes=6.5), abs=timedelta(seconds=1))
    ]
    assert found.since >= start
    assert not found.whole
    with both.store.read() as work:
        assert work.session.scalar(select(func.count()).select_from(PublicUptime)) == 2


def test_a_page_that_is_gone_now_counts_as_down_until_it_answers_again(world):
    beats(world, 10)
    world.clock.forward(minutes=20)
    found = availability(world.store, NOVEMBER)
    assert found.percent == pytest.approx(100 * 4.5 / 25, abs=0.5)
    assert len(found.outages) == 1


def test_a_probe_that_fails_leaves_no_mark(world, monkeypatch):
    def down(_):
        raise RuntimeError("the database does not answer")

    monkeypatch.setattr("service.public_page.probe.public_figures", down)
    with pytest.raises(RuntimeError):
        beat(world.store)
    assert availability(world.store, NOVEMBER).percent is None


def test_each_period_has_its_own_part_of_an_outage(world):
    beats(world, 5)
    world.clock.forward(days=10)  # into December
    beats(world, 5)
    november, december = (availability(world.store, Period.parse(one)) for one in ("2026-11", "2026-12"))
    assert november.outages[0].end == december.outages[0].start == NOVEMBER.end
    assert december.whole
    assert november.percent < 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(waits=st.lists(st.integers(1, 400), min_size=1, max_size=25))
def test_uptime_and_outages_add_up_to_the_time_measured(world, waits):
    with world.store.write() as work:
        work.session.execute(delete(PublicUptime))
    for wait in waits:
        beat(world.store)
        world.clock.forward(seconds=wait)
    found = availability(world.store, NOVEMBER)
    assert 0 <= found.percent <= 100
    if len(found.outages) < 12:
        down = sum((one.end - one.start for one in found.outages), timedelta())
        assert found.up + down == found.measured
