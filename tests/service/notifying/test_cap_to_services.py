"""CAP 1.2 to the services: Alert, Update, Cancel with references, Exercise, Test; their answers; their feed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from defusedxml.ElementTree import fromstring

from incidents.alert import Verdict
from incidents.cap.alert_message import Sender, acknowledgement
from incidents.cap.message import Message, MsgType, Scope, Status
from incidents.cap.xml import from_xml, to_xml
from qyran.roles import Role
from service import alerts
from service.app import create_app
from service.bench_alerts_receiver import StandIn, receiving
from service.notifying import deliver
from service.notifying.messages import State
from service.notifying.trying import send_test
from service.store.tables import AppUser
from tests.service.notifying.told import alert_row, messages, notifications, states, with_receivers
from tests.service.server import serving
from tests.service.world import PASSWORD

XSD = Path("/work/shared/schemas/cap12.xsd")
TOKEN = "of-the-fire-service"
CAP = """
[sender]
id = "qyran@almaty.example"

[[receivers]]
id = "fire-101"
channel = "cap"
url = "{url}"
service = "101"
inbound_token = "env:QYRAN_TEST_INBOUND"
kinds = ["fire", "smoke"]
steps = ["raised", "dispatched", "updates"]

[[receivers]]
id = "portal"
channel = "pull"
inbound_token = "env:QYRAN_TEST_PULL"
steps = ["every"]
"""
BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "%s">]><alert>&b;</alert>""" % (b"x" * 100)


@pytest.fixture(autouse=True)
def _secrets(monkeypatch):
    monkeypatch.setenv("QYRAN_TEST_INBOUND", TOKEN)
    monkeypatch.setenv("QYRAN_TEST_PULL", "the-word-of-the-portal")


@pytest.fixture
def stand_in():
    return StandIn()


@pytest.fixture
def fire(world, stand_in):
    with receiving(stand_in) as url:
        with_receivers(world, CAP.format(url=url))
        world.operator = world.person(Role.SITUATIONAL_OPERATOR)
        yield world


def received(stand_in) -> list[Message]:
    return [from_xml(body) for _, _, body, _ in stand_in.bodies]


def ask(world, method: str, path: str, **given) -> httpx.Response:
    with serving(create_app(store=world.store, jobs=False)) as address, httpx.Client(base_url=address) as client:
        return client.request(method, path, **given)


def bearer(token: str = TOKEN) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def valid(data: bytes) -> None:
    """Against the standard's own schema, where it is at hand."""
    etree = pytest.importorskip("lxml.etree")
    if not XSD.is_file():
        pytest.skip("the schema of CAP 1.2 is not here")
    etree.XMLSchema(etree.parse(str(XSD))).assertValid(etree.fromstring(data))


def test_a_fire_goes_to_the_fire_service_as_alert_update_and_cancel_with_all_references(fire, stand_in):
    alert = fire.alert("fire", "fire_alert")
    deliver(fire.store)
    fire.do(fire.operator, alerts.acknowledge, alert)
    fire.do(fire.operator, alerts.verdict, alert, Verdict.TRUE)
    deliver(fire.store)
    fire.do(fire.operator, alerts.dispatch, alert, "101")
    deliver(fire.store)
    fire.do(fire.operator, alerts.verdict, alert, Verdict.FALSE, reason="steam_or_dust")
    deliver(fire.store)
    told = received(stand_in)
    assert [one.msg_type for one in told] == [MsgType.ALERT, MsgType.UPDATE, MsgType.UPDATE, MsgType.CANCEL]
    assert [len(one.references) for one in told] == [0, 1, 2, 3]
    assert told[-1].references == tuple(one.reference for one in told[:-1])
    assert {one.sender for one in told} == {"qyran@almaty.example"}
    assert (told[0].scope, told[0].addresses, told[0].status) == (Scope.PRIVATE, ("101",), Status.ACTUAL)
    assert [info.language for info in told[0].infos] == ["kk-KZ", "ru-KZ", "en-US"]
    assert told[0].infos[1].areas[0].circles != () or told[0].infos[1].areas[0].desc == "Абай 12"
    assert told[-1].note is not None


@pytest.mark.parametrize("kind", ["fire", "smoke"])
def test_each_message_is_valid_against_the_schema(fire, stand_in, kind):
    alert = fire.alert(kind, "fire_alert")
    fire.do(fire.operator, alerts.acknowledge, alert)
    fire.do(fire.operator, alerts.verdict, alert, Verdict.TRUE)
    deliver(fire.store)
    assert len(stand_in.bodies) == 2
    for _, _, body, _ in stand_in.bodies:
        valid(body)


def test_a_service_hears_only_its_kinds_until_somebody_sends_it(fire, stand_in):
    alert = fire.alert("crash")
    deliver(fire.store)
    assert stand_in.bodies == []
    fire.do(fire.operator, alerts.acknowledge, alert)
    fire.do(fire.operator, alerts.verdict, alert, Verdict.TRUE)
    fire.do(fire.operator, alerts.dispatch, alert, "103")
    fire.do(fire.operator, alerts.dispatch, alert, "101")
    deliver(fire.store)
    (only,) = received(stand_in)
    assert only.msg_type is MsgType.ALERT
    assert only.infos[0].event_codes == (("QYRAN:kind", "crash"),)


def test_a_drill_is_an_exercise_and_a_test_says_that_nothing_happened(fire, stand_in):
    alert = fire.alert("fire", "fire_alert")
    with fire.store.write() as work:
        work.session.get_one(type(alert_row(fire, alert)), alert).is_drill = True
    fire.do(fire.operator, alerts.acknowledge, alert)
    fire.do(fire.operator, alerts.verdict, alert, Verdict.TRUE)
    deliver(fire.store)
    assert received(stand_in)[-1].status is Status.EXERCISE
    assert send_test(fire.store, "fire-101").error is None
    assert received(stand_in)[-1].status is Status.TEST


def test_an_ack_of_the_service_is_its_proof_and_a_repetition_changes_nothing(fire, stand_in):
    alert = fire.alert("fire", "fire_alert")
    deliver(fire.store)
    (told,) = received(stand_in)
    answer = to_xml(acknowledgement(told, Sender("dispatch@101.example", {}), told.sent + timedelta(seconds=4)))
    for taken in (1, 0):
        said = ask(fire, "POST", "/api/v1/cap/answers", content=answer, headers=bearer())
        assert (said.status_code, said.json()) == (200, {"taken": taken})
    row = next(one for one in messages(fire, alert) if one.receiver == "fire-101")
    assert row.acknowledged_at is not None
    assert row.delivered_at is not None
    assert ("cap", "101", "system", True) in notifications(fire, alert)
    assert alert_row(fire, alert).t_notify_delivered is not None
    kinds = [one.kind for one in fire.do(fire.operator, alerts.open_alert, alert).history]
    assert kinds.count("acknowledged_by_service") == 1


def test_an_ack_that_comes_before_our_own_note_of_the_delivery_counts(fire, stand_in):
    alert = fire.alert("fire", "fire_alert")
    stand_in.fails, stand_in.faults = 1.0, ("lose",)
    deliver(fire.store)
    (told,) = received(stand_in)
    ack = to_xml(acknowledgement(told, Sender("dispatch@101.example", {}), told.sent))
    assert ask(fire, "POST", "/api/v1/cap/answers", content=ack, headers=bearer()).json() == {"taken": 1}
    fire.clock.forward(minutes=2)
    assert deliver(fire.store).handed == 0
    assert ("fire-101", State.HANDED) in states(fire, alert)


def test_an_error_of_the_service_waits_for_a_person(fire, stand_in):
    alert = fire.alert("fire", "fire_alert")
    deliver(fire.store)
    (told,) = received(stand_in)
    error = Message(
        identifier="err-1", sender="dispatch@101.example", sent=told.sent, status=told.status, msg_type=MsgType.ERROR,
        scope=Scope.PRIVATE, addresses=(told.sender,), note="Unknown area.", references=(told.reference,),
    )  # fmt: skip
    said = ask(fire, "POST", "/api/v1/cap/answers", content=to_xml(error), headers=bearer())
    assert said.json() == {"taken": 1}
    row = next(one for one in messages(fire, alert) if one.receiver == "fire-101")
    assert (row.state, row.error, row.answer) == (State.REFUSED, "cap_error", "Unknown area.")


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (BOMB, bearer(), 422),
        (b"<alert/>", bearer(), 422),
        (b"x" * (65 << 10), bearer(), 422),
        (b"", bearer("of-nobody"), 401),
        (b"", {}, 401),
    ],
)
def test_what_is_no_answer_is_refused(fire, content, headers, status):
    said = ask(fire, "POST", "/api/v1/cap/answers", content=content, headers=headers)
    assert said.status_code == status
    assert TOKEN not in said.text


def test_an_answer_about_a_message_of_another_receiver_is_refused(fire, stand_in):
    fire.alert("fire", "fire_alert")
    deliver(fire.store)
    (told,) = received(stand_in)
    ack = to_xml(acknowledgement(told, Sender("portal@example", {}), told.sent))
    said = ask(fire, "POST", "/api/v1/cap/answers", content=ack, headers=bearer("the-word-of-the-portal"))
    assert said.status_code == 404


def test_a_receiver_that_fetches_finds_its_messages_in_a_feed(fire):
    alert = fire.alert("animal")
    deliver(fire.store)
    with serving(create_app(store=fire.store, jobs=False)) as address, httpx.Client(base_url=address) as client:
        feed = client.get("/api/v1/cap/messages", headers=bearer("the-word-of-the-portal"))
        again = client.get(
            "/api/v1/cap/messages", headers={**bearer("the-word-of-the-portal"), "if-none-match": feed.headers["etag"]}
        )
        link = fromstring(feed.content).find(".//{*}entry/{*}link").get("href")
        path = link.removeprefix(fire.settings.public_url)
        assert states(fire, alert) == [("portal", State.HANDED)]
        assert messages(fire, alert)[0].delivered_at is None
        one = client.get(path, headers=bearer("the-word-of-the-portal"))
        other = client.get(path, headers=bearer())
    assert (feed.status_code, again.status_code, one.status_code, other.status_code) == (200, 304, 200, 404)
    assert from_xml(one.content).infos[0].event_codes == (("QYRAN:kind", "animal"),)
    assert messages(fire, alert)[0].delivered_at is not None


def test_who_may_see_the_alert_reads_it_as_cap(fire):
    alert = fire.alert("fire", "fire_alert")
    fire.do(fire.operator, alerts.acknowledge, alert)
    with fire.store.read() as work:
        name = work.session.get_one(AppUser, fire.operator.id).username
    with serving(create_app(store=fire.store, jobs=False)) as address, httpx.Client(base_url=address) as client:
        client.post("/api/v1/session", json={"username": name, "password": PASSWORD})
        cap = client.get(f"/api/v1/alerts/{alert}/cap")
        told = client.get(f"/api/v1/alerts/{alert}/messages").json()
    message = from_xml(cap.content)
    assert cap.headers["content-type"] == "application/cap+xml"
    assert (message.msg_type, len(message.references)) == (MsgType.UPDATE, 1)
    assert [(one["receiver"], one["step"], one["state"]) for one in told] == [
        ("fire-101", "raised", "queued"), ("portal", "raised", "queued"), ("portal", "acknowledged", "queued"),
    ]  # fmt: skip
