"""Permits, plates of emergency vehicles and controllers' flags: kept, listed, ended, and asked when a finding comes in.

Whom a permit is for lies sealed; the store compares keyed tokens of plates. Nothing is deleted: what ends keeps its
row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Self
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator
from sqlalchemy import or_, select

from qyran.errors import AccessError, InputError, NotFound
from qyran.roles import OFFICERS, Role
from service.access import log_access, require
from service.event import Event
from service.plates import normal
from service.store.database import Work
from service.store.record_tables import ControllerFlag, Permit
from service.store.scene_tables import CameraFile
from service.store.tables import Camera, Personal
from violations import exemptions as law
from violations.offences import about, kinds
from vision.camera import Camera as Scene
from vision.camera_parts import Ident, VehicleClass

PERMIT_KEEPERS: Final = frozenset({Role.ADMINISTRATOR, Role.SENIOR_OFFICER, Role.SYSTEM})
PERMIT_READERS: Final = PERMIT_KEEPERS | {Role.AUDITOR}
PLATE_READERS: Final = PERMIT_READERS - {Role.ADMINISTRATOR}
"""Who enters a permit writes its plate, but an administrator sees no list of plates afterwards."""
HIDDEN: Final = "***"
FLAG_KEEPERS: Final = OFFICERS | {Role.SYSTEM}
FLAG_READERS: Final = FLAG_KEEPERS | {Role.AUDITOR, Role.ADMINISTRATOR}
LONGEST_FLAG: Final = timedelta(hours=24)
"""A controller does not stand longer; a closed road is drawn as roadworks into the camera's file."""


class NewPermit(BaseModel):
    """A permit to be entered; lists of CSV files are parted by `|`.

    Attributes:
        ground: emergency (a vehicle of an emergency service), permit, or grace (for acts no longer than `grace_s`).
        plate: whom it is for; absent for a class of vehicles or everybody.
        vehicle_class: the class it is for.
        kinds, cameras, zones: what and where; empty means everything, everywhere.
        valid_from, valid_until: with an offset; open-ended without an end.
        document: what it rests on, such as the number of an order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    ground: law.Ground
    plate: Annotated[str, StringConstraints(max_length=20)] | None = None
    vehicle_class: VehicleClass | None = None
    kinds: tuple[str, ...] = ()
    cameras: tuple[Ident, ...] = ()
    zones: tuple[Ident, ...] = ()
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = None
    grace_s: Annotated[float, Field(gt=0, le=86_400)] | None = None
    document: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]

    @field_validator("kinds", "cameras", "zones", mode="before")
    @classmethod
    def _parted(cls, value: object) -> object:
        return [one.strip() for one in value.split("|") if one.strip()] if isinstance(value, str) else value

    @field_validator("kinds")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _known_kinds(value)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.valid_until is not None and self.valid_until <= self.valid_from:
            raise ValueError("valid_until lies before valid_from")
        if self.ground == "emergency" and self.plate is None:
            raise ValueError("an emergency vehicle is named by its plate")
        if (self.ground == "grace") != (self.grace_s is not None):
            raise ValueError("grace, and nothing else, has grace_s")
        if self.ground != "grace" and self.plate is None and self.vehicle_class is None:
            raise ValueError("a permit names a plate or a vehicle_class")
        return self


@dataclass(frozen=True, slots=True)
class PermitView:
    """A permit as lists show it; `plate` is None for a class or everybody, and where it was erased.

    An empty tuple means everything, or everywhere.
    """

    id: str
    ground: str
    plate: str | None
    vehicle_class: str | None
    kinds: tuple[str, ...]
    cameras: tuple[str, ...]
    zones: tuple[str, ...]
    valid_from: datetime
    valid_until: datetime | None
    grace_s: float | None
    document: str
    entered_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class FlagView:
    """A controller's flag as lists show it; without kinds it overrules lamps, signs and markings."""

    id: str
    camera: str
    start: datetime
    end: datetime
    kinds: tuple[str, ...]
    set_at: datetime
    ended_at: datetime | None


def add_permit(work: Work, new: NewPermit) -> str:
    """Enter a permit; its id.

    Raises:
        AccessError: the actor keeps no permits.
        InputError: the plate is none.
    """
    role = require(work.actor, PERMIT_KEEPERS)
    plate = normal(new.plate) if new.plate else None
    row = Permit(
        id=str(uuid4()),
        ground=new.ground,
        plate_token=work.store.vault.token(plate) if plate else None,
        class_=new.vehicle_class,
        kinds=sorted(new.kinds),
        cameras=sorted(new.cameras),
        zones=sorted(new.zones),
        valid_from=new.valid_from,
        valid_until=new.valid_until,
        grace_s=new.grace_s,
        document=new.document,
        entered_at=work.now,
        entered_by=work.actor.id,
        ended_at=None,
        ended_by=None,
    )
    work.session.add(row)
    if plate:
        wrapped, sealed = work.store.vault.seal(row.id, 0, {"payload": {"plate": plate}})
        work.session.add(Personal(record=row.id, seq=0, wrapped_key=wrapped, sealed=sealed))
    log_access(work, role, "permit_added", row.id)
    work.session.flush()
    return row.id


def add_permits(work: Work, permits: Iterable[tuple[str, NewPermit]]) -> int:
    """Enter many permits, each with the words that say where it stood; how many.

    Raises:
        InputError: one of them cannot be entered; the unit of work leaves nothing behind.
    """
    count = 0
    for place, new in permits:
        try:
            add_permit(work, new)
        except InputError as error:
            raise InputError(f"{place}: {str(error).rstrip('.')}.") from None
        count += 1
    return count


def end_permit(work: Work, permit_id: str) -> None:
    """It no longer holds for what happens from now on.

    Raises:
        NotFound: there is no such permit, or it has ended.
    """
    role = require(work.actor, PERMIT_KEEPERS)
    row = work.session.get(Permit, permit_id, with_for_update=True)
    if row is None or row.ended_at is not None:
        raise NotFound(f"There is no permit {permit_id} that holds.")
    row.ended_at, row.ended_by = work.now, work.actor.id
    log_access(work, role, "permit_ended", permit_id)


def permits(work: Work, *, ended: bool = False) -> tuple[PermitView, ...]:
    """Permits, the newest first, with the plates they are for; the look is logged."""
    log_access(work, require(work.actor, PERMIT_READERS), "permits_listed", "permits")
    query = select(Permit).order_by(Permit.entered_at.desc(), Permit.id)
    if not ended:
        query = query.where(Permit.ended_at.is_(None))
    shown = work.actor.acts_as(PLATE_READERS) is not None
    return tuple(_permit_view(work, row, shown=shown) for row in work.session.scalars(query))


def set_flag(work: Work, camera_id: str, start: datetime, end: datetime, of: Iterable[str] = ()) -> str:
    """A traffic controller stands at a camera's place; the flag's id.

    Args:
        work: the unit of work of an officer.
        camera_id: where.
        start: from when on.
        end: until before when.
        of: kinds it overrules; empty means lamps, signs and markings.

    Raises:
        AccessError: the actor is no officer, or of another territory.
        InputError: the time goes backwards or is too long, or a kind does not exist.
        NotFound: there is no such camera.
    """
    role = require(work.actor, FLAG_KEEPERS)
    camera = work.session.get(Camera, camera_id)
    if camera is None:
        raise NotFound(f"There is no camera {camera_id}.")
    mine = work.actor.territories
    if mine and camera.territory is not None and camera.territory not in mine:
        raise AccessError(f"The camera belongs to the territory {camera.territory}, which is not yours.")
    if end <= start:
        raise InputError("The flag ends before it begins.")
    if end - start > LONGEST_FLAG:
        raise InputError("A controller's flag lasts 24 hours at most; set another, or draw roadworks.")
    try:
        named = _known_kinds(tuple(of))
    except ValueError as error:
        raise InputError(f"{error}.") from None
    row = ControllerFlag(id=str(uuid4()), camera_id=camera_id, start=start, end=end, kinds=sorted(named))
    row.set_at, row.set_by, row.ended_at, row.ended_by = work.now, work.actor.id, None, None
    work.session.add(row)
    log_access(work, role, "controller_flag_set", row.id)
    work.session.flush()
    return row.id


def end_flag(work: Work, flag_id: str) -> None:
    """The controller has left.

    Raises:
        NotFound: there is no such flag, or it has ended.
    """
    role = require(work.actor, FLAG_KEEPERS)
    row = work.session.get(ControllerFlag, flag_id, with_for_update=True)
    if row is None or row.ended_at is not None or row.end <= work.now:
        raise NotFound(f"There is no controller's flag {flag_id} that holds.")
    row.ended_at, row.ended_by = work.now, work.actor.id
    log_access(work, role, "controller_flag_ended", flag_id)


def flags(work: Work, *, since: timedelta = LONGEST_FLAG) -> tuple[FlagView, ...]:
    """Flags that hold or ended not long ago, the newest first."""
    require(work.actor, FLAG_READERS)
    query = select(ControllerFlag).where(ControllerFlag.end > work.now - since).order_by(ControllerFlag.start.desc())
    return tuple(
        FlagView(row.id, row.camera_id, row.start, row.end, tuple(row.kinds), row.set_at, row.ended_at)
        for row in work.session.scalars(query)
    )


def places(work: Work) -> dict[str, dict[str, Any]]:
    """Names of the registered cameras of the actor's territories, by id."""
    require(work.actor, FLAG_READERS | PERMIT_READERS)
    mine = work.actor.territories
    rows = work.session.scalars(select(Camera).where(Camera.retired.is_(None)).order_by(Camera.id))
    return {row.id: dict(row.name) for row in rows if not mine or row.territory is None or row.territory in mine}


def exemption_of(work: Work, event: Event, plate_token: str | None, zone: str | None) -> law.Exemption | None:
    """Why a finding that comes in is exempt, or None.

    Args:
        work: the unit of work that stores it.
        event: the finding.
        plate_token: of its plate, None where it was not read.
        zone: the zone the rule named.
    """
    act = law.Act(
        kind=event.kind,
        time=event.time,
        camera=event.camera,
        zone=zone,
        class_=event.class_,
        plate=plate_token,
        seconds=None if event.onset_s is None else event.video_s - event.onset_s,
        traffic=event.kind in kinds() and about(event.kind).ground == "camera",
    )
    return law.exemption(act, _permits_near(work, act), [*_flags_at(work, act), *_roadworks(work, act)])


def _permits_near(work: Work, act: law.Act) -> list[law.Permit]:
    query = select(Permit).where(
        Permit.valid_from <= act.time,
        or_(Permit.valid_until.is_(None), Permit.valid_until > act.time),
        or_(Permit.plate_token.is_(None), Permit.plate_token == (act.plate or "")),
    )
    return [
        law.Permit(
            id=row.id,
            ground=row.ground,  # type: ignore[arg-type]  # checked by `NewPermit`
            plate=row.plate_token,
            class_=row.class_,
            kinds=frozenset(row.kinds),
            cameras=frozenset(row.cameras),
            zones=frozenset(row.zones),
            start=row.valid_from,
            end=_earlier(row.valid_until, row.ended_at),
            grace_s=row.grace_s,
        )
        for row in work.session.scalars(query)
    ]


def _flags_at(work: Work, act: law.Act) -> list[law.Flag]:
    query = select(ControllerFlag).where(ControllerFlag.camera_id == act.camera, ControllerFlag.start <= act.time)
    return [
        law.Flag(
            id=row.id,
            reason=law.CONTROLLER,
            camera=row.camera_id,
            start=row.start,
            end=_earlier(row.end, row.ended_at) or row.end,
            kinds=frozenset(row.kinds),
        )
        for row in work.session.scalars(query.where(ControllerFlag.end > act.time))
    ]


def _roadworks(work: Work, act: law.Act) -> list[law.Flag]:
    """The windows of the camera's file; the worker keeps them too, unless it had an older file."""
    camera = work.session.get(Camera, act.camera)
    version = None if camera is None else work.session.get(CameraFile, (camera.id, camera.file_version))
    if version is None or not version.content.get("roadworks"):
        return []
    scene = Scene.model_validate(version.content)
    return [
        law.Flag(f"roadworks {n}", law.ROADWORKS, act.camera, one.start, one.end, frozenset(one.rules))
        for n, one in enumerate(scene.roadworks, start=1)
    ]


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((moment for moment in (one, other) if moment is not None), default=None)


def _known_kinds(value: tuple[str, ...]) -> tuple[str, ...]:
    unknown = sorted(set(value) - set(kinds()))
    if unknown:
        raise ValueError(f"there is no kind of violation {unknown[0]}")
    return value


def _permit_view(work: Work, row: Permit, *, shown: bool) -> PermitView:
    plate: Any = None
    item = work.session.get(Personal, (row.id, 0)) if row.plate_token else None
    if item is not None and item.wrapped_key is not None and item.sealed is not None:
        plate = work.store.vault.open(row.id, 0, item.wrapped_key, item.sealed)["payload"]["plate"]
    if plate is not None and not shown:
        plate = f"{plate[:2]}{HIDDEN}{plate[-2:]}"
    return PermitView(
        id=row.id,
        ground=row.ground,
        plate=plate,
        vehicle_class=row.class_,
        kinds=tuple(row.kinds),
        cameras=tuple(row.cameras),
        zones=tuple(row.zones),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        grace_s=row.grace_s,
        document=row.document,
        entered_at=row.entered_at,
        ended_at=row.ended_at,
    )
