"""What is drawn in a camera file: names, lines, zones, hours, signal heads, forbidden ways, roadworks.

Coordinates are fractions of the picture, x right and y down.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

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

LEAST_AREA: Final = 1e-6
"""A zone smaller than this share of the picture, some two pixels, holds nothing."""


class Part(BaseModel):
    """A table of the camera file: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Name(Part):
    """A name in the three languages."""

    kk: str
    ru: str
    en: str


class Line(Part):
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


class Hours(Part):
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


class Zone(Part):
    """A drawn polygon.

    Attributes:
        direction: arrow in the picture (from, to) of lawful travel inside a lane, where there is one.
        turns: where traffic of a lane before a junction may go; empty where the lane says nothing.
        hours: when what the zone demands is in force; empty means always.
        classes: vehicle classes that a ban concerns (`no_vehicles`), or that may use it (`bus_lane`); empty means all,
            and for a bus lane buses alone.
        grace_s: how long a vehicle may stand, seconds; the rule's own default where not given.
        tariff: id of the tariff of a paid `parking` zone; None where parking is free.
        people: how many make a crowd in a `public_space`; the rule's own default where not given.
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
    people: Annotated[int, Field(ge=1)] | None = None
    name: Name | None = None

    @field_validator("points")
    @classmethod
    def _is_an_area(cls, value: tuple[Point, ...]) -> tuple[Point, ...]:
        refuse_knots(value)
        return value

    @field_validator("direction")
    @classmethod
    def _has_length(cls, value: tuple[Point, Point] | None) -> tuple[Point, Point] | None:
        if value is not None and value[0] == value[1]:
            raise ValueError("the two points are the same")
        return value


Box = tuple[Fraction, Fraction, Fraction, Fraction]


class Section(Part):
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


class Signal(Part):
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


class Manoeuvre(Part):
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


class Roadworks(Part):
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


def refuse_knots(points: tuple[Point, ...]) -> None:
    """Raise ValueError for a polygon that is none: a point given twice in a row, a crossing of itself, no area."""
    ring = list(zip(points, (*points[1:], points[0]), strict=True))
    for k, (a, b) in enumerate(ring):
        if a == b:
            raise ValueError(f"points[{k}] and points[{(k + 1) % len(points)}] are the same; leave one out")
    for k, first in enumerate(ring):
        for j in range(k + 2, len(ring)):
            if _cross_each_other(first, ring[j]):
                raise ValueError(
                    f"crosses itself between points[{k}] and points[{j}]; draw its points in order round the area"
                )
    if abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in ring)) / 2 < LEAST_AREA:
        raise ValueError("has no area; draw three points or more that are not on one line")


def _cross_each_other(first: tuple[Point, Point], second: tuple[Point, Point]) -> bool:
    """Whether two segments cross; meeting at an end is no crossing."""
    return (
        _side(first, second[0]) * _side(first, second[1]) < 0 and _side(second, first[0]) * _side(second, first[1]) < 0
    )


def _side(line: tuple[Point, Point], point: Point) -> float:
    (ax, ay), (bx, by) = line
    return (bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax)
