"""Hearing sensors over MQTT: a persistent session, QoS 1, and an acknowledgement only for what is stored.

The broker keeps what comes while we are away, and sends again what was not acknowledged. Messages are taken in small
transactions, in the order in which they came; one that breaks its transaction is taken apart from the others and put
aside. A store that cannot be written to is no reason to acknowledge: the line is dropped and everything comes again.
"""

from __future__ import annotations

import json
import logging
import random
import ssl
from collections import deque
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions
from sqlalchemy.exc import OperationalError, StatementError

from service import outages
from service.sensors import notices
from service.sensors.payload import LARGEST
from service.sensors.settings import DAY_S, MqttFile
from service.sensors.silence import line_of
from service.sensors.taking import Arrival, put_aside, take
from service.settings import read_secret
from service.store.sensor_tables import FireSensor

if TYPE_CHECKING:
    from service.store.database import Store, Work

QOS: Final = 1
BATCH: Final = 50
"""Messages of one transaction; a heartbeat alone would cost a whole disk synchronisation."""
LOOK_S: Final = 0.2
"""How long one look at the line may wait; what arrives ends the wait at once."""
GRACE_S: Final = 10.0
"""A line that is back before is no news to the operator."""
CONNECT_S: Final = 5.0
MOST_AT_ONCE: Final = 200
"""Messages that the broker may send before we acknowledged the first of them (MQTT 5)."""

log = logging.getLogger(__name__)
_chance = random.Random()  # noqa: S311  spreads reconnections, guards nothing


class Listener:
    """One line to a broker; `step` is called over and over by one thread."""

    def __init__(self, store: Store, file: MqttFile) -> None:
        self._store, self._file = store, file
        self._password = file.password and read_secret(file.password)
        self._client: paho.Client | None = None
        self._waiting: deque[paho.MQTTMessage] = deque()
        self._failures = 0
        self._next_try = 0.0
        self._down_since: float | None = monotonic()
        self._told_down = False
        self.since: datetime | None = None
        """Since when we hear; None while we do not."""

    @property
    def name(self) -> str:
        """As messages name their source."""
        return f"mqtt:{self._file.name}"

    def step(self) -> int:
        """One look at the line: connect where there is none, take what came; how many messages were taken."""
        if self._client is None and not self._connect():
            self._tell_down()
            return 0
        client = self._client
        if client is None:
            return 0
        if not self._look(client):
            self._drop("the line broke")
            return 0
        if self.since is None:
            self._tell_down()
            if self._down_since is not None and monotonic() > self._next_try + CONNECT_S:
                self._drop("no answer to the greeting")
        try:
            return self._take_all(client)
        except Exception:
            self._drop("what came could not be stored")
            raise

    def _look(self, client: paho.Client) -> bool:
        """Read what has come, a message a call; whether the line is whole."""
        found = client.loop(LOOK_S)
        seen = -1
        while found is MQTTErrorCode.MQTT_ERR_SUCCESS and seen < len(self._waiting) < BATCH and self._waiting:
            seen = len(self._waiting)
            found = client.loop(0.0)
        return found is MQTTErrorCode.MQTT_ERR_SUCCESS

    def close(self) -> None:
        """End the line in order; the broker goes on keeping what comes."""
        client, self._client, self.since = self._client, None, None
        if client is not None:
            client.publish(self._presence, _online(online=False), QOS, retain=True)
            client.loop(LOOK_S)
            client.disconnect()

    @property
    def _presence(self) -> str:
        return f"{self._file.topic}/centre/{self._store.settings.city_id}/status"

    def _connect(self) -> bool:
        if monotonic() < self._next_try:
            return False
        file = self._file
        five = file.protocol == "5"
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=file.client_id,
            clean_session=None if five else False,
            protocol=paho.MQTTv5 if five else paho.MQTTv311,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_S
        if file.user is not None:
            client.username_pw_set(file.user, self._password)
        if file.tls:
            context = ssl.create_default_context(cafile=str(file.ca_file) if file.ca_file else None)
            if file.cert_file is not None and file.key_file is not None:
                context.load_cert_chain(file.cert_file, file.key_file)
            client.tls_set_context(context)
        client.will_set(self._presence, _online(online=False), QOS, retain=True)
        client.on_connect, client.on_message = self._on_connect, self._on_message
        self._waiting.clear()
        try:
            if five:
                client.connect(file.host, file.port, file.keepalive_s, clean_start=False, properties=_greeting(file))
            else:
                client.connect(file.host, file.port, file.keepalive_s)
        except (OSError, ValueError, paho.WebsocketConnectionError) as error:
            self._failed(type(error).__name__)
            return False
        self._client, self._next_try = client, monotonic()
        return True

    def _on_connect(self, client: paho.Client, _: Any, __: Any, reason: Any, ___: Any) -> None:
        if reason.is_failure:
            self._drop(f"refused: {reason}")
            return
        topic = self._file.topic
        wanted = (f"{topic}/+/report", f"{topic}/+/status", f"{topic}/gateway/+/report", f"{topic}/gateway/+/status")
        if self._file.protocol == "5":
            # What the broker kept is told once a session, not at each reconnection.
            options = SubscribeOptions(qos=QOS, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            client.subscribe([(one, options) for one in wanted])
        else:
            client.subscribe([(one, QOS) for one in wanted])
        client.publish(self._presence, _online(online=True), QOS, retain=True)
        self.since, self._failures, self._down_since = self._store.clock(), 0, None
        log.info("Sensors are heard from the broker %s.", self._file.name)
        self._told_down = False
        with self._store.write() as work:  # a process before this one may have told it
            notices.end(work, self.name, "broker_down")
            outages.end_in(work, f"broker:{self._file.name}")

    def _on_message(self, _: paho.Client, __: Any, message: paho.MQTTMessage) -> None:
        self._waiting.append(message)

    def _take_all(self, client: paho.Client) -> int:
        count = 0
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            self._store_batch(batch)
            for one in batch:
                if one.qos:
                    client.ack(one.mid, one.qos)
            count += len(batch)
        return count

    def _store_batch(self, batch: list[paho.MQTTMessage]) -> None:
        try:
            with self._store.write() as work:
                for one in batch:
                    self._one(work, one)
        except OperationalError:
            raise  # the database, not a message
        except Exception as error:
            if isinstance(error, StatementError) and error.connection_invalidated:
                raise
            self._store_apart(batch)

    def _store_apart(self, batch: list[paho.MQTTMessage]) -> None:
        """Each in a transaction of its own, after one of them broke that of all."""
        for one in batch:
            try:
                with self._store.write() as work:
                    self._one(work, one)
            except OperationalError:
                raise
            except Exception:
                log.exception("A message of the broker %s was put aside.", self._file.name)
                with self._store.write() as work:
                    put_aside(work, self._arrival(one), "broke")

    def _one(self, work: Work, message: paho.MQTTMessage) -> None:
        arrival = self._arrival(message)
        if not message.topic.endswith("/status"):
            take(work, arrival)
            return
        alive = _said_online(bytes(message.payload))
        if alive is None:
            put_aside(work, arrival, "bad_status")
        elif arrival.gateway is not None:
            line_of(work, arrival.gateway, alive=alive)
        elif not message.retain or alive is False:
            row = work.session.get(FireSensor, arrival.sensor, with_for_update=True) if arrival.sensor else None
            if row is not None:
                line_of(work, row, alive=alive)

    def _arrival(self, message: paho.MQTTMessage) -> Arrival:
        parts = message.topic.removeprefix(f"{self._file.topic}/").split("/")
        of_gateway = len(parts) == len(("gateway", "name", "report"))
        return Arrival(
            source=self.name,
            data=bytes(message.payload[: LARGEST + 1]),
            topic=message.topic,
            sensor=None if of_gateway else parts[0],
            gateway=parts[1] if of_gateway else None,
            retained=bool(message.retain),
        )

    def _drop(self, why: str) -> None:
        """Give the line up; the next step tries again after a wait."""
        client, self._client, self.since = self._client, None, None
        self._waiting.clear()
        if client is not None:
            client.on_connect = client.on_message = None
            client.disconnect()
        self._failed(why)

    def _failed(self, why: str) -> None:
        self._failures += 1
        wait = min(self._file.longest_wait_s, self._file.least_wait_s * 2 ** min(self._failures - 1, 16))
        wait *= 0.5 + _chance.random() / 2
        self._next_try = monotonic() + wait
        self._down_since = self._down_since or monotonic()
        if self._failures == 1:
            log.warning("Sensors are not heard from the broker %s: %s.", self._file.name, why)

    def _tell_down(self) -> None:
        """Tell the operator once that no sensor of this broker can be heard."""
        down = self._down_since is not None and monotonic() - self._down_since > GRACE_S
        if down and not self._told_down:
            self._told_down = True
            with self._store.write() as work:
                notices.begin(work, self.name, "broker_down")
                outages.begin_in(work, f"broker:{self._file.name}", "no_connection")


def _greeting(file: MqttFile) -> Properties:
    found = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it so
    found.SessionExpiryInterval = file.session_days * DAY_S
    found.ReceiveMaximum = MOST_AT_ONCE
    return found


def _online(*, online: bool) -> str:
    return json.dumps({"online": online})


def _said_online(data: bytes) -> bool | None:
    """What a status message says; None where it says nothing that can be understood."""
    text = data[:LARGEST].decode("utf-8", errors="replace").strip()
    if text.lower() in {"online", "offline"}:
        return text.lower() == "online"
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    found = said.get("online") if isinstance(said, dict) else None
    return found if isinstance(found, bool) else None
