"""The register of sensors: entered, moved, put into test, taken out of service."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy import func, select

from fire_alerts.sensor import BATTERY_LOW_PERCENT, SensorState
from qyran.errors import InputError, NotFound, TransitionError
from qyran.roles import Role
from service.access import log_access, require
from service.sensors.payload import SensorId
from service.sensors.working import reckon_span
from service.store.database import CHANGED_MEANWHILE, Work
from service.store.sensor_tables import FireSensor, ProtectedObject, SensorEvent
from service.store.tables import Camera

KEEPERS: Final = frozenset({Role.ADMINISTRATOR, Role.SYSTEM})
READERS: Final = frozenset({Role.SITUATIONAL_OPERATOR, Role.ADMINISTRATOR, Role.AUDITOR, Role.SYSTEM})
TESTERS: Final = frozenset({Role.SITUATIONAL_OPERATOR, Role.ADMINISTRATOR, Role.SYSTEM})
"""Who says that somebody works on a sensor."""
LONGEST_TEST: Final = timedelta(hours=24)
"""A sensor that is forgotten in test would be blind; the longest works on a fire alarm take a day."""
Condition = Literal["retired", "alarm", "test", "tampered", "fault", "lost", "battery_low", "never_heard", "working"]
CONDITIONS: Final[tuple[Condition, ...]] = (
    "alarm", "test", "tampered", "fault", "lost", "battery_low", "never_heard", "working", "retired",
)  # fmt: skip
"""The gravest first."""
WORKS: Final = frozenset({"alarm", "working"})

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


class SensorBody(BaseModel):
    """A sensor as somebody enters it.

    Attributes:
        room: floor and room.
        gateway: name of the machine that reports for it, which is also the name of its token (HTTP).
        heartbeat_s: how often it reports when nothing happens, seconds.
        battery_least: charge below which its battery is low, per cent.
        commissioned: in service since; before that whatever it reports is a test.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["smoke", "heat", "manual"]
    object_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    room: Line | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    gateway: SensorId | None = None
    heartbeat_s: Annotated[float, Field(gt=0, le=7 * 24 * 3600)] = 60.0
    battery_least: Annotated[float, Field(ge=0, le=95)] = BATTERY_LOW_PERCENT
    commissioned: AwareDatetime | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> SensorBody:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("a place has both latitude and longitude, or none")
        return self


class SensorView(BaseModel):
    """A sensor and how it is."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: str
    version: int
    kind: str
    object_id: str | None
    room: str | None
    latitude: float | None
    longitude: float | None
    gateway: str | None
    heartbeat_s: float
    battery_least: float
    commissioned: datetime | None
    retired: datetime | None
    registered_at: datetime
    condition: Condition
    works: bool
    heard_at: datetime | None
    reported_at: datetime | None
    alarm_since: datetime | None
    alert_id: str | None
    test_until: datetime | None
    battery_percent: float | None
    battery_low: bool
    tampered: bool
    fault: str | None
    lost: bool
    clock_doubt: bool


def register(work: Work, sensor_id: str, body: SensorBody) -> FireSensor:
    """Enter a sensor.

    Raises:
        AccessError: the actor keeps no register.
        InputError: the id is taken, by a sensor or a camera, or there is no such object.
    """
    role = require(work.actor, KEEPERS)
    if work.session.get(FireSensor, sensor_id) is not None:
        raise InputError(f"There is a sensor {sensor_id} already; change it.")
    if work.session.get(Camera, sensor_id) is not None:
        raise InputError(f"{sensor_id} is the id of a camera; give the sensor another.")
    _check_object(work, body.object_id)
    row = FireSensor(
        id=sensor_id, **body.model_dump(), retired=None, registered_at=work.now, registered_by=work.actor.id,
        version=1, changed_at=work.now, is_test=False, battery_low=False, tampered=False, lost=False, clock_doubt=False,
    )  # fmt: skip
    work.session.add(row)
    work.session.flush()
    log_access(work, role, "sensor_registered", sensor_id)
    return row


def change(work: Work, sensor_id: str, body: SensorBody, *, version: int | None = None) -> FireSensor:
    """Enter something else about a sensor.

    Raises:
        NotFound: there is no such sensor.
        TransitionError: it was changed or taken out of service since.
        InputError: there is no such object.
    """
    role = require(work.actor, KEEPERS)
    row = load(work, sensor_id, lock=True)
    if version is not None and row.version != version:
        raise TransitionError(CHANGED_MEANWHILE)
    if row.retired is not None:
        raise TransitionError("The sensor is out of service; enter another.")
    _check_object(work, body.object_id)
    for name, value in body.model_dump().items():
        setattr(row, name, value)
    _touched(work, row)
    log_access(work, role, "sensor_changed", sensor_id)
    return row


def retire(work: Work, sensor_id: str) -> FireSensor:
    """Take a sensor out of service for good; what it reports from now on is put aside.

    Raises:
        NotFound: there is no such sensor.
    """
    role = require(work.actor, KEEPERS)
    row = load(work, sensor_id, lock=True)
    if row.retired is None:
        row.retired = work.now
        _touched(work, row)
        work.session.add(SensorEvent(sensor_id=row.id, at=work.now, event="retired"))
        log_access(work, role, "sensor_retired", sensor_id)
    return row


def set_test(work: Work, sensor_id: str, until: datetime | None) -> FireSensor:
    """Say until when somebody works on a sensor: what it reports then raises and confirms nothing. None ends it.

    Raises:
        NotFound: there is no such sensor.
        InputError: the moment has passed or is too far away.
    """
    role = require(work.actor, TESTERS)
    row = load(work, sensor_id, lock=True)
    if until is not None and not work.now < until <= work.now + LONGEST_TEST:
        raise InputError(
            f"A test ends at a moment to come, {LONGEST_TEST // timedelta(hours=1)} hours from now at most."
        )
    row.test_until = until
    _touched(work, row)
    event = "test_begun" if until is not None else "test_ended"
    work.session.add(SensorEvent(sensor_id=row.id, at=work.now, event=event))
    log_access(work, role, f"sensor_{event}", sensor_id)
    return row


def load(work: Work, sensor_id: str, *, lock: bool = False) -> FireSensor:
    """A sensor's row.

    Raises:
        NotFound: there is none.
    """
    query = select(FireSensor).where(FireSensor.id == sensor_id)
    row = work.session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(f"There is no sensor {sensor_id[:64]}.")
    return row


def listing(
    work: Work, *, object_id: str | None = None, condition: str | None = None, retired: bool = False
) -> tuple[SensorView, ...]:
    """Sensors in service, those in alarm first, then those that do not work.

    Raises:
        AccessError: the actor sees no sensors.
    """
    require(work.actor, READERS)
    return tuple(one for one in at_objects(work, None if object_id is None else [object_id], retired=retired)
                 if condition is None or one.condition == condition)  # fmt: skip


def at_objects(work: Work, objects: Sequence[str] | None, *, retired: bool = False) -> tuple[SensorView, ...]:
    """Sensors of objects, of all where none are named; whoever calls has checked the roles."""
    query = select(FireSensor)
    if objects is not None:
        query = query.where(FireSensor.object_id.in_(objects))
    if not retired:
        query = query.where(FireSensor.retired.is_(None))
    found = [view_of(row, work.now) for row in work.session.scalars(query)]
    return tuple(sorted(found, key=lambda one: (CONDITIONS.index(one.condition), one.id)))


def names_of(work: Work, ids: Iterable[str | None]) -> dict[str, str]:
    """Where sensors hang, by id: what a list calls them."""
    query = select(FireSensor.id, FireSensor.room).where(FireSensor.id.in_({one for one in ids if one is not None}))
    return {sensor: f"{room} ({sensor})" if room else sensor for sensor, room in work.session.execute(query)}


def events(work: Work, sensor_id: str, limit: int = 100) -> tuple[SensorEvent, ...]:
    """What happened to a sensor, the newest first.

    Raises:
        AccessError: the actor sees no sensors.
    """
    require(work.actor, READERS)
    query = select(SensorEvent).where(SensorEvent.sensor_id == sensor_id)
    return tuple(work.session.scalars(query.order_by(SensorEvent.at.desc(), SensorEvent.id.desc()).limit(limit)))


def view_of(row: FireSensor, now: datetime) -> SensorView:
    """A sensor as it goes out."""
    found = condition_of(row, now)
    columns: dict[str, Any] = {name: getattr(row, name) for name in SensorView.model_fields if hasattr(row, name)}
    return SensorView(**columns, condition=found, works=state_of(row).works and row.retired is None)


def state_of(row: FireSensor) -> SensorState:
    """As the rules of a sensor's life want it."""
    return SensorState(
        heard_at=row.heard_at,
        reported_at=row.reported_at,
        alarm_at=row.alarm_at,
        alarm_since=row.alarm_since,
        is_test=row.is_test,
        battery_percent=row.battery_percent,
        battery_low=row.battery_low,
        tampered=row.tampered,
        fault=row.fault,
        lost=row.lost,
    )


def in_test(row: FireSensor, now: datetime) -> bool:
    """Whether somebody works on it, or it is not in service yet."""
    return (row.test_until is not None and row.test_until > now) or (
        row.commissioned is not None and row.commissioned > now
    )


def condition_of(row: FireSensor, now: datetime) -> Condition:
    """The gravest thing to say of a sensor."""
    said: dict[Condition, bool] = {
        "retired": row.retired is not None,
        "alarm": row.alarm_since is not None and not row.is_test,
        "test": in_test(row, now) or row.is_test,
        "tampered": row.tampered,
        "fault": row.fault is not None,
        "lost": row.lost,
        "battery_low": row.battery_low,
        "never_heard": row.heard_at is None,
    }
    return next((name for name, holds in said.items() if holds), "working")


def counts(work: Work) -> dict[Condition, int]:
    """Sensors in service by condition."""
    found: dict[Condition, int] = {}
    for row in work.session.scalars(select(FireSensor).where(FireSensor.retired.is_(None))):
        name = condition_of(row, work.now)
        found[name] = found.get(name, 0) + 1
    return found


def any_registered(work: Work) -> bool:
    """Whether there is a sensor at all."""
    return bool(work.session.scalar(select(func.count()).select_from(FireSensor).limit(1)))


def _touched(work: Work, row: FireSensor) -> None:
    row.version += 1
    row.changed_at = work.now
    reckon_span(work, row, works=state_of(row).works and row.retired is None, at=work.now)
    work.session.flush()


def _check_object(work: Work, object_id: str | None) -> None:
    if object_id is not None and work.session.get(ProtectedObject, object_id) is None:
        raise InputError(f"There is no protected object {object_id}; enter it first.")
