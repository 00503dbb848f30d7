"""Tables of protected objects and of the smoke and heat sensors that watch them.

What says where an object is, how it is entered and whom to call lies sealed in `personal` under the id of its version.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code, Id

Words = String(255)
Origin = String(64)


class ProtectedObject(Base):
    """A protected object as it stands: the view of its last version.

    Attributes:
        since, until: in the register from and until; None where it always was, or still is.
        station: the fire station that answers for it.
        cameras: ids of cameras that look at it.
        version_id: of the version that stands; its details and contacts lie sealed under it.
        version: number of that version.
        origin: `hand`, or the id of the import it came with last.
    """

    __tablename__ = "protected_object"

    id: Mapped[str] = mapped_column(Code, primary_key=True)
    kind: Mapped[str | None] = mapped_column(Code)
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    station: Mapped[str | None] = mapped_column(Words)
    cameras: Mapped[list[Any]]
    version_id: Mapped[str] = mapped_column(Id)
    version: Mapped[int] = mapped_column()
    origin: Mapped[str] = mapped_column(Origin)
    registered_at: Mapped[datetime]
    changed_at: Mapped[datetime] = mapped_column(index=True)

    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}  # noqa: RUF012


class ObjectVersion(Base):
    """One state of a protected object, who made it and why; none is ever changed.

    Attributes:
        gone: the object was taken out of the register with the import that had brought it.
        contacts_erased_at: when the contacts of a version that stands no more were destroyed.
    """

    __tablename__ = "protected_object_version"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    object_id: Mapped[str] = mapped_column(Code)
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(Id)
    reason: Mapped[str | None] = mapped_column(Words)
    origin: Mapped[str] = mapped_column(Origin, index=True)
    kind: Mapped[str | None] = mapped_column(Code)
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    station: Mapped[str | None] = mapped_column(Words)
    cameras: Mapped[list[Any]]
    gone: Mapped[bool] = mapped_column(default=False)
    contacts_erased_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("object_id", "number"),)


class FireSensor(Base):
    """A registered sensor and what is known of it now.

    Attributes:
        kind: smoke, heat or manual (a call point).
        room: floor and room, as the crew looks for it.
        gateway: name of the machine that reports for it; None where it speaks for itself.
        heartbeat_s: how often it reports when nothing happens, seconds.
        battery_least: charge below which its battery is low, per cent.
        via: how its last report came: mqtt or http.
        heard_at, reported_at: of the newest report, by our clock and by its own.
        alarm_at: of the newest report that said whether it is in alarm, by its clock.
        alarm_since, alert_id: of the alarm it is in, and the alert that tells of it.
        is_test: whether that alarm is a test.
        test_until: somebody works on it; until then what it reports is a test.
        clock_doubt: its clock was found wrong; its times are those of our clock until it is right again.
    """

    __tablename__ = "fire_sensor"

    id: Mapped[str] = mapped_column(Code, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    object_id: Mapped[str | None] = mapped_column(Code, index=True)
    room: Mapped[str | None] = mapped_column(Words)
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    gateway: Mapped[str | None] = mapped_column(Code, index=True)
    heartbeat_s: Mapped[float]
    battery_least: Mapped[float]
    commissioned: Mapped[datetime | None]
    retired: Mapped[datetime | None]
    registered_at: Mapped[datetime]
    registered_by: Mapped[str] = mapped_column(Id)
    version: Mapped[int] = mapped_column()
    changed_at: Mapped[datetime] = mapped_column(index=True)
    via: Mapped[str | None] = mapped_column(String(8))
    heard_at: Mapped[datetime | None] = mapped_column(index=True)
    reported_at: Mapped[datetime | None]
    alarm_at: Mapped[datetime | None]
    alarm_since: Mapped[datetime | None]
    alert_id: Mapped[str | None] = mapped_column(Id)
    is_test: Mapped[bool] = mapped_column(default=False)
    test_until: Mapped[datetime | None]
    battery_percent: Mapped[float | None]
    battery_low: Mapped[bool] = mapped_column(default=False)
    tampered: Mapped[bool] = mapped_column(default=False)
    fault: Mapped[str | None] = mapped_column(Code)
    lost: Mapped[bool] = mapped_column(default=False)
    clock_doubt: Mapped[bool] = mapped_column(default=False)


class SensorSpan(Base):
    """A span in which a sensor worked at an object (KPI 10.6); `end` is None while it does."""

    __tablename__ = "fire_sensor_span"

    id: Mapped[int] = mapped_column(primary_key=True)
    sensor_id: Mapped[str] = mapped_column(Code, index=True)
    object_id: Mapped[str] = mapped_column(Code, index=True)
    start: Mapped[datetime]
    end: Mapped[datetime | None] = mapped_column(index=True)


class SensorMessage(Base):
    """A message as it came, kept for a limited term.

    Attributes:
        source: mqtt:<broker> or http:<gateway>.
        message_id: its own id, or a hash of what it says where it has none.
        payload: as it came, the first 4096 characters.
        outcome: taken, repeated, late or aside.
        reason: why it was put aside, a code.
        events: what it meant, codes.
        meant: whether it meant anything: a plain heartbeat is kept for hours only.
    """

    __tablename__ = "fire_sensor_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    received_at: Mapped[datetime] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(Words)
    topic: Mapped[str | None] = mapped_column(Words)
    sensor_id: Mapped[str | None] = mapped_column(Code, index=True)
    message_id: Mapped[str | None] = mapped_column(String(80))
    reported_at: Mapped[datetime | None]
    payload: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Code)
    events: Mapped[list[Any]]
    meant: Mapped[bool]

    __table_args__ = (
        UniqueConstraint("sensor_id", "message_id"),
        Index(None, "outcome", "received_at"),
    )


class SensorEvent(Base):
    """What happened to a sensor: alarm, its end, silence, battery, tamper, fault, a test; kept with the register."""

    __tablename__ = "fire_sensor_event"

    id: Mapped[int] = mapped_column(primary_key=True)
    sensor_id: Mapped[str] = mapped_column(Code)
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(Code)
    alert_id: Mapped[str | None] = mapped_column(Id)

    __table_args__ = (Index(None, "sensor_id", "at"),)


class SensorNotice(Base):
    """Something the operator is told that is no fire: a sensor is silent, its battery low, a message cannot be read.

    Attributes:
        subject: id of the sensor, `gateway:<name>`, or the id a stranger gave itself.
        standing: subject and kind while it lasts, so that it is told once; None once it ended.
    """

    __tablename__ = "fire_sensor_notice"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(80), index=True)
    kind: Mapped[str] = mapped_column(Code)
    at: Mapped[datetime] = mapped_column(index=True)
    times: Mapped[int] = mapped_column(default=1)
    last_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    seen_by: Mapped[str | None] = mapped_column(Id)
    standing: Mapped[str | None] = mapped_column(String(160), unique=True)
