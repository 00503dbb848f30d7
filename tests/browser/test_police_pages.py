"""Every page of the police department, of people and of their data: read by axe, fitting a desk and a telephone."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from qyran.roles import SYSTEM, Role
from service import appeals, breaches, denials, evidence_copies, fine_payments, subject_requests
from service.access_register import Wanted
from service.i18n import LANGUAGES
from service.subject_requests import Person
from service.web.visit import LANGUAGE_COOKIE
from tests.browser.axe import serious
from tests.browser.test_all_pages import NAMED, WIDER
from tests.evidence.finders import a_masker
from tests.service.records import deliver, settled
from tests.service.signed import a_fine, delivered
from tests.service.test_appeals import answer, new
from tests.service.test_fine_payments import line
from tests.service.test_subject_requests import a_request
from tests.service.world import NOON

pytestmark = pytest.mark.browser

SOMEBODY = Person(name="Үлгіев Ерлан", iin="", contact="Абай 1", plate="999ZZZ02")
SHOTS = os.environ.get("QYRAN_SHOTS")
SIZES = {"kk": 1440, "ru": 390, "en": 390}
"""The width at which axe reads the pages of a language; that they fit is looked at in every language at both."""
PAGES = {
    Role.ADMINISTRATOR: ("/users", "/users/{user}", "/account", "/deliveries", "/exemptions"),
    Role.AUDITOR: ("/access", "/journal", "/users", "/fines", "/cases/{case}/history"),
    Role.DATA_PROTECTION_OFFICER: (
        "/privacy/requests", "/privacy/requests/{request}", "/privacy/breaches", "/privacy/breaches/{breach}",
        "/privacy/terms", "/access", "/deliveries/cases/{case}",
    ),
    Role.SENIOR_OFFICER: (
        "/cases", "/cases/{waiting}", "/cases/{case}", "/cases/search", "/cases/mine",
        "/cases/sign", "/fines", "/fines/{case}", "/deliveries", "/deliveries/cases/{case}", "/supervision",
        "/exemptions", "/account",
    ),
}  # fmt: skip


@pytest.fixture
def ids(city, monkeypatch):
    """One of everything that waits for a person or has an end."""
    monkeypatch.setattr(evidence_copies, "eyes", lambda _: (a_masker(), {"road": "c" * 64, "plates": "d" * 64}))
    senior, keeper = city.person(Role.SENIOR_OFFICER), city.person(Role.DATA_PROTECTION_OFFICER)
    administrator, officer = city.person(Role.ADMINISTRATOR), city.person(Role.POLICE_OFFICER)
    fine = a_fine(city, officer=officer)
    delivered(city, fine)
    city.do(SYSTEM, fine_payments.take, [line(fine.number, fine.kzt / 2, "T-1"), line(None, 500, "T-2")], source="Банк")
    appeal = city.do(senior, appeals.file, fine.case, new(words="Мен көлікті сатқанмын.")).id
    city.do(senior, appeals.answer, appeal, answer("upheld", "act_proven", None))
    deliver(city, certificate=None)
    settled(city)
    city.do(administrator, denials.deny, officer.id, "vehicle", "777XYZ01", "his own car")
    request = city.do(keeper, subject_requests.register, a_request("restriction", person=SOMEBODY)).id
    city.do(keeper, subject_requests.decide, request, "granted", "lawful", "")
    city.do(keeper, subject_requests.carry_out, request)
    wanted = breaches.NewBreach(
        kind="unlawful_access", noticed_at=NOON, began=NOON - timedelta(hours=3), ended=NOON,
        description="Сотрудник открывал дела соседей без повода.", measures="Доступ закрыт.",
        data_kinds=("owners", "plates"), wanted=Wanted(),
    )  # fmt: skip
    breach = city.do(keeper, breaches.register, wanted).id
    return {"case": fine.case, "user": officer.id, "request": request, "breach": breach,
            "waiting": city.case(plate="A123BC777")}  # fmt: skip


def looked_at(page, path: str, lang: str) -> list[str]:
    """What is wrong with a page in a language at both widths."""
    found = []
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(path)
        assert page.locator("html").get_attribute("lang") == lang
        found += [f"{width}: {one}" for one in (*page.evaluate(NAMED), *page.evaluate(WIDER))]
        if SIZES[lang] == width:
            found += [f"axe {width}: {one}" for one in serious(page)]
        if SHOTS:
            name = path.partition("/")[2].partition("/")[2].partition("/")[2].replace("/", "-")[:40]
            page.screenshot(path=str(Path(SHOTS) / f"{name}-{lang}-{width}.png"), full_page=True)
    return found


@pytest.mark.parametrize("role", PAGES)
def test_pages_are_read_by_a_screen_reader_and_fit_in_three_languages(city, base, enter, ids, role):
    page, found = enter(role), {}
    for lang in LANGUAGES:
        page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": lang, "url": base}])
        for path in PAGES[role]:
            if faults := looked_at(page, f"{base}{path.format(**ids)}", lang):
                found[f"{path} {lang}"] = faults
    assert found == {}, json.dumps(found, indent=1, ensure_ascii=False)
