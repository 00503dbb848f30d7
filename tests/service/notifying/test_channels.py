"""Messages by MQTT, e-mail and SMS, over a real broker, a real mail server and the gateway's stand-in."""

from __future__ import annotations

import json
import threading
from email import message_from_bytes, policy

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from incidents.alert import Verdict
from qyran.roles import Role
from service import alerts
from service.notifying import deliver
from service.notifying.channels.sms import PART, PARTS
from service.notifying.messages import State
from service.ports.simulator import Simulator, serving
from tests.service.notifying.told import outages, receiver_row, states, with_receivers
from tests.service.sensors.senses import MOSQUITTO, Broker
from tests.service.smtp_server import PASSWORD, USER, smtp_server

MQTT = """
[[receivers]]
id = "city-bus"
channel = "mqtt"
url = "mqtt://127.0.0.1:{port}"
topic = "city/alerts"
steps = ["every"]
timeout_s = 2
collapse = false
"""
EMAIL = """
[[receivers]]
id = "duty"
channel = "email"
url = "smtp://127.0.0.1:{port}"
to = "duty@centre.example"
sender = "alarms@qyran.example"
user = "{user}"
password = "env:QYRAN_TEST_MAIL"
ca_file = "{ca}"
languages = ["ru", "kk"]
recipient = "object_staff"
stills = "original"
steps = ["raised", "ended"]
"""
SMS = """
[[receivers]]
id = "guard"
channel = "sms"
url = "{url}"
to = "+77010000000"
steps = ["raised", "confirmed"]
"""


@pytest.fixture
def centre(world):
    world.operator = world.person(Role.SITUATIONAL_OPERATOR)
    return world


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    if MOSQUITTO is None:
        pytest.skip("Mosquitto is not installed")
    made = Broker(tmp_path_factory.mktemp("broker"))
    made.start()
    yield made
    made.stop()


class Listener:
    """Somebody at the broker with a session of his own."""

    def __init__(self, port: int, topic: str, name: str = "listener", count: int = 1) -> None:
        self.heard, self._enough, self._count = [], threading.Event(), count
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=False)
        ready = threading.Event()
        self._client.on_message = self._hear
        self._client.on_connect = lambda client, *_: client.subscribe(topic, 1)
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert ready.wait(10)

    def _hear(self, _client, _data, message) -> None:
        self.heard.append((message.topic, message.payload, message.retain))
        if len(self.heard) >= self._count:
            self._enough.set()

    def wait(self) -> list[tuple[str, bytes, bool]]:
        self._enough.wait(10)
        self._client.disconnect()
        self._client.loop_stop()
        return self.heard


def test_each_step_is_published_once_and_the_newest_state_is_kept_while_the_alert_is_open(centre, broker):
    with_receivers(centre, MQTT.format(port=broker.port))
    alert = centre.alert("crash")
    centre.do(centre.operator, alerts.acknowledge, alert)
    events = Listener(broker.port, "city/alerts/+/event", "events", 2)
    assert deliver(centre.store).handed == 2
    heard = events.wait()
    assert [json.loads(payload)["step"] for _, payload, _ in heard] == ["raised", "acknowledged"]
    assert {topic for topic, _, _ in heard} == {f"city/alerts/{alert}/event"}
    ((_, kept, retained),) = Listener(broker.port, "city/alerts/+/state", "late").wait()
    assert retained
    assert json.loads(kept)["step"] == "acknowledged"
    centre.do(centre.operator, alerts.verdict, alert, Verdict.FALSE, reason="weather")
    deliver(centre.store)
    gone = Listener(broker.port, "city/alerts/+/state", "later")
    gone._client.loop_stop()
    assert gone.heard == []


def test_a_broker_that_is_killed_and_back_gets_everything_once_in_order(centre, broker):
    with_receivers(centre, MQTT.format(port=broker.port).replace("timeout_s = 2", "timeout_s = 0.3"))
    broker.kill()
    alert = centre.alert("animal")
    centre.do(centre.operator, alerts.acknowledge, alert)
    for _ in range(5):
        deliver(centre.store)
        centre.clock.forward(seconds=15)
    assert states(centre, alert) == [("city-bus", State.QUEUED)] * 2
    assert receiver_row(centre, "city-bus").opened_at is not None
    assert outages(centre) == [("broker:city-bus", None)]
    broker.start()
    listener = Listener(broker.port, "city/alerts/+/event", "patient", 3)
    centre.do(centre.operator, alerts.verdict, alert, Verdict.TRUE)
    centre.clock.forward(seconds=30)
    assert deliver(centre.store).handed == 3
    steps = [json.loads(payload)["step"] for _, payload, _ in listener.wait()]
    assert steps == ["raised", "acknowledged", "confirmed"]
    assert outages(centre)[0][1] is not None


def test_an_e_mail_says_it_in_each_language_with_the_picture_and_answers_the_first(centre, tmp_path, monkeypatch):
    monkeypatch.setenv("QYRAN_TEST_MAIL", PASSWORD)
    with smtp_server(tmp_path) as (mailbox, port, ca):
        with_receivers(centre, EMAIL.format(port=port, user=USER, ca=ca))
        alert = centre.alert("fire", "fire_alert")
        deliver(centre.store)
        centre.do(centre.operator, alerts.acknowledge, alert)
        centre.do(centre.operator, alerts.verdict, alert, Verdict.FALSE, reason="weather")
        mailbox.silent = 1
        deliver(centre.store)
        centre.clock.forward(seconds=3)
        deliver(centre.store)
        letters = [message_from_bytes(content, policy=policy.default) for _, content in mailbox.letters]
    first, lost, again = letters
    text = first.get_body().get_content()
    assert "От: Абай 12" in first["Subject"]
    for words in ("Абай 12", "Не: От", "Что: Огонь", "сертификатталған", "Снимок приложен", f"/alarms/{alert}"):
        assert words in text
    assert [part.get_content_type() for part in first.iter_attachments()] == ["image/jpeg"]
    assert lost["Message-ID"] == again["Message-ID"] != first["Message-ID"]
    assert again["In-Reply-To"] == first["Message-ID"]
    assert "ложная" in again.get_body().get_content()


def test_an_sms_is_short_in_each_language_and_a_repetition_has_its_key(centre):
    gateway = Simulator()
    with serving(gateway) as url:
        with_receivers(centre, SMS.format(url=url))
        centre.alert("smoke", "fire_alert")
        assert deliver(centre.store).handed == 1
    ((key, sent),) = gateway.messages.items()
    text = sent["text"] if isinstance(sent, dict) else sent.text
    assert key.endswith("-guard")
    assert len(text.splitlines()) >= 3
    assert len(text) <= PART * PARTS * 3
    assert all(words in text for words in ("Абай 12", "Түтін", "Дым"))
