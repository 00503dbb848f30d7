from __future__ import annotations

import pytest
from playwright.sync_api import expect

from incidents.alert import Verdict
from qyran.roles import Role
from service import alerts, cases
from tests.browser.axe import serious
from tests.browser.test_all_pages import NAMED, WIDER

pytestmark = pytest.mark.browser

PAGES = (
    "/kpi", "/kpi/city", "/kpi/false-alarms", "/kpi/false-alarms?by=hour", "/kpi/raise", "/kpi/9.8", "/kpi/9.9",
    "/kpi/9.9/events", "/kpi/9.8/explain", "/kpi/false-alarms/records?camera=abay-12", "/public?lang={lang}",
)  # fmt: skip


@pytest.fixture
def measured(city):
    """A false case and an incident that was answered, so that every page has something to draw."""
    officer, operator = city.person(Role.POLICE_OFFICER), city.person(Role.SITUATIONAL_OPERATOR)
    rejected = city.case()
    city.do(officer, cases.claim, rejected)
    city.do(officer, cases.reject, rejected, "no_violation")
    incident = city.alert("crash")
    city.do(operator, alerts.acknowledge, incident)
    city.do(operator, alerts.verdict, incident, Verdict.TRUE)
    city.clock.forward(minutes=6)
    city.do(operator, alerts.dispatch, incident, "103")
    return city


@pytest.mark.parametrize(("lang", "width"), [("kk", 390), ("ru", 1440)])
def test_every_page_fits_and_axe_finds_nothing_serious(measured, base, enter, lang, width):
    page = enter(Role.EVALUATOR, lang, (width, 844))
    found = {}
    for path in PAGES:
        page.goto(f"{base}{path.format(lang=lang)}")
        faults = [*page.evaluate(NAMED), *page.evaluate(WIDER)]
        faults += serious(page)
        if faults:
            found[path] = faults
    assert found == {}


def test_the_way_down_from_the_score_to_the_record_by_keyboard(measured, base, enter):
    page = enter(Role.AUDITOR, "en")
    page.goto(f"{base}/kpi")
    page.locator("a.kpi-name", has_text="reaction time to an incident").focus()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("9.8")
    expect(page.locator(".formula")).to_contain_text("= 6")
    page.get_by_role("link", name="Show the records").focus()
    page.keyboard.press("Enter")
    record = page.locator("table.data a.mono").first
    expect(record).to_be_visible()
    record.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/alarms/*")


def test_on_paper_the_charts_stay_and_the_controls_go(measured, base, enter):
    page = enter(Role.EVALUATOR, "ru", (390, 844))
    page.goto(f"{base}/kpi/9.9")
    assert page.locator(".drawn-narrow svg.plot").first.is_visible()
    page.emulate_media(media="print")
    assert page.locator(".drawn-wide svg.plot").first.is_visible()
    assert not page.locator(".drawn-narrow svg.plot").first.is_visible()
    assert not page.locator(".picker").is_visible()
    assert page.locator(".drawn-wide table").first.is_visible()
