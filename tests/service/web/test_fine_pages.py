from __future__ import annotations

import re

import pytest

from qyran.roles import SYSTEM
from service import feeds, fine_payments
from service.fine_payments import FinePaymentLine
from tests.service.signed import a_fine, delivered
from tests.service.test_fine_payments import line


@pytest.fixture
def fine(world):
    made = a_fine(world)
    delivered(world, made)
    return made


def take(world, *lines: FinePaymentLine) -> None:
    world.do(SYSTEM, fine_payments.take, lines, source="treasury")


def test_a_payment_that_is_nobodys_is_given_to_its_decision_and_taken_away_again(visitors, world, fine):
    take(world, line(None, 21_625))
    senior = visitors("senior_officer")
    page = senior.get("/fines").text
    assert "no decision is named" in page
    path = re.search(r'action="(/fines/payments/[^"]+/assign)"', page).group(1)
    refused = senior.form(path, on="/fines", document_no="X-1", note="letter")
    assert (refused.status_code, "no signed decision" in refused.text) == (422, True)
    assert senior.form(path, on="/fines", document_no=fine.number, note="letter 7").status_code == 303
    decision = senior.get(f"/fines/{fine.case}").text
    assert "half paid in time" in decision
    assert "letter 7" in decision
    away = re.search(r'action="([^"]+/take-away)"', decision).group(1)
    assert senior.form(away, on=f"/fines/{fine.case}", note="another's").status_code == 303
    assert "unpaid" in senior.get(f"/fines/{fine.case}").text


def test_a_refund_is_ordered_and_noted_as_paid(visitors, world, fine):
    take(world, line(fine.number, fine.kzt + 100.5))
    senior, here = visitors("senior_officer"), f"/fines/{fine.case}"
    assert "100.50" in senior.get(here).text
    assert senior.form(f"{here}/refunds", on=here, amount="много", reason="paid_too_much").status_code == 422
    assert senior.form(f"{here}/refunds", on=here, amount="100,50", reason="paid_too_much").status_code == 303
    path = re.search(r'action="([^"]+/refunds/[^"]+/paid)"', senior.get(here).text).group(1)
    assert senior.form(path, on=here, paid_on="2026-11-22", reference="R-1").status_code == 303
    assert "paid in full" in senior.get(here).text


def test_an_appeal_is_recorded_and_answered_and_its_words_are_in_no_address(visitors, world, fine):
    senior, here = visitors("senior_officer"), f"/fines/{fine.case}"
    given = {
        "filed_on": "2026-11-22",
        "instance": "body",
        "channel": "paper",
        "appellant": "A. Person",
        "words": "Why?",
    }
    assert senior.form(f"{here}/appeals", on=here, **{**given, "filed_on": "soon"}).status_code == 422
    done = senior.form(f"{here}/appeals", on=here, **given)
    assert (done.status_code, done.headers["location"].split("?")[0]) == (303, here)
    assert "halted while the appeal runs" in senior.get(here).text
    assert fine.number in senior.get("/fines").text
    path = re.search(r'action="([^"]+/answer)"', senior.get(here).text).group(1)
    said = {"outcome": "cancelled", "reason": "wrong_vehicle", "words": "Another car.", "told_on": "2026-11-22"}
    assert senior.form(path, on=here, **{**said, "outcome": "upheld"}).status_code == 422
    assert senior.form(path, on=here, **said).status_code == 303
    page = senior.get(here).text
    assert "Another car." in page
    assert "nothing is due" in page


@pytest.mark.parametrize("role", ["police_officer", "administrator", "situational_operator"])
def test_money_is_for_senior_officers_and_the_auditor_who_only_looks(visitors, world, fine, role):
    assert visitors(role).get("/fines").status_code == 403
    take(world, line(None, 100))
    auditor = visitors("auditor")
    assert 'action="/fines/payments' not in auditor.get("/fines").text
    refused = auditor.form(f"/fines/{fine.case}/refunds", on=f"/fines/{fine.case}", amount="1", reason="paid_twice")
    assert refused.status_code == 403


def test_a_feed_delivers_payments_over_http(visitors, world, fine):
    token = world.do(SYSTEM, feeds.make_feed, "treasury", ["fine_payments"])
    visitor = visitors("auditor")
    body = {"source": "treasury", "lines": [{"reference": "1", "paid_on": "2026-11-22", "amount_kzt": "21625.00",
                                             "document_no": fine.number}]}  # fmt: skip

    def send(given: dict, **headers: str):
        return visitor.send("POST", "/api/v1/fine-payments", json=given, headers=headers)

    assert send(body, authorization=f"Bearer {token}").json() == {"matched": 1, "known": 0, "put_aside": 0}
    assert send(body, authorization=f"Bearer {token}").json()["known"] == 1
    bad = {**body, "lines": [{**body["lines"][0], "reference": "2", "amount_kzt": "-1"}]}
    assert send(bad, authorization=f"Bearer {token}").status_code == 422
    assert send(body).status_code == 401


def test_an_appeal_may_change_to_smaller_penalties_only_and_they_are_named_with_their_amounts(visitors, world, fine):
    senior, here = visitors("senior_officer"), f"/fines/{fine.case}"
    given = {"filed_on": "2026-11-22", "instance": "body", "channel": "paper", "appellant": "A. Person"}
    assert senior.form(f"{here}/appeals", on=here, words="Why?", **given).status_code == 303
    offered = re.findall(r'<option value="(\d[\d-]*)">([^<]+)</option>', senior.get(here).text)
    assert [code for code, _ in offered] == ["601-1"]
    assert "12,975" in offered[0][1]
    path = re.search(r'action="([^"]+/answer)"', senior.get(here).text).group(1)
    said = {"outcome": "changed", "reason": "wrong_article", "words": "The stop line.", "offence": "601-1"}
    assert senior.form(path, on=here, told_on="", **said).status_code == 303
    page = senior.get(here).text
    paper = re.search(r'href="([^"]+/resolution\.pdf)"', page).group(1)
    assert senior.get(paper).headers["content-type"] == "application/pdf"
    assert "the terms stand still" in page
