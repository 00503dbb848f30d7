"""A message of the Common Alerting Protocol, version 1.2 (OASIS Standard CAP-V1.2, 1 July 2010, section 3.2).

The field names are the standard's own. A `Message` that exists is a lawful one: whoever builds it wrongly is told.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from qyran.errors import InputError

FORBIDDEN: Final = re.compile(r"[\s,<&]")
"""Characters that an identifier and a sender may not hold (section 3.2.1)."""
REFERENCED: Final = frozenset({"Update", "Cancel", "Ack", "Error"})
"""Kinds of message that make no sense without the messages they speak of."""


class Status(StrEnum):
    """How a message is to be handled."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    SYSTEM = "System"
    TEST = "Test"
    DRAFT = "Draft"


class MsgType(StrEnum):
    """What a message does."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"
    ACK = "Ack"
    ERROR = "Error"


class Scope(StrEnum):
    """Whom a message is for."""

    PUBLIC = "Public"
    RESTRICTED = "Restricted"
    PRIVATE = "Private"


class Category(StrEnum):
    """What kind of event it is about."""

    GEO = "Geo"
    MET = "Met"
    SAFETY = "Safety"
    SECURITY = "Security"
    RESCUE = "Rescue"
    FIRE = "Fire"
    HEALTH = "Health"
    ENV = "Env"
    TRANSPORT = "Transport"
    INFRA = "Infra"
    CBRNE = "CBRNE"
    OTHER = "Other"


class ResponseType(StrEnum):
    """What the receiver is asked to do."""

    SHELTER = "Shelter"
    EVACUATE = "Evacuate"
    PREPARE = "Prepare"
    EXECUTE = "Execute"
    AVOID = "Avoid"
    MONITOR = "Monitor"
    ASSESS = "Assess"
    ALL_CLEAR = "AllClear"
    NONE = "None"


class Urgency(StrEnum):
    """How soon to act."""

    IMMEDIATE = "Immediate"
    EXPECTED = "Expected"
    FUTURE = "Future"
    PAST = "Past"
    UNKNOWN = "Unknown"


class Severity(StrEnum):
    """How grave it is."""

    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    MINOR = "Minor"
    UNKNOWN = "Unknown"


class Certainty(StrEnum):
    """How sure it is: `Observed` is certain, `Likely` above one half, `Possible` not above."""

    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"
    UNLIKELY = "Unlikely"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle on the ground: WGS 84 degrees, radius in kilometres."""

    latitude: float
    longitude: float
    radius_km: float

    def __post_init__(self) -> None:
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise InputError("The middle of a CAP circle is no place on the earth: latitude first, then longitude.")
        if not (math.isfinite(self.radius_km) and self.radius_km >= 0):
            raise InputError("The radius of a CAP circle is a number of kilometres from 0 on.")


@dataclass(frozen=True, slots=True)
class Area:
    """Where it is: words, and circles and polygons of (latitude, longitude) whose last point is the first."""

    desc: str
    circles: tuple[Circle, ...] = ()
    polygons: tuple[tuple[tuple[float, float], ...], ...] = ()
    geocodes: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.desc.strip():
            raise InputError("A CAP area is described in words (areaDesc).")
        if any(len(ring) < 4 or ring[0] != ring[-1] for ring in self.polygons):
            raise InputError("A CAP polygon has at least four points, the last of them the first.")


@dataclass(frozen=True, slots=True)
class Resource:
    """A picture or clip that belongs to a message."""

    desc: str
    mime_type: str
    uri: str | None = None
    size: int | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Info:
    """The content of a message in one language (RFC 3066 tag, for example `kk-KZ`)."""

    language: str
    categories: tuple[Category, ...]
    event: str
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    response_types: tuple[ResponseType, ...] = ()
    event_codes: tuple[tuple[str, str], ...] = ()
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    sender_name: str | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    web: str | None = None
    contact: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()

    def __post_init__(self) -> None:
        if not self.categories or not self.event.strip():
            raise InputError("A CAP info block names its event and at least one category.")
        for moment in (self.effective, self.onset, self.expires):
            _aware(moment)


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier message: sender, identifier and the moment it was sent."""

    sender: str
    identifier: str
    sent: datetime

    def __post_init__(self) -> None:
        _word(self.sender, "sender")
        _word(self.identifier, "identifier")
        _aware(self.sent)


@dataclass(frozen=True, slots=True)
class Message:
    """One CAP message.

    Raises:
        InputError: when built against the standard; the sentence names the element.
    """

    identifier: str
    sender: str
    sent: datetime
    status: Status
    msg_type: MsgType
    scope: Scope
    infos: tuple[Info, ...] = ()
    source: str | None = None
    restriction: str | None = None
    addresses: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    note: str | None = None
    references: tuple[Reference, ...] = ()
    incidents: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _word(self.identifier, "identifier")
        _word(self.sender, "sender")
        _aware(self.sent)
        if self.scope is Scope.RESTRICTED and not self.restriction:
            raise InputError("A restricted CAP message says for whom it is (restriction).")
        if self.scope is Scope.PRIVATE and not self.addresses:
            raise InputError("A private CAP message names its receivers (addresses).")
        if self.msg_type in REFERENCED and not self.references:
            raise InputError(f"A CAP message of the type {self.msg_type} names the messages it speaks of (references).")
        if self.msg_type is MsgType.ERROR and not self.note:
            raise InputError("A CAP message of the type Error says what was wrong (note).")

    @property
    def reference(self) -> Reference:
        """This message, as later ones refer to it."""
        return Reference(self.sender, self.identifier, self.sent)


def _word(text: str, element: str) -> None:
    if not text or FORBIDDEN.search(text):
        raise InputError(f"A CAP {element} has no spaces, commas, < or &, and is not empty.")


def _aware(moment: datetime | None) -> None:
    if moment is not None and moment.tzinfo is None:
        raise InputError("A CAP time has an offset from UTC.")
