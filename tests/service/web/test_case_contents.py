from __future__ import annotations

import re

import pytest

from qyran.roles import Role
from service.store.ledger import sign_heads
from service.web.contents_view import afterwards
from tests.service.signed import a_fine

PAGES = {
    "police_officer": {"/deliveries/cases"},
    "senior_officer": {"/deliveries/cases", "/fines"},
    "auditor": {"/deliveries/cases", "/fines"},
    "data_protection_officer": {"/deliveries/cases"},
}


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("original clip", "the clock&#39;s offset is unknown", "no time stamp authority is configured")),
        ("ru", ("подлинный видеофрагмент", "расхождение часов неизвестно", "центр меток времени не настроен")),
        ("kk", ("бейнежазбаның түпнұсқасы", "сағат ауытқуы белгісіз", "уақыт белгісі орталығы бапталмаған")),
    ],
)
def test_the_page_says_what_the_package_holds_and_what_it_lacks_and_why(world, visitors, lang, words):
    case, officer = world.case(), visitors("police_officer")
    officer.form("/language", on="/about", lang=lang, back="/")
    text = officer.get(f"/cases/{case}").text
    assert [word for word in words if word not in text] == []


def test_what_came_meanwhile_is_not_lacking_any_more(world, visitors):
    case, officer = world.case(), visitors("police_officer")
    soon = "with the next signed root"
    assert soon in officer.get(f"/cases/{case}").text
    sign_heads(world.store)
    assert soon not in officer.get(f"/cases/{case}").text


@pytest.mark.parametrize("role", PAGES)
def test_a_signed_case_leads_to_its_delivery_and_its_money_as_far_as_the_role_may(world, visitors, role):
    fine, person = a_fine(world), visitors(role)
    text = person.get(f"/cases/{fine.case}").text
    assert set(re.findall(rf'href="(/deliveries/cases|/fines)/{fine.case}"', text)) == PAGES[role]
    assert {person.get(f"{path}/{fine.case}").status_code for path in PAGES[role]} == {200}


def test_a_case_that_is_not_signed_leads_nowhere(world, visitors):
    assert "/fines/" not in visitors("senior_officer").get(f"/cases/{world.case()}").text


@pytest.mark.parametrize("role", [Role.CAMERA_OPERATOR, Role.EVALUATOR])
def test_who_decides_nothing_is_led_to_neither(role):
    assert afterwards(None, frozenset({role}), "x") == ()
