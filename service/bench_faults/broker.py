"""The broker killed while alerts are told over it: mosquitto, a real one, with a reader that keeps its session."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from qyran.errors import ConfigError
from service.bench_faults.cells import Cell, Ground, Missing, Outcome
from service.bench_faults.killing import held_at
from service.bench_faults.programs import Program, answers, free_port, tool, until

STEPS: Final = ("alert.written", "alert.leased", "alert.handed", "alert.settled")
TOPIC: Final = "qyran/alerts"
READER: Final = "reader"
HEARD_S: Final = 20.0
CONFIG: Final = """
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 1
autosave_on_changes true
user root
"""
MORE: Final = """
[[receivers]]
id = "broker"
channel = "mqtt"
url = "mqtt://127.0.0.1:{port}"
topic = "qyran/alerts"
steps = ["every"]
timeout_s = 2
collapse = false
"""


def cells() -> list[Cell]:
    """The broker at each step of telling."""
    return [Cell("broker killed", step, partial(kill_broker, step), quick=step == "alert.leased") for step in STEPS]


def kill_broker(step: str, ground: Ground) -> Outcome:
    """Kill the broker while the service stands at a step; it comes back with what it had saved."""
    with broker(ground.folder / f"broker-{ground.number}") as (program, port), reading(port) as heard:
        done = held_at(
            step, ground, "sqlite", program.kill, lambda: started(program, port), more=MORE.format(port=port)
        )
        told = done.ledger.handed.get("broker", [])
        end = time.monotonic() + HEARD_S
        while time.monotonic() < end and not set(told) <= set(heard.events):
            time.sleep(0.1)
        done.ledger.lost += [f"message {key} over the broker" for key in told if key not in heard.events]
        if not told:
            done.ledger.faults.append("nothing was told over the broker")
        done.notes["repeated over the broker"] = sum(heard.events.values()) - len(heard.events)
        return done


@contextmanager
def broker(folder: Path) -> Iterator[tuple[Program, int]]:
    """Mosquitto at work.

    Raises:
        Missing: it is not installed.
    """
    try:
        command = tool("mosquitto")
    except ConfigError as error:
        raise Missing(str(error)) from None
    folder.mkdir()
    folder.chmod(0o777)  # mosquitto drops root's rights
    port = free_port()
    (folder / "mosquitto.conf").write_text(CONFIG.format(port=port, folder=folder), encoding="ascii")
    program = Program("broker", [command, "-c", str(folder / "mosquitto.conf")], {}, folder / "log")
    started(program, port)
    try:
        yield program, port
    finally:
        program.kill()


def started(program: Program, port: int) -> None:
    """Start it and wait until it listens."""
    program.start()
    until(lambda: answers(port), "mosquitto does not start.")


@dataclass(slots=True)
class Heard:
    """What a reader of the broker heard: how often each message, by its key."""

    events: Counter[str] = field(default_factory=Counter)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def take(self, payload: bytes | bytearray) -> None:
        """One message."""
        told: dict[str, Any] = json.loads(payload)
        with self.guard:
            self.events[str(told["key"])] += 1


@contextmanager
def reading(port: int) -> Iterator[Heard]:
    """A reader with a session that the broker keeps."""
    heard = Heard()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=READER, clean_session=False)
    client.on_connect = lambda one, *_: one.subscribe(f"{TOPIC}/+/event", qos=1)
    client.on_message = lambda _, __, message: heard.take(message.payload)
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", port, keepalive=5)
    client.loop_start()
    try:
        yield heard
    finally:
        client.loop_stop()
