"""What the operator is told that is no fire: a sensor is silent, its battery low, a message cannot be read.

A notice is told once while it lasts; it ends by itself when its cause does, or when somebody has seen it where it has
no end of its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, or_, select

from fire_alerts.sensor import SensorEvent
from qyran.errors import NotFound
from qyran.roles import Role
from service.access import log_access, require
from service.auth import names
from service.sensors.registry import READERS
from service.store.database import Work
from service.store.sensor_tables import FireSensor, SensorNotice

SEERS: Final = frozenset({Role.SITUATIONAL_OPERATOR, Role.ADMINISTRATOR})
"""Who says that he has seen a notice."""
BEGIN: Final = {
    SensorEvent.LOST: "lost",
    SensorEvent.BATTERY_LOW: "battery_low",
    SensorEvent.TAMPERED: "tampered",
    SensorEvent.FAULT: "fault",
}
END: Final = {
    SensorEvent.BACK: "lost",
    SensorEvent.BATTERY_BACK: "battery_low",
    SensorEvent.UNTAMPERED: "tampered",
    SensorEvent.FAULT_ENDED: "fault",
}
ENDLESS: Final = frozenset({"unknown_sensor", "unknown_alarm", "stale_alarm", "late_alarm", "unreadable"})
"""Kinds that end when somebody has seen them."""
GATEWAY: Final = "gateway:"
KINDS: Final = (*BEGIN.values(), "clock", *sorted(ENDLESS))


class NoticeView(BaseModel):
    """A notice; `subject` is the id of a sensor, `gateway:<name>`, or the id that a stranger gave itself."""

    model_config = ConfigDict(frozen=True)

    id: int
    subject: str
    kind: str
    at: datetime
    times: int
    last_at: datetime
    ended_at: datetime | None
    seen_at: datetime | None
    seen_by_name: str | None
    object_id: str | None
    room: str | None


def begin(work: Work, subject: str, kind: str) -> None:
    """Tell something, or count that it happened again."""
    standing = f"{subject[:80]}|{kind}"
    row = work.session.scalar(select(SensorNotice).where(SensorNotice.standing == standing))
    if row is not None:
        row.times, row.last_at = row.times + 1, work.now
        return
    row = SensorNotice(subject=subject[:80], kind=kind, at=work.now, last_at=work.now, times=1, standing=standing)
    work.session.add(row)
    work.session.flush()


def end(work: Work, subject: str, kind: str) -> None:
    """The cause is gone."""
    row = work.session.scalar(select(SensorNotice).where(SensorNotice.standing == f"{subject[:80]}|{kind}"))
    if row is not None:
        row.ended_at, row.standing = work.now, None


def end_all(work: Work, subject: str) -> None:
    """Nothing is told of a subject any more."""
    query = select(SensorNotice).where(SensorNotice.subject == subject, SensorNotice.standing.is_not(None))
    for row in work.session.scalars(query).all():
        row.ended_at, row.standing = work.now, None


def listing(work: Work, *, open_only: bool = True, limit: int = 200) -> tuple[NoticeView, ...]:
    """Notices, those nobody has seen first, the newest first among them.

    Raises:
        AccessError: the actor sees no sensors.
    """
    require(work.actor, READERS)
    query = select(SensorNotice, FireSensor.object_id, FireSensor.room)
    query = query.outerjoin(FireSensor, FireSensor.id == SensorNotice.subject)
    if open_only:
        query = query.where(SensorNotice.standing.is_not(None))
    unseen = SensorNotice.seen_at.is_not(None)
    rows = work.session.execute(query.order_by(unseen, SensorNotice.at.desc(), SensorNotice.id).limit(limit)).all()
    people = names(work, [row.seen_by for row, _, _ in rows if row.seen_by])
    return tuple(
        NoticeView(
            id=row.id, subject=row.subject, kind=row.kind, at=row.at, times=row.times, last_at=row.last_at,
            ended_at=row.ended_at, seen_at=row.seen_at, seen_by_name=people.get(row.seen_by or ""),
            object_id=object_id, room=room,
        )
        for row, object_id, room in rows
    )  # fmt: skip


def unseen(work: Work) -> int:
    """How many notices nobody has seen yet."""
    waits = or_(SensorNotice.seen_at.is_(None), SensorNotice.seen_at < SensorNotice.last_at)
    query = select(func.count()).where(SensorNotice.standing.is_not(None), waits)
    return work.session.scalar(query) or 0


def see(work: Work, notice_id: int) -> None:
    """Say that one has seen a notice.

    Raises:
        AccessError: the actor sees no notices.
        NotFound: there is no such notice.
    """
    role = require(work.actor, SEERS)
    row = work.session.get(SensorNotice, notice_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no notice {notice_id}.")
    row.seen_at, row.seen_by = work.now, work.actor.id
    if row.kind in ENDLESS:
        row.ended_at, row.standing = row.ended_at or work.now, None
    log_access(work, role, "sensor_notice_seen", str(row.id))
