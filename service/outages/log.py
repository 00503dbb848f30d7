"""Beginning and ending outages; both are harmless when they come twice."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite

from qyran.errors import InputError
from qyran.roles import SYSTEM, Role
from service.access import require
from service.store.database import Store, Work
from service.store.response_tables import Outage

KINDS: Final = ("server", "database", "worker", "camera", "broker", "receiver", "disk")
COMPONENT: Final = re.compile(rf"(?:server|database|(?:{'|'.join(KINDS[2:])}):[^\x00-\x1f]{{1,110}})")
REASON: Final = re.compile(r"[a-z0-9_]{1,64}")
READERS: Final = frozenset(
    {Role.SITUATIONAL_OPERATOR, Role.ADMINISTRATOR, Role.AUDITOR, Role.CAMERA_OPERATOR, Role.SYSTEM}
)
MOST: Final = 500


@dataclass(frozen=True, slots=True)
class OutageView:
    """A span in which a part did not work; `end` is None while it lasts.

    Attributes:
        kind, name: the part: `camera` and its id, `server` and nothing.
        reason: a code.
        seconds: how long, until now where it lasts.
    """

    id: int
    component: str
    kind: str
    name: str | None
    reason: str
    start: datetime
    end: datetime | None
    seconds: float


def begin(store: Store, component: str, reason: str, *, at: datetime | None = None) -> bool:
    """Note that a part does not work; False where that is known already.

    Raises:
        InputError: the component or the reason is badly formed.
    """
    with store.write(SYSTEM) as work:
        return begin_in(work, component, reason, at=at)


def end(store: Store, component: str, *, at: datetime | None = None) -> bool:
    """Note that a part works again; False where it was not known to be down."""
    with store.read() as work:
        if _open(work, component) is None:
            return False
    with store.write(SYSTEM) as work:
        return end_in(work, component, at=at)


def begin_in(work: Work, component: str, reason: str, *, at: datetime | None = None) -> bool:
    """As `begin`, in a unit of work that does more."""
    if not COMPONENT.fullmatch(component):
        raise InputError(
            f"There is no component {component!r}; write one of {', '.join(KINDS)}, and whose after a colon."
        )
    if not REASON.fullmatch(reason):
        raise InputError("The reason of an outage is a code of small letters, digits and underscores.")
    insert = postgresql.insert if work.session.get_bind().dialect.name == "postgresql" else sqlite.insert
    made = insert(Outage).values(component=component, reason=reason, start=at or work.now, end=None)
    done = work.session.execute(made.on_conflict_do_nothing().returning(Outage.id)).scalar()
    return done is not None


def end_in(work: Work, component: str, *, at: datetime | None = None) -> bool:
    """As `end`, in a unit of work that does more."""
    row = _open(work, component, lock=True)
    if row is None:
        return False
    row.end = max(at or work.now, row.start)
    return True


def past(work: Work, component: str, reason: str, start: datetime, stop: datetime) -> None:
    """Note a span that is over, known only afterwards; the same one again changes nothing."""
    same = select(Outage.id).where(Outage.component == component, Outage.start == start)
    if stop > start and work.session.scalar(same) is None:
        work.session.add(Outage(component=component, reason=reason, start=start, end=stop))


def listing(work: Work, since: datetime | None = None) -> tuple[OutageView, ...]:
    """Outages that lasted into the time since a moment, or all; those that last first, then the latest.

    Raises:
        AccessError: the actor does not see them.
    """
    require(work.actor, READERS)
    query = select(Outage)
    if since is not None:
        query = query.where(or_(Outage.end.is_(None), Outage.end >= since))
    order = (Outage.end.is_not(None), Outage.start.desc(), Outage.id.desc())
    return tuple(_view(row, work.now) for row in work.session.scalars(query.order_by(*order).limit(MOST)))


def running(work: Work) -> tuple[OutageView, ...]:
    """What is down now.

    Raises:
        AccessError: the actor does not see it.
    """
    require(work.actor, READERS)
    rows: Sequence[Outage] = work.session.scalars(
        select(Outage).where(Outage.end.is_(None)).order_by(Outage.start.desc(), Outage.id.desc()).limit(MOST)
    ).all()
    return tuple(_view(row, work.now) for row in rows)


def _open(work: Work, component: str, *, lock: bool = False) -> Outage | None:
    query = select(Outage).where(Outage.component == component, Outage.end.is_(None))
    return work.session.scalar(query.with_for_update() if lock else query)


def _view(row: Outage, now: datetime) -> OutageView:
    kind, _, name = row.component.partition(":")
    seconds = ((row.end or now) - row.start).total_seconds()
    return OutageView(row.id, row.component, kind, name or None, row.reason, row.start, row.end, seconds)
