from __future__ import annotations

import json
import socket
import subprocess
import time
from datetime import datetime, timedelta
from pathlib import Path
from shutil import which

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import select

from qyran.roles import SYSTEM, Actor, Role
from service.protected_objects.model import ObjectBody
from service.protected_objects.register import add
from service.sensors.registry import SensorBody, register
from service.sensors.taking import Arrival, take
from service.store.alert_tables import Alert
from service.store.sensor_tables import FireSensor, SensorNotice

MOSQUITTO = which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
SCHOOL = {
    "kind": "education",
    "station": "СПЧ-3",
    "details": {
        "name": {"kk": "№ 12 мектеп", "ru": "Школа № 12"},
        "address": {"kk": "Абай даңғылы, 45", "ru": "пр. Абая, 45", "en": "45 Abay Avenue"},
        "latitude": 43.2402,
        "longitude": 76.9101,
        "water": "ПГ-112, Абая 43",
    },
    "contacts": [{"name": "Ахметова А. С.", "position": "вахтёр", "phone": "+77010000000"}],
}


def a_school(world, object_id: str = "UTO-17", **changes: object) -> str:
    world.do(SYSTEM, add, object_id, ObjectBody.model_validate({**SCHOOL, **changes}))
    return object_id


def a_sensor(world, sensor_id: str = "D-1", **changes: object) -> str:
    given = {"kind": "smoke", "object_id": None, "room": "3 этаж, каб. 301", "heartbeat_s": 60, **changes}
    world.do(SYSTEM, register, sensor_id, SensorBody.model_validate(given))
    return sensor_id


def said(sensor: str | None = None, at: datetime | None = None, **what: object) -> bytes:
    body = {"sensor": sensor, "time": at and at.isoformat(), **what}
    return json.dumps({name: value for name, value in body.items() if value is not None}).encode()


def hear(world, data: bytes, *, sensor: str | None = "D-1", **changes: object):
    """One message, taken as the listener takes it."""
    arrival = Arrival(**{"source": "mqtt:test", "data": data, "sensor": sensor, **changes})
    with world.store.write(Actor("sensors", frozenset({Role.FEED}))) as work:
        return take(work, arrival)


def one(world, table=FireSensor, **named: object):
    with world.store.read() as work:
        return work.session.scalars(select(table).filter_by(**named)).one()


def alerts(world) -> list[Alert]:
    with world.store.read() as work:
        return list(work.session.scalars(select(Alert).where(Alert.merged_into.is_(None)).order_by(Alert.t_detect)))


def open_notices(world) -> set[tuple[str, str]]:
    with world.store.read() as work:
        rows = work.session.scalars(select(SensorNotice).where(SensorNotice.standing.is_not(None)))
        return {(row.subject, row.kind) for row in rows}


class Broker:
    """A real Mosquitto that keeps what it acknowledged on disk; it can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self._folder = folder
        folder.chmod(0o777)
        self._file = folder / "mosquitto.conf"
        self._file.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\nautosave_interval 1\n"
            f"autosave_on_changes true\npersistence_location {folder}/\nuser root\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._file)], stderr=subprocess.DEVNULL)
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                assert self._process.poll() is None, "mosquitto ended"
                time.sleep(0.02)  # until it listens

    def holds(self, text: bytes) -> bool:
        """Whether the broker has put something on its disk: what it does some moments after its acknowledgement."""
        file = self._folder / "mosquitto.db"
        return file.exists() and text in file.read_bytes()

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()

    def publish(self, *messages: tuple[str, bytes], retain: bool = False) -> None:
        """Publish with QoS 1; returns when the broker has acknowledged all of them."""
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        for topic, data in messages:
            client.publish(topic, data, qos=1, retain=retain).wait_for_publish(10)
        client.disconnect()
        client.loop_stop()


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
