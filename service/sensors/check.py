"""Trying the configuration of sensors before anybody relies on it, and sending a report as a sensor would."""

from __future__ import annotations

import json
import ssl
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Self
from uuid import uuid4

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from qyran.errors import ConfigError
from service.settings import read_secret

if TYPE_CHECKING:
    from service.sensors.settings import MqttFile

LOOK_S: Final = 0.2
LOOKS: Final = 50
"""An answer is waited for so many looks: ten seconds."""


def check_broker(file: MqttFile) -> tuple[str, ...]:
    """Connect and subscribe, without our session and without taking anything: what worked.

    Raises:
        ConfigError: the broker cannot be reached, refuses us, or lets us hear nothing.
    """
    with _Line(file) as line:
        line.wait_for(line.subscribed, "lets us subscribe to nothing; allow it in its access list")
    return ("connected", "subscribed")


def send_test(file: MqttFile, sensor_id: str, at: datetime) -> str:
    """Publish a test report in a sensor's name; the id of the message.

    Raises:
        ConfigError: the broker cannot be reached, or does not take it.
    """
    message = str(uuid4())
    body = {"id": message, "time": at.isoformat(), "alarm": True, "test": True}
    with _Line(file) as line:
        published = line.client.publish(f"{file.topic}/{sensor_id}/report", json.dumps(body), qos=1)
        line.wait_for(published.is_published, "does not take a report; allow it in its access list")
    return message


class _Line:
    """A connection for one question, under an id of its own so that the listener's stays."""

    def __init__(self, file: MqttFile) -> None:
        self._file = file
        self._greeted: bool | None = None
        self._granted = False
        version = paho.MQTTv5 if file.protocol == "5" else paho.MQTTv311
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"qyran-check-{uuid4()}", protocol=version)
        if file.user is not None:
            self.client.username_pw_set(file.user, file.password and read_secret(file.password))
        if file.tls:
            context = ssl.create_default_context(cafile=str(file.ca_file) if file.ca_file else None)
            if file.cert_file is not None and file.key_file is not None:
                context.load_cert_chain(file.cert_file, file.key_file)
            self.client.tls_set_context(context)
        self.client.on_connect = self._connected
        self.client.on_subscribe = self._subscribed

    def __enter__(self) -> Self:
        try:
            self.client.connect(self._file.host, self._file.port, self._file.keepalive_s)
        except (OSError, ValueError) as error:
            raise self._fault(f"cannot be reached ({type(error).__name__})") from None
        self.wait_for(lambda: self._greeted is not None, "does not answer")
        if self._greeted is False:
            raise self._fault("refuses us; check user, password and certificate")
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()

    def wait_for(self, done: Any, otherwise: str) -> None:
        """Look at the line until something is done.

        Raises:
            ConfigError: it was not, in ten seconds.
        """
        for _ in range(LOOKS):
            if done():
                return
            if self.client.loop(LOOK_S) is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                break
        if not done():
            raise self._fault(otherwise)

    def subscribed(self) -> bool:
        """Whether the broker lets us hear reports."""
        return self._granted

    def _connected(self, client: paho.Client, _: Any, __: Any, reason: Any, ___: Any) -> None:
        self._greeted = not reason.is_failure
        if self._greeted:
            client.subscribe(f"{self._file.topic}/+/report", 1)

    def _subscribed(self, _: paho.Client, __: Any, ___: int, reasons: Any, ____: Any) -> None:
        self._granted = all(not one.is_failure for one in reasons)

    def _fault(self, what: str) -> ConfigError:
        return ConfigError(f"The broker {self._file.host}:{self._file.port} {what}.")
