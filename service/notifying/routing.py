"""The alerts file: who is told of which alerts, by which channel.

TOML, named by ``QYRAN_ALERTS_FILE``; an unknown key is an error, secrets are "env:NAME" or "file:PATH". Without a file
nobody outside is told: the console shows everything.
"""

from __future__ import annotations

import logging
import tomllib
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from incidents.alert import SERVICES
from incidents.cap.message import FORBIDDEN, Certainty, Severity
from incidents.severity import KINDS
from qyran.errors import ConfigError
from service.i18n import Language
from service.ports.http import Peer
from service.settings import Settings, read_secret

ChannelName = Literal["webhook", "mqtt", "email", "sms", "cap", "pull"]
Heard = Literal["raised", "confirmed", "undetermined", "dispatched", "updates", "every", "ended"]
Secret = Annotated[str, StringConstraints(pattern=r"^(env|file):.+$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]

HERE: Final = frozenset({"127.0.0.1", "::1", "localhost"})
"""Hosts that are reached without leaving the machine: only there nothing has to be encrypted."""
SCHEMES: Final[dict[str, tuple[str, str]]] = {
    "webhook": ("https", "http"),
    "cap": ("https", "http"),
    "sms": ("https", "http"),
    "mqtt": ("mqtts", "mqtt"),
    "email": ("smtp", "smtp"),
}
"""By channel: the scheme, and the one that is taken of this machine only. E-mail never leaves without STARTTLS."""
PORTS: Final = {"mqtts": 8883, "mqtt": 1883, "smtp": 587}
NEEDS_TO: Final = frozenset({"email", "sms"})
STAFF: Final = "object_staff"
"""An e-mail's or SMS's `to` that means the staff of the protected object, as its register names them."""
COLLAPSING: Final = frozenset({"mqtt", "sms"})
"""Channels on which the newest state says all: what nobody got yet and is out of date may be left out."""
TIMEOUT_S: Final = 5.0
"""Of one answer; a crew is not kept waiting for a server that hangs."""

log = logging.getLogger(__name__)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sender(_Part):
    """Who sends.

    Attributes:
        id: CAP `sender`; the host of `public_url` where not given.
        contact: how receivers reach the centre, CAP `contact`.
    """

    id: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    contact: Annotated[str, StringConstraints(max_length=200)] | None = None

    @field_validator("id")
    @classmethod
    def _cap_takes_it(cls, value: str | None) -> str | None:
        if value is not None and FORBIDDEN.search(value):
            raise ValueError("has no spaces, commas, < or &")
        return value


class Receiver(_Part):
    """Somebody who is told.

    Attributes:
        id: what it is called on pages; its queue is kept under it.
        url: of its system: https:// for webhook, cap and sms, mqtts:// for mqtt, smtp://host:587 for email.
        to: e-mail address or telephone number; `object_staff` takes those of the protected object's contacts.
        service: code of the emergency service it is; dispatching that service tells it.
        recipient: as what the notification counts where it is no service: `object_staff` (KPI 10.4) or its id.
        steps: what it hears; who was told of an alert always hears that it is withdrawn.
        kinds, least_severity, least_certainty, territories, objects: of which alerts; all where not given.
        drills: whether it takes part in drills.
        languages: of what people read.
        token: bearer token that is shown to it.
        secret: of the webhook's signature.
        inbound_token: bearer token that it shows when it answers or fetches.
        user, password: of a broker or mail server.
        sender: e-mail address the mail comes from.
        topic: of the broker, without the alert's own part.
        retain: whether the broker keeps each open alert's newest state.
        stills: which pictures an e-mail carries.
        parallel: messages about different alerts under way at once.
        collapse: whether updates that are out of date and that nobody got are left out.
    """

    id: Name
    channel: ChannelName
    url: Annotated[str, StringConstraints(pattern=r"^[a-z]+://[^@\s?#]+$", max_length=255)] | None = None
    to: Annotated[str, StringConstraints(min_length=3, max_length=254)] | None = Field(default=None, repr=False)
    service: str | None = None
    recipient: Literal["object_staff"] | None = None
    steps: Annotated[tuple[Heard, ...], Field(min_length=1)]
    kinds: tuple[str, ...] = ()
    least_severity: Severity | None = None
    least_certainty: Certainty | None = None
    territories: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    drills: bool = True
    languages: Annotated[tuple[Language, ...], Field(min_length=1)] = ("kk", "ru", "en")
    token: Secret | None = None
    secret: Secret | None = None
    inbound_token: Secret | None = None
    user: Annotated[str, StringConstraints(min_length=1, max_length=128)] | None = None
    password: Secret | None = None
    sender: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None = None
    topic: Annotated[str, StringConstraints(pattern=r"^[^#+\s/][^#+\s]*[^#+\s/]$", max_length=128)] = "qyran/alerts"
    retain: bool = True
    stills: Literal["none", "masked", "original"] = "none"
    ca_file: Path | None = None
    timeout_s: Annotated[float, Field(gt=0, le=60)] = TIMEOUT_S
    parallel: Annotated[int, Field(ge=1, le=32)] = 4
    give_up_hours: Annotated[float, Field(gt=0, le=720)] = 72.0
    collapse: bool | None = None

    @field_validator("service")
    @classmethod
    def _is_service(cls, value: str | None) -> str | None:
        if value is not None and value not in SERVICES:
            raise ValueError(f"is one of {', '.join(SERVICES)}")
        return value

    @field_validator("kinds")
    @classmethod
    def _are_kinds(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if one not in KINDS:
                raise ValueError(f"knows no {one}; the kinds are {', '.join(KINDS)}")
        return value

    @model_validator(mode="after")
    def _fits_its_channel(self) -> Self:
        if (fault := self._fault()) is not None:
            raise ValueError(f"({self.id}) {fault}")
        return self

    def _fault(self) -> str | None:
        """What its channel lacks, the key named."""
        if self.channel == "pull":
            return None if self.inbound_token else "needs inbound_token, the token it fetches with"
        if self.url is None:
            return "needs url"
        parts, (safe, plain) = urlsplit(self.url), SCHEMES[self.channel]
        faults = (
            (parts.scheme not in {safe, plain} or not parts.hostname, f"has a url that does not begin with {safe}://"),
            (
                parts.scheme != safe and parts.hostname not in HERE,
                f"has a url that is not {safe}://; only on this machine itself nothing has to be encrypted",
            ),
            (self.channel in NEEDS_TO and self.to is None, "needs to, whom it reaches"),
            (self.channel == "email" and self.sender is None, "needs sender, the address it comes from"),
            (self.channel == "webhook" and self.secret is None, "needs secret, of the signature"),
            ((self.user is None) != (self.password is None), "needs user and password, or neither"),
        )
        return next((told for wrong, told in faults if wrong), None)

    @property
    def collapses(self) -> bool:
        """Whether updates that are out of date and that nobody got are left out."""
        return self.channel in COLLAPSING if self.collapse is None else self.collapse

    @property
    def counted_as(self) -> str:
        """As what a notification names it."""
        return self.service or self.recipient or (STAFF if self.to == STAFF else self.id)

    @property
    def gives_up_after(self) -> timedelta:
        """How long a message is tried."""
        return timedelta(hours=self.give_up_hours)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of a broker or mail server."""
        parts = urlsplit(self.url or "")
        return parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)

    @property
    def encrypted(self) -> bool:
        """Whether it is reached over TLS from the first byte."""
        return urlsplit(self.url or "").scheme in {"https", "mqtts"}

    def peer(self) -> Peer:
        """Its address with its token read."""
        return Peer(self.url or "", self.token and read_secret(self.token), self.ca_file, self.timeout_s)

    def read(self, name: Literal["secret", "password", "inbound_token"]) -> str | None:
        """A secret of its own."""
        where: str | None = getattr(self, name)
        return None if where is None else read_secret(where)


class Drivers(_Part):
    """Warnings for drivers as a DATEX II feed.

    Attributes:
        public: anybody may read it; else `token` is asked for.
        country, national_id: who publishes: ISO 3166-1 alpha-2, and the publisher's own name.
        certainty: an alert that no person confirmed is told from this certainty on; `Observed` waits for one, or for
            two sources that agree.
        ended_minutes: for how long the end of a situation is told.
    """

    public: bool = False
    token: Secret | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")] = "kz"
    national_id: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    kinds: tuple[str, ...] = ("crash", "congestion", "debris", "animal", "stopped_vehicle", "pedestrian", "cyclist",
                              "wrong_way")  # fmt: skip
    certainty: Certainty = Certainty.OBSERVED
    ended_minutes: Annotated[float, Field(ge=1, le=1440)] = 30.0

    @model_validator(mode="after")
    def _is_guarded(self) -> Self:
        if self.public == (self.token is not None):
            raise ValueError("needs a token, or public = true")
        return self


class AlertsFile(_Part):
    """The whole file."""

    sender: Sender = Sender()
    receivers: tuple[Receiver, ...] = ()
    drivers: Drivers | None = None

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        twice = [name for name, n in Counter(one.id for one in self.receivers).items() if n > 1]
        if twice:
            raise ValueError(f"names the receiver {twice[0]} twice")
        return self

    def receiver(self, name: str) -> Receiver | None:
        """The receiver of this id."""
        return next((one for one in self.receivers if one.id == name), None)


def read_alerts_file(path: Path) -> AlertsFile:
    """An alerts file.

    Raises:
        ConfigError: it cannot be used; the sentence names the key.
    """
    try:
        return AlertsFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The alerts file {path} cannot be read: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "its top"
        message = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
        raise ConfigError(f"The alerts file {path} is wrong at {place}: {message}.") from None


def alerts_file(settings: Settings) -> AlertsFile:
    """The alerts file of an installation, read again when it changes; nobody is told where it has none.

    Raises:
        ConfigError: it cannot be used.
    """
    path = settings.alerts_file
    if path is None:
        return AlertsFile()
    mark = _mark(path)
    known = _read.get(path)
    if known is None or known[0] != mark:
        known = mark, read_alerts_file(path)
        _read[path] = known
    return known[1]


def standing_file(settings: Settings) -> AlertsFile:
    """The same; while a new one cannot be used, the last good one stands: an alarm must not fail for a slip in it."""
    try:
        return alerts_file(settings)
    except ConfigError as error:
        path = settings.alerts_file
        known = _read.get(path) if path is not None else None
        if path is not None and _faulty.get(path) != (mark := _mark(path)):
            _faulty[path] = mark
            stands = (
                "Nobody outside is told of alarms until it is mended." if known is None else "The one before stands."
            )
            log.error("%s %s", error, stands)  # noqa: TRY400  one sentence says it, once a version of the file
        return AlertsFile() if known is None else known[1]


_read: dict[Path, tuple[tuple[int, int] | None, AlertsFile]] = {}
_faulty: dict[Path, tuple[int, int] | None] = {}


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
