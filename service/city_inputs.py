"""Figures from outside that KPIs need: each with its source and date, checked for shape, never overwritten."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select

from qyran.errors import InputError
from qyran.roles import Role
from service.access import KPI_READERS, log_access, require
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


class Roads(_Input):
    """The road register: its length in kilometres, its centre lines (longitude, latitude), or both."""

    length_km: Annotated[float, Field(gt=0)] | None = None
    lines: tuple[tuple[LonLat, ...], ...] = ()


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


class ProtectedObject(_Input):
    """An object of the УТО register."""

    id: str
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
    "payments": Covers,
    "phone_notifications": Covers,
    "fire_norm": Norm,
    "fire_calls": Calls,
    "objects": Objects,
    "sensors": Sensors,
    "surveys": Surveys,
}
"""What can be entered, by name."""


class Entry(BaseModel):
    """An entered input; `value` has the shape that `SHAPES` gives its name."""

    model_config = ConfigDict(frozen=True)

    name: str
    value: dict[str, Any]
    source: str
    as_of: date
    entered_at: datetime
    entered_by: str

    def shaped(self, shape: type[Shape]) -> Shape:
        """The value in its shape."""
        return shape.model_validate(self.value)


def enter(work: Work, name: str, value: dict[str, Any], *, source: str, as_of: date) -> None:
    """Enter an input; the entries before it stay, the newest stands.

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
    row = CityInput(name=name, value=checked.model_dump(mode="json"), source=source.strip())
    row.as_of, row.entered_at, row.entered_by = as_of, work.now, work.actor.id
    work.session.add(row)
    log_access(work, role, "input_entered", name)


def newest(work: Work, names: Collection[str] | None = None) -> dict[str, Entry]:
    """The newest entry of each input that was ever given; of these names alone, where journals need not be read."""
    require(work.actor, READERS)
    query = select(CityInput).order_by(CityInput.id)
    rows = work.session.scalars(query if names is None else query.where(CityInput.name.in_(names)))
    return {row.name: Entry.model_validate(row, from_attributes=True) for row in rows}
