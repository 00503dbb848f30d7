"""The DATEX II feed over HTTP: what it tells of, how warnings end, and that it is read only by whom it may."""

from __future__ import annotations

import httpx
import pytest
from defusedxml.ElementTree import fromstring

from incidents.alert import Verdict
from incidents.datex.situation import COM, SIT
from qyran.roles import Role
from service import alerts
from service.app import create_app
from tests.service.notifying.told import with_receivers
from tests.service.server import serving

PATH = "/api/v1/warnings/datex2.xml"
PLACE = {"latitude": 43.2389, "longitude": 76.8897}


@pytest.fixture
def road(world):
    world.register(**PLACE)
    with_receivers(world, "[drivers]\npublic = true\nended_minutes = 30\n")
    world.operator = world.person(Role.SITUATIONAL_OPERATOR)
    with serving(create_app(store=world.store, jobs=False)) as address, httpx.Client(base_url=address) as client:
        world.client = client
        yield world


def told(world, **headers: str) -> list[tuple[str, str]]:
    answer = world.client.get(PATH, headers=headers)
    assert answer.status_code == 200
    root = fromstring(answer.content)
    return [(one.get("id"), one.findtext(f".//{{{COM}}}validityStatus")) for one in root.findall(f"{{{SIT}}}situation")]


def confirmed(world, kind: str) -> str:
    alert = world.alert(kind)
    world.do(world.operator, alerts.acknowledge, alert)
    world.do(world.operator, alerts.verdict, alert, Verdict.TRUE)
    return alert


def test_drivers_are_warned_of_what_a_person_confirmed_and_only_of_what_is_on_the_road(road):
    road.alert("debris")
    crash = confirmed(road, "crash")
    confirmed(road, "intrusion")
    assert told(road) == [(crash, "active")]


def test_a_city_that_wants_it_warns_of_what_is_likely(road):
    with_receivers(road, '[drivers]\npublic = true\ncertainty = "Likely"\n')
    alert = road.alert("animal")
    assert told(road) == [(alert, "active")]


def test_a_warning_ends_is_told_so_for_a_while_and_leaves(road):
    alert = confirmed(road, "crash")
    road.do(road.operator, alerts.resolve, alert)
    assert told(road) == [(alert, "definedByValidityTimeSpec")]
    road.clock.forward(minutes=31)
    assert told(road) == []


def test_a_warning_that_was_wrong_is_withdrawn(road):
    alert = confirmed(road, "debris")
    road.do(road.operator, alerts.start_verification, alert)
    road.do(road.operator, alerts.verdict, alert, Verdict.FALSE, reason="shadow_or_light")
    assert told(road) == [(alert, "suspended")]


def test_a_warning_nobody_has_touched_for_half_a_day_has_ended(road):
    alert = confirmed(road, "stopped_vehicle")
    road.clock.forward(hours=12, minutes=1)
    assert told(road) == [(alert, "definedByValidityTimeSpec")]


def test_who_has_the_newest_is_told_that_nothing_changed(road):
    alert = confirmed(road, "crash")
    first = road.client.get(PATH)
    held = {"if-none-match": first.headers["etag"]}
    since = {"if-modified-since": first.headers["last-modified"]}
    assert road.client.get(PATH, headers=held).status_code == 304
    assert road.client.get(PATH, headers=since).status_code == 304
    road.clock.forward(minutes=1)
    road.do(road.operator, alerts.resolve, alert)
    assert road.client.get(PATH, headers=held).status_code == 200
    assert road.client.get(PATH, headers=since).status_code == 200
    gone = road.client.get(PATH).headers
    road.clock.forward(minutes=40)
    assert road.client.get(PATH, headers={"if-modified-since": gone["last-modified"]}).status_code == 200


@pytest.mark.parametrize(
    ("text", "token", "status"),
    [
        ("", None, 404),
        ('[drivers]\ntoken = "env:QYRAN_TEST_ROAD"\n', None, 401),
        ('[drivers]\ntoken = "env:QYRAN_TEST_ROAD"\n', "wrong", 401),
        ('[drivers]\ntoken = "env:QYRAN_TEST_ROAD"\n', "of-the-road", 200),
    ],
)
def test_the_feed_is_read_by_whom_it_may(road, monkeypatch, text, token, status):
    monkeypatch.setenv("QYRAN_TEST_ROAD", "of-the-road")
    with_receivers(road, text)
    headers = {"authorization": f"Bearer {token}"} if token else {}
    assert road.client.get(PATH, headers=headers).status_code == status
