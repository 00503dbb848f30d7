from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from qyran.roles import Role
from service import cases
from tests.browser.axe import serious
from tests.browser.test_officer import LOADED, panel

pytestmark = pytest.mark.browser

PLATES = ("123ABC02", "778QYR01", "779QYR01")
READY = """() => new Promise((done) => {
  const look = () => performance.getEntriesByType('resource').some((one) => one.name.endsWith('/cases/ahead'))
    ? setTimeout(done, 300) : setTimeout(look, 50);
  look();
})"""


@pytest.fixture
def three(city):
    """Three cases of different vehicles, the oldest first."""
    return [city.case(plate=plate) for plate in PLATES]


@pytest.fixture
def desk(three, base, enter):
    """An officer at his desk with the first case claimed."""
    page = enter(Role.POLICE_OFFICER)
    page.get_by_role("button", name="Take the next case").click()
    page.wait_for_url(f"{base}/cases/{three[0]}")
    page.evaluate(LOADED)
    return page


def at(page, case):
    page.wait_for_url(f"**/cases/{case}")
    page.evaluate(LOADED)


def test_a_verdict_brings_the_next_case_without_loading_a_page(desk, three):
    desk.evaluate(READY)
    assert any(
        f"/cases/{three[1]}/evidence/" in one
        for one in desk.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    )  # its pictures are here while the first is judged
    desk.evaluate("window.marked = true")
    desk.keyboard.press("Enter")
    at(desk, three[1])
    expect(desk.locator("#flash")).to_contain_text("Confirmed")
    expect(panel(desk)).to_contain_text("You review this case")
    desk.keyboard.press("r")
    desk.keyboard.press("5")
    at(desk, three[2])
    assert desk.evaluate("window.marked") is True
    assert desk.evaluate("document.activeElement.tagName") == "H1"  # a screen reader starts at the new case
    desk.go_back()
    at(desk, three[1])
    expect(panel(desk)).to_contain_text("Rejected by an officer")
    expect(desk.locator("#history-card")).to_contain_text("The signal was misread")


def test_u_takes_a_slip_back(desk, three):
    desk.keyboard.press("Enter")
    at(desk, three[1])
    desk.keyboard.press("u")
    at(desk, three[0])
    expect(panel(desk)).to_contain_text("Under review")
    expect(desk.locator("#flash")).to_contain_text("taken back")
    desk.keyboard.press("t")
    desk.keyboard.press("1")
    at(desk, three[1])  # the case he held meanwhile comes first


def test_what_is_written_outlives_the_browser_and_leaves_nothing_in_it(desk, three, base):
    desk.keyboard.press("e")
    with desk.expect_response(lambda answer: answer.url.endswith("/draft") and answer.status == 204):
        desk.keyboard.type("123ABD0")
        desk.locator("#note").fill("the last sign is hidden")
    desk.keyboard.press("Escape")
    desk.goto(f"{base}/cases")
    desk.get_by_role("button", name="Take the next case").click()
    at(desk, three[0])  # the held case comes back
    expect(desk.locator("#plate")).to_have_value(re.compile("123ABD0.*"))
    expect(desk.locator("#note")).to_have_value("the last sign is hidden")
    assert desk.evaluate("localStorage.length + sessionStorage.length") == 0


def test_h_puts_a_case_aside(desk, three, base):
    desk.keyboard.press("h")
    at(desk, three[1])
    expect(desk.locator("#flash")).to_contain_text("put aside")
    desk.goto(f"{base}/cases/{three[0]}")
    expect(panel(desk)).to_contain_text("put aside")


def test_a_lost_claim_is_said_plainly(desk, three, city, enter):
    senior, other = city.person(Role.SENIOR_OFFICER), city.person(Role.POLICE_OFFICER)
    city.do(senior, cases.reassign, three[0], other.id)
    desk.keyboard.press("Enter")
    expect(desk.locator("#flash")).to_contain_text("not yours any more")
    expect(panel(desk)).to_contain_text("Reviewed by")
    assert three[0] in desk.url
    enter.faults[:] = [one for one in enter.faults if "409" not in one]  # the browser reports the refusal itself


def test_without_a_server_nothing_is_lost_and_the_officer_is_told(desk, three, service, enter):
    service.stop()
    desk.keyboard.press("Enter")
    expect(desk.locator("#flash")).to_contain_text("does not answer")
    assert three[0] in desk.url
    service.start()
    desk.keyboard.press("Enter")
    at(desk, three[1])
    enter.faults[:] = [one for one in enter.faults if "ERR_" not in one]


def test_a_clip_that_is_gone_is_said_and_the_case_can_be_returned(three, city, base, enter):
    for path in city.settings.evidence_folder.rglob(f"{three[0]}/*.mp4"):
        path.unlink()
    page = enter(Role.POLICE_OFFICER)
    page.goto(f"{base}/cases/{three[0]}")
    page.evaluate(LOADED)
    expect(page.locator("[data-broken]")).to_be_visible()
    expect(page.locator("#desk-below")).to_contain_text("not intact")
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text("Under review")
    page.keyboard.press("t")
    page.keyboard.press("2")
    at(page, three[1])
    enter.faults[:] = [one for one in enter.faults if "404" not in one and "409" not in one and "500" not in one]


def test_a_search_by_plate_needs_a_reason_and_leaves_no_plate_in_an_address(three, base, enter):
    page = enter(Role.POLICE_OFFICER)
    addresses = []
    page.on("request", lambda asked: addresses.append(asked.url))
    page.goto(f"{base}/cases/search")
    page.locator("#plate").fill("778QY*")
    page.keyboard.press("Enter")
    expect(page.locator("#flash")).to_contain_text("Choose why you search")
    page.locator("#plate").fill("778QY*")
    page.locator("#reason").select_option("administrative_case")
    page.locator("#reason_number").fill("17")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/search/*-*")
    expect(page.locator("#results-title")).to_have_text("Found: 1")
    page.locator("a.cover").press("Enter")
    at(page, three[1])
    page.get_by_role("link", name="Full history").press("Enter")
    expect(page.locator("h1")).to_have_text("History of the case")
    assert not [one for one in addresses if "778QY" in one]
    enter.faults[:] = [one for one in enter.faults if "422" not in one]


def test_a_screen_reader_hears_what_decides(desk):
    told = desk.locator("#desk").aria_snapshot()
    for part in (
        'heading "Driving through a red light" [level=1]', 'textbox "Number plate E"', "radio",
        "Confirm the violation", 'button "Reject', "Put aside", "Why the rule fired", "Video of the event",
        "2 In the act",
    ):  # fmt: skip
        assert part in told, part


PAGES = ("/cases", "/cases/{case}", "/cases/{case}/history", "/cases/search", "/cases/mine", "/cases/sign")


@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_serious(desk, three, base, width):
    desk.set_viewport_size({"width": width, "height": 900})
    desk.keyboard.press("Enter")
    at(desk, three[1])
    found = {}
    for path in PAGES:
        desk.goto(f"{base}{path.format(case=three[1])}")
        desk.wait_for_load_state()
        for dialog in (None, "help", "reject"):
            if dialog and "{case}" not in path:
                continue
            if dialog:
                if not desk.locator(f"dialog#{dialog}").count():
                    continue
                desk.evaluate(f"document.getElementById('{dialog}').showModal()")
            if faults := serious(desk):
                found[path, dialog] = faults
            if dialog:
                desk.keyboard.press("Escape")
    assert found == {}, json.dumps({str(key): value for key, value in found.items()}, indent=1)
