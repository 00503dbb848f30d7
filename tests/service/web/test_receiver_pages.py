from __future__ import annotations

import pytest

from service.bench_alerts_receiver import StandIn, receiving
from service.i18n import LANGUAGES
from service.notifying import deliver
from service.notifying.messages import State
from tests.service.notifying.told import messages, states, webhook, with_receivers


@pytest.fixture
def told(world, monkeypatch):
    """One receiver that refused an alarm, one that is away, one that takes everything."""
    monkeypatch.setenv("QYRAN_TEST_SECRET", "of-the-tests")
    refusing, taking = StandIn(answer=422), StandIn()
    with receiving(refusing) as one, receiving(taking) as other:
        text = webhook(one, "refuses") + webhook("http://127.0.0.1:9", "away") + webhook(other, "takes")
        with_receivers(world, text)
        world.refusing = refusing
        world.alarm = world.alert("fire", "fire_alert")
        deliver(world.store)
        yield world


def test_the_page_shows_each_receiver_and_what_waits_for_a_person_in_every_language(told, visitors, caplog):
    person = visitors("situational_operator")
    for lang in LANGUAGES:
        person.form("/language", on="/about", lang=lang, back="/")
        page = person.get("/alarms/receivers")
        assert page.status_code == 200
        for word in ("refuses", "away", "takes", f"/alarms/{told.alarm}"):
            assert word in page.text
        assert "of-the-tests" not in page.text
    assert [record.message for record in caplog.records if "No text for" in record.message] == []


def test_an_administrator_sees_how_receivers_do_and_no_alarm(told, visitors):
    page = visitors("administrator").get("/alarms/receivers")
    assert "refuses" in page.text
    assert told.alarm not in page.text
    assert "Send again" not in page.text


def test_an_operator_sends_again_or_puts_aside(told, visitors):
    row = next(one for one in messages(told) if one.state == State.REFUSED)
    operator = visitors("situational_operator")
    told.refusing.answer = 200
    path = f"/alarms/receivers/messages/{row.id}"
    assert operator.form(f"{path}/again", on="/alarms/receivers").status_code == 303
    deliver(told.store)
    assert ("refuses", State.HANDED) in states(told)
    late = operator.form(f"{path}/aside", on="/alarms/receivers")
    assert late.status_code == 409


@pytest.mark.parametrize(
    ("receiver", "status", "said"), [("takes", 200, "took the test"), ("away", 502, "no connection")]
)
def test_a_test_message_is_sent_from_the_page(told, visitors, receiver, status, said):
    answer = visitors("administrator").form(f"/alarms/receivers/{receiver}/test", on="/alarms/receivers")
    assert answer.status_code == status
    assert said in answer.text


def test_an_auditor_changes_nothing(told, visitors):
    row = next(one for one in messages(told) if one.state == State.REFUSED)
    auditor = visitors("auditor")
    assert auditor.form(f"/alarms/receivers/messages/{row.id}/again", on="/alarms/receivers").status_code == 403
