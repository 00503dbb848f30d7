"""Sensors over a real broker: what it acknowledged is never lost, whoever is killed."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from qyran.errors import ConfigError
from service.sensors import listener as listening
from service.sensors.check import check_broker
from service.sensors.listener import Listener
from service.sensors.settings import MqttFile, sensors_file
from service.settings import load_settings
from service.store.sensor_tables import SensorMessage
from tests.service.sensors.senses import MOSQUITTO, Broker, a_sensor, alerts, one, open_notices, said

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is not installed")
LOOKS = 400  # of at most 0.2 s; what is waited for comes long before


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    made = Broker(tmp_path_factory.mktemp("mosquitto"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def file(broker):
    """Settings of a session and topics of this test alone."""
    name = uuid4().hex[:8]
    return MqttFile(
        name=name, host="127.0.0.1", port=broker.port, tls=False, client_id=name, topic=f"test/{name}",
        least_wait_s=0.05, longest_wait_s=0.1,
    )  # fmt: skip


def pump(line: Listener, done) -> None:
    for _ in range(LOOKS):
        line.step()
        if done():
            return
    raise AssertionError("what was waited for did not come")


def heard(world) -> int:
    with world.store.read() as work:
        return work.session.scalar(select(func.count()).select_from(SensorMessage)) or 0


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_came_while_nobody_listened_is_heard_after_the_broker_was_killed(world, broker, file, protocol):
    a_sensor(world)
    file = file.model_copy(update={"protocol": protocol})
    line = Listener(world.store, file)
    pump(line, lambda: line.since is not None)
    broker.publish((f"{file.topic}/D-1/report", said(at=world.clock(), alarm=False, id="1")))
    pump(line, lambda: heard(world) == 1)
    line.close()
    sent = [(f"{file.topic}/D-1/report", said(at=world.clock(), battery_percent=n, id=f"b{n}")) for n in range(30, 60)]
    broker.publish(*sent, (f"{file.topic}/D-1/report", said(at=world.clock(), alarm=True, id="fire")))
    while not broker.holds(b'"fire"'):
        broker.publish((f"{file.topic}/nothing", b""))
    broker.kill()
    dead = Listener(world.store, file)
    dead.step()
    assert dead.since is None
    broker.start()
    pump(dead, lambda: heard(world) == 32)
    assert len(alerts(world)) == 1
    dead.close()


def test_a_listener_that_dies_before_it_stored_hears_it_again_and_raises_once(world, broker, file, monkeypatch):
    a_sensor(world)
    line = Listener(world.store, file)
    pump(line, lambda: line.since is not None)

    def killed(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("the disk is full"))

    with monkeypatch.context() as broken:
        broken.setattr(listening, "take", killed)
        broker.publish((f"{file.topic}/D-1/report", said(at=world.clock(), alarm=True, id="fire")))
        with pytest.raises(OperationalError):
            pump(line, lambda: False)
    assert line.since is None
    pump(line, lambda: len(alerts(world)) == 1)
    assert heard(world) == 1
    line.close()


def test_one_message_that_breaks_its_transaction_takes_no_other_with_it(world, broker, file, monkeypatch):
    a_sensor(world)
    line = Listener(world.store, file)
    pump(line, lambda: line.since is not None)
    real = listening.take

    def breaks(work, arrival):
        if b"poison" in arrival.data:
            raise ZeroDivisionError
        return real(work, arrival)

    monkeypatch.setattr(listening, "take", breaks)
    topic = f"{file.topic}/D-1/report"
    broker.publish((topic, said(id="1", alarm=False)), (topic, b"poison"), (topic, said(id="2", alarm=True)))
    pump(line, lambda: len(alerts(world)) == 1)
    assert one(world, SensorMessage, outcome="aside").reason == "broke"
    line.close()


def test_a_last_will_says_at_once_that_a_sensor_or_a_gateway_is_gone(world, broker, file):
    a_sensor(world, "D-1")
    a_sensor(world, "D-2", gateway="gw-1")
    line = Listener(world.store, file)
    pump(line, lambda: line.since is not None)
    sensor = paho.Client(CallbackAPIVersion.VERSION2)
    sensor.will_set(f"{file.topic}/D-1/status", json.dumps({"online": False}), qos=1)
    sensor.connect("127.0.0.1", broker.port)
    sensor.loop_start()
    sensor.publish(f"{file.topic}/D-1/report", said(at=world.clock(), alarm=False), qos=1).wait_for_publish(10)
    broker.publish((f"{file.topic}/gateway/gw-1/report", said("D-2", at=world.clock(), alarm=False)))
    pump(line, lambda: heard(world) == 2)
    sensor.socket().close()
    broker.publish((f"{file.topic}/gateway/gw-1/status", b"offline"))
    pump(line, lambda: len(open_notices(world)) == 2)
    assert open_notices(world) == {("D-1", "lost"), ("gateway:gw-1", "lost")}
    assert one(world, id="D-2").lost
    sensor.loop_stop()
    line.close()


def test_others_are_told_whether_the_centre_listens(world, broker, file):
    told: list[bytes] = []
    watcher = paho.Client(CallbackAPIVersion.VERSION2)
    watcher.on_message = lambda _, __, message: told.append(message.payload)
    watcher.connect("127.0.0.1", broker.port)
    watcher.subscribe(f"{file.topic}/centre/+/status", qos=1)
    line = Listener(world.store, file)
    for done in (lambda: told[-1:] == [b'{"online": true}'], lambda: told[-1:] == [b'{"online": false}']):
        for _ in range(LOOKS):
            watcher.loop(0.05)
            line.step() if len(told) == 0 else None
            if done():
                break
        assert done()
        line.close()
    watcher.disconnect()


def test_the_operator_is_told_when_the_broker_stays_away(world, file, monkeypatch):
    monkeypatch.setattr(listening, "GRACE_S", 0.0)
    line = Listener(world.store, file.model_copy(update={"port": 1}))
    pump(line, lambda: bool(open_notices(world)))
    assert open_notices(world) == {(f"mqtt:{file.name}", "broker_down")}


def test_a_flood_of_heartbeats_is_taken_in_order_and_an_alarm_in_it_is_raised(world, broker, file):
    names = [a_sensor(world, f"D-{number}") for number in range(20)]
    line = Listener(world.store, file)
    pump(line, lambda: line.since is not None)
    at = world.clock()
    sent = [
        (f"{file.topic}/{name}/report", said(at=at + timedelta(seconds=turn), alarm=(name, turn) == ("D-7", 9)))
        for turn in range(15)
        for name in names
    ]
    broker.publish(*sent)
    pump(line, lambda: heard(world) == len(sent))
    assert [alert.sensor_id for alert in alerts(world)] == ["D-7"]
    line.close()


FILES = {
    "an unknown key": ("[mqtt]\nhost = 'b'\nhots = 1\n", "mqtt.hots"),
    "a password in the clear": ("[mqtt]\nhost = 'b'\nuser = 'a'\npassword = 'secret'\n", "mqtt.password"),
    "a password without TLS": ("[mqtt]\nhost = 'b'\npassword = 'env:A'\ntls = false\n", "over TLS only"),
    "a wildcard": ("[mqtt]\nhost = 'b'\ntopic = 'a/#'\n", "mqtt.topic"),
    "no TOML": ("mqtt", "cannot be read"),
}


@pytest.mark.parametrize(("text", "said_of_it"), FILES.values(), ids=FILES)
def test_a_wrong_file_is_one_sentence_without_the_secret(tmp_path, text, said_of_it):
    path = tmp_path / "sensors.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said_of_it) as caught:
        sensors_file(load_settings(home=tmp_path, sensors_file=path))
    assert "secret" not in str(caught.value)


def test_the_configuration_is_checked_against_the_broker_itself(world, broker, file):
    assert check_broker(file) == ("connected", "subscribed")
    with pytest.raises(ConfigError, match="cannot be reached"):
        check_broker(file.model_copy(update={"port": 1}))
