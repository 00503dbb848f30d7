"""Figures from outside that KPIs need: each with its source and date, checked for shape, never overwritten.

Registers and norms are entered whole: of the entries of one name the one of the newest day stands, on any day the one
that stood on it. Journals (calls, surveys, notifications) grow by imported files (`service.imports`); what stands of
them is put together here, so that whoever computes asks one place.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import or_, select

from qyran.errors import InputError
from qyran.roles import Role
from service.access import KPI_READERS, log_access, require
from service.imports.journals import Journal, Span, joined_spans, journal, span_for
from service.store.database import Work
from service.store.tables import CityInput

WRITERS = frozenset({Role.EVALUATOR, Role.SYSTEM})
READERS = KPI_READERS | WRITERS

LonLat = tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]]


class _Input(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Shape = TypeVar("Shape", bound=_Input)


class Number(_Input):
    """One figure."""

    value: Annotated[float, Field(gt=0)]


Line = tuple[LonLat, ...]


class Road(_Input):
    """One road of the register: which of its `lines` are the road's, and its length in kilometres."""

    id: str
    name: str
    road_class: str | None = None
    length_km: Annotated[float, Field(gt=0)]
    first_line: Annotated[int, Field(ge=0)] = 0
    lines: Annotated[int, Field(ge=0)] = 0


class Roads(_Input):
    """The road register: its length in kilometres, its centre lines (longitude, latitude), or both."""

    length_km: Annotated[float, Field(gt=0)] | None = None
    lines: tuple[Line, ...] = ()
    roads: tuple[Road, ...] = ()


class CameraCoverage(_Input):
    """What of the road a camera sees: stretches of centre line, or the outer ring of the ground in its view."""

    camera_id: str
    lines: tuple[Line, ...] = ()
    view: Line = ()


class Coverage(_Input):
    """What the cameras see, as measured outside Qyran; it stands before what a camera's own file says."""

    cameras: tuple[CameraCoverage, ...]


class Place(_Input):
    """A place in the city."""

    id: str
    name: str
    longitude: float | None = None
    latitude: float | None = None


class Parking(Place):
    """A car park."""

    places: Annotated[int, Field(gt=0)]
    automated: bool


class Parkings(_Input):
    """All car parks of the city (KPI 5.1, 5.7)."""

    parkings: tuple[Parking, ...]


class Stop(Place):
    """A stop of public transport."""

    video: bool


class Stops(_Input):
    """All stops of the city (KPI 8.7)."""

    stops: tuple[Stop, ...]


class Covers(_Input):
    """Which span an imported journal covers."""

    covers_from: AwareDatetime
    covers_until: AwareDatetime


class Norm(_Input):
    """The norm of KPI 10.2."""

    minutes: Annotated[float, Field(gt=0)]
    event: Literal["depart", "arrive"]


class Call(_Input):
    """One call in the fire service's journal."""

    id: str
    t_call_received: AwareDatetime
    t_dispatch: AwareDatetime | None = None
    t_depart: AwareDatetime | None = None
    t_arrive: AwareDatetime | None = None
    object_id: str | None = None
    drill: bool = False
    test: bool = False
    merged: bool = False


class Calls(Covers):
    """The fire service's journal (101, 112)."""

    calls: tuple[Call, ...]


class Ride(_Input):
    """One call of an ambulance."""

    id: str
    t_call_received: AwareDatetime
    t_dispatch: AwareDatetime | None = None
    t_arrive: AwareDatetime | None = None
    drill: bool = False
    test: bool = False
    merged: bool = False


class Rides(Covers):
    """The journal of ambulances (103, 112; KPI 1.11)."""

    calls: tuple[Ride, ...] = ()


class PhoneNotification(_Input):
    """Somebody told of a fire by telephone."""

    id: str
    t_sent: AwareDatetime
    recipient: Literal["fire_service", "object_staff", "other"] = "other"
    object_id: str | None = None
    drill: bool = False
    test: bool = False
    merged: bool = False


class PhoneNotifications(Covers):
    """The journal of notifications by telephone (KPI 10.4)."""

    notifications: tuple[PhoneNotification, ...] = ()


class ProtectedObject(_Input):
    """An object of the УТО register; its name and address lie sealed with the import (`service.imports.registers`)."""

    id: str
    kind: str | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class Objects(_Input):
    """The register of protected objects."""

    objects: tuple[ProtectedObject, ...]


class Sensor(_Input):
    """A sensor at a protected object and the spans in which it was heard of."""

    id: str
    object_id: str
    working: tuple[tuple[AwareDatetime, AwareDatetime | None], ...]


class Sensors(_Input):
    """All sensors of the city."""

    sensors: tuple[Sensor, ...]


class Survey(_Input):
    """A closed survey: how many people gave each score."""

    id: str
    t_closed: AwareDatetime
    question: str
    scores: dict[Annotated[int, Field(ge=1, le=10)], Annotated[int, Field(ge=0)]]


class Surveys(_Input):
    """All surveys known."""

    surveys: tuple[Survey, ...]


SHAPES: dict[str, type[_Input]] = {
    "registered_vehicles": Number,
    "roads": Roads,
    "camera_coverage": Coverage,
    "parking_places": Parkings,
    "public_transport_stops": Stops,
    "payments": Covers,
    "phone_notifications": PhoneNotifications,
    "fire_norm": Norm,
    "fire_calls": Calls,
    "ambulance_arrivals": Rides,
    "objects": Objects,
    "sensors": Sensors,
    "surveys": Surveys,
}
"""What can be entered, by name."""
JOURNALS: dict[str, tuple[str, type[_Input]] | None] = {
    "fire_calls": ("calls", Call),
    "ambulance_arrivals": ("calls", Ride),
    "phone_notifications": ("notifications", PhoneNotification),
    "surveys": ("surveys", Survey),
    "payments": None,
}
"""Names whose files add up: where their records stand in the value, and what one is; payments are spans alone."""


class Entry(BaseModel):
    """An entered input; `value` has the shape that `SHAPES` gives its name.

    Attributes:
        import_id: the file it came with; None where it was entered by hand or is put together from several.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    value: dict[str, Any]
    source: str
    as_of: date
    entered_at: datetime
    entered_by: str
    import_id: str | None = None

    def shaped(self, shape: type[Shape]) -> Shape:
        """The value in its shape."""
        return shape.model_validate(self.value)


def enter(
    work: Work, name: str, value: dict[str, Any], *, source: str, as_of: date, import_id: str | None = None
) -> None:
    """Enter an input; the entries before it stay, of two of one day the later one counts.

    Raises:
        AccessError: the actor enters no inputs.
        InputError: the name is unknown, the source empty, or the value of another shape.
    """
    role = require(work.actor, WRITERS)
    shape = SHAPES.get(name)
    if shape is None:
        raise InputError(f"There is no input {name}; the inputs are {', '.join(SHAPES)}.")
    if not source.strip():
        raise InputError(f"The input {name} needs its source.")
    try:
        checked = shape.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        raise InputError(f"The input {name} is wrong at {place or 'its top'}: {first['msg']}.") from None
    row = CityInput(name=name, value=checked.model_dump(mode="json"), source=source.strip(), import_id=import_id)
    row.as_of, row.entered_at, row.entered_by = as_of, work.now, work.actor.id
    work.session.add(row)
    log_access(work, role, "input_entered", name)


def newest(
    work: Work,
    names: Collection[str] | None = None,
    *,
    on: date | None = None,
    known: datetime | None = None,
    within: Span | None = None,
) -> dict[str, Entry]:
    """The entry of each input that stands.

    Args:
        work: the unit of work.
        names: only these; None takes every input that was ever given.
        on: what stood on this day: nothing of a later one; None takes the newest day.
        known: as the store knew it at this moment, whatever came or was withdrawn since; None takes the present.
        within: only records of this span of journals, and the covered span that says most of it.

    Raises:
        AccessError: the actor reads no inputs.
    """
    require(work.actor, READERS)
    found = {one.name: one for one in reversed(_entries(work, names, on, known))}
    for name in JOURNALS if names is None else JOURNALS.keys() & set(names):
        grown = journal(work, name, on=on, known=known, within=within)
        if grown is not None:
            found[name] = _grown(name, grown, found.get(name), within)
    return found


def history(work: Work, name: str) -> tuple[Entry, ...]:
    """Every entry of an input that was not withdrawn, the one that stands first; files of journals are no entries.

    Raises:
        AccessError: the actor reads no inputs.
    """
    require(work.actor, READERS)
    return tuple(_entries(work, [name], None, None))


def _entries(work: Work, names: Collection[str] | None, on: date | None, known: datetime | None) -> list[Entry]:
    """Entries that stand, those of the newest day first."""
    query = select(CityInput).order_by(CityInput.as_of.desc(), CityInput.id.desc())
    if names is not None:
        query = query.where(CityInput.name.in_(names))
    if on is not None:
        query = query.where(CityInput.as_of <= on)
    if known is None:
        query = query.where(CityInput.withdrawn_at.is_(None))
    else:
        query = query.where(
            CityInput.entered_at <= known, or_(CityInput.withdrawn_at.is_(None), CityInput.withdrawn_at > known)
        )
    return [Entry.model_validate(row, from_attributes=True) for row in work.session.scalars(query)]


def _grown(name: str, grown: Journal, by_hand: Entry | None, within: Span | None) -> Entry:
    """A journal from its files and from what was entered by hand; of one record the file's stands."""
    place = JOURNALS[name]
    spans = list(grown.spans)
    value: dict[str, Any] = {}
    if by_hand is not None and issubclass(SHAPES[name], Covers):
        covers = Covers.model_validate({one: by_hand.value[one] for one in ("covers_from", "covers_until")})
        spans.append((covers.covers_from, covers.covers_until))
    if place is None:
        spans += [_span(one) for one in grown.rows]
    else:
        key, shape = place
        records = {one["id"]: one for one in (by_hand.value.get(key, ()) if by_hand else ())}
        records |= {
            one["id"]: {field: one[field] for field in shape.model_fields if field in one} for one in grown.rows
        }
        value[key] = list(records.values())
    span = span_for(joined_spans(spans), within)
    if span is not None:
        value |= {"covers_from": span[0].isoformat(), "covers_until": span[1].isoformat()}
    newer = by_hand if by_hand is not None and by_hand.as_of > grown.as_of else grown
    return Entry(
        name=name,
        value=value,
        source=newer.source,
        as_of=newer.as_of,
        entered_at=newer.entered_at,
        entered_by=newer.entered_by,
    )


def _span(record: dict[str, Any]) -> Span:
    return datetime.fromisoformat(record["covers_from"]), datetime.fromisoformat(record["covers_until"])
