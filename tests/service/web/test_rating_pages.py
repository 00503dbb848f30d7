"""The catalogue, the register of additional initiatives and the rating's API, as each role meets them."""

from __future__ import annotations

import re

import pytest

from qyran.roles import Role
from service.i18n import LANGUAGES
from service.rating import initiatives
from service.settings import load_settings
from tests.service.web.conftest import Visitor
from tests.service.world import World

FORM = {
    "name": "Smart light", "road_map": "RM-7", "road_map_approved": "2026-02-01", "report": "Report 12",
    "report_signer": "deputy_head", "report_signed": "2026-11-10", "description": "Lamps that see motion",
    "start": "2026-03-01", "end": "2026-11-01", "results": "1200 lamps", "sphere": "5", "sphere_name": "as it stands",
    "indicator_name": ["Energy saved", "", "Courtyards"], "indicator_value": ["38,5", "", "40"],
    "indicator_unit": ["%", "", ""], "indicator_words": ["", "", ""],
}  # fmt: skip
PATH = "/kpi/initiatives"


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory):
    """One evaluator at a browser for all tests that change nothing."""
    home = tmp_path_factory.mktemp("rating")
    with World(load_settings(home=home / "home", public_url="http://127.0.0.1:8000")) as made:
        yield Visitor(made).log_in("evaluator")


def plain(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def entered(browser, **changes):
    answer = browser.form(PATH, on=PATH, **{**FORM, **changes})
    return answer.headers.get("location", ""), answer


@pytest.mark.parametrize(
    ("query", "count", "says"),
    [
        ("", 118, "1.21"),
        ("?q=9.9", 1, "Share of false alarms"),
        ("?q=жалған+іске+қосылу", 2, "10.3"),
        ("?sphere=security", 16, "132 points"),
        ("?initiative=13", 5, "Smart"),
        ("?q=unicorn", 0, "No KPI has these words"),
        ("?sphere=nonsense&on=2027-05-05", 118, "16.5"),
    ],
)
def test_the_catalogue_is_searched(evaluator, query, count, says):
    answer = evaluator.get(f"/kpi/catalogue{query}")
    assert answer.status_code == 200
    assert len(re.findall(r'<tr id="kpi-', answer.text)) == count
    assert says in plain(answer.text)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_catalogue_speaks_three_languages_and_keeps_the_order_s_own_words(visitor, lang):
    browser = visitor.log_in("auditor")
    browser.form("/language", lang=lang, back="/")
    html = browser.get("/kpi/catalogue?q=9.8").text
    said = {"kk": "Тіркеуден бастап жауап беруге дейінгі уақыт", "ru": "Время от фиксации до реагирования",
            "en": "Time from recording to reaction"}  # fmt: skip
    assert said[lang] in html
    assert (said["ru"] in html, said["kk"] in html) == (True, True)
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", html)


@pytest.mark.parametrize("query", ["?on=2025-01-01", "?on=someday", "?initiative=x"])
def test_a_catalogue_that_never_was_is_refused(evaluator, query):
    assert 400 <= evaluator.get(f"/kpi/catalogue{query}").status_code < 500


def test_an_initiative_is_entered_changed_refused_accepted_and_withdrawn(visitor):
    browser = visitor.log_in("evaluator")
    path, answer = entered(browser)
    assert answer.status_code == 303
    page = plain(browser.get(path).text)
    assert all(word in page for word in ("+2", "Smart light", "38.5 %", "Courtyards", "RM-7"))
    assert "not met" not in page
    browser.form(path, on=path, **{**FORM, "results": ""})
    assert "there are no results" in plain(browser.get(path).text)
    browser.form(f"{path}/decision", on=path, accepted="no", reason="of another city")
    assert "Refused by the evaluator: of another city" in plain(browser.get(path).text)
    assert "of another city" in plain(browser.get(PATH).text)
    browser.form(f"{path}/decision", on=path, accepted="yes", reason="it came anew")
    browser.form(f"{path}/withdrawal", on=path, reason="entered twice")
    page = browser.get(path).text
    assert "Withdrawn" in plain(page)
    assert "<form" not in page.split("<main", 1)[1].split("</main>", 1)[0]
    assert "No additional initiative has been entered" in plain(browser.get(PATH).text)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": ""}, "is not filled in as it must be"),
        ({"start": "2026-12-01"}, "ends before it starts"),
        ({"report_signed": "2027-01-01"}, "on a day to come"),
        ({"indicator_value": ["many", "", ""]}, "is not filled in as it must be"),
        ({"sphere": "9"}, "is not filled in as it must be"),
    ],
)
def test_a_form_that_is_wrong_says_so_and_loses_nothing(evaluator, changes, says):
    _, answer = entered(evaluator, **changes)
    assert answer.status_code == 422
    assert says in plain(answer.text)
    assert 'value="RM-7"' in answer.text


def test_a_reader_sees_no_form(visitor):
    html = visitor.log_in("auditor").get(PATH).text
    assert "<main" in html
    assert f'action="{PATH}"' not in html.replace(f'method="get" action="{PATH}"', "")


# API

API = "/api/v1/rating"


def test_the_whole_city_over_the_api(visitor):
    browser = visitor.log_in("evaluator")
    told = browser.get(f"{API}?period=2026&category=regional").json()
    assert (len(told["kpis"]), told["category"], told["official"]) == (118, "regional", False)
    assert "effects" not in told
    more = browser.get(f"{API}?with_effects=true&reading=at_most:linear&reading=missing:zero").json()
    assert (more["readings"]["at_most"], more["readings"]["missing"]) == ("linear", "zero")
    assert {one["reading"] for one in more["effects"]} == set(more["readings"])


@pytest.mark.parametrize(
    "query", ["?period=2026-13", "?category=village", "?reading=at_most", "?reading=x:y", "?period=2025"]
)
def test_what_cannot_be_rated_is_a_4xx(evaluator, query):
    answer = evaluator.get(f"{API}{query}")
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("role", ["police_officer", "camera_operator", "situational_operator", "administrator"])
def test_others_are_not_told(visitor, role):
    browser = visitor.log_in(role)
    for path in (API, f"{API}/catalogue", f"{API}/initiatives", "/kpi/catalogue", PATH):
        assert browser.get(path).status_code == 403, path


def test_initiatives_over_the_api(visitor):
    browser = visitor.log_in("evaluator")
    body = {"name": "Light", "road_map": "RM-7", "indicators": [{"name": "Lamps", "words": "more"}]}
    token = {"X-CSRF-Token": browser.get("/api/v1/session").json()["csrf"]}
    made = browser.send("POST", f"{API}/initiatives", json=body, headers=token)
    assert made.status_code == 201
    one = f"{API}/initiatives/{made.json()['id']}"
    assert browser.send("PUT", one, json={**body, "name": "Lamps"}, headers=token).status_code == 204
    step = {"accepted": False, "reason": "no report"}
    assert browser.send("POST", f"{one}/decision", json=step, headers=token).status_code == 204
    assert browser.send("POST", f"{one}/decision", json=step, headers=token).status_code == 422
    (row,) = browser.get(f"{API}/initiatives").json()
    assert (row["name"], row["refused"], row["judged"]["points"]) == ("Lamps", "no report", 0)
    assert row["judged"]["criteria"]["report_signed"] == {"met": False, "reason": "no_report"}
    steps = browser.get(f"{one}/history").json()
    assert [each["step"]["action"] for each in steps] == ["entered", "changed", "refused"]
    assert browser.send("POST", f"{one}/withdrawal", json={"reason": "twice"}, headers=token).status_code == 204
    assert browser.get(f"{API}/initiatives").json() == []
    assert browser.send("PUT", one, json=body, headers=token).status_code == 404


def test_an_auditor_enters_nothing(visitor):
    browser = visitor.log_in("auditor")
    token = {"X-CSRF-Token": browser.get("/api/v1/session").json()["csrf"]}
    assert browser.send("POST", f"{API}/initiatives", json={"name": "x"}, headers=token).status_code == 403
    assert Role.AUDITOR not in initiatives.WRITERS
