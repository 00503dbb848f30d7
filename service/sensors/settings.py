"""The sensors file: from which broker sensors are heard, and how long their messages are kept.

TOML, named by ``QYRAN_SENSORS_FILE``; an unknown key is an error, the password is "env:NAME" or "file:PATH". Without a
file nothing listens over MQTT; sensors that report over HTTP need none.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from qyran.errors import ConfigError
from service.settings import Settings

DAY_S: Final = 86_400

Secret = Annotated[str, StringConstraints(pattern=r"^(env|file):.+$")]
Topic = Annotated[str, StringConstraints(pattern=r"^[^+#/\s]+(/[^+#/\s]+)*$", max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MqttFile(_Part):
    """The broker.

    Attributes:
        name: of the broker, in notices and outages.
        client_id: under which the broker keeps our session; each installation has its own.
        topic: beginning of all topics.
        session_days: for so long the broker keeps what came while we were away.
        least_wait_s, longest_wait_s: between two tries to connect, seconds.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")] = "sensors"
    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 8883
    tls: bool = True
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    user: str | None = None
    password: Secret | None = None
    client_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "qyran"
    topic: Topic = "qyran/sensors"
    protocol: Literal["5", "3.1.1"] = "5"
    keepalive_s: Annotated[int, Field(ge=5, le=600)] = 30
    session_days: Annotated[int, Field(ge=1, le=365)] = 7
    least_wait_s: Annotated[float, Field(gt=0, le=60)] = 1.0
    longest_wait_s: Annotated[float, Field(gt=0, le=3600)] = 60.0

    @model_validator(mode="after")
    def _goes_together(self) -> MqttFile:
        if self.password is not None and not self.tls and self.host not in {"127.0.0.1", "localhost", "::1"}:
            raise ValueError("a password goes over TLS only; set tls = true")
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file go together")
        if self.longest_wait_s < self.least_wait_s:
            raise ValueError("longest_wait_s is less than least_wait_s")
        return self


class SensorsFile(_Part):
    """How sensors are heard.

    Attributes:
        message_days: how long messages that meant something are kept.
        heartbeat_hours: how long plain heartbeats are.
        mqtt: the broker; None where sensors report over HTTP alone.
    """

    message_days: Annotated[int, Field(ge=1, le=3650)] = 30
    heartbeat_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    mqtt: MqttFile | None = None


def sensors_file(settings: Settings) -> SensorsFile:
    """The sensors file of an installation; the defaults where it has none.

    Raises:
        ConfigError: it cannot be used.
    """
    path = settings.sensors_file
    if path is None:
        return SensorsFile()
    try:
        return SensorsFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The sensors file {path} cannot be read: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "its top"
        message = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
        raise ConfigError(f"The sensors file {path} is wrong at {place}: {message}.") from None
