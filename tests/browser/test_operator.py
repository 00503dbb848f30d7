"""The operator's console in a real browser; one installation and one server for all that follows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from incidents.alert import Verdict
from qyran.roles import Role
from service import alerts, cameras
from service.alerting.works import every_works
from service.settings import load_settings
from tests.browser.axe import serious
from tests.browser.conftest import Service
from tests.service.world import World
from vision.camera import parse_camera

pytestmark = pytest.mark.browser

NO_SOUND_UNASKED = """
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  return this.src.endsWith("silence.wav") ? Promise.reject(new DOMException("no", "NotAllowedError")) : play.call(this);
};
window.sounded = [];
document.addEventListener("sounded", (event) => window.sounded.push(event.detail));
"""
PLAYS = "(video) => !video.paused && video.currentTime > 0.2"


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    home = tmp_path_factory.mktemp("centre") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QYRAN_HOME", str(home))
        settings = load_settings(
            home=home, second_look_share=0, sample_auto_rejected=0, public_url="http://127.0.0.1:8000"
        )
        with World(settings, demo=True) as made:
            made.register(id="dostyk-14", name="Достық 14", latitude=43.2389, longitude=76.8897, territory="almaly")
            yield made


@pytest.fixture(scope="module")
def service(city):
    running = Service(city.store)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def machine(city):
    """An operator whose steps no browser takes."""
    return city.person(Role.SITUATIONAL_OPERATOR)


@pytest.fixture
def clear(city, machine):
    """Nothing is open when a test begins."""
    for one in city.do(machine, alerts.listing, limit=500).items:
        if one.state in {"raised", "notified", "acknowledged", "verifying"}:
            city.do(machine, alerts.cancel, one.id, "operator_mistake")
    city.clock.forward(hours=1)


def console(enter, base, lang="en"):
    page = enter(Role.SITUATIONAL_OPERATOR, lang)
    page.context.add_init_script(NO_SOUND_UNASKED)
    page.goto(f"{base}/alarms")
    expect(page.locator(".live")).to_have_attribute("data-state", "on")
    return page


def state(page):
    return page.locator("#panel > .badge")


def test_an_alarm_comes_up_by_itself_and_keys_lead_it_to_its_end(city, base, enter, clear):
    page, other = console(enter, base), console(enter, base)
    off = page.locator("[data-sound-off]")
    expect(off).to_be_visible()
    off.click()
    expect(off).to_be_hidden()
    alert = city.alert("smoke", "fire_alert", track=None, camera="dostyk-14")
    row = page.locator(f"#row-{alert}")
    expect(row).to_contain_text("auxiliary sign")
    expect(page.locator(f"#pane[data-chosen='{alert}']")).to_be_visible()
    page.wait_for_function(f"() => ({PLAYS})(document.querySelector('[data-player] video'))")
    expect(page).to_have_title("(1) Alarms · Qyran")
    expect(page.locator("#announce")).to_contain_text("New alarm: Smoke")
    expect(page.locator(".unanswered")).to_contain_text("Unanswered")
    page.wait_for_function("() => window.sounded.includes('fire')")
    assert other.evaluate("window.sounded") == []  # nobody has switched the sound of that desk on
    expect(page.locator("[data-held]")).to_have_count(0)  # keys wait a moment after an alarm came up by itself
    page.keyboard.press("n")
    page.keyboard.type("t f a")  # a letter that is typed is only a letter
    page.locator("#ask-note").get_by_role("button", name="Save").click()
    expect(page.locator("#history")).to_contain_text("t f a")
    expect(state(page)).to_have_text("Notified")
    page.keyboard.press("a")
    expect(state(page)).to_have_text("Acknowledged")
    expect(page).to_have_title("Alarms · Qyran")
    expect(other.locator(f"#row-{alert}")).to_contain_text("Acknowledged")
    for keys, said in (("t", "Confirmed"), ("d1", "Dispatched"), ("Enter", "Departed"), ("v", "Arrived"),
                       ("g", "Resolved")):  # fmt: skip
        for key in [keys] if keys == "Enter" else keys:
            page.keyboard.press(key)
        expect(state(page)).to_have_text(said)
    page.keyboard.press("c")
    page.keyboard.press("1")
    expect(state(page)).to_have_text("Closed")
    expect(page.locator("#pane")).to_contain_text("Fire service (101)")
    expect(other.locator(f"#row-{alert}")).to_have_count(0)
    assert serious(page) == []


def test_one_key_answers_and_judges_and_the_next_unanswered_comes_up(city, base, enter, clear):
    jam = city.alert("congestion", track=None)
    city.clock.forward(minutes=5)
    crash = city.alert("crash", track=None)
    page = console(enter, base)
    expect(page.locator("#pane")).to_have_attribute("data-chosen", crash)
    expect(page.locator("[data-held]")).to_have_count(0)
    page.keyboard.press("f")
    page.keyboard.press("3")
    expect(page.locator(f"#row-{crash}")).to_contain_text("False")
    expect(page.locator("#pane")).to_have_attribute("data-chosen", jam)
    expect(page.locator("[data-held]")).to_have_count(0)
    page.keyboard.press("b")
    page.keyboard.press("3")
    expect(page.locator("#flash")).to_contain_text("Alarms closed: 1.")
    expect(page.locator(f"#row-{crash}")).to_have_count(0)
    expect(page.locator(f"#row-{jam}")).to_be_visible()


def test_an_urgent_alarm_stands_on_top_and_takes_nothing_from_under_the_hands(city, base, enter, clear):
    held = city.alert("congestion", track=None)
    page = console(enter, base)
    page.locator(f"#row-{held} a").click()
    expect(page.locator("#pane")).to_have_attribute("data-chosen", held)
    city.clock.forward(minutes=5)
    crash = city.alert("crash", track=None, camera="dostyk-14")
    expect(page.locator("#rows > li").first).to_have_attribute("data-alarm", crash)
    expect(page.locator("#pane")).to_have_attribute("data-chosen", held)
    page.keyboard.press("/")
    page.locator("#district").select_option("almaly")
    expect(page.locator("#rows > li")).to_have_count(1)
    assert page.url == f"{base}/alarms?district=almaly"
    expect(page).to_have_title("(2) Alarms · Qyran")  # a filter makes nothing silent
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    expect(page.locator("#pane")).to_have_attribute("data-chosen", crash)


def test_a_lost_connection_is_told_and_afterwards_nothing_is_lost_or_doubled(service, city, base, enter, clear):
    before = city.alert("intrusion", track=None)
    page = console(enter, base)
    expect(page.locator(f"#row-{before}")).to_have_count(1)
    service.stop()
    lost = page.locator("[data-lost]")
    expect(lost).to_be_visible()
    expect(lost).to_contain_text("No connection to the server since")
    meanwhile = city.alert("crowd", track=None)
    service.start()
    expect(lost).to_be_hidden()
    expect(page.locator("#rows > li")).to_have_count(2)
    expect(page.locator(f"#row-{meanwhile}")).to_have_count(1)
    expect(page.locator(f"#row-{before}")).to_have_count(1)
    enter.faults.clear()  # the browser itself reports the requests that failed


def test_the_wall_frames_the_camera_of_an_alarm_until_it_is_answered(city, base, enter, machine, clear):
    page = enter(Role.SITUATIONAL_OPERATOR, "ru")
    page.goto(f"{base}/wall")
    expect(page.locator(".cell")).to_have_count(4)
    expect(page.locator(".live")).to_have_attribute("data-state", "on")
    alert = city.alert("crash", track=None, camera="dostyk-14")
    framed = page.locator(".cell.alarmed")
    expect(framed).to_have_count(1)
    expect(framed).to_have_attribute("aria-label", "Достық 14")
    beside = page.context.new_page()  # the console in a window of its own: what it has chosen is marked on the wall
    beside.goto(f"{base}/alarms")
    expect(beside.locator("#pane")).to_have_attribute("data-chosen", alert)
    expect(page.locator(".cell.picked")).to_have_attribute("aria-label", "Достық 14")
    beside.close()
    city.do(machine, alerts.acknowledge, alert)
    expect(framed).to_have_count(0)
    page.keyboard.press("1")
    expect(page.locator(".cell")).to_have_count(1)
    page.locator("#wall-name").fill("Главная")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_role("link", name="Главная")).to_have_attribute("aria-current", "page")
    assert serious(page) == []
    enter.faults.clear()  # no camera is filmed here: the browser reports each live view that is refused


def test_a_dispatcher_sees_his_own_alarms_and_reports_what_the_crew_does(city, base, enter, machine, clear):
    own, foreign = city.alert("smoke", "fire_alert", track=None), city.alert("crash", track=None)
    city.do(machine, alerts.acknowledge, own)
    city.do(machine, alerts.verdict, own, Verdict.TRUE)
    city.do(machine, alerts.dispatch, own, "101")
    page = enter(Role.SERVICE_DISPATCHER, size=(390, 844))
    expect(page.locator(f"#own-{own}")).to_be_visible()
    assert foreign not in page.content()
    card = page.locator(f"#own-{own}")
    card.get_by_label("Number at the service").fill("4711")
    for button, said in (("Receive", "Received"), ("Departed", "Departed"), ("Arrived", "Arrived")):
        card.get_by_role("button", name=button).click()
        expect(card.locator("header .badge")).to_have_text(said)
    card.get_by_label("It is true").check()
    card.get_by_role("button", name="Finished").click()
    expect(card.locator("header .badge")).to_have_text("Finished")
    found = city.do(machine, alerts.open_alert, own)
    assert (found.state, found.service_numbers) == ("resolved", {"101": "4711"})
    assert serious(page) == []


HEARD = """
window.heard = 0;
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (kind, hear) {
  return listen.call(this, kind, kind === "alert" ? (event) => { hear(event); window.heard += 1; } : hear);
};
"""


def test_what_a_dispatcher_holds_in_his_hands_outlasts_the_renewal_of_his_page(city, base, enter, machine, clear):
    def sent_to_101(kind: str, said: str = "incident") -> str:
        named = city.alert(kind, said, track=None)
        city.do(machine, alerts.acknowledge, named)
        city.do(machine, alerts.verdict, named, Verdict.TRUE)
        city.do(machine, alerts.dispatch, named, "101")
        return named

    own = sent_to_101("smoke", "fire_alert")
    page = enter(Role.SERVICE_DISPATCHER, size=(390, 844))
    page.add_init_script(HEARD)
    card = page.locator(f"#own-{own}")
    card.get_by_role("button", name="Receive").click()
    expect(card.locator("header .badge")).to_have_text("Received")
    expect(page.locator("[data-live]")).to_have_attribute("data-state", "on")
    card.get_by_label("Number at the service").fill("4711")
    press = card.get_by_role("button", name="Departed")
    press.focus()
    other = sent_to_101("crash")
    expect(page.locator(f"#own-{other}")).to_be_visible()
    expect(card.get_by_label("Number at the service")).to_have_value("4711")
    expect(press).to_be_focused()
    page.clock.install()
    heard = page.evaluate("window.heard")
    press.hover()
    page.mouse.down()
    sent_to_101("congestion")
    page.wait_for_function("(before) => window.heard > before", arg=heard)
    page.clock.run_for(1000)  # longer than a page waits that nobody touches
    page.mouse.up()
    expect(card.locator("header .badge")).to_have_text("Departed")
    assert city.do(machine, alerts.open_alert, own).service_numbers == {"101": "4711"}


def test_cameras_of_works_are_found_by_name_among_hundreds_and_what_is_chosen_stays_in_sight(city, base, enter):
    def registered(work):
        for number in range(30):
            name = {"kk": f"Сейфуллин {number}", "ru": f"Сейфуллина {number}", "en": f"Seifullin {number}"}
            file = {"id": f"seifullin-{number:02}", "name": name, "stream": "rtsp://10.0.0.1/1"}
            cameras.register(work, parse_camera(file, source="the test"))

    city.do(city.person(Role.ADMINISTRATOR), registered)
    page = enter(Role.SITUATIONAL_OPERATOR, "kk", size=(390, 844))
    page.goto(f"{base}/alarms/works")
    boxes = page.locator("[data-chooser] .check:visible")
    page.locator("input[value=abay-12]").check()
    page.get_by_label("Камераны табу").fill("СЕЙФ 1")
    page.keyboard.press("Enter")  # sends nothing
    expect(boxes).to_have_count(13)  # 1, 10 to 19, 21, and the one that is chosen
    page.get_by_label("Камераны табу").fill("сейф 7")
    expect(boxes).to_have_count(4)
    page.get_by_role("button", name="Табылғанның бәрін таңдау").click()
    expect(page.locator("[data-chooser] output")).to_have_text("4 таңдалды, 32 ішінен 3 табылды")
    assert serious(page) == []
    page.locator("#name").fill("Асфальт төсеу")
    page.locator("input[value=smoke]").check()
    page.locator("#end").fill((city.clock() + timedelta(hours=9)).strftime("%Y-%m-%dT%H:%M"))
    page.get_by_role("button", name="Жұмыстарды жариялау").click()
    expect(page.locator("table")).to_contain_text("Асфальт төсеу")
    (works,) = city.do(city.person(Role.AUDITOR), every_works, limit=2)
    assert sorted(works.cameras) == ["abay-12", "seifullin-07", "seifullin-17", "seifullin-27"]
