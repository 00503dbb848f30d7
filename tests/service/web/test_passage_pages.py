from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from qyran.roles import Role
from service import watch_hits, watch_lists
from service.i18n import LANGUAGES, translate
from service.passage_route import route
from service.watch_lists import NewEntry, NewList
from service.web.passage_map import HEIGHT, WIDTH, map_view
from tests.service.passages import REASON, taken
from tests.service.web.conftest import PERSON
from tests.service.world import NOON

FORM = {"start": "2026-11-22T11:00", "end": "2026-11-22T14:00", "reason": "accident", "number": "ДТП 5"}
"""Noon in the tests is 12:00 in Almaty."""


@pytest.fixture
def officer(visitor):
    return visitor.log_in("police_officer")


def test_a_search_shows_cards_and_carries_its_reason_on(world, officer):
    one = taken(world, plate_uncertain=(0,), still=True)
    page = officer.form("/passages", on="/passages", plate="123*", **FORM)
    assert page.status_code == 200
    assert f'data-passage="{one}"' in page.text
    assert "<mark>1</mark>23ABC02" in page.text
    assert page.text.count('name="number" value="ДТП 5"') == 2  # the form, and the route's button
    still = re.search(r'src="(/passages/[^"]+vehicle\.jpg[^"]+)"', page.text).group(1).replace("&amp;", "&")
    assert officer.get(still).status_code == 200
    assert officer.get(still[:-1]).status_code == 403


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reason": ""}, "search_reason"),
        ({"number": ""}, "search_number"),
        ({"reason": "other", "words": "no"}, "search_words"),
        ({"plate": "1"}, "plate_signs"),
        ({"start": "yesterday"}, "search_time"),
        ({"end": FORM["start"]}, "search_time"),
        ({"colour": "pink"}, "search_value"),
    ],
)
def test_a_search_that_is_refused_says_why_and_keeps_what_was_typed(officer, changes, said):
    page = officer.form("/passages", on="/passages", **{**FORM, "words": "kept words", **changes})
    assert page.status_code == 422
    assert translate("en", f"refusal.{said}") in page.text
    assert changes.get("words", "kept words") in page.text


def test_a_route_without_places_is_a_list(world, officer):
    one = taken(world)
    page = officer.form("/passages/route", on="/passages", passage=one, **FORM)
    assert page.status_code == 200
    assert '<svg class="map"' not in page.text
    assert 'id="stop-1"' in page.text


def test_a_map_holds_every_stop_with_north_up(world):
    places = {"a": (43.20, 76.80), "b": (43.30, 76.90), "c": (43.25, 77.0)}
    for name, (latitude, longitude) in places.items():
        world.register(id=name, name=name, stream=f"rtsp://camera/{name}", latitude=latitude, longitude=longitude)
    first, *_ = [taken(world, camera=name, minutes=minute) for minute, name in enumerate("abca")]
    actor = world.person(Role.POLICE_OFFICER)
    way = world.do(actor, route, first, NOON, NOON + timedelta(hours=1), REASON)
    drawn = map_view("en", way)
    at = {marker.name: (marker.x, marker.y) for marker in drawn.markers}
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in at.values())
    assert at["b"][1] < at["c"][1] < at["a"][1]
    assert at["a"][0] < at["b"][0] < at["c"][0]
    assert {marker.name: marker.numbers for marker in drawn.markers} == {"a": "1, 4", "b": "2", "c": "3"}
    assert len(drawn.legs) == 3


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_district_centre_says_why_there_are_no_watch_lists(world, officer, lang):
    object.__setattr__(world.store, "settings", world.settings.model_copy(update={"city_category": "district"}))
    officer.form("/language", lang=lang, back="/cases")
    page = officer.get("/watch")
    assert page.status_code == 403
    assert translate(lang, "refusal.not_offered") in html.unescape(page.text)
    assert 'href="/watch"' not in page.text
    assert officer.get("/passages").status_code == 200


def test_lists_hits_and_steps_by_plain_forms(world, visitor):
    senior = visitor.log_in("senior_officer")
    made = senior.form(
        "/watch/lists", on="/watch", name="Stolen", purpose="stolen_vehicle", legal_ground="No. 5",
        owner="police_officer", valid_until="2026-12-01",
    )  # fmt: skip
    place = made.headers["location"]
    assert senior.form(f"{place}/entries", on=place, plate="123ABC02", note="x").status_code == 303
    assert senior.form(f"{place}/entries", on=place, plate="1").status_code == 422
    assert senior.form(f"{place}/renew", on=place, valid_until="2030-01-01").status_code == 422
    assert senior.form("/watch/lists", on="/watch", name="x").status_code == 422
    taken(world, still=True)
    hit = re.search(r"/watch/hits/([0-9a-f-]{36})", senior.get("/watch").text).group(1)
    page = senior.get(f"/watch/hits/{hit}")
    assert f"/watch/hits/{hit}/stills/vehicle.jpg" in page.text
    assert senior.get(f"/watch/hits/{hit}/stills/vehicle.jpg").status_code == 200
    assert senior.form(f"/watch/hits/{hit}/confirmed", on=f"/watch/hits/{hit}").status_code == 303
    assert senior.form(f"/watch/hits/{hit}/acknowledged", on=f"/watch/hits/{hit}").status_code == 409
    assert senior.form(f"{place}/end", on=place).status_code == 303


def test_an_auditor_sees_lists_without_plates_and_no_hits(world, visitor):
    senior = world.person(*PERSON["senior_officer"])
    given = {"name": "Stolen", "purpose": "stolen_vehicle", "legal_ground": "No. 5", "valid_until": NOON + timedelta(1)}
    made = world.do(senior, watch_lists.make, NewList.model_validate(given))
    world.do(senior, watch_lists.add_entry, made.id, NewEntry(plate="123ABC02"))
    taken(world)
    (hit,) = world.do(senior, watch_hits.listing)
    auditor = visitor.log_in("auditor")
    for path in ("/watch", f"/watch/lists/{made.id}"):
        page = auditor.get(path)
        assert page.status_code == 200
        assert "123ABC02" not in page.text
    assert auditor.get(f"/watch/hits/{hit.id}").status_code == 403
