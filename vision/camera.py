"""The camera file: what a city tells Qyran about one camera (TOML, an unknown key is an error).

Coordinates are fractions of the picture, x right and y down, so that a change of resolution breaks nothing.
"""

from __future__ import annotations

import tomllib
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from qyran.errors import CameraFileError

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Point = tuple[Fraction, Fraction]
Ident = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]

LineKind = Literal[
    "control", "stop", "solid", "double_solid", "broken", "yield", "section_start", "section_end", "rail_stop"
]
ZoneKind = Literal[
    "carriageway", "lane", "junction", "crosswalk", "no_stopping", "no_parking", "parking", "bus_stop", "bus_lane",
    "tram", "cycleway", "pavement", "shoulder", "lawn", "median", "railway", "exit", "closed", "no_vehicles",
    "no_pedestrians", "no_cyclists", "public_space", "mask",
]  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Name(_Part):
    """A name in the three languages."""

    kk: str
    ru: str
    en: str


class CalibrationPoint(_Part):
    """One surveyed point.

    Attributes:
        picture: fractions of the picture.
        ground_m: metres east and north of the first point, on the road plane.
    """

    picture: Point
    ground_m: tuple[float, float]


class Calibration(_Part):
    """Picture to road plane; four or more points, not all on one line."""

    points: Annotated[tuple[CalibrationPoint, ...], Field(min_length=4)]
    valid_until: date | None = None


class Line(_Part):
    """A drawn segment.

    Attributes:
        direction: arrow in the picture (from, to) of lawful travel across the line, where one is needed. A `solid` or
            `broken` line divides two directions when it has an arrow: the one of those who keep it on their left.
        name: what people call it, such as the street; its id where not given.
    """

    id: Ident
    kind: LineKind
    points: tuple[Point, Point]
    direction: tuple[Point, Point] | None = None
    name: Name | None = None

    @field_validator("points", "direction")
    @classmethod
    def _has_length(cls, value: tuple[Point, Point] | None) -> tuple[Point, Point] | None:
        if value is not None and value[0] == value[1]:
            raise ValueError("the two points are the same")
        return value


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
VehicleClass = Literal["bicycle", "motorcycle", "car", "bus", "truck"]
Turn = Literal["left", "straight", "right", "back"]


class Hours(_Part):
    """A weekly window in the camera's time zone; one that ends before it begins runs over midnight.

    Attributes:
        days: of the week on which the window begins.
        start, end: wall clock; equal times mean the whole day.
    """

    days: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    start: time
    end: time

    @field_validator("start", "end")
    @classmethod
    def _is_wall_clock(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("is wall clock; leave out the offset")
        return value


class Zone(_Part):
    """A drawn polygon.

    Attributes:
        direction: arrow in the picture (from, to) of lawful travel inside a lane, where there is one.
        turns: where traffic of a lane before a junction may go; empty where the lane says nothing.
        hours: when what the zone demands is in force; empty means always.
        classes: vehicle classes that a ban concerns (`no_vehicles`), or that may use it (`bus_lane`); empty means all,
            and for a bus lane buses alone.
        grace_s: how long a vehicle may stand, seconds; the rule's own default where not given.
        tariff: id of the tariff of a paid `parking` zone; None where parking is free.
        name: what people call it; its id where not given.
    """

    id: Ident
    kind: ZoneKind
    points: Annotated[tuple[Point, ...], Field(min_length=3)]
    direction: tuple[Point, Point] | None = None
    turns: tuple[Turn, ...] = ()
    hours: tuple[Hours, ...] = ()
    classes: tuple[VehicleClass, ...] = ()
    grace_s: Annotated[float, Field(ge=0)] | None = None
    tariff: Ident | None = None
    name: Name | None = None

    @field_validator("direction")
    @classmethod
    def _has_length(cls, value: tuple[Point, Point] | None) -> tuple[Point, Point] | None:
        if value is not None and value[0] == value[1]:
            raise ValueError("the two points are the same")
        return value


Box = tuple[Fraction, Fraction, Fraction, Fraction]


class Section(_Part):
    """One lamp of a signal that shows an arrow; `box` is x1, y1, x2, y2 around that lamp alone.

    Attributes:
        arrow: where traffic may go while it is lit.
    """

    arrow: Turn
    box: Box

    @field_validator("box")
    @classmethod
    def _has_area(cls, value: Box) -> Box:
        return _with_area(value)


class Signal(_Part):
    """A signal head read from the picture; `box` is x1, y1, x2, y2 around its three lamps.

    Attributes:
        sections: additional lamps beside the three, each with an arrow.
    """

    id: Ident
    box: Box
    stop_line: Ident | None = None
    sections: tuple[Section, ...] = ()

    @field_validator("box")
    @classmethod
    def _has_area(cls, value: Box) -> Box:
        return _with_area(value)

    @field_validator("sections")
    @classmethod
    def _one_each(cls, value: tuple[Section, ...]) -> tuple[Section, ...]:
        arrows = [section.arrow for section in value]
        if len(set(arrows)) != len(arrows):
            raise ValueError("two sections have the same arrow")
        return value

    def reading_of(self, section: Section) -> str:
        """The name under which an observation gives the state of a section; no signal's id holds a slash."""
        return f"{self.id}/{section.arrow}"


class Manoeuvre(_Part):
    """A forbidden way through a junction.

    Attributes:
        kind: a turn to the side, or back.
        start, end: zones a vehicle comes from and ends in; for a turn back both may be the lanes of one road.
        classes: vehicle classes it concerns; empty means all.
        hours: when it is forbidden; empty means always.
    """

    id: Ident
    kind: Literal["turn", "u_turn"]
    start: Ident
    end: Ident
    classes: tuple[VehicleClass, ...] = ()
    hours: tuple[Hours, ...] = ()


class Roadworks(_Part):
    """A stretch of time in which some rules are off, since cones and workers overrule the markings.

    Attributes:
        start, end: with an offset.
        rules: kinds of findings that are off; empty means all rules of traffic.
    """

    start: AwareDatetime
    end: AwareDatetime
    rules: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _goes_forward(self) -> Self:
        if self.end <= self.start:
            raise ValueError("ends before it begins")
        return self


def _with_area(box: Box) -> Box:
    if box[2] <= box[0] or box[3] <= box[1]:
        raise ValueError("x2 and y2 must be larger than x1 and y1")
    return box


class Camera(_Part):
    """One camera.

    Attributes:
        stream: RTSP URL without a password, or a file.
        credentials: "env:NAME" or "file:PATH" holding "user:password" for the stream.
        heading_deg: compass bearing of the optical axis.
        commissioned: day on which the camera went into service (KPI 9.1).
        covers: the road axis inside the field of view, (longitude, latitude) pairs (KPI 9.1).
        forbidden: ways through a junction that nobody may take.
        time_zone: in which `hours` are meant.
    """

    id: Ident
    name: Name
    stream: str
    credentials: str | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    heading_deg: Annotated[float, Field(ge=0, le=360)] | None = None
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

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is no time zone of the IANA data base, such as Asia/Almaty")
        return value

    @field_validator("name", mode="before")
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
        if value is not None and not (value.startswith(("env:", "file:")) and value.partition(":")[2]):
            raise ValueError('must be "env:NAME" or "file:PATH"')
        return value

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
        stop_lines = {line.id for line in self.lines if line.kind == "stop"}
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


def _in_words(error: ValidationError, raw: dict[str, Any]) -> str:
    """The first fault in words, without echoing values that could be secrets."""
    first = error.errors(include_url=False, include_context=False)[0]
    place = _place(first["loc"], raw)
    match first["type"]:
        case "extra_forbidden":
            return f"unknown key {place}"
        case "missing":
            return f"the required key {place} is absent"
        case "greater_than_equal" | "less_than_equal" if first["loc"][0] in {"lines", "zones", "signals"} or (
            "picture" in first["loc"]
        ):
            return f"{place} lies outside the picture (fractions go from 0 to 1)"
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
