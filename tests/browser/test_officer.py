from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import expect

from qyran.roles import Role

pytestmark = pytest.mark.browser

# A strict policy lets nobody evaluate text in the page, not even a test that waits: promises do the waiting.
LOADED = """() => new Promise((done) => {
  const video = document.querySelector('video');
  if (video.readyState >= 2) done(); else video.addEventListener('loadeddata', () => done(), { once: true });
})"""
SOUGHT = """() => new Promise((done) => {
  const video = document.querySelector('video');
  if (!video.seeking) done(); else video.addEventListener('seeked', () => done(), { once: true });
})"""
DRAWN = """(one) => new Promise((done) => {
  const look = () => {
    const pen = one.getContext('2d');
    if (one.width && pen.getImageData(0, 0, one.width, one.height).data.some(Boolean)) done(true);
    else requestAnimationFrame(look);
  };
  look();
})"""


def panel(page):
    return page.locator("#panel")


def test_an_officer_decides_and_signs_with_the_keyboard_alone(city, base, enter):
    case = city.case()
    page = enter(Role.POLICE_OFFICER)
    assert page.url == f"{base}/cases"
    page.get_by_role("link", name="Driving through a red light").first.press("Enter")
    page.wait_for_url(f"{base}/cases/{case}")
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text("Under review")
    page.keyboard.press("c")
    expect(panel(page)).to_contain_text("Confirmed by an officer")
    page.keyboard.press("s")
    expect(panel(page)).to_contain_text("Signed")
    expect(page.locator("#flash")).to_contain_text("Signed. Decision")
    expect(page.locator("#history-card")).to_contain_text("Confirmed by an officer → Signed")
    link = page.get_by_role("link", name="Open the PDF").get_attribute("href")
    answer = page.request.get(f"{base}{link}")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF-")


def test_r_and_a_digit_reject_with_a_reason(city, base, enter):
    case = city.case()
    page = enter(Role.POLICE_OFFICER)
    page.goto(f"{base}/cases/{case}")
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text("Under review")
    page.keyboard.press("r")
    expect(page.locator("dialog#reject")).to_be_visible()
    page.keyboard.press("5")
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text("Rejected by an officer")
    expect(page.locator("#history-card")).to_contain_text("The signal was misread")


def test_keys_work_on_a_cyrillic_keyboard(city, base, enter):
    case = city.case()
    page = enter(Role.POLICE_OFFICER, "ru")
    page.goto(f"{base}/cases/{case}")
    page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'р', code: 'KeyH', bubbles: true}))")
    expect(page.locator("dialog#help")).to_be_visible()


def test_typing_a_plate_presses_no_verdict(city, base, enter):
    case = city.case()
    page = enter(Role.POLICE_OFFICER)
    page.goto(f"{base}/cases/{case}")
    page.keyboard.press("Enter")
    page.locator("#plate").fill("")
    page.locator("#plate").press_sequentially("123CRN02")
    expect(panel(page)).to_contain_text("Under review")
    page.locator("#plate").press("Enter")
    expect(panel(page)).to_contain_text("Confirmed by an officer")
    expect(panel(page)).to_contain_text("123CRN02")
    expect(panel(page)).to_contain_text("123ABC02")


def test_the_buttons_follow_the_chosen_article(city, base, enter):
    case = city.case("wrong_way")
    page = enter(Role.POLICE_OFFICER)
    page.goto(f"{base}/cases/{case}")
    page.keyboard.press("Enter")
    hand_on, confirm = (page.get_by_role("button", name=name) for name in ("Hand on without", "Confirm the violation"))
    expect(hand_on).to_be_visible()
    expect(confirm).to_be_hidden()
    page.locator("input[name=offence]").nth(1).check()
    expect(confirm).to_be_visible()
    expect(hand_on).to_be_hidden()
    page.locator("input[name=offence]").nth(0).check()
    page.keyboard.press("c")
    expect(panel(page)).to_contain_text("Sent on as non-payable material")


def test_the_player_steps_frames_magnifies_and_shows_marks(city, base, enter):
    case = city.case()
    page = enter(Role.POLICE_OFFICER)
    page.goto(f"{base}/cases/{case}")
    page.evaluate(LOADED)
    frame = float(page.locator("[data-player]").get_attribute("data-frame"))
    assert frame == pytest.approx(0.1, abs=0.01)
    seconds = []
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        page.evaluate(SOUGHT)
        seconds.append(page.evaluate("document.querySelector('video').currentTime"))
    steps = [later - sooner for sooner, later in pairwise(seconds)]
    assert steps == pytest.approx([frame, frame], abs=0.01)
    page.keyboard.press("z")
    zoom = page.locator("canvas.zoom").first
    expect(zoom).to_be_visible()
    assert zoom.evaluate("one => one.getContext('2d').imageSmoothingEnabled") is False
    colours = "one => new Set(one.getContext('2d').getImageData(0, 0, one.width, one.height).data).size"
    assert zoom.evaluate(colours) > 2
    page.keyboard.press("z")
    page.keyboard.press("m")
    marks = page.locator("canvas.marks")
    expect(marks).to_be_visible()
    assert marks.evaluate(DRAWN)


def test_a_still_is_enlarged_and_closed_by_escape(city, base, enter):
    case = city.case()
    page = enter(Role.POLICE_OFFICER)
    page.goto(f"{base}/cases/{case}")
    page.get_by_role("button", name="Enlarge: In the act").click()
    expect(page.locator("dialog#enlarged")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog#enlarged")).to_be_hidden()


def test_a_step_leaves_the_player_where_it_is(city, base, enter):
    case = city.case()
    page = enter(Role.POLICE_OFFICER)
    page.goto(f"{base}/cases/{case}")
    page.evaluate(LOADED)
    page.evaluate("document.querySelector('video').currentTime = 2; document.querySelector('video').marked = true")
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text("Under review")
    assert page.evaluate("document.querySelector('video').marked && document.querySelector('video').currentTime") == 2
    assert page.evaluate("window.shift") < 0.1  # web.dev's "good" for cumulative layout shift


def test_without_scripts_the_forms_still_work(browser, city, base):
    case = city.case()
    actor = city.person(Role.POLICE_OFFICER)
    assert actor
    context = browser.new_context(java_script_enabled=False, locale="en")
    page = context.new_page()
    page.goto(f"{base}/login")
    page.fill("#username", "police-officer-0")
    page.fill("#password", "orange tulips over Medeu")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{base}/cases")
    page.goto(f"{base}/cases/{case}")
    page.locator("#panel button").first.click()
    page.wait_for_url(f"{base}/cases/{case}")
    assert page.locator("input[name=offence]").count() >= 1
    context.close()
