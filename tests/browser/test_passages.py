from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from qyran.roles import Role
from service import watch_lists
from service.ingest import ingest
from service.watch_lists import NewEntry, NewList
from tests.service.passages import passage, taken

pytestmark = pytest.mark.browser


def places(city):
    for name, (latitude, longitude) in {"a": (43.238, 76.90), "b": (43.25, 76.93), "c": (43.24, 76.96)}.items():
        axis = [[longitude - 0.01, latitude], [longitude + 0.01, latitude]]
        at = {"latitude": latitude, "longitude": longitude, "covers": axis}
        city.register(id=name, name=f"Camera {name}", stream=f"rtsp://camera/{name}", **at)


def why(page):
    page.get_by_label("Reason").select_option("stolen_vehicle")
    page.get_by_label("Number of the case or order").fill("ЕРДР 2612345678")


def test_an_officer_searches_with_a_reason_and_follows_the_vehicle_over_the_map(city, base, enter):
    places(city)
    taken(city, camera="a", plate_uncertain=(2,))
    taken(city, camera="b", minutes=6)
    taken(city, camera="c", minutes=50)
    taken(city, "777KKK01", camera="b", minutes=3)
    city.clock.forward(hours=1)
    page = enter(Role.POLICE_OFFICER)
    page.get_by_role("link", name="Passages").click()
    page.get_by_label("Number plate").fill("123*02")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#reason")).to_be_focused()  # the browser asks for the reason first
    why(page)
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.locator("#results-title")).to_have_text("3 passages")
    assert "123" not in page.url
    card = page.locator("[data-passage]").last
    expect(card.locator("mark")).to_have_text("3")
    expect(card).to_contain_text("auxiliary, not for recovery")
    expect(card).to_contain_text("doubtful signs: 3")
    card.get_by_text("Keep for a case").click()
    card.get_by_label("Number of the case").fill("УД 12")
    card.get_by_role("button", name="Save").click()
    expect(page.locator("#flash")).to_contain_text("kept for the case")
    card.get_by_role("button", name="Route").click()
    expect(page.locator("h1")).to_contain_text("123ABC02")
    expect(page.locator("svg.map a")).to_have_count(3)
    expect(page.locator("svg.map .leg")).to_have_count(1)  # nothing is drawn over what is not known
    expect(page.locator(".stops")).to_contain_text("Unknown for 44 min")
    page.locator("svg.map a").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#stop-2")).to_be_in_viewport()
    assert page.url.endswith("#stop-2")


def test_a_hit_appears_without_reloading_and_is_judged_by_its_still(city, base, enter):
    senior = city.person(Role.SENIOR_OFFICER)
    until = city.clock() + timedelta(days=5)
    given = {"name": "Stolen in November", "purpose": "stolen_vehicle", "legal_ground": "No. 1", "valid_until": until}
    made = city.do(senior, watch_lists.make, NewList.model_validate(given))
    city.do(senior, watch_lists.add_entry, made.id, NewEntry(plate="?23ABC*", note="white Camry"))
    page = enter(Role.POLICE_OFFICER)
    page.get_by_role("link", name="Watch lists").click()
    expect(page.locator("[data-live]")).to_have_text("Live")
    page.evaluate("window.same = true")
    event, folder = passage(city)
    city.spool.put(event, folder)
    assert ingest(city.spool, city.store).stored == 1
    row = page.locator("[data-alarm]")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("123ABC02")
    expect(page.locator("#announce")).to_contain_text("New hit: Stolen in November")
    assert page.evaluate("window.same")
    row.get_by_role("button", name="Take on").click()
    expect(row).to_contain_text("Taken on")
    row.locator("h3 a").click()
    expect(page.locator("#panel")).to_contain_text("white Camry")
    page.get_by_role("button", name="Misreading").click()
    expect(page.locator("h1")).to_contain_text("Misreading")
    page.goto(f"{base}/watch")
    expect(page.locator("[data-alarm]")).to_have_count(0)
    expect(page.locator("table")).to_contain_text("1 of 1 (100.0 %)")


def test_a_hit_is_told_on_every_page_of_its_owner(city, base, enter):
    senior = city.person(Role.SENIOR_OFFICER)
    until = city.clock() + timedelta(days=5)
    given = {"name": "Stolen in November", "purpose": "stolen_vehicle", "legal_ground": "No. 1", "valid_until": until}
    made = city.do(senior, watch_lists.make, NewList.model_validate(given))
    city.do(senior, watch_lists.add_entry, made.id, NewEntry(plate="123ABC02"))
    taken(city)
    page = enter(Role.POLICE_OFFICER)
    assert page.url == f"{base}/cases"
    expect(page.locator(".nav .count")).to_have_text("1")
    expect(page.locator("#flash")).to_be_empty()
    taken(city, minutes=1)
    expect(page.locator(".nav .count")).to_have_text("2")
    expect(page.locator("#flash")).to_contain_text("New hit: Stolen in November")


def test_a_senior_officer_makes_a_list_and_ends_it(city, base, enter):
    page = enter(Role.SENIOR_OFFICER)
    page.goto(f"{base}/watch")
    page.get_by_role("button", name="Make a list").first.click()
    dialog = page.locator("dialog#new-list")
    dialog.get_by_label("Name").fill("Stolen")
    dialog.get_by_label("Legal ground").fill("Order 5 of 20.11.2026")
    dialog.get_by_role("button", name="Make a list").click()
    expect(page.locator("#flash")).to_contain_text("The list was made")
    page.get_by_label("Number plate").fill("777 kkk 01")
    page.get_by_label("Note").fill("do not stop, report")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("table")).to_contain_text("777KKK01")
    page.get_by_role("button", name="Remove").click()
    expect(page.locator("table")).to_contain_text("removed by")
    page.get_by_role("button", name="End the list").click()
    expect(page.locator("h1")).to_contain_text("ended")
    expect(page.get_by_role("button", name="Add")).to_have_count(0)
