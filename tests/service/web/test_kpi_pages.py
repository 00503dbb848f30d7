from __future__ import annotations

import re

import pytest
from defusedxml import ElementTree

from incidents.alert import Verdict
from qyran.roles import Role
from service import alerts, cases
from service.i18n import LANGUAGES
from service.public_page.probe import beat
from service.store.alert_tables import Alert

PAGES = (
    "/kpi", "/kpi?period=2026-W47", "/kpi?period=2026-11-22", "/kpi?period=2026-Q4&category=district",
    "/kpi/city", "/kpi/false-alarms", "/kpi/false-alarms?by=rule", "/kpi/false-alarms?by=hour", "/kpi/raise",
    "/kpi/false-alarms/records?camera=abay-12",
    "/kpi/9.8", "/kpi/9.9?period=2026", "/kpi/9.4", "/kpi/9.8/events", "/kpi/9.9/events", "/kpi/9.8/explain",
)  # fmt: skip


def inline(html):
    """Whatever a strict policy would refuse."""
    scripts = [tag for tag in re.findall(r"<script[^>]*>", html) if " src=" not in tag]
    return scripts + re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)


@pytest.fixture
def city(world):
    """A false case, a confirmed incident answered in four minutes, and a case nobody judged."""
    officer, operator = world.person(Role.POLICE_OFFICER), world.person(Role.SITUATIONAL_OPERATOR)
    world.rejected = world.case()
    world.do(officer, cases.claim, world.rejected)
    world.do(officer, cases.reject, world.rejected, "no_violation")
    world.incident = world.alert("crash")
    world.do(operator, alerts.acknowledge, world.incident)
    world.do(operator, alerts.verdict, world.incident, Verdict.TRUE)
    world.clock.forward(minutes=4)
    world.do(operator, alerts.dispatch, world.incident, "103")
    world.case(plate="456DEF02")
    return world


def svgs(html):
    return [ElementTree.fromstring(one) for one in re.findall(r"<svg xmlns=.*?</svg>", html, re.DOTALL)]


def test_every_page_of_the_console_is_whole_in_every_language(city, visitors, caplog):
    evaluator = visitors("evaluator")
    for lang in LANGUAGES:
        assert evaluator.form("/language", on="/about", lang=lang, back="/").status_code == 303
        for path in PAGES if lang == "en" else PAGES[::3]:
            page = evaluator.get(path)
            assert page.status_code == 200, (path, page.text[-500:])
            assert f'<html lang="{lang}">' in page.text
            assert inline(page.text) == []
            for one in svgs(page.text):
                assert one.get("role") == "img"
    assert [record.message for record in caplog.records if "No text for" in record.message] == []


def test_what_was_held_back_stands_beside_the_false_alarms(city, visitors):
    assert "Held back" not in visitors("evaluator").get("/kpi/false-alarms").text
    city.take(city.event("smoke", type="held_back", plate=None))
    assert "0 by announced works, 1 by a second look" in visitors("evaluator").get("/kpi/false-alarms").text


def test_the_value_carries_its_formula_its_trend_and_its_times(city, visitors):
    page = visitors("evaluator").get("/kpi/9.8").text
    assert "confirmed incidents with a reaction" in page
    assert re.search(r"<strong>4</strong> <small>minutes from detection to reaction", page)
    assert "= <strong>4\N{NO-BREAK SPACE}min</strong>" in page
    titles = [one.find("{http://www.w3.org/2000/svg}title").text for one in svgs(page)]
    assert len(titles) == 4
    assert "How the times spread" in titles
    assert "of district significance" in page


@pytest.mark.parametrize("kpi", ["9.2", "9.6"])
def test_what_rewards_more_violations_is_marked_and_never_advised(city, visitors, kpi):
    evaluator = visitors("evaluator")
    assert "Rewards more violations: shown, never optimised." in evaluator.get(f"/kpi/{kpi}").text
    advice, excluded = evaluator.get("/kpi/raise").text.split('id="excluded"')
    assert f"<strong>{kpi}</strong>" not in advice.split('id="gains"')[1]
    assert f"{kpi} rewards more violations" in excluded


def test_records_open_only_for_whom_they_may(city, visitors):
    evaluator = visitors("evaluator").get("/kpi/9.9/events").text
    assert city.rejected in evaluator
    assert f'href="/cases/{city.rejected}"' not in evaluator
    senior = visitors("senior_officer").get("/kpi/9.9/events").text
    assert f'href="/cases/{city.rejected}"' in senior
    assert f'href="/alarms/{city.incident}"' not in senior
    auditor = visitors("auditor").get("/kpi/9.9/events").text
    assert f'href="/alarms/{city.incident}"' in auditor


@pytest.mark.parametrize("path", ["/kpi?period=1999", "/kpi?period=2027-01", "/kpi?period=soon", "/kpi/report/docx"])
def test_what_does_not_exist_is_said_plainly(city, visitors, path):
    assert visitors("evaluator").get(path).status_code == 422


@pytest.mark.parametrize("path", ["/kpi/1.1", "/kpi/1.1/events", "/kpi/99.9/explain"])
def test_kpis_that_do_not_exist_are_not_found(city, visitors, path):
    assert visitors("evaluator").get(path).status_code == 404


def test_reports_are_downloaded_under_their_names(city, visitors):
    evaluator = visitors("evaluator")
    for form, start in (("pdf", b"%PDF-"), ("xlsx", b"PK"), ("csv", b"\xef\xbb\xbf")):
        answer = evaluator.get(f"/kpi/report/{form}?period=2026-11")
        assert answer.status_code == 200
        assert answer.content.startswith(start)
        assert f'filename="qyran-sphere-2026-11-en.{form}"' in answer.headers["content-disposition"]
    assert evaluator.get("/kpi/report/csv?scope=city").text.count("\r\n") == 119


def test_the_public_page_needs_no_login_sets_no_cookie_and_may_be_kept(city, visitor):
    beat(city.store)
    first = visitor.get("/public?lang=kk")
    assert first.status_code == 200
    assert '<html lang="kk">' in first.text
    assert inline(first.text) == []
    assert "set-cookie" not in first.headers
    assert first.headers["cache-control"].startswith("public, max-age=")
    again = visitor.get("/public?lang=kk", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.text) == (304, "")
    languages = {visitor.get(f"/public?lang={lang}").text for lang in LANGUAGES}
    assert len(languages) == 3


def test_the_public_page_shows_no_record_no_running_period_and_no_handful(city, visitor):
    with city.store.write() as work:
        work.session.get_one(Alert, city.incident)
    city.clock.forward(days=15)  # November is over
    page = visitor.get("/public?lang=en&period=2026-11").text
    for hidden in (city.rejected, city.incident, "abay-12", "/kpi/"):
        assert hidden not in page
    assert "held back: fewer than 10 records" in page
    assert "<strong>100" not in page
    for period in ("2026-12", "2026-11-22", "2026-W47", "2019-01"):
        assert visitor.get(f"/public?period={period}").status_code == 422
