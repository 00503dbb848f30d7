from __future__ import annotations

import pytest
from playwright.sync_api import expect

from qyran.roles import Role

pytestmark = pytest.mark.browser

PLACED = {"latitude": 43.2389, "longitude": 76.8897, "heading_deg": 90.0, "field_of_view_deg": 60.0}
BLIND = "HTMLCanvasElement.prototype.getContext = () => null;"


def test_the_map_shows_alarms_where_they_can_be_and_is_in_step_with_its_list(city, base, enter):
    city.register(**PLACED)
    first = city.alert("smoke", kind_of_event="fire_alert", track=None)
    page = enter(Role.SITUATIONAL_OPERATOR)
    page.goto(f"{base}/alarms/map")
    room = page.locator("[data-map-room]")
    expect(room).to_have_attribute("data-ready", "")
    mark = room.locator(f'[data-alarm="{first}"]')
    expect(mark).to_have_attribute("aria-pressed", "false")
    expect(mark).to_have_attribute(
        "aria-label", "Smoke, Абай 12, Notified, along the camera's line of sight, up to 1,340 m off"
    )
    assert mark.locator("svg path").count() > 0

    mark.focus()
    page.keyboard.press("Enter")
    expect(room.locator(f'[data-alarm="{first}"]')).to_have_attribute("aria-pressed", "true")
    summary = room.locator("summary")
    expect(summary).to_have_text("Alarms on the map: 1")
    city.alert("crash", track=3)
    expect(summary).to_have_text("Alarms on the map: 2")
    summary.click()
    rows = room.locator(".map-list li button")
    expect(rows).to_have_count(2)
    rows.filter(has_text="Crash").click()
    expect(rows.filter(has_text="Crash")).to_have_attribute("aria-pressed", "true")
    for name in ("Zoom in", "Zoom out", "Show all alarms"):
        room.get_by_role("button", name=name).click()


def test_without_graphics_the_list_tells_the_same(city, base, enter):
    city.register(**PLACED)
    city.alert("smoke", kind_of_event="fire_alert", track=None)
    page = enter(Role.SITUATIONAL_OPERATOR, "ru", (390, 844))
    page.add_init_script(BLIND)
    page.goto(f"{base}/alarms/map")
    room = page.locator("[data-map-room]")

    expect(room).to_contain_text("WebGL")
    expect(room.locator(".map-list li button")).to_contain_text("Дым")
    enter.faults[:] = [one for one in enter.faults if "no WebGL" not in one]
