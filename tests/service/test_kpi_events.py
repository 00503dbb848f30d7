"""The single events behind a value: their counts are its numerator and denominator, page by page."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from kpi_catalog.period import Period
from qyran.errors import AccessError, InputError, NotFound
from qyran.roles import Role
from service import city_inputs
from service.kpi import security_report
from service.rollups.events import SOURCES, events_of
from tests.service.test_kpi_rollups import cities, city  # noqa: F401 - fixtures

MARCH = Period.parse("2024-03")
MINUTES = ("9.4", "9.8", "10.1")
HOURS = ("9.7", "10.7")
BY_COUNT = tuple(kpi_id for kpi_id in SOURCES if kpi_id not in {*MINUTES, *HOURS, "9.1"})


def every(store, kpi_id, period=MARCH, limit=1000):
    page = events_of(store, kpi_id, period, limit=limit)
    found, totals = list(page.events), page.totals
    while page.after is not None:
        page = events_of(store, kpi_id, period, after=page.after, limit=limit)
        assert page.events
        assert page.totals == {}
        found.extend(page.events)
    return found, totals


def value(store, kpi_id, period=MARCH):
    return next(one.value for one in security_report(store, "republican", period).kpis if one.kpi.id == kpi_id)


def counts(events):
    found = Counter()
    for one in events:
        found["numerator"] += one.counted in {"numerator", "both"}
        found["denominator"] += one.counted in {"denominator", "both"}
    return found


def test_events_add_up_to_the_value(cities):  # noqa: F811
    store, _ = cities
    for kpi_id in SOURCES:
        events, totals = every(store, kpi_id)
        want, got = value(store, kpi_id), counts(events)
        assert len({(one.kind, one.id) for one in events}) == len(events), kpi_id
        assert totals.get("numerator") == want.numerator, kpi_id
        if kpi_id in BY_COUNT:
            assert got["numerator"] == want.numerator, kpi_id
        if kpi_id in BY_COUNT and kpi_id not in {"9.2", "9.6"}:  # those are divided by vehicles and months
            assert got["denominator"] == want.denominator, kpi_id
        if kpi_id in MINUTES:
            assert got["numerator"] == got["denominator"] == want.denominator, kpi_id
            assert sum(one.value or 0 for one in events if one.counted == "both") == pytest.approx(want.numerator)
        if kpi_id in HOURS:
            assert sum(one.value for one in events) == pytest.approx(want.numerator), kpi_id
            assert sum(one.base for one in events) == pytest.approx(want.denominator), kpi_id


def test_pages_lose_nothing_and_repeat_nothing_where_moments_are_one(city):  # noqa: F811
    store, _ = city
    for kpi_id in ("9.3", "9.5", "9.8", "9.9", "10.4", "10.5", "9.7"):
        assert every(store, kpi_id, limit=29) == every(store, kpi_id), kpi_id


def test_a_telephone_call_to_the_fire_service_is_a_notification_by_a_person(city):  # noqa: F811
    store, _ = city
    before = value(store, "10.4")
    told = {"id": "t1", "t_sent": MARCH.start.isoformat(), "recipient": "fire_service", "object_id": "object-0001"}
    covers = {"covers_from": "2024-01-01T00:00:00+00:00", "covers_until": "2024-12-31T00:00:00+00:00"}
    with store.write() as work:
        given = {**covers, "notifications": [told, {**told, "id": "t2", "object_id": None}]}
        city_inputs.enter(work, "phone_notifications", given, source="101", as_of=date(2024, 4, 1))
    after = value(store, "10.4")
    assert (after.numerator, after.denominator) == (before.numerator, before.denominator + 1)
    assert counts(every(store, "10.4")[0])["denominator"] == after.denominator


BAD = {
    "no KPI of ours": ({"kpi_id": "1.1"}, NotFound),
    "no cursor": ({"after": "yesterday"}, InputError),
    "a cursor without a zone": ({"after": "2024-03-01T00:00:00|case|1"}, InputError),
    "an empty page": ({"limit": 0}, InputError),
    "a page too long": ({"limit": 1001}, InputError),
}


@pytest.mark.parametrize(("changes", "error"), BAD.values(), ids=BAD)
def test_what_cannot_be_asked_is_refused(world, changes, error):
    asked = {"kpi_id": "9.9", "period": MARCH} | changes
    with pytest.raises(error):
        events_of(world.store, **asked)


def test_who_reads_no_kpis_reads_no_events(world):
    with pytest.raises(AccessError):
        events_of(world.store, "9.9", MARCH, actor=world.person(Role.POLICE_OFFICER))
