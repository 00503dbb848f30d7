from __future__ import annotations

import re

import pytest

from qyran.roles import SYSTEM
from service.delivery_post import print_batch
from service.i18n import LANGUAGES
from service.outbox import State
from service.store.delivery_tables import ChannelBreaker, OutboxMessage
from tests.service.sent import OWNER, a_signed, case_row, states, with_files

POST_ONLY = {**OWNER, "phone": None, "email": None}


@pytest.fixture
def post(world):
    with_files(world, 'notify = ["post"]')
    return world


def stuck(world, case: str, state: State = State.DEAD) -> str:
    with world.store.write() as work:
        (message,) = work.session.query(OutboxMessage).filter_by(case_id=case).all()
        message.state, message.error, message.attempts, message.settled_at = state, "timeout", 12, work.now
        work.session.add(ChannelBreaker(channel="sms", failures=7, opened_at=work.now, open_until=work.now))
        return message.id


def test_the_outbox_shows_health_what_waits_and_no_address_in_every_language(post, visitors, caplog):
    case = a_signed(post)
    stuck(post, case)
    person = visitors("administrator")
    for lang in LANGUAGES:
        person.form("/language", on="/about", lang=lang, back="/")
        page = person.get("/deliveries")
        assert page.status_code == 200
        assert case_row(post, case).document_no in page.text
        for secret in (OWNER["name"], OWNER["phone"], "Абай", "123ABC02"):
            assert secret not in page.text
        assert f"/deliveries/cases/{case}" not in page.text
    assert [record.message for record in caplog.records if "No text for" in record.message] == []


def test_what_was_given_up_is_sent_again_from_the_page(post, visitors):
    case = a_signed(post)
    message = stuck(post, case)
    senior = visitors("senior_officer")
    assert "No answer in time".lower() in senior.get("/deliveries").text.lower()
    assert senior.form(f"/deliveries/messages/{message}/again", on="/deliveries").status_code == 303
    assert states(post, case) == [("post", "queued")]
    again = senior.form(f"/deliveries/messages/{message}/again", on="/deliveries")
    assert again.status_code == 409
    assert "given up or refused" in again.text


@pytest.mark.parametrize(("role", "status"), [("auditor", 403), ("police_officer", 403)])
def test_others_send_nothing_again(post, visitors, role, status):
    message = stuck(post, a_signed(post))
    person = visitors(role)
    assert person.form(f"/deliveries/messages/{message}/again", on="/about").status_code == status


def test_letters_are_printed_fetched_and_answered_from_the_page(post, visitors):
    case = a_signed(post, owner=POST_ONLY)
    senior = visitors("senior_officer")
    assert senior.form("/deliveries/post", on="/deliveries").status_code == 303
    assert senior.get("/deliveries/post/1/letters.pdf").content.startswith(b"%PDF")
    assert senior.get("/deliveries/post/1/secret.key").status_code == 404
    assert visitors("administrator").get("/deliveries/post/1/addresses.csv").status_code == 403
    good = f"batch;position;status;date\n1;1;delivered;{post.clock.now.date()}\n"
    for content, status in (("batch;position\n1;1\n", 422), (good.replace("1;1", "1;9"), 422), (good, 303)):
        sent = senior.send(
            "POST", "/deliveries/receipts", data={"csrf": senior.token("/deliveries")},
            files={"file": ("../answer.csv", content.encode(), "text/csv")}, follow=False,
        )  # fmt: skip
        assert sent.status_code == status
    assert case_row(post, case).delivery == "delivered"


def test_an_officer_enters_an_address_and_sees_what_happened(post, visitors):
    case = a_signed(post, owner=None)
    officer = visitors("police_officer")
    page = officer.get(f"/deliveries/cases/{case}")
    assert "an address has to be found" in page.text
    path = f"/deliveries/cases/{case}"
    refused = officer.form(f"{path}/address", on=path, channel="sms", address="8 701")
    assert refused.status_code == 422
    assert "8 701" not in re.sub(r"<input[^>]*>", "", refused.text)
    address = "050000, Алматы қ., Абай д., 10"
    assert officer.form(f"{path}/address", on=path, channel="post", address=address).status_code == 303
    post.do(SYSTEM, print_batch)
    page = officer.get(path)
    assert "batch 1, letter 1" in page.text
    assert address not in page.text


def test_a_case_of_another_territory_is_not_shown(post, visitors):
    case = a_signed(post)
    with post.store.write() as work:
        work.session.query(OutboxMessage).filter_by(case_id=case).one()
    assert visitors("administrator").get(f"/deliveries/cases/{case}").status_code == 403
    assert visitors("auditor").get(f"/deliveries/cases/{case}").status_code == 200
