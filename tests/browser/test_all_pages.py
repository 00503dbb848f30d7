from __future__ import annotations

import pytest
from playwright.sync_api import expect

from qyran.roles import Role

pytestmark = pytest.mark.browser

PAGES = {
    Role.POLICE_OFFICER: ["/cases", "/cases/{case}", "/passages", "/watch", "/about"],
    Role.SITUATIONAL_OPERATOR: [
        "/alarms",
        "/alarms/{alert}",
        "/wall",
        "/alarms/shift",
        "/alarms/statistics",
        "/alarms/raise",
        "/alarms/drills",
        "/alarms/works",
        "/alarms/outages",
        "/alarms/map",
        "/cameras",
        "/video",
        "/video/abay-12",
    ],
    Role.SERVICE_DISPATCHER: ["/alarms", "/video"],
    Role.EVALUATOR: ["/kpi", "/kpi/9.9"],
    Role.ADMINISTRATOR: ["/users", "/cameras/abay-12/scene", "/nowhere"],
    Role.AUDITOR: ["/journal"],
}
NAMED = """() => {
  const name = (one) =>
    (one.getAttribute('aria-label') || one.labels?.[0]?.textContent || one.textContent || one.title || '').trim();
  const seen = (one) => one.checkVisibility();
  const faults = [];
  for (const one of document.querySelectorAll('button, a[href], select, textarea, input:not([type=hidden])'))
    if (seen(one) && !name(one)) faults.push('no name: ' + one.outerHTML.slice(0, 120));
  for (const one of document.querySelectorAll('img')) if (!one.hasAttribute('alt')) faults.push('no alt: ' + one.src);
  if (document.querySelectorAll('h1').length !== 1) faults.push('not one h1');
  let level = 1;
  for (const one of document.querySelectorAll('h1, h2, h3')) {
    const now = Number(one.tagName[1]);
    if (seen(one) && now > level + 1 && !one.closest('.alarm')) faults.push('skipped a level: ' + one.textContent);
    if (seen(one)) level = now;
  }
  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  const twice = ids.filter((one, place) => ids.indexOf(one) !== place);
  if (twice.length) faults.push('ids twice: ' + twice);
  for (const one of document.querySelectorAll('[aria-labelledby], [aria-describedby]'))
    for (const id of (one.getAttribute('aria-labelledby') ?? one.getAttribute('aria-describedby')).split(' '))
      if (!document.getElementById(id)) faults.push('names nothing: ' + id);
  for (const role of ['main', 'header.bar', 'footer']) if (!document.querySelector(role)) faults.push('no ' + role);
  return faults;
}"""
WIDER = """() => {
  const page = document.documentElement;
  if (page.scrollWidth <= page.clientWidth) return [];
  return [...document.querySelectorAll('body *')]
    .filter((one) => one.getBoundingClientRect().right > page.clientWidth + 1)
    .map((one) => one.outerHTML.slice(0, 120));
}"""


@pytest.mark.parametrize("lang", ["kk", "ru"])
@pytest.mark.parametrize("role", PAGES)
def test_pages_fit_a_phone_and_a_desk_and_every_control_has_a_name(city, base, enter, role, lang):
    ids = {"case": city.case(), "alert": city.alert("smoke", kind_of_event="fire_alert", track=None)}
    page = enter(role, lang)
    found = {}
    for path in PAGES[role]:
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 844})
            page.goto(f"{base}{path.format(**ids)}")
            assert page.locator("html").get_attribute("lang") == lang
            faults = [*page.evaluate(NAMED), *page.evaluate(WIDER)]
            if faults:
                found[path, width] = faults
    enter.faults[:] = [one for one in enter.faults if "/nowhere" not in one]  # the browser reports the 404 itself
    assert found == {}


def test_the_evaluator_reads_the_kpis_in_three_languages(base, enter):
    page = enter(Role.EVALUATOR, "en")
    assert page.url == f"{base}/kpi"
    headings = []
    for lang in ("EN", "RU", "KK"):
        page.locator(".langs button", has_text=lang).click()
        expect(page.locator("html")).to_have_attribute("lang", lang.lower())
        headings.append(page.locator("h1").inner_text())
        assert page.locator("table.kpis tbody tr").count() == 16
    assert headings == ["Security indicators", "Показатели безопасности", "Қауіпсіздік көрсеткіштері"]
    page.locator("#category").select_option("district")
    page.get_by_role("button", name="Көрсету").click()
    expect(page.locator(".head p")).to_contain_text("Аудандық маңызы бар қала")
    page.locator("a.kpi-name").first.click()
    expect(page.locator("h1")).to_contain_text("9.1")


def test_the_first_tab_leads_to_the_content_and_focus_is_seen(enter):
    page = enter(Role.EVALUATOR)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_an_administrator_makes_a_user_in_the_browser(base, enter):
    page = enter(Role.ADMINISTRATOR)
    page.get_by_role("button", name="Create a user").click()
    dialog = page.locator("dialog#new-user")
    dialog.get_by_label("User name").fill("aigerim")
    dialog.get_by_label("Full name").fill("Айгерім")
    dialog.get_by_label("Password").fill("orange tulips over Medeu")
    dialog.get_by_label("Evaluator").check()
    dialog.get_by_role("button", name="Create a user").click()
    expect(page.locator("#flash")).to_contain_text("The user was created")
    expect(page.locator("table")).to_contain_text("Айгерім")
