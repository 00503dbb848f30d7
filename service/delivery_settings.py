"""The delivery file: by which channels decisions leave, in which order, and which receipts start the terms.

TOML, named by ``QYRAN_DELIVERY_FILE``; an unknown key is an error, passwords and tokens are "env:NAME" or "file:PATH".
Without a file a demo store leaves everything to the register's stand-in, and a real store prints letters.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from qyran.errors import ConfigError, Unavailable
from service.ports.channels import Channel
from service.ports.erap import Erap, HttpErap, development_erap
from service.ports.http import TIMEOUT_S, Peer
from service.ports.sms import SmsGateway
from service.ports.smtp import Mailer
from service.ports.vehicles import HttpVehicleRegister, VehicleRegister, demo_register
from service.settings import read_secret
from service.store.database import Store

REGISTER: Final = "register"
SMS: Final = "sms"
EMAIL: Final = "email"
POST: Final = "post"
STARTS_TERMS: Final[frozenset[str]] = frozenset({SMS, POST})
ATTEMPTS: Final = 12  # with doubled waits of at most six hours about a day and a half
ChannelName = Literal["sms", "email", "post"]
Secret = Annotated[str, StringConstraints(pattern=r"^(env|file):.+$")]
Url = Annotated[str, StringConstraints(pattern=r"^https?://[^@\s]+$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PeerFile(_Part):
    """A system reached over HTTP."""

    url: Url
    token: Secret | None = None
    ca_file: Path | None = None
    timeout_s: Annotated[float, Field(gt=0, le=60)] = TIMEOUT_S

    def peer(self) -> Peer:
        """With its token read."""
        return Peer(self.url, self.token and read_secret(self.token), self.ca_file, self.timeout_s)


class EmailFile(_Part):
    """The mail server, see `service.ports.smtp.Mailer`."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    sender: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$")]
    user: str | None = None
    password: Secret | None = None
    ca_file: Path | None = None
    bounces: Path | None = None


class DeliveryFile(_Part):
    """How decisions leave.

    Attributes:
        notify: channels in the order they are tried; the first the owner has an address for begins.
        starts_terms: channels whose receipt of delivery starts the terms of payment and appeal; for the lawyer.
        attempts: after so many in vain a message goes to the dead letters.
        register: the register of administrative proceedings; None where the city has no access yet.
        sms, email: the channels' systems.
        vehicles: the vehicle register.
    """

    notify: tuple[ChannelName, ...] = ("post",)
    starts_terms: frozenset[ChannelName] = frozenset({"sms", "post"})
    attempts: Annotated[int, Field(ge=1, le=50)] = ATTEMPTS
    register_: PeerFile | None = Field(default=None, alias="register")
    sms: PeerFile | None = None
    email: EmailFile | None = None
    vehicles: PeerFile | None = None

    @model_validator(mode="after")
    def _has_what_it_names(self) -> DeliveryFile:
        for name in (SMS, EMAIL):
            if name in self.notify and getattr(self, name) is None:
                raise ValueError(f"notify names {name}, and [{name}] is missing")
        return self


@dataclass(frozen=True, slots=True)
class Plan:
    """What an installation wants to be delivered how; no secret is read for it.

    Attributes:
        notify: channels to reach the owner by, in their order.
        starts_terms: channels whose receipt of delivery starts the terms.
        attempts: the most before a message is given up.
        register: whether decisions are registered.
    """

    notify: tuple[str, ...]
    starts_terms: frozenset[str]
    attempts: int
    register: bool


@dataclass(frozen=True, slots=True)
class Delivery:
    """The channels of an installation, ready to be used.

    Attributes:
        plan: what is delivered how.
        channels: by name; `post` is none of them, its letters are printed.
        erap: the register; None where there is none.
    """

    plan: Plan
    channels: dict[str, Channel]
    erap: Erap | None

    @property
    def names(self) -> tuple[str, ...]:
        """Every channel a message can leave by."""
        return (*self.channels, *((REGISTER,) if self.erap else ()))


def delivery_file(store: Store) -> DeliveryFile | None:
    """The delivery file of an installation, None where it has none.

    Raises:
        ConfigError: it cannot be used.
    """
    path = store.settings.delivery_file
    return None if path is None else read_delivery_file(path)


def read_delivery_file(path: Path) -> DeliveryFile:
    """A delivery file.

    Raises:
        ConfigError: it cannot be used.
    """
    try:
        return DeliveryFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The delivery file {path} cannot be read: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "its top"
        message = str(first["msg"]).removeprefix("Value error, ")
        raise ConfigError(f"The delivery file {path} is wrong at {place}: {message}.") from None


def plan_of(store: Store) -> Plan:
    """What the installation wants.

    Raises:
        ConfigError: its delivery file cannot be used.
    """
    file = delivery_file(store)
    if file is None:
        return Plan(() if store.demo else (POST,), STARTS_TERMS, ATTEMPTS, store.demo)
    register = file.register_ is not None or store.demo
    return Plan(file.notify, frozenset(file.starts_terms), file.attempts, register)


def delivery_of(store: Store) -> Delivery:
    """The channels of an installation, their secrets read.

    Raises:
        ConfigError: its delivery file cannot be used, or a secret is missing.
    """
    file = delivery_file(store)
    channels: dict[str, Channel] = {}
    if file is not None and file.sms is not None:
        channels[SMS] = SmsGateway(file.sms.peer())
    if file is not None and file.email is not None:
        channels[EMAIL] = _mailer(file.email)
    erap: Erap | None = development_erap(store) if store.demo else None
    if file is not None and file.register_ is not None:
        erap = HttpErap(file.register_.peer(), store.settings.documents_folder)
    return Delivery(plan_of(store), channels, erap)


def mailer_of(store: Store) -> Mailer:
    """The mail server of an installation.

    Raises:
        ConfigError: none is configured, or its secret is missing.
    """
    file = delivery_file(store)
    if file is None or file.email is None:
        raise Unavailable("No mail server is configured: name it under [email] in QYRAN_DELIVERY_FILE.")
    return _mailer(file.email)


def _mailer(mail: EmailFile) -> Mailer:
    password = mail.password and read_secret(mail.password)
    return Mailer(mail.host, mail.port, mail.sender, mail.user, password, mail.ca_file, mail.bounces)


def vehicle_register(store: Store) -> VehicleRegister:
    """The vehicle register of an installation.

    Raises:
        ConfigError: none is configured.
    """
    file = delivery_file(store)
    if file is not None and file.vehicles is not None:
        return HttpVehicleRegister(file.vehicles.peer())
    if store.demo:
        return demo_register(store)
    raise Unavailable("No vehicle register is configured: name it under [vehicles] in QYRAN_DELIVERY_FILE.")
