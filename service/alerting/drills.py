"""Announced drills: alerts of their cameras, sensors and objects within their span are exercises, told as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import select

from qyran.errors import InputError, TransitionError
from qyran.roles import Role
from service.access import log_access, require
from service.alerting.announced import ANNOUNCERS, MOST, READERS, check_span, end_early, names, running
from service.alerting.moving import sealed_note
from service.alerting.reading import alert_detail
from service.records import load
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.events import append_event
from service.store.response_tables import Drill
from service.views import AlertDetail

LONGEST: Final = timedelta(hours=24)
"""A drill that lasts longer has been forgotten, and a real fire would be told as an exercise."""


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
    check_span(work, "A drill", given.name, given.start, given.end, LONGEST)
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
    return end_early(work, Drill, drill_id, "drill", "drill_ended")


def drills(work: Work, *, now: bool = False, limit: int = 100) -> Sequence[Drill]:
    """Drills, the latest first; `now` gives those that hold now.

    Raises:
        AccessError: the actor sees no alerts and announces no drills.
    """
    require(work.actor, READERS)
    query = select(Drill).order_by(Drill.start.desc(), Drill.id).limit(limit)
    if now:
        query = query.where(Drill.start <= work.now, Drill.end > work.now, Drill.ended_at.is_(None))
    return work.session.scalars(query).all()


def drill_at(work: Work, sources: Sequence[str], object_id: str | None, at: datetime) -> Drill | None:
    """The drill that an alert of these sources or this object at this moment belongs to."""
    found = running(work, Drill, at)
    return next((one for one in found if one.everywhere or names(one, sources, object_id)), None)


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
