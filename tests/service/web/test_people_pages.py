from __future__ import annotations

import io
import logging
import re

import pytest
from pypdf import PdfReader

from qyran.roles import Role
from service import cases, second_factor, totp
from service.i18n import LANGUAGES
from service.owners import load_owner
from service.settings import load_settings
from service.store.tables import AccessLog, AppUser
from tests.service.test_subject_requests import IIN, NAME, Register
from tests.service.web.conftest import Visitor
from tests.service.web.test_pages import inline
from tests.service.world import PASSWORD, World

PLATE = "123ABC02"
REQUEST = {
    "kind": "access", "name": NAME, "iin": IIN, "plate": PLATE, "contact": "Абай 1", "text": "Что вы храните?",
    "channel": "in_person", "identified_by": "identity_card", "ground": "own_data", "received_on": "2026-11-20",
    "language": "ru",
}  # fmt: skip
BREACH = {
    "kind": "unlawful_access", "noticed_at": "2026-11-22T11:59", "began": "2026-11-21T00:00",
    "ended": "2026-11-22T13:00", "description": "Сотрудник открывал дела соседей без повода.",
    "measures": "Доступ закрыт.", "data": ["owners", "plates"],
}  # fmt: skip


@pytest.fixture
def busy(world):
    """A case whose owner an officer saw."""
    world.officer = world.person(Role.POLICE_OFFICER, language="en")
    world.case_id = world.case()
    world.do(world.officer, cases.claim, world.case_id)
    load_owner(world.store, world.officer, world.case_id, Register())
    return world


@pytest.fixture
def keeper(busy):
    return Visitor(busy).log_in("data_protection_officer")


def registered(person, path: str, given) -> str:
    answer = person.form(path, on=path, **given)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def pdf_text(answer) -> str:
    assert answer.headers["content-type"] == "application/pdf"
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages).split())


def test_a_request_goes_from_intake_to_letter_on_the_pages(busy, keeper):
    page = registered(keeper, "/privacy/requests", REQUEST)
    assert IIN not in page
    shown = keeper.get(page).text
    assert NAME in shown
    assert "Cases found: 1" in shown
    assert "not confirmed" in shown
    refused = keeper.form(f"{page}/decide", on=page, decision="refused", reason="no_data", words="no")
    assert (refused.status_code, "ten characters" in refused.text) == (422, True)
    assert keeper.form(f"{page}/decide", on=page, decision="granted", reason="lawful").status_code == 303
    assert keeper.form(f"{page}/carry-out", on=page).status_code == 303
    assert keeper.form(f"{page}/sent", on=page).status_code == 303
    for lang, word in (("kk", "Деректеріңізді кім қарады"), ("ru", "Кто смотрел ваши данные")):
        said = pdf_text(keeper.get(f"{page}/letter.{lang}.pdf"))
        assert word in said
        assert "police-officer" not in said
    assert "Nothing is left to do" in keeper.get(page).text


def test_an_auditor_reads_requests_and_changes_none(busy, keeper):
    page = registered(keeper, "/privacy/requests", REQUEST)
    auditor = Visitor(busy).log_in("auditor")
    assert "An auditor only reads" in auditor.get(page).text
    assert auditor.form(f"{page}/decide", on=page, decision="granted", reason="lawful").status_code == 403


def test_a_breach_is_counted_from_the_register_and_told_in_time(busy, keeper):
    page = registered(keeper, "/privacy/breaches", {**BREACH, "actor": busy.officer.id})
    shown = keeper.get(page).text
    assert "Records affected: 1" in shown
    assert "people, about: 1" in shown
    assert "24 Nov 2026, 00:00:00" in shown.replace("\N{NO-BREAK SPACE}", " ")  # Sunday: the whole of Monday
    for lang, word in (("kk", "хабарлама"), ("ru", "Уведомление"), ("en", "Notice of a breach")):
        assert word in pdf_text(keeper.get(f"{page}/notice.{lang}.pdf"))
    early = keeper.form(f"{page}/sent", on=page, at="2026-11-20T00:00")
    assert early.status_code == 422
    assert keeper.form(f"{page}/sent", on=page, at="2026-11-22T12:00").status_code == 303
    given = {"number": "МЦРИАП-77", "at": "2026-11-22T12:00"}
    assert keeper.form(f"{page}/acknowledged", on=page, **given).status_code == 303
    assert "МЦРИАП-77" in keeper.get(page).text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"description": "short"}, "20 to 4000"),
        ({"data": []}, "what was affected"),
        ({"began": "2026-11-22T14:00"}, "begins before it ends"),
        ({"noticed_at": "2027-01-01T00:00"}, "not in the future"),
        ({"noticed_at": "soon"}, "A time is written as"),
    ],
)
def test_a_breach_that_cannot_be_is_refused_in_words(keeper, changes, said):
    answer = keeper.form("/privacy/breaches", on="/privacy/breaches", **{**BREACH, **changes})
    assert (answer.status_code, said in answer.text) == (422, True)


def test_a_term_the_lawyer_set_holds_from_its_day(keeper):
    given = {
        "name": "request_access", "value": "5", "valid_from": "2026-11-01", "source": "Order No. 7", "verified": "yes",
    }  # fmt: skip
    assert keeper.form("/privacy/terms", on="/privacy/terms", **given).status_code == 303
    assert "Order No. 7" in keeper.get("/privacy/terms").text
    page = registered(keeper, "/privacy/requests", REQUEST)
    shown = keeper.get(page).text.replace("\N{NO-BREAK SPACE}", " ")
    assert "27 Nov 2026" in shown
    assert keeper.form("/privacy/terms", on="/privacy/terms", **{**given, "value": "0"}).status_code == 422
    assert keeper.form("/privacy/terms", on="/privacy/terms", **{**given, "source": ""}).status_code == 422


def test_the_register_is_filtered_and_exported_and_holds_no_plate_in_its_address(busy, keeper):
    page = keeper.get(f"/access?actor={busy.officer.id}&action=owner_loaded")
    assert "Lines: 1" in page.text
    assert "asked the register for the owner" in page.text
    csv = keeper.get(re.search(r'href="(/access/register\.csv[^"]+)"', page.text).group(1).replace("&amp;", "&"))
    assert csv.headers["content-type"].startswith("text/csv")
    assert csv.text.count("owner_loaded") == 1
    assert PLATE not in csv.text
    assert keeper.get("/access?start=soon").status_code == 422


def test_the_pages_are_whole_in_every_language(busy, keeper, caplog):
    request = registered(keeper, "/privacy/requests", REQUEST)
    breach = registered(keeper, "/privacy/breaches", BREACH)
    administrator = Visitor(busy).log_in("administrator")
    pages = [
        (keeper, path)
        for path in ("/access", "/account", "/privacy/requests", "/privacy/breaches", "/privacy/terms", request, breach)
    ]
    pages.append((administrator, f"/users/{busy.officer.id}"))
    for lang in LANGUAGES:
        for person in (keeper, administrator):
            person.form("/language", on="/about", lang=lang, back="/")
        for person, path in pages:
            page = person.get(path)
            assert (page.status_code, f'<html lang="{lang}">' in page.text) == (200, True)
            assert inline(page.text) == []
    assert [record.message for record in caplog.records if "No text for" in record.message] == []


def test_a_person_takes_a_second_factor_on_the_page_and_logs_in_with_it(world):
    actor = world.person(Role.POLICE_OFFICER, language="en")
    person = Visitor(world)
    name = person.username(actor.id)
    person.form("/login", username=name, password=PASSWORD)
    assert person.form("/account/factor", on="/account").status_code == 303
    page = person.get("/account").text
    secret = re.search(r'class="mono breakable">([A-Z2-7]+)<', page).group(1)
    assert person.get("/account/factor/qr.svg").headers["content-type"].startswith("image/svg")
    code = totp.hotp(totp.key_of(secret), totp.step_of(world.clock.now))
    told = person.form("/account/factor/enrol", on="/account", code=code).text
    assert len(re.findall(r"<li>[A-Z2-7]{4}-", told)) == second_factor.RECOVERY_CODES
    world.clock.forward(seconds=60)
    again = Visitor(world)
    asked = again.form("/login", username=name, password=PASSWORD, next="/cases")
    assert "Give the six digits" in asked.text
    assert again.get("/cases", follow=False).status_code == 303
    wrong = again.form("/login/code", on="/login/code", code="000000")
    assert (wrong.status_code, "used already" in wrong.text) == (401, True)
    code = totp.hotp(totp.key_of(secret), totp.step_of(world.clock.now))
    assert again.form("/login/code", on="/login/code", code=code, next="/cases").headers["location"] == "/cases"
    assert again.get("/cases", follow=False).status_code == 200


def test_who_has_to_take_a_factor_or_change_a_password_comes_to_nothing_else(tmp_path):
    settings = load_settings(home=tmp_path / "home", second_factor_roles="evaluator")
    with World(settings) as world:
        person = Visitor(world)
        actor = world.person(Role.EVALUATOR, language="en")
        person.form("/login", username=person.username(actor.id), password=PASSWORD)
        answer = person.get("/kpi", follow=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/account")
        assert "take one first" in person.get("/account").text
        assert person.send("GET", "/api/v1/kpi/security").status_code == 403


def test_a_denied_function_is_refused_on_pages_and_in_the_api(busy):
    administrator = Visitor(busy).log_in("administrator")
    path = f"/users/{busy.officer.id}"
    given = {"kind": "function", "target": "cases", "ground": "an inquiry runs"}
    assert administrator.form(f"{path}/denials", on=path, **given).status_code == 303
    assert "an inquiry runs" in administrator.get(path).text
    officer = Visitor(busy)
    officer.form("/login", username=officer.username(busy.officer.id), password=PASSWORD)
    assert officer.get(f"/cases/{busy.case_id}").status_code == 403
    assert officer.send("GET", f"/api/v1/cases/{busy.case_id}").status_code == 403
    assert officer.get("/account").status_code == 200
    ends = re.search(rf'action="({path}/denials/[^"]+/end)"', administrator.get(path).text).group(1)
    assert administrator.form(ends, on=path).status_code == 303
    assert officer.get(f"/cases/{busy.case_id}").status_code == 200


def test_own_logins_are_listed_and_ended_on_the_page(world):
    actor = world.person(Role.EVALUATOR, language="en")
    person, other = Visitor(world), Visitor(world)
    for one in (person, other):
        one.form("/login", username=one.username(actor.id), password=PASSWORD)
    page = person.get("/account").text
    assert page.count("127.0.0.1") >= 2
    (ends,) = re.findall(r'action="(/account/sessions/[^"]+/end)"', page)
    assert person.form(ends, on="/account").status_code == 303
    assert other.get("/kpi", follow=False).status_code == 303
    assert person.get("/kpi").status_code == 200


def test_nothing_personal_comes_into_a_log_an_address_or_an_error(busy, keeper, caplog):
    """From intake to letter and through refusals: no name, ИИН, plate, password, token or contact in any of them."""
    caplog.set_level(logging.DEBUG)
    visited = []
    send = keeper.send

    def watched(method, path, **named):
        answer = send(method, path, **named)
        visited.extend([path, str(answer.url), answer.headers.get("location", "")])
        return answer

    keeper.send = watched
    page = registered(keeper, "/privacy/requests", {**REQUEST, "kind": "erasure"})
    keeper.form(f"{page}/decide", on=page, decision="granted", reason="lawful")
    keeper.form(f"{page}/carry-out", on=page)
    keeper.get(f"{page}/letter.ru.pdf")
    keeper.form("/privacy/requests", on="/privacy/requests", **{**REQUEST, "iin": "00001"})
    keeper.get("/access")
    officer = Visitor(busy)
    officer.form("/login", username="police-officer-0", password="a wrong but secret phrase")
    officer.form("/login", username="police-officer-0", password=PASSWORD)
    token = officer.token("/account")
    officer.send("POST", f"/cases/{busy.case_id}/confirm", data={"csrf": token, "plate": "Z!", "offence": "none"})
    with busy.store.read() as work:
        texts = [row.record + row.action for row in work.session.query(AccessLog)]
    everything = "\n".join([*(record.getMessage() for record in caplog.records), *map(str, visited), *texts])
    for secret in (NAME, "Үлгіев", IIN, PLATE, PASSWORD, "secret phrase", "Абай 1", token):
        assert secret not in everything, secret


def test_a_login_by_the_api_says_that_a_code_is_needed_and_takes_it(world):
    actor = world.person(Role.AUDITOR)
    secret = world.do(actor, second_factor.offer).secret
    code = totp.hotp(totp.key_of(secret), totp.step_of(world.clock.now))
    world.do(actor, second_factor.enrol, code)
    world.clock.forward(seconds=60)
    person = Visitor(world)
    given = {"username": person.username(actor.id), "password": PASSWORD}
    first = person.send("POST", "/api/v1/session", json=given)
    assert (first.status_code, first.json()["code_needed"]) == (201, True)
    assert person.send("GET", "/api/v1/ledger/faults").status_code == 401
    code = totp.hotp(totp.key_of(secret), totp.step_of(world.clock.now))
    opened = person.send("POST", "/api/v1/session/code", json={"code": code})
    assert (opened.status_code, opened.json()["code_needed"]) == (201, False)
    assert person.send("GET", "/api/v1/ledger/faults").status_code == 200
    assert person.send("GET", "/api/v1/account/second-factor").json() == {"enrolled": True, "codes_left": 10}
    with world.store.read() as work:
        assert work.session.get_one(AppUser, actor.id).disabled is False
