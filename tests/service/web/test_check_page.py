from __future__ import annotations

import html
import re

import pytest

from qyran.roles import SYSTEM, Role
from service import appeals, fine_payments
from service.signing import check_code
from tests.service.signed import a_fine, delivered
from tests.service.test_appeals import answer, new
from tests.service.test_fine_payments import line


@pytest.fixture
def fine(world):
    made = a_fine(world)
    delivered(world, made)
    return made


def ask(visitor, number: str, code: str):
    return visitor.form("/check", on="/check", number=number, code=code)


def code_of(world, fine) -> str:
    return check_code(world.store.vault, fine.number)


@pytest.mark.parametrize("typed", [str, str.lower, lambda code: code.replace("-", " "), lambda code: f" {code} "])
def test_whoever_knows_the_code_sees_what_is_owed_and_by_when(visitor, world, fine, typed):
    page = ask(visitor, fine.number.lower(), typed(code_of(world, fine)))
    assert page.status_code == 200
    for said in ("was issued and signed", "43,250", "2026"):
        assert said in page.text
    assert "123ABC02" not in page.text


def test_the_page_follows_payment_appeal_and_cancellation(visitor, world, fine):
    code, senior = code_of(world, fine), world.person(Role.SENIOR_OFFICER)
    world.do(SYSTEM, fine_payments.take, [line(fine.number, fine.kzt)], source="treasury")
    made = world.do(senior, appeals.file, fine.case, new())
    assert "an appeal is being considered" in ask(visitor, fine.number, code).text
    world.do(senior, appeals.answer, made.id, answer("cancelled", "wrong_vehicle"))
    assert "was cancelled" in ask(visitor, fine.number, code).text


def test_a_wrong_code_and_an_unknown_number_read_alike_and_soon_have_to_wait(visitor, world, fine):
    right = code_of(world, fine)
    wrong = ask(visitor, fine.number, "0000-0000")
    assert (wrong.status_code, ask(visitor, "NO-2026-999999", "0000-0000").status_code) == (404, 404)
    for _ in range(8):
        ask(visitor, fine.number, "0000-0000")
    assert ask(visitor, fine.number, right).status_code == 429
    world.clock.forward(minutes=3)
    assert ask(visitor, fine.number, right).status_code == 200


def test_the_address_on_the_paper_opens_the_form_with_the_number(visitor, fine):
    page = visitor.get(f"/check/{fine.number}")
    assert f'value="{fine.number}"' in page.text


def test_the_pictures_are_masked_copies_whose_addresses_hold_for_half_an_hour(visitor, world, fine):
    page = ask(visitor, fine.number, code_of(world, fine)).text
    addresses = [html.unescape(one) for one in re.findall(r'src="(/check/media/[^"]+)"', page)]
    assert addresses
    for one in addresses:
        assert visitor.get(one).headers["content-type"] == "image/jpeg"
    assert visitor.get(addresses[0][:-1] + ("0" if addresses[0][-1] != "0" else "1")).status_code == 404
    assert visitor.get(addresses[0].replace("still", "../still")).status_code == 404
    world.clock.forward(minutes=31)
    assert visitor.get(addresses[0]).status_code == 404
