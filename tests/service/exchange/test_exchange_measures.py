"""KPI 1.1 and 1.4 as the feed itself measures them: exactly, by local day, additive."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_catalog.period import Period
from service.exchange import delays, update_gaps
from service.exchange.publisher import publish
from service.store.alert_tables import Alert
from service.store.exchange_tables import ExchangeDay, ExchangeRecord, ExchangeRound
from tests.service.exchange.facts import an_alert

NOVEMBER = Period.parse("2026-11")


def at(world, **span) -> None:
    world.clock.forward(**span)


def an_alert_told_after(world, minutes: float) -> None:
    with world.store.write() as work:
        an_alert(work)
    at(world, minutes=minutes)
    publish(world.store)


def test_the_delay_is_from_arrival_to_publication(both):
    publish(both.store)  # the camera
    for minutes in (3, 6, 12):
        an_alert_told_after(both, minutes)
    found = delays(both.store, NOVEMBER)
    assert found.n == 3
    assert found.mean_minutes == pytest.approx(7.0, abs=1e-6)
    assert found.longest_minutes == pytest.approx(12.0, abs=1e-6)


def test_what_was_computed_here_or_told_as_a_snapshot_counts_for_no_delay(world):
    publish(world.store)
    assert delays(world.store, NOVEMBER).n == 0
    assert delays(world.store, NOVEMBER).mean_minutes is None


def test_a_changed_fact_waits_since_its_first_untold_change(world):
    publish(world.store)
    with world.store.write() as work:
        an_alert(work)
    at(world, minutes=10)
    with world.store.write() as work:
        for row in work.session.query(Alert):
            row.state, row.changed_at = "acknowledged", work.now
    at(world, minutes=10)
    publish(world.store)
    assert delays(world.store, NOVEMBER).mean_minutes == pytest.approx(20.0, abs=1e-6)


def test_gaps_are_between_one_update_and_the_next(world):
    publish(world.store)
    for minutes in (15, 45, 30):
        at(world, minutes=minutes)
        publish(world.store)
    found = update_gaps(world.store, NOVEMBER)
    assert (found.updates, found.n) == (4, 3)
    assert found.mean_hours == pytest.approx(0.5, abs=1e-6)
    assert found.longest_hours == pytest.approx(0.75, abs=1e-6)


def test_an_update_comes_every_quarter_of_an_hour_though_nothing_happens(world):
    publish(world.store)
    for _ in range(8):
        at(world, minutes=5)
        publish(world.store)
    assert update_gaps(world.store, NOVEMBER).mean_hours == pytest.approx(0.25, abs=1e-6)


def test_an_outage_that_goes_on_counts(world):
    publish(world.store)
    at(world, minutes=15)
    publish(world.store)
    at(world, hours=6)
    found = update_gaps(world.store, NOVEMBER)
    assert found.n == 2
    assert found.longest_hours == pytest.approx(6.0, abs=1e-6)
    day = Period.parse("2026-11-23")
    at(world, days=2)
    assert update_gaps(world.store, day).mean_hours == pytest.approx(24.0, abs=1e-6)


def test_an_outage_ends_with_a_record_that_says_so(world):
    publish(world.store)
    at(world, hours=2)
    publish(world.store)
    with world.store.read() as work:
        subjects = [row.subject for row in work.session.query(ExchangeRecord) if row.subject.startswith("outage/")]
    assert len(subjects) == 1


def test_before_anything_was_told_nothing_is_known(world):
    assert (delays(world.store, NOVEMBER).mean_minutes, update_gaps(world.store, NOVEMBER).mean_hours) == (None, None)
    publish(world.store)
    earlier = Period.parse("2026-10")
    assert (delays(world.store, earlier).n, update_gaps(world.store, earlier).n) == (0, 0)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 900)), min_size=1, max_size=6))
def test_days_add_up_to_the_month_and_to_the_records(world, steps):
    with world.store.write() as work:
        publish_day = work.now
    for wait, pause in steps:
        an_alert_told_after(world, wait)
        at(world, minutes=pause)
    with world.store.read() as work:
        records = [row for row in work.session.query(ExchangeRecord) if row.measured]
        days = work.session.query(ExchangeDay).all()
        rounds = work.session.query(ExchangeRound).order_by(ExchangeRound.id).all()
    microsecond = timedelta(microseconds=1)
    waited = [(row.published_at - row.received_at) // microsecond for row in records]
    assert sum(one.delay_us for one in days) == sum(waited)
    assert sum(one.measured for one in days) == len(records)
    assert max(one.longest_us for one in days) == max(waited)
    told = [one.at for one in rounds if one.security]
    assert [one.gap_us for one in rounds if one.security] == [None, *_gaps(told)]
    year = Period.parse(str(publish_day.year))
    months = [Period.parse(f"{publish_day.year}-{month:02}") for month in range(1, 13)]
    assert delays(world.store, year).n == sum(delays(world.store, one).n for one in months)


def _gaps(moments: list[datetime]) -> list[int]:
    return [(after - before) // timedelta(microseconds=1) for before, after in pairwise(moments)]
