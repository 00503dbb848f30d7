from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest

from qyran.roles import Role
from service.api.watch_lists import POLL_S
from service.app import create_app
from service.ingest import ingest
from service.jobs import EVERY_S
from tests.service.passages import passage, taken
from tests.service.server import serving
from tests.service.test_api import logged_in
from tests.service.world import NOON, World

REASON = {"code": "stolen_vehicle", "number": "ЕРДР 2612345678"}
SPAN = {"start": (NOON - timedelta(hours=1)).isoformat(), "end": (NOON + timedelta(hours=1)).isoformat()}


@pytest.fixture
def city(settings):
    with World(settings) as made, serving(create_app(store=made.store, jobs=False)) as made.address:
        yield made


def search(client, plate=None, **changes):
    body = {"filter": {**SPAN, **({"plate": plate} if plate else {})}, "reason": REASON, **changes}
    return client("POST", "/passages/search", json=body)


def test_an_officer_searches_follows_a_route_and_opens_a_still(city):
    one = taken(city, still=True)
    taken(city, minutes=5)
    with logged_in(city, Role.POLICE_OFFICER) as officer:
        page = search(officer, "123*").json()
        assert (page["total"], [view["plate"] for view in page["items"]]) == (2, ["123ABC02"] * 2)
        first = page["items"][1]
        still = officer("GET", f"/passages/{one}/stills/vehicle.jpg?{first['still_query']}")
        assert still.headers["content-type"] == "image/jpeg"
        assert officer("GET", f"/passages/{one}/stills/vehicle.jpg?query={page['query']}&key=0").status_code == 403
        way = officer("POST", "/passages/route", json={"passage": one, **SPAN, "reason": REASON}).json()
        assert [stop["number"] for stop in way["stops"]] == [1, 2]
        assert officer("POST", f"/passages/{one}/hold", json={"case": "УД 1"}).json() == {"held_for": "УД 1"}
        assert officer("GET", "/passages/log").status_code == 403
    with logged_in(city, Role.AUDITOR) as auditor:
        said = [(one["kind"], one["results"], one["number"]) for one in auditor("GET", "/passages/log").json()]
        assert said == [("route", 2, REASON["number"]), ("search", 2, REASON["number"])]
        assert search(auditor).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"reason": {}}, 422),
        ({"reason": {"code": "other", "words": "short"}}, 422),
        ({"reason": {"code": "accident"}}, 422),
        ({"filter": {"start": SPAN["end"], "end": SPAN["start"]}}, 422),
        ({"filter": {**SPAN, "plate": "12?"}}, 200),
        ({"filter": {**SPAN, "plate": "?*"}}, 422),
        ({"filter": {**SPAN, "colour": "pink"}}, 422),
        ({"filter": {"start": "2026-11-22T07:00:00", "end": SPAN["end"]}}, 422),  # no time zone
        ({"filter": {**SPAN, "owner": "x"}}, 422),
        ({"limit": 1000}, 422),
    ],
)
def test_what_a_search_needs(city, body, status):
    with logged_in(city, Role.POLICE_OFFICER) as officer:
        answer = search(officer, **body)
    assert answer.status_code == status
    if status == 422:
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_plate_in_an_address_is_no_search(city):
    with logged_in(city, Role.POLICE_OFFICER) as officer:
        assert officer("GET", "/passages/search?plate=123ABC02").status_code in {404, 405}


def test_a_district_centre_is_told_why_it_has_no_watch_lists(city):
    district = city.settings.model_copy(update={"city_category": "district"})
    object.__setattr__(city.store, "settings", district)
    with logged_in(city, Role.SENIOR_OFFICER) as senior:
        answer = senior("GET", "/watch/lists")
        assert answer.status_code == 403
        assert "row 9.2 of order 469" in answer.json()["detail"]
        assert search(senior).status_code == 200


@contextmanager
def listening(client, heard: list[dict]):
    """Notes the first thing the stream of hits says."""
    ready, over = threading.Event(), threading.Event()

    def listen() -> None:
        with client.client.stream("GET", "/api/v1/watch/stream") as answer:
            ready.set()
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    heard.append(json.loads(line.removeprefix("data:")))
                if over.is_set() or heard:
                    return

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield
        thread.join(30)
    finally:
        over.set()


def test_a_hit_is_heard_as_its_passage_is_stored(city):
    assert POLL_S + EVERY_S < 2  # seconds from a worker's spool to the console, what the two steps take on top
    with logged_in(city, Role.SENIOR_OFFICER) as senior:
        until = (NOON + timedelta(days=5)).isoformat()
        given = {"name": "Угнанные", "purpose": "stolen_vehicle", "legal_ground": "ЕРДР 1", "valid_until": until}
        made = senior("POST", "/watch/lists", json=given).json()
        assert senior("POST", f"/watch/lists/{made['id']}/entries", json={"plate": "?23ABC*"}).status_code == 201
        assert senior("POST", f"/watch/lists/{made['id']}/entries", json={"plate": "*"}).status_code == 422
    with logged_in(city, Role.POLICE_OFFICER) as officer:
        heard: list[dict] = []
        with listening(officer, heard):
            event, folder = passage(city, still=True)
            city.spool.put(event, folder)
            assert ingest(city.spool, city.store).stored == 1
        (said,) = heard
        hit = officer("GET", f"/watch/hits/{said['id']}").json()
        assert (hit["passage"]["plate"], hit["pattern"], hit["shown_at"] is not None) == ("123ABC02", "?23ABC*", True)
        assert officer("GET", f"/watch/hits/{hit['id']}/stills/vehicle.jpg").status_code == 200
        assert (
            officer("POST", f"/watch/hits/{hit['id']}/confirmed", json={"version": hit["version"]}).status_code == 200
        )
        assert officer("POST", f"/watch/hits/{hit['id']}/acknowledged", json={}).status_code == 409
        assert officer("POST", "/watch/lists", json=given).status_code == 403
        assert officer("GET", "/watch/hits").json() == []
        assert len(officer("GET", "/watch/hits?open_only=false").json()) == 1
