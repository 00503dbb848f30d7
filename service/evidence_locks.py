"""Locks on evidence: what holds a case or an alert against every retention, by whom, why, since when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import uuid4

from sqlalchemy import Select, or_, select

from incidents.alert import OPEN as OPEN_ALERTS
from qyran.errors import InputError, NotFound, TransitionError
from qyran.roles import Role
from service.access import log_access, require
from service.records import load
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.events import Row
from service.store.evidence_tables import EvidenceLock
from service.store.tables import ViolationCase
from violations.case import CaseState

REASONS: Final = ("legal_hold", "court", "prosecutor", "appeal", "internal_inquiry", "complaint", "other")
"""Why somebody locks evidence."""
LOCKERS: Final = frozenset({Role.SENIOR_OFFICER, Role.DATA_PROTECTION_OFFICER, Role.SYSTEM})
READERS: Final = LOCKERS | {Role.POLICE_OFFICER, Role.AUDITOR}
ENDED: Final = frozenset(
    {CaseState.CLOSED, CaseState.MERGED, CaseState.EXPIRED, CaseState.OFFICER_REJECTED, CaseState.AUTO_REJECTED}
)
"""States in which nothing of a case goes on."""
FILED: Final = "filed"
MOST_NOTE: Final = 2000


@dataclass(frozen=True, slots=True)
class Hold:
    """Why evidence stays: `locked`, `open_case`, `appeal`, `open_alert` or `joined`; the lock where it is one.

    A report that was merged stays as long as something holds what it was merged into.
    """

    reason: str
    lock: EvidenceLock | None = None


def lock(
    work: Work, table: type[Row], record: str, reason: str, note: str, *, until: datetime | None = None
) -> EvidenceLock:
    """Lock the evidence of a case or an alert; several locks may stand side by side.

    Args:
        work: the unit of work.
        table: cases or alerts.
        record: its id.
        reason: one of `REASONS`.
        note: what it rests on, such as the number of a letter.
        until: it ends by itself then; None never.

    Raises:
        AccessError: the actor locks nothing.
        NotFound: there is no such record.
        InputError: the reason is none, the note is empty or too long, or the lock would be over already.
    """
    role = require(work.actor, LOCKERS)
    row = load(work, table, record, lock=False)
    words = note.strip()
    if reason not in REASONS:
        raise InputError(f"The reason of a lock is one of {', '.join(REASONS)}.")
    if not words or len(words) > MOST_NOTE:
        raise InputError(f"Say what the lock rests on, in at most {MOST_NOTE} characters.")
    if until is not None and until <= work.now:
        raise InputError("The lock would have ended already; give a later moment.")
    made = EvidenceLock(
        id=str(uuid4()), record=row.id, reason=reason, note=words, set_by=work.actor.id, set_at=work.now, until=until
    )
    work.session.add(made)
    log_access(work, role, "evidence_locked", row.id)
    work.session.flush()
    return made


def release(work: Work, lock_id: str, note: str) -> EvidenceLock:
    """End a lock, saying why.

    Raises:
        AccessError: the actor locks nothing.
        NotFound: there is no such lock.
        TransitionError: it has ended.
        InputError: the note is empty or too long.
    """
    role = require(work.actor, LOCKERS)
    held = work.session.get(EvidenceLock, lock_id, with_for_update=True)
    if held is None:
        raise NotFound(f"There is no lock {lock_id}.")
    if not _stands(held, work.now):
        raise TransitionError("This lock has ended.")
    if not note.strip() or len(note) > MOST_NOTE:
        raise InputError(f"Say why the lock ends, in at most {MOST_NOTE} characters.")
    held.released_by, held.released_at, held.release_note = work.actor.id, work.now, note.strip()
    log_access(work, role, "evidence_released", held.record)
    return held


def locks_of(work: Work, record: str) -> tuple[EvidenceLock, ...]:
    """Every lock of a record, the newest first, ended ones too.

    Raises:
        AccessError: the actor sees no locks.
    """
    require(work.actor, READERS)
    query = select(EvidenceLock).where(EvidenceLock.record == record)
    return tuple(work.session.scalars(query.order_by(EvidenceLock.set_at.desc(), EvidenceLock.id)))


def locked(work: Work, records: Iterable[str]) -> dict[str, EvidenceLock]:
    """Which of these records a lock holds now, with the first of their locks."""
    query = select(EvidenceLock).where(EvidenceLock.record.in_(list(records)), EvidenceLock.record.in_(standing(work)))
    found: dict[str, EvidenceLock] = {}
    for one in work.session.scalars(query.order_by(EvidenceLock.set_at)):
        if _stands(one, work.now):
            found.setdefault(one.record, one)
    return found


def standing(work: Work) -> Select[str]:
    """A query of the records that a lock holds now."""
    return select(EvidenceLock.record).where(
        EvidenceLock.released_at.is_(None), or_(EvidenceLock.until.is_(None), EvidenceLock.until > work.now)
    )


def hold_of(work: Work, row: Row) -> Hold | None:
    """What holds a record's evidence, None where nothing does."""
    held = locked(work, [row.id]).get(row.id)
    if held is not None:
        return Hold("locked", held)
    joined = _joined(work, row)
    if joined is not None and hold_of(work, joined) is not None:
        return Hold("joined")
    if isinstance(row, ViolationCase):
        if row.appeal == FILED:
            return Hold("appeal")
        return None if row.state in ENDED else Hold("open_case")
    return Hold("open_alert") if row.state in OPEN_ALERTS else None


def _joined(work: Work, row: Row) -> Row | None:
    """What a report was merged into."""
    if row.merged_into is None:
        return None
    if isinstance(row, ViolationCase):
        return work.session.get(ViolationCase, row.merged_into)
    return work.session.get(Alert, row.merged_into)


def refuse_locked(work: Work, row: Row) -> None:
    """Refuse to destroy what somebody locked.

    Raises:
        TransitionError: a lock holds it.
    """
    held = locked(work, [row.id]).get(row.id)
    if held is not None:
        raise TransitionError(f"The evidence is locked ({held.reason}) since {held.set_at:%Y-%m-%d}; release it first.")


def table_of(kind: str) -> type[ViolationCase | Alert]:
    """Cases or alerts, by the name a command or an address has for them."""
    return Alert if kind == "alerts" else ViolationCase


def _stands(one: EvidenceLock, now: datetime) -> bool:
    return one.released_at is None and (one.until is None or one.until > now)
