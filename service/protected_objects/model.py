"""What is said of a protected object, as it comes in and as it goes out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from service.i18n import Language
from service.imports.kinds.fire import OBJECT_KINDS

OBJECT_ID: Final = r"^[\w][\w.-]{0,63}$"
PHONE: Final = r"^\+[1-9]\d{7,14}$"
"""ITU-T E.164."""
MOST_CONTACTS: Final = 20
MOST_CAMERAS: Final = 200

ObjectId = Annotated[str, StringConstraints(pattern=OBJECT_ID)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Names = dict[Language, Line]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Contact(_Said):
    """Somebody of the object's staff; `phone` is E.164, such as +77010000000."""

    name: Line
    position: Annotated[str, StringConstraints(strip_whitespace=True, max_length=128)] = ""
    phone: Annotated[str, StringConstraints(pattern=PHONE)] | None = None
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254)] | None = None
    language: Language = "ru"

    @model_validator(mode="after")
    def _can_be_reached(self) -> Contact:
        if self.phone is None and self.email is None:
            raise ValueError("a contact has a telephone or an e-mail address")
        return self


class Plan(_Said):
    """A plan of the floors that was handed in; its bytes lie sealed under its id."""

    id: str
    name: Line
    media: Literal["application/pdf", "image/png", "image/jpeg"]
    bytes: int


class Details(_Said):
    """What is restricted: where it is, how it is entered, what is dangerous in it.

    Attributes:
        name, address: by language, as they were given.
        latitude, longitude: WGS 84 degrees.
        floors: above ground.
        hazards: what burns, explodes or poisons.
        water: hydrants, reservoirs, dry risers.
        access_notes: gates, keys, codes, who opens.
    """

    name: Names = {}
    address: Names = {}
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    floors: Annotated[int, Field(ge=1, le=200)] | None = None
    hazards: Words = ""
    water: Words = ""
    access_notes: Words = ""
    plan: Plan | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Details:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("a place has both latitude and longitude, or none")
        return self


class ObjectBody(_Said):
    """A protected object as somebody enters it.

    Attributes:
        kind: one of `OBJECT_KINDS`; None where it is not known.
        since, until: in the register from and until.
        station: the fire station that answers for it.
    """

    kind: Annotated[str, StringConstraints(max_length=64)] | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    station: Line | None = None
    cameras: Annotated[tuple[Code, ...], Field(max_length=MOST_CAMERAS)] = ()
    details: Details = Details()
    contacts: Annotated[tuple[Contact, ...], Field(max_length=MOST_CONTACTS)] = ()

    @model_validator(mode="after")
    def _makes_sense(self) -> ObjectBody:
        if self.kind is not None and self.kind not in OBJECT_KINDS:
            raise ValueError(f"the kind of an object is one of {', '.join(OBJECT_KINDS)}")
        if self.since is not None and self.until is not None and self.until < self.since:
            raise ValueError("an object leaves the register after it came into it")
        return self


class ObjectLine(BaseModel):
    """An object in a list; name and address are those of its details."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: str | None
    name: Names
    address: Names
    station: str | None
    until: datetime | None
    sensors: int
    sensors_working: int
    alerts_open: int
    equipped: bool


class VersionLine(BaseModel):
    """A version in an object's history."""

    model_config = ConfigDict(frozen=True)

    number: int
    at: datetime
    by: str
    by_name: str
    origin: str
    reason: str | None
    changed: tuple[str, ...]


def plain(details: Details) -> dict[str, Any]:
    """As it is sealed."""
    return details.model_dump(mode="json", exclude_none=True)
