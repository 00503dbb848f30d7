"""Records blocked at a person's request: nobody works with them, but a lock on their evidence keeps them in use.

Who watches over personal data still sees them. What the system does by itself, such as terms, goes on.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar
from uuid import uuid4

from sqlalchemy import Select, select
from sqlalchemy.orm import InstrumentedAttribute

from qyran.errors import AccessError
from qyran.roles import Actor, Role
from service.evidence_locks import locked
from service.store.database import Work
from service.store.evidence_tables import EvidenceLock
from service.store.people_tables import Restriction

WATCHERS: Final = frozenset({Role.AUDITOR, Role.DATA_PROTECTION_OFFICER, Role.SYSTEM})

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])


def restrict(work: Work, record: str, request_id: str) -> bool:
    """Block a record for a request; whether it was not blocked already."""
    if record in restricted(work, [record]):
        return False
    _block(work, record, request_id, None)
    return True


def restrict_vehicle(work: Work, plate_token: str, request_id: str) -> bool:
    """Block the passages of a vehicle for a request, also those to come; whether they were not blocked already."""
    blocked = select(Restriction.id).where(Restriction.plate_token == plate_token, Restriction.ended_at.is_(None))
    if work.session.scalars(blocked.limit(1)).first() is not None:
        return False
    _block(work, request_id, request_id, plate_token)
    return True


def _block(work: Work, record: str, request_id: str, plate_token: str | None) -> None:
    work.session.add(
        Restriction(
            id=str(uuid4()),
            record=record,
            request_id=request_id,
            since=work.now,
            set_by=work.actor.id,
            ended_at=None,
            plate_token=plate_token,
        )
    )
    work.session.flush()


def lift(work: Work, request_id: str) -> int:
    """Let the records of a request be used again; how many."""
    rows = work.session.scalars(
        select(Restriction).where(Restriction.request_id == request_id, Restriction.ended_at.is_(None))
    ).all()
    for row in rows:
        row.ended_at, row.ended_by = work.now, work.actor.id
    return len(rows)


def restricted(work: Work, records: list[str]) -> set[str]:
    """Which of these records are blocked."""
    query = select(Restriction.record).where(Restriction.record.in_(records), Restriction.ended_at.is_(None))
    return set(work.session.scalars(query))


def refuse_blocked(work: Work, record: str) -> None:
    """Go on only where a record is not blocked to the actor.

    Raises:
        AccessError: it is, and no lock on its evidence keeps it in use.
    """
    if work.actor.acts_as(WATCHERS) is None and restricted(work, [record]) and not locked(work, [record]):
        raise AccessError("This record is blocked at the request of the person it is about.")


def unblocked(actor: Actor, query: Query, column: InstrumentedAttribute[str]) -> Query:
    """A query without what is blocked to the actor."""
    blocked = blocked_to(actor)
    return query if blocked is None else query.where(column.not_in(blocked))


def blocked_to(actor: Actor) -> Select[str] | None:
    """The records that are blocked to the actor; None where he sees them all."""
    if actor.acts_as(WATCHERS) is not None:
        return None
    return select(Restriction.record).where(
        Restriction.ended_at.is_(None),
        Restriction.record.not_in(select(EvidenceLock.record).where(EvidenceLock.released_at.is_(None))),
    )
