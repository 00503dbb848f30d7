"""What somebody announces beforehand for cameras, sensors and objects: drills and works, each with its span."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import select

from qyran.errors import InputError, NotFound, TransitionError
from qyran.roles import Role
from service.access import ALERT_READERS, log_access, require
from service.store.database import Work
from service.store.response_tables import Drill, PlannedWorks

ANNOUNCERS: Final = frozenset({Role.SITUATIONAL_OPERATOR, Role.ADMINISTRATOR})
READERS: Final = ALERT_READERS | ANNOUNCERS
NAME_LONGEST: Final = 200
MOST: Final = 5000
"""Cameras, sensors or objects of one span."""
Row = TypeVar("Row", Drill, PlannedWorks)


def check_span(work: Work, what: str, name: str, start: datetime, end: datetime, longest: timedelta) -> None:
    """Refuse a name or a span that cannot be.

    Raises:
        InputError: what is wrong with it.
    """
    if not 1 <= len(name.strip()) <= NAME_LONGEST:
        raise InputError(f"{what} has a name of 1 to {NAME_LONGEST} signs.")
    if not start < end:
        raise InputError(f"{what} begins before it ends.")
    if end - start > longest:
        hours = round(longest / timedelta(hours=1))
        raise InputError(f"{what} lasts {hours} hours at most; announce the next span by itself.")
    if end <= work.now:
        raise InputError(f"{what} is over already; announce what is to come.")


def running(work: Work, table: type[Row], at: datetime) -> Sequence[Row]:
    """Those within whose span a moment lies, the earliest first."""
    with work.session.no_autoflush:
        query = select(table).where(table.start <= at, table.end > at).order_by(table.start, table.id)
        return [row for row in work.session.scalars(query) if row.ended_at is None or at < row.ended_at]


def names(row: Drill | PlannedWorks, sources: Sequence[str], object_id: str | None) -> bool:
    """Whether it is about one of these sources (`camera:ID`, `sensor:ID`) or this object."""
    held = {f"camera:{one}" for one in row.cameras} | {f"sensor:{one}" for one in row.sensors}
    return bool(set(sources) & held) or (object_id is not None and object_id in row.objects)


def end_early(work: Work, table: type[Row], span_id: str, what: str, action: str) -> Row:
    """End it before its time.

    Raises:
        AccessError: the actor is neither operator nor administrator.
        NotFound: there is none.
        TransitionError: it is over.
    """
    role = require(work.actor, ANNOUNCERS)
    row = work.session.get(table, span_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no {what} {span_id}.")
    if row.ended_at is not None or row.end <= work.now:
        raise TransitionError(f"The {what} is over already.")
    row.ended_at, row.ended_by = work.now, work.actor.id
    log_access(work, role, action, row.id)
    return row
