"""The camera file: what a city tells Qyran about one camera (TOML, an unknown key is an error).

Coordinates are fractions of the picture, x right and y down, so that a change of resolution breaks nothing.
"""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_args
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, field_validator, model_validator

from qyran.errors import CameraFileError
from vision.calibration_parts import Calibration
from vision.camera_parts import (
    Hours,
    Ident,
    Line,
    LineKind,
    Manoeuvre,
    Name,
    Part,
    Roadworks,
    Section,
    Signal,
    Zone,
    ZoneKind,
)
from vision.detail import Detail
from vision.tls_relay import check_certificate

__all__ = [
    "Calibration", "Camera", "Hours", "Line", "LineKind", "Manoeuvre", "Name", "Roadworks", "Section", "Signal",
    "Zone", "ZoneKind", "load_camera", "parse_camera",
]  # fmt: skip


Trial = Literal["animal", "debris", "person_down"]
TRIALS: Final[tuple[Trial, ...]] = get_args(Trial)


class Camera(Part):
    """One camera.

    Attributes:
        stream: RTSP URL without a password, or a file.
        credentials: of the stream: "sealed:NAME" in the installation, or "env:NAME" or "file:PATH" that hold
            "user:password".
        certificate: of a stream over TLS (`rtsps`): "sha256:HEX" of the camera's own, or "file:PATH" of the authority
            that issued it; where neither is given the system's authorities are asked.
        address: where it hangs, in words.
        heading_deg: compass bearing of the optical axis.
        heading_sigma_deg: standard uncertainty of that bearing.
        field_of_view_deg: horizontal, of the whole picture.
        sight_m: how far off smoke would still be seen in its picture.
        commissioned: day on which the camera went into service (KPI 9.1).
        covers: the road axis inside the field of view, (longitude, latitude) pairs (KPI 9.1).
        forbidden: ways through a junction that nobody may take.
        time_zone: in which `hours` are meant.
        detail: how finely the picture is searched for road users, see `vision.detail`; absent for ``standard``.
        trials: rules that no class and no data stand behind; they run only where the file asks for them.
    """

    id: Ident
    name: Name
    stream: str
    credentials: str | None = None
    certificate: str | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    address: Name | None = None
    heading_deg: Annotated[float, Field(ge=0, le=360)] | None = None
    heading_sigma_deg: Annotated[float, Field(gt=0, le=90)] | None = None
    field_of_view_deg: Annotated[float, Field(gt=0, lt=180)] | None = None
    sight_m: Annotated[float, Field(gt=0, le=50_000)] | None = None
    road: Literal["street", "motorway"] = "street"
    speed_limit_kmh: Annotated[float, Field(gt=0, le=200)] | None = None
    commissioned: date | None = None
    covers: tuple[tuple[float, float], ...] = ()
    calibration: Calibration | None = None
    lines: tuple[Line, ...] = ()
    zones: tuple[Zone, ...] = ()
    signals: tuple[Signal, ...] = ()
    forbidden: tuple[Manoeuvre, ...] = ()
    roadworks: tuple[Roadworks, ...] = ()
    time_zone: str = "Asia/Almaty"
    detail: Detail | None = None
    trials: tuple[Trial, ...] = ()

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is no time zone of the IANA data base, such as Asia/Almaty")
        return value

    @field_validator("name", "address", mode="before")
    @classmethod
    def _one_name_for_all(cls, value: Any) -> Any:
        return {"kk": value, "ru": value, "en": value} if isinstance(value, str) else value

    @field_validator("stream")
    @classmethod
    def _no_password(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("is empty; give an RTSP address or a file")
        if urlsplit(value).password is not None:
            raise ValueError('holds a password; move it to credentials = "env:NAME" or "file:PATH"')
        return value

    @field_validator("credentials")
    @classmethod
    def _points_elsewhere(cls, value: str | None) -> str | None:
        if value is not None and not (value.startswith(("sealed:", "env:", "file:")) and value.partition(":")[2]):
            raise ValueError('must be "sealed:NAME", "env:NAME" or "file:PATH"')
        return value

    @field_validator("certificate")
    @classmethod
    def _names_one(cls, value: str | None) -> str | None:
        return None if value is None else check_certificate(value)

    @model_validator(mode="after")
    def _ids_fit(self) -> Self:
        for what, parts in (
            ("lines", self.lines), ("zones", self.zones), ("signals", self.signals), ("forbidden", self.forbidden),
        ):  # fmt: skip
            seen: set[str] = set()
            for part in parts:
                if part.id in seen:
                    raise ValueError(f"{what}: the id {part.id!r} is used twice")
                seen.add(part.id)
        stop_lines = {line.id for line in self.lines if line.kind in {"stop", "rail_stop"}}
        for signal in self.signals:
            if signal.stop_line is not None and signal.stop_line not in stop_lines:
                raise ValueError(f"signals: {signal.id!r} names the stop line {signal.stop_line!r}, which is not drawn")
        zones = {zone.id for zone in self.zones}
        for way in self.forbidden:
            for end in (way.start, way.end):
                if end not in zones:
                    raise ValueError(f"forbidden: {way.id!r} names the zone {end!r}, which is not drawn")
        return self

    def lines_of(self, kind: LineKind) -> tuple[Line, ...]:
        """The lines of one kind."""
        return tuple(line for line in self.lines if line.kind == kind)

    def zones_of(self, *kinds: ZoneKind) -> tuple[Zone, ...]:
        """The zones of some kinds."""
        return tuple(zone for zone in self.zones if zone.kind in kinds)


def load_camera(path: Path | str) -> Camera:
    """Read a camera file.

    Raises:
        CameraFileError: one sentence naming the file, the place and the fault; never the value of a secret.
    """
    path = Path(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CameraFileError(f"The camera file {path} does not exist.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CameraFileError(f"The camera file {path} cannot be read: {error.__class__.__name__}.") from None
    except tomllib.TOMLDecodeError as error:
        raise CameraFileError(f"The camera file {path} is not valid TOML: {error}.") from None
    return parse_camera(raw, source=str(path))


def parse_camera(raw: dict[str, Any], *, source: str) -> Camera:
    """Check the content of a camera file that came from `source` (a path or an address, for messages)."""
    try:
        return Camera.model_validate(raw)
    except ValidationError as error:
        raise CameraFileError(f"The camera file {source} is wrong: {_in_words(error, raw)}.") from None


DRAWN: Final = frozenset({"points", "direction", "box", "picture", "along", "across", "straight"})
"""Keys whose numbers are fractions of the picture."""


def _in_words(error: ValidationError, raw: dict[str, Any]) -> str:
    """The first fault in words, without echoing values that could be secrets."""
    faults = error.errors(include_url=False, include_context=True)
    first = faults[0]
    loc, place = first["loc"], _place(first["loc"], raw)
    words = {
        "extra_forbidden": f"unknown key {place}",
        "missing": f"the required key {place} is absent",
        "too_short": "{place} has {actual_length} of the {min_length} entries it needs",
        "too_long": "{place} has {actual_length} entries and takes {max_length}",
    }.get(first["type"])
    if first["type"] == "missing" and isinstance(loc[-1], int):
        absent = sum(fault["type"] == "missing" and fault["loc"][:-1] == loc[:-1] for fault in faults)
        return f"{_place(loc[:-1], raw)} has {loc[-1]} of the {loc[-1] + absent} entries it needs"
    if first["type"] in {"greater_than_equal", "less_than_equal"} and DRAWN & set(loc):
        words = f"{place} lies outside the picture (fractions go from 0 to 1)"
    if words is not None:
        return words.format(place=place, **first.get("ctx", {}))
    message = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"{place}: {message}" if place else message


def _place(loc: tuple[int | str, ...], raw: Any) -> str:
    """`lines[0].points` with the part's id when it has one, for people."""
    words: list[str] = []
    here = raw
    for step in loc:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            here = None
        if isinstance(step, int):
            name = here.get("id") if isinstance(here, dict) else None
            words[-1] += f"[{name}]" if isinstance(name, str) and len(words) == 1 else f"[{step}]"
        else:
            words.append(step)
    return ".".join(words)
