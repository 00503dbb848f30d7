from __future__ import annotations

import pytest
from playwright.sync_api import expect

from qyran.roles import Role

pytestmark = pytest.mark.browser


def test_an_alarm_arrives_without_reloading_and_is_answered_to_its_end(city, base, enter):
    page = enter(Role.SITUATIONAL_OPERATOR)
    assert page.url == f"{base}/alarms"
    expect(page.locator("[data-live]")).to_have_text("Live")
    page.evaluate("window.same = true")
    expect(page.locator("[data-alarm]")).to_have_count(0)
    city.alert("smoke", kind_of_event="fire_alert", track=None)
    row = page.locator("[data-alarm]")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Smoke")
    expect(row).to_contain_text("auxiliary sign")
    expect(page.locator("#announce")).to_contain_text("New alarm: Smoke")
    assert page.evaluate("window.same")
    row.get_by_role("button", name="Acknowledge").click()
    expect(row).to_contain_text("Acknowledged")
    expect(row.get_by_role("button", name="Acknowledge")).to_have_count(0)
    page.goto(f"{base}/alarms?show=new")
    expect(page.locator("[data-alarm]")).to_have_count(0)
    page.goto(f"{base}/alarms?show=taken")
    page.locator("[data-alarm] h3 a").click()
    panel = page.locator("#panel")
    panel.get_by_role("button", name="True").click()
    expect(panel).to_contain_text("Confirmed")
    panel.get_by_role("radio", name="Fire service (101)").check()
    panel.get_by_role("button", name="Send the service").click()
    expect(panel).to_contain_text("Dispatched")
    for button, state in (("Departed", "Departed"), ("Arrived", "Arrived"), ("Under control", "Resolved")):
        panel.get_by_role("button", name=button).click()
        expect(panel.locator(".badge").first).to_have_text(state)
    panel.get_by_role("button", name="Close").click()
    dialog = page.locator("dialog#ask-close")
    dialog.get_by_role("radio", name="Handled").check()
    dialog.get_by_role("button", name="Close").click()
    expect(panel.locator(".badge").first).to_have_text("Closed")
    expect(panel).to_contain_text("Service sent after detection")


def test_a_false_alarm_leaves_with_its_reason(city, base, enter):
    alert = city.alert()
    page = enter(Role.SITUATIONAL_OPERATOR)
    page.goto(f"{base}/alarms/{alert}")
    page.keyboard.press("Enter")
    expect(page.locator("#panel .badge").first).to_have_text("Acknowledged")
    page.keyboard.press("r")
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.locator("#panel .badge").first).to_have_text("False")
    expect(page.locator("#panel")).to_contain_text("Reflection")


def test_a_lost_connection_is_shown_and_found_again(service, enter):
    page = enter(Role.SITUATIONAL_OPERATOR)
    live = page.locator("[data-live]")
    expect(live).to_have_text("Live")
    service.stop()
    expect(live).to_have_text("Connection lost")
    service.start()
    expect(live).to_have_text("Live", timeout=30_000)
    enter.faults.clear()  # the browser itself reports the requests that failed


def test_sound_is_off_until_it_is_asked_for(enter):
    page = enter(Role.SITUATIONAL_OPERATOR)
    sound = page.get_by_role("button", name="Sound")
    expect(sound).to_have_attribute("aria-pressed", "false")
    sound.click()
    expect(sound).to_have_attribute("aria-pressed", "true")
