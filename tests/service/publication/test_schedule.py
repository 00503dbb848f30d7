from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from kpi_catalog.catalogue import catalogue
from kpi_catalog.period import Period, PeriodKind
from qyran.errors import ConfigError
from service.job_register import run_job
from service.publication import publications, published
from service.publication.rules import last_day, rules_of, rules_on
from service.publication.schedule import due
from service.settings import load_settings
from tests.service.publication.happenings import decide, decided

DUE = {
    "2026-11-22": date(2026, 11, 23),
    "2026-W47": date(2026, 11, 24),
    "2026-11": date(2026, 12, 5),
    "2026-Q4": date(2027, 1, 10),
    "2026": date(2027, 1, 31),
    "2028-02": date(2028, 3, 5),
}


@pytest.mark.parametrize(("period", "day"), DUE.items())
def test_each_period_has_its_day_of_publication(period, day):
    one = Period.parse(period)
    assert rules_of(one).publish_on(one) == day


def test_a_city_may_publish_later():
    settings = load_settings(publish_after="month=7, year=25")
    month = Period.parse("2026-11")
    assert settings.publish_after == {PeriodKind.MONTH: 7, PeriodKind.YEAR: 25}
    assert rules_of(month).publish_on(month, settings.publish_after) == date(2026, 12, 7)


@pytest.mark.parametrize("wrong", ["month", "fortnight=3", "month=-1", "month=soon"])
def test_a_wrong_delay_is_refused_in_a_sentence(wrong):
    with pytest.raises(ConfigError, match=r"(?i)publish_after"):
        load_settings(publish_after=wrong)


@pytest.mark.parametrize(
    ("zone", "period", "last"),
    [
        ("Asia/Almaty", "2024-02", date(2024, 2, 29)),  # its clocks went back at the end of this day
        ("Europe/Berlin", "2026-03-29", date(2026, 3, 29)),  # 23 hours long
        ("Europe/Berlin", "2026-10", date(2026, 10, 31)),
        ("Pacific/Apia", "2026", date(2026, 12, 31)),
    ],
)
def test_the_last_day_of_a_period_is_the_citys_whatever_its_clocks_do(zone, period, last):
    assert last_day(Period.parse(period, zone)) == last


def test_every_cause_has_its_words_and_the_unknown_one_revises_nothing():
    rules = rules_on(date(2026, 10, 1))
    assert rules.cause("never heard of").code == "other"
    october = Period.parse("2026-10")
    assert not rules.cause("other").admits("9.9", october, date(2026, 11, 1))
    assert rules.cause("late_verdict").admits("9.9", october, date(2027, 1, 31))
    assert not rules.cause("late_verdict").admits("9.9", october, date(2027, 2, 1))
    assert all(set(one.kpis) <= set(catalogue().kpis) for one in rules.causes.values())


def test_a_night_publishes_what_is_due_and_the_next_finds_what_came_late(city):
    decided(city)
    waiting = city.case(plate="456DEF02")
    sooner = city.settings.model_copy(update={"publish_after": {PeriodKind.MONTH: 1}})
    object.__setattr__(city.store, "settings", sooner)
    city.clock.now = datetime(2026, 12, 1, 20, tzinfo=UTC)  # after midnight of the 2nd
    day = date(2026, 12, 1)
    seen = run_job(city.store, "publish_period", day, rehearsal=True)
    done = run_job(city.store, "publish_period", day)
    assert done.account == {"due": seen.account["due"], "published": seen.account["due"]}
    names = {str(one.period) for one in publications(city.store)}
    assert {"2026-11", "2026-11-22", "2026-11-30", "2026-W48"} <= names
    assert not names & {"2026-12-01", "2026-11-21", "2026-Q4"}  # not due, before the installation, not over
    assert run_job(city.store, "publish_period", day).account == {"due": 0, "published": 0}
    decide(city, waiting, true=False)
    city.clock.forward(days=1)
    found = run_job(city.store, "revise_periods", day + timedelta(days=1)).account
    assert found["revisions"] >= 3  # the day, the week and the month
    assert published(city.store, "2026-11").revisions[0].content["job"] == "revise_periods"
    assert run_job(city.store, "revise_periods", day + timedelta(days=1)).account["revisions"] == 0


def test_nothing_is_due_before_it_is_over(city):
    assert due(city.store, date(2026, 11, 22), city.clock()) == ()
