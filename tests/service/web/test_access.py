from __future__ import annotations

import re

import pytest

from service.store.tables import AccessLog
from tests.service.web.conftest import PERSON
from tests.service.world import PASSWORD

PAGES = (
    "/cases", "/fines", "/deliveries", "/passages", "/watch", "/alarms", "/alarms/receivers", "/objects", "/sensors",
    "/video", "/kpi", "/imports", "/exchange", "/cameras", "/machines", "/supervision", "/exemptions",
    "/users", "/access", "/privacy", "/journal",
)  # fmt: skip
OPENS = {
    "camera_operator": {"/cases", "/cameras", "/supervision"},
    "police_officer": {"/cases", "/passages", "/watch", "/exemptions"},
    "senior_officer": {
        "/cases", "/fines", "/deliveries", "/passages", "/watch", "/kpi", "/supervision", "/exemptions",
        "/video",
    },
    "situational_operator": {"/alarms", "/alarms/receivers", "/objects", "/sensors", "/video", "/cameras"},
    "service_dispatcher": {"/alarms", "/objects", "/video"},
    "evaluator": {"/kpi", "/imports", "/exchange"},
    "administrator": {
        "/deliveries", "/users", "/cameras", "/machines", "/supervision", "/exemptions", "/exchange",
        "/alarms/receivers",
        "/objects", "/sensors", "/video",
    },
    "auditor": set(PAGES) - {"/passages"},
    "data_protection_officer": {"/cases", "/watch", "/video", "/access", "/privacy", "/journal"},
}  # fmt: skip
STARTS = {
    "camera_operator": "/cases", "police_officer": "/cases", "senior_officer": "/cases",
    "situational_operator": "/alarms", "service_dispatcher": "/alarms", "evaluator": "/kpi",
    "administrator": "/users", "auditor": "/cases", "data_protection_officer": "/privacy/requests",
}  # fmt: skip


def navigation(page):
    nav = re.search(r'<nav class="nav".*?</nav>', page.text, re.DOTALL)
    return set(re.findall(r'href="([^"]+)"', nav.group(0))) if nav else set()


@pytest.mark.parametrize("role", PERSON)
def test_a_role_lands_on_its_page_sees_its_navigation_and_nothing_else(visitors, role):
    person = visitors(role)
    landed = person.get("/")
    assert landed.url.path == STARTS[role]
    assert landed.status_code == 200
    assert navigation(landed) == OPENS[role]
    answers = {path: person.get(path).status_code for path in PAGES}
    assert answers == {path: 200 if path in OPENS[role] else 403 for path in PAGES}


@pytest.mark.parametrize("path", ["/", *PAGES, "/cases/0d9a3a3e-0000-4000-8000-000000000000"])
def test_nobody_sees_a_page_before_logging_in(visitor, path):
    answer = visitor.get(path, follow=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")


def test_htmx_is_sent_to_a_whole_login_page_when_the_login_has_ended(visitor):
    answer = visitor.get("/alarms", headers={"hx-request": "true"})
    assert answer.headers["hx-redirect"] == "/login?next=/alarms"


def test_after_logging_in_one_is_back_where_one_wanted_to_go(world, visitor):
    actor = world.person(*PERSON["auditor"])
    answer = visitor.form("/login?", username=visitor.username(actor.id), password=PASSWORD, next="/kpi?month=2026-11")
    assert answer.headers["location"] == "/kpi?month=2026-11"


@pytest.mark.parametrize(
    "bad", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere", "javascript:1", "/a\nb"]
)
def test_the_way_back_never_leads_to_another_host(world, visitor, bad):
    actor = world.person(*PERSON["auditor"])
    answer = visitor.form("/login", username=visitor.username(actor.id), password=PASSWORD, next=bad)
    assert answer.headers["location"] == "/"


def test_a_wrong_password_says_nothing_about_the_name_and_is_throttled(world, visitor):
    world.person(*PERSON["police_officer"])
    known = visitor.form("/login", username="police-officer-0", password="wrong and wrong again")
    unknown = visitor.form("/login", username="nobody", password="wrong and wrong again")
    assert known.status_code == unknown.status_code == 401
    assert "The name or the password is wrong" in known.text
    assert "The name or the password is wrong" in unknown.text
    for _ in range(world.settings.login_attempts):
        last = visitor.form("/login", username="police-officer-0", password="wrong and wrong again")
    assert last.status_code == 429
    assert "Too many wrong passwords" in last.text


def test_the_logins_cookie_is_hidden_from_scripts_and_other_sites(world, visitor):
    actor = world.person(*PERSON["evaluator"])
    answer = visitor.form("/login", username=visitor.username(actor.id), password=PASSWORD)
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("qyran="))
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


def test_logging_out_ends_the_login_for_good(visitors):
    person = visitors("evaluator")
    kept = dict(person.cookies)
    assert person.form("/logout", on="/kpi").headers["location"] == "/login"
    for name, value in kept.items():
        person.cookies.set(name, value, domain="127.0.0.1")
    assert person.get("/kpi", follow=False).status_code == 303


@pytest.mark.parametrize("token", [None, "", "0" * 64])
def test_a_form_without_the_sessions_token_is_refused(visitors, token):
    officer = visitors("police_officer")
    fields = {} if token is None else {"csrf": token}
    answer = officer.send("POST", "/cases/next", data=fields, follow=False)
    assert answer.status_code == 403
    assert "not from this session" in answer.text


def test_the_token_may_come_in_the_header_as_htmx_sends_it(visitors):
    officer = visitors("police_officer")
    answer = officer.send("POST", "/cases/next", headers={"x-csrf-token": officer.token("/cases")}, follow=False)
    assert answer.status_code == 303


def test_another_persons_token_is_refused(visitors):
    one, other = visitors("police_officer"), visitors("senior_officer")
    answer = one.send("POST", "/cases/next", data={"csrf": other.token("/cases")}, follow=False)
    assert answer.status_code == 403


def test_a_form_that_another_site_sent_is_refused_even_with_the_token(visitors):
    officer = visitors("police_officer")
    for headers in ({"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}):
        answer = officer.send("POST", "/cases/next", data={"csrf": officer.token("/cases")}, headers=headers)
        assert answer.status_code == 403


def test_a_login_form_needs_the_token_of_its_own_page(visitor):
    answer = visitor.send("POST", "/login", data={"username": "a", "password": "b"}, follow=False)
    assert answer.status_code == 403


def test_an_administrator_sees_no_case_no_alarm_and_no_evidence(world, visitors):
    case, alert = world.case(), world.alert()
    administrator = visitors("administrator")
    for path in (f"/cases/{case}", f"/alarms/{alert}", f"/cases/{case}/evidence/{case}/clip.mp4"):
        assert administrator.get(path).status_code == 403


def test_a_camera_operator_screens_pictures_and_sees_no_plate(world, visitors):
    case = world.case()
    page = visitors("camera_operator").get(f"/cases/{case}")
    assert page.status_code == 200
    assert "<video" in page.text
    assert "123ABC02" not in page.text
    assert "Return for repair" in page.text
    assert "Confirm the violation" not in page.text


def test_a_dispatcher_sees_only_the_alarms_of_his_service(world, visitors):
    alert = world.alert()
    dispatcher = visitors("service_dispatcher")
    assert dispatcher.get(f"/alarms/{alert}").status_code == 403
    assert alert not in dispatcher.get("/alarms").text


def test_an_auditor_reads_and_changes_nothing(world, visitors):
    case = world.case()
    auditor = visitors("auditor")
    page = auditor.get(f"/cases/{case}")
    assert page.status_code == 200
    assert "There is nothing for you to do here" in page.text
    assert auditor.form(f"/cases/{case}/claim", on="/cases").status_code == 403
    assert auditor.form("/users", on="/users", username="x", password=PASSWORD, roles="auditor").status_code == 403


def test_a_look_at_a_case_is_in_the_journal_with_the_persons_name(world, visitors):
    case = world.case()
    visitors("police_officer").get(f"/cases/{case}")
    with world.store.read() as work:
        looks = [row.action for row in work.session.query(AccessLog).filter_by(record=case)]
    assert looks == ["case_opened"]
    journal = visitors("data_protection_officer").get("/journal").text
    assert "opened a case" in journal
    assert "police-officer-0" in journal
