from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import expect

from qyran.roles import Role

pytestmark = pytest.mark.browser

# A strict policy lets nobody evaluate text in the page, not even a test that waits: promises do the waiting.
LOADED = """() => new Promise((done) => {
  const media = document.getElementById('media');
  if (media.dataset.seen) done();
  else new MutationObserver(() => media.dataset.seen && done()).observe(media, { attributes: true });
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


def opened(page, base, case):
    """The case claimed, its pictures on the screen."""
    page.goto(f"{base}/cases/{case}")
    page.evaluate(LOADED)
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text("Under review")


def test_an_officer_decides_and_signs_with_the_keyboard_alone(city, base, enter):
    case = city.case()
    page = enter(Role.POLICE_OFFICER)
    assert page.url == f"{base}/cases"
    page.get_by_role("link", name="Driving through a red light").first.press("Enter")
    page.wait_for_url(f"{base}/cases/{case}")
    page.evaluate(LOADED)
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text("Under review")
    page.keyboard.press("c")
    expect(page.locator("h1")).to_have_text("No case waits")
    page.get_by_role("link", name="To be signed: 1").press("Enter")
    page.get_by_role("button", name="Sign the chosen ones").press("Enter")
    expect(page.locator("#flash")).to_contain_text("Signed: 1")
    page.goto(f"{base}/cases/{case}")
    expect(page.locator("#history-card")).to_contain_text("Confirmed by an officer → Signed")
    link = page.get_by_role("link", name="Open the PDF").get_attribute("href")
    answer = page.request.get(f"{base}{link}")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF-")


def test_one_confirmed_case_is_signed_on_its_page_by_s(city, base, enter):
    case = city.case()
    page = enter(Role.POLICE_OFFICER)
    opened(page, base, case)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("No case waits")
    page.goto(f"{base}/cases/{case}")
    page.keyboard.press("s")
    expect(panel(page)).to_contain_text("Signed")
    expect(page.locator("#flash")).to_contain_text("Signed. Decision")


def test_keys_work_on_a_cyrillic_keyboard(city, base, enter):
    case = city.case()
    page = enter(Role.POLICE_OFFICER, "ru")
    opened_page = f"{base}/cases/{case}"
    page.goto(opened_page)
    page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'ь', code: 'KeyM', bubbles: true}))")
    expect(page.locator("canvas.marks")).to_be_visible()
    page.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', {key: '?', code: 'Digit7', bubbles: true}))")
    expect(page.locator("dialog#help")).to_be_visible()


def test_typing_a_plate_presses_no_verdict(city, base, enter):
    case = city.case()
    page = enter(Role.POLICE_OFFICER)
    opened(page, base, case)
    page.keyboard.press("e")
    page.keyboard.type("123CRN02")
    expect(panel(page)).to_contain_text("Under review")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("No case waits")
    page.goto(f"{base}/cases/{case}")
    expect(panel(page)).to_contain_text("123CRN02")
    expect(panel(page)).to_contain_text("123ABC02")


def test_the_buttons_follow_the_chosen_article(city, base, enter):
    case = city.case("wrong_way")
    page = enter(Role.POLICE_OFFICER)
    opened(page, base, case)
    hand_on, confirm = (page.get_by_role("button", name=name) for name in ("Hand on without", "Confirm the violation"))
    expect(hand_on).to_be_visible()
    expect(confirm).to_be_hidden()
    page.locator("input[name=offence]").nth(1).check()
    expect(confirm).to_be_visible()
    expect(hand_on).to_be_hidden()
    page.locator("input[name=offence]").nth(0).check()
    page.keyboard.press("p")
    expect(page.locator("#flash")).to_contain_text("Handed on as material")
    page.goto(f"{base}/cases/{case}")
    expect(panel(page)).to_contain_text("Sent on as non-payable material")


def test_the_player_steps_original_frames_magnifies_and_shows_marks(city, base, enter):
    case = city.case()
    page = enter(Role.POLICE_OFFICER)
    page.goto(f"{base}/cases/{case}")
    page.evaluate(LOADED)
    times = [float(one) for one in page.locator("[data-player]").get_attribute("data-times").split()]
    assert [later - sooner for sooner, later in pairwise(times)] == pytest.approx([0.1] * (len(times) - 1), abs=0.001)
    told = []
    page.evaluate("document.querySelector('video').pause()")
    shown = page.locator(".deck output")
    for key in (".", ".", ","):
        before = shown.inner_text()
        page.keyboard.press(key)
        expect(shown).not_to_have_text(before)
        page.evaluate(SOUGHT)
        told.append(shown.inner_text())
    numbers = [int(one.split("/")[0].removeprefix("frame ")) for one in told]
    assert numbers == [numbers[0], numbers[0] + 1, numbers[0]]
    assert "09:30:0" in told[0]  # the frame's own time of day, in the city's zone
    page.keyboard.press("z")
    zoom = page.locator("canvas.zoom").first
    expect(zoom).to_be_visible()
    assert zoom.evaluate("one => one.getContext('2d').imageSmoothingEnabled") is False
    before = zoom.evaluate("one => one.toDataURL()")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("+")
    assert zoom.evaluate("one => one.toDataURL()") != before
    assert page.locator(".deck output").inner_text() == told[-1]  # arrows move the picture, not the clip
    page.keyboard.press("Escape")
    expect(zoom).to_be_hidden()
    page.keyboard.press("m")
    marks = page.locator("canvas.marks")
    expect(marks).to_be_visible()
    assert marks.evaluate(DRAWN)


def test_the_loop_stays_around_the_act(city, base, enter):
    case = city.case()
    page = enter(Role.POLICE_OFFICER)
    page.goto(f"{base}/cases/{case}")
    page.evaluate(LOADED)
    begin, end = (float(one) for one in page.locator("[data-player]").get_attribute("data-act").split())
    page.evaluate("document.querySelector('video').playbackRate = 4")
    page.keyboard.press("l")
    back = """() => new Promise((done) => {
      const video = document.querySelector('video');
      const seen = [];
      const look = () => {
        seen.push(video.currentTime);
        if (seen.some((at, place) => place && at < seen[place - 1] - 0.5)) done([Math.min(...seen), Math.max(...seen)]);
        else requestAnimationFrame(look);
      };
      look();
    })"""
    first, last = page.evaluate(back)
    assert first >= begin - 0.6
    assert last <= end + 1.2
    page.keyboard.press("l")
    page.keyboard.press("Space")


def test_numbers_put_stills_on_the_stage_and_v_opens_the_loupe(city, base, enter):
    case = city.case()
    page = enter(Role.POLICE_OFFICER)
    page.goto(f"{base}/cases/{case}")
    page.evaluate(LOADED)
    page.keyboard.press("2")
    expect(page.locator("[data-still='2']")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("img.still-view")).to_be_visible()
    expect(page.locator("[data-still-name]")).to_contain_text("In the act")
    page.keyboard.press("0")
    expect(page.locator("img.still-view")).to_be_hidden()
    page.keyboard.press("v")
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
    page.locator("#panel form button").first.click()
    page.wait_for_url(f"{base}/cases/{case}")
    assert page.locator("input[name=offence]").count() >= 1
    page.locator("#verdict button[data-verdict]:not([hidden])").click()
    page.wait_for_url(f"{base}/cases/{case}")
    assert page.locator("#verdict").count() == 0
    assert page.locator("#panel form[action$='/sign'] button").count() == 1
    context.close()
