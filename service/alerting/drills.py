"""Announced drills: alerts of their cameras, sensors and objects within their span are exercises, told as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import select

from qyran.errors import InputError, NotFound, TransitionError
from qyran.roles import Role
from service.access import ALERT_READERS, log_access, require
from service.alerting.moving import sealed_note
from service.alerting.reading import alert_detail
from service.records import load
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.events import append_event
from service.store.response_tables import Drill
from service.views import AlertDetail

ANNOUNCERS: Final = frozenset({Role.SITUATIONAL_OPERATOR, Role.ADMINISTRATOR})
READERS: Final = ALERT_READERS | ANNOUNCERS
LONGEST: Final = timedelta(hours=24)
"""A drill that lasts longer has been forgotten, and a real fire would be told as an exercise."""
NAME_LONGEST: Final = 200
MOST: Final = 500
"""Cameras, sensors or objects of one drill."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A drill as it is announced: what it is called, its span, and what it is about."""

    name: str
    start: datetime
    end: datetime
    cameras: tuple[str, ...] = ()
    sensors: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    everywhere: bool = False


def announce(work: Work, given: Announced) -> Drill:
    """Announce a drill.

    Raises:
        AccessError: the actor is neither operator nor administrator.
        InputError: it has no name, no place, or a span that cannot be.
    """
    role = require(work.actor, ANNOUNCERS)
    if not 1 <= len(given.name.strip()) <= NAME_LONGEST:
        raise InputError(f"A drill has a name of 1 to {NAME_LONGEST} signs.")
    if not given.start < given.end:
        raise InputError("A drill begins before it ends.")
    if given.end - given.start > LONGEST:
        raise InputError("A drill lasts 24 hours at most; announce the next day by itself.")
    if given.end <= work.now:
        raise InputError("The drill is over already; alerts of before are marked one by one.")
    places = (given.cameras, given.sensors, given.objects)
    if given.everywhere is any(places) or max(map(len, places)) > MOST:
        raise InputError("A drill names its cameras, sensors or objects, or says that it is everywhere.")
    row = Drill(
        id=str(uuid4()),
        name=given.name.strip(),
        everywhere=given.everywhere,
        cameras=list(given.cameras),
        sensors=list(given.sensors),
        objects=list(given.objects),
        start=given.start,
        end=given.end,
        announced_at=work.now,
        announced_by=work.actor.id,
        ended_at=None,
        ended_by=None,
    )
    work.session.add(row)
    log_access(work, role, "drill_announced", row.id)
    return row


def end_drill(work: Work, drill_id: str) -> Drill:
    """End a drill before its time; alerts after this moment are real.

    Raises:
        NotFound: there is no such drill.
        TransitionError: it is over.
    """
    role = require(work.actor, ANNOUNCERS)
    row = work.session.get(Drill, drill_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no drill {drill_id}.")
    if row.ended_at is not None or row.end <= work.now:
        raise TransitionError("The drill is over already.")
    row.ended_at, row.ended_by = work.now, work.actor.id
    log_access(work, role, "drill_ended", row.id)
    return row


def drills(work: Work, *, running: bool = False, limit: int = 100) -> Sequence[Drill]:
    """Drills, the latest first; `running` gives those that hold now.

    Raises:
        AccessError: the actor sees no alerts and announces no drills.
    """
    require(work.actor, READERS)
    query = select(Drill).order_by(Drill.start.desc(), Drill.id).limit(limit)
    if running:
        query = query.where(Drill.start <= work.now, Drill.end > work.now, Drill.ended_at.is_(None))
    return work.session.scalars(query).all()


def drill_at(work: Work, sources: Sequence[str], object_id: str | None, at: datetime) -> Drill | None:
    """The drill that an alert of these sources or this object at this moment belongs to."""
    with work.session.no_autoflush:
        rows = work.session.scalars(select(Drill).where(Drill.start <= at, Drill.end > at).order_by(Drill.start)).all()
    named = set(sources)
    for row in rows:
        if row.ended_at is not None and at >= row.ended_at:
            continue
        held = {f"camera:{one}" for one in row.cameras} | {f"sensor:{one}" for one in row.sensors}
        if row.everywhere or named & held or (object_id is not None and object_id in row.objects):
            return row
    return None


def mark_drill(
    work: Work, alert_id: str, *, drill: bool, note: str | None = None, version: int | None = None
) -> AlertDetail:
    """Say that an alert is an exercise, or that what was taken for one is real.

    Raises:
        TransitionError: it is said already.
    """
    role = require(work.actor, frozenset({Role.SITUATIONAL_OPERATOR}))
    row = load(work, Alert, alert_id, version)
    if row.is_drill is drill:
        raise TransitionError("The alert is marked so already.")
    append_event(work, row, "drill", role, data={"is_drill": drill}, payload=sealed_note(note))
    row.is_drill = drill
    work.session.flush()
    return alert_detail(work, row)
