"""Announced works: alerts of their kinds at their cameras, sensors and objects are held back within their span.

A camera on a mast that is being painted, asphalt that steams, a controlled burning: who announces it says which kinds
are to be expected. What is held back is stored with its evidence, listed, and raised by whoever sees that it is real.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, get_args
from uuid import uuid4

from sqlalchemy import select

from incidents.severity import FIRE_KINDS, KINDS
from qyran.errors import InputError
from service.access import log_access, require
from service.alerting.announced import ANNOUNCERS, MOST, READERS, check_span, end_early, names, running
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.response_tables import PlannedWorks

Reason = Literal["maintenance", "known_works"]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
LONGEST: Final = timedelta(days=31)
FIRE_LONGEST: Final = timedelta(hours=24)
"""Whoever holds back smoke or fire says so anew each day."""


@dataclass(frozen=True, slots=True)
class Works:
    """Works as they are announced.

    Attributes:
        name: what is done there.
        reason: the camera itself is worked on, or something is done in its sight.
        kinds: of the alerts that are held back.
    """

    name: str
    reason: Reason
    kinds: tuple[str, ...]
    start: datetime
    end: datetime
    cameras: tuple[str, ...] = ()
    sensors: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()


def announce_works(work: Work, given: Works) -> PlannedWorks:
    """Announce works.

    Raises:
        AccessError: the actor is neither operator nor administrator.
        InputError: they have no name, no place, no kind, or a span that cannot be.
    """
    role = require(work.actor, ANNOUNCERS)
    if not given.kinds or not set(given.kinds) <= set(KINDS):
        raise InputError(f"Works name the kinds of alerts that are held back: {', '.join(KINDS)}.")
    fire = set(given.kinds) & set(FIRE_KINDS)
    check_span(work, "A span of works", given.name, given.start, given.end, FIRE_LONGEST if fire else LONGEST)
    places = (given.cameras, given.sensors, given.objects)
    if not any(places) or max(map(len, places)) > MOST:
        raise InputError("Works name their cameras, sensors or objects.")
    if given.reason not in REASONS:
        raise InputError(f"Works have a reason: {', '.join(REASONS)}.")
    row = PlannedWorks(
        id=str(uuid4()),
        name=given.name.strip(),
        reason=given.reason,
        kinds=sorted(set(given.kinds)),
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
    log_access(work, role, "works_announced", row.id)
    return row


def end_works(work: Work, works_id: str) -> PlannedWorks:
    """End works before their time; alerts after this moment are raised.

    Raises:
        AccessError: the actor is neither operator nor administrator.
        NotFound: there are no such works.
        TransitionError: they are over.
    """
    return end_early(work, PlannedWorks, works_id, "span of works", "works_ended")


def every_works(work: Work, *, now: bool = False, limit: int = 100) -> Sequence[PlannedWorks]:
    """Works, the latest first; `now` gives those that hold now.

    Raises:
        AccessError: the actor sees no alerts and announces no works.
    """
    require(work.actor, READERS)
    query = select(PlannedWorks).order_by(PlannedWorks.start.desc(), PlannedWorks.id).limit(limit)
    if now:
        query = query.where(
            PlannedWorks.start <= work.now, PlannedWorks.end > work.now, PlannedWorks.ended_at.is_(None)
        )
    return work.session.scalars(query).all()


def works_at(work: Work, row: Alert) -> PlannedWorks | None:
    """The works that hold an alert back; None where none do.

    What a person raises is never held back, nor what a sensor tells unless the works name that very sensor: who paints
    a room does not silence the call point in it.
    """
    if row.initiator == "human":
        return None
    place = None if row.sensor_id is not None else row.object_id
    found = running(work, PlannedWorks, row.t_detect)
    return next((one for one in found if row.kind in one.kinds and names(one, row.sources, place)), None)
