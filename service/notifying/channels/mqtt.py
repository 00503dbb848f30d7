"""MQTT 3.1.1: each message with QoS 1 to the alert's own topic, and its newest state kept there while it is open."""

from __future__ import annotations

import socket
import ssl
import threading
from time import monotonic
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from evidence.canonical import canonical_json, sha256_hex
from qyran.errors import ConfigError
from service.notifying.channels.webhook import body_of
from service.notifying.hearing import ENDED, WITHDRAWN
from service.notifying.messages import Note
from service.notifying.routing import Receiver
from service.ports.channels import ChannelDown
from service.store.database import Store

QOS: Final = 1
KEEPALIVE_S: Final = 15
RECONNECT_S: Final = (1, 10)
"""First and longest wait before the connection is tried again, seconds."""
OVER: Final = ENDED | WITHDRAWN


class Mqtt:
    """One connection with a session of its own: what the broker has not confirmed is sent again after a break.

    A message that was not confirmed in time is not published a second time by the same process: a later attempt waits
    for the same packet. After a kill it is, under the same key.
    """

    def __init__(self, store: Store, receiver: Receiver) -> None:
        """As `channel_of` makes it; the connection is made by the first message."""
        self._store, self._receiver = store, receiver
        self._up = threading.Event()
        self._guard = threading.Lock()
        self._refused: str | None = None
        self._pending: dict[tuple[str, str], mqtt.MQTTMessageInfo] = {}
        node = sha256_hex(socket.gethostname().encode())[:8]
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"qyran-{receiver.id}-{node}"[:64], clean_session=False
        )
        if receiver.user is not None:
            self._client.username_pw_set(receiver.user, receiver.read("password"))
        if receiver.encrypted:
            self._client.tls_set_context(_trusted(receiver))
        self._client.reconnect_delay_set(*RECONNECT_S)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._started = False

    def send(self, note: Note) -> bool:
        """Publish a message; the broker's confirmation is no proof that anybody read it."""
        until = monotonic() + self._receiver.timeout_s
        self._connect(until)
        body = canonical_json(body_of(self._store, note))
        topic = f"{self._receiver.topic}/{note.facts.alert_id}"
        self._publish(note.key, f"{topic}/event", body, until, retain=False)
        if self._receiver.retain and not note.is_test:
            # An empty retained message takes the kept one away (MQTT 3.1.1, 3.3.1.3).
            state = b"" if note.step in OVER else body
            self._publish(note.key, f"{topic}/state", state, until, retain=True)
        self._forget(note.key)
        return False

    def close(self) -> None:
        """End the connection; the broker keeps the session."""
        if self._started:
            self._client.disconnect()
            self._client.loop_stop()

    def _connect(self, until: float) -> None:
        with self._guard:
            if not self._started:
                host, port = self._receiver.address
                self._client.connect_timeout = self._receiver.timeout_s
                self._client.connect_async(host, port, KEEPALIVE_S)
                self._client.loop_start()
                self._started = True
        if not self._up.wait(max(0.0, until - monotonic())):
            raise ChannelDown(self._refused or "no_connection")

    def _publish(self, key: str, topic: str, body: bytes, until: float, *, retain: bool) -> None:
        with self._guard:
            info = self._pending.get((key, topic))
            if info is None:
                info = self._client.publish(topic, body, QOS, retain)
                self._pending[key, topic] = info
        try:
            info.wait_for_publish(max(0.0, until - monotonic()))
        except (RuntimeError, ValueError):
            with self._guard:
                self._pending.pop((key, topic), None)
            raise ChannelDown("no_connection") from None
        if not info.is_published():
            raise ChannelDown("timeout")

    def _forget(self, key: str) -> None:
        with self._guard:
            for one in [one for one in self._pending if one[0] == key]:
                del self._pending[one]

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            self._refused = f"mqtt_{reason.value}"
            return
        self._refused = None
        self._up.set()

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
        self._up.clear()


def _trusted(receiver: Receiver) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=receiver.ca_file and str(receiver.ca_file))
    except OSError as error:
        name = error.__class__.__name__
        raise ConfigError(f"The ca_file of the receiver {receiver.id} cannot be read: {name}.") from None
