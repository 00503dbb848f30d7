"""A breach of personal data: written down, its clock started, whoever is affected found, the authority told in time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import delete, func, select

from qyran.errors import InputError, NotFound, TransitionError
from qyran.roles import Role
from service.access import log_access, require
from service.access_register import Wanted, counts
from service.privacy_terms import end_of, last_day, terms
from service.store.counter import next_number
from service.store.database import Work
from service.store.events import facts_of
from service.store.people_tables import Breach, BreachRecord
from service.store.tables import Personal

KINDS: Final = ("unlawful_access", "disclosure", "loss", "alteration")
DATA_KINDS: Final = ("plates", "owners", "pictures", "passages", "decisions", "users")
KEEPERS: Final = frozenset({Role.DATA_PROTECTION_OFFICER, Role.SYSTEM})
READERS: Final = KEEPERS | {Role.AUDITOR}
LEAST_WORDS: Final = 20
"""Characters of a description at least."""


@dataclass(frozen=True, slots=True)
class NewBreach:
    """What is known of a breach.

    Attributes:
        noticed_at: the clock starts.
        began, ended: when it happened, as far as it is known.
        wanted: whose looks were it: a question to the access register within that time.
    """

    kind: str
    noticed_at: datetime
    began: datetime
    ended: datetime
    description: str
    measures: str
    data_kinds: tuple[str, ...]
    wanted: Wanted


def register(work: Work, new: NewBreach) -> Breach:
    """Write a breach down; its notice is due at the end of its last working day.

    Raises:
        AccessError: the actor is no data-protection officer.
        InputError: something of it cannot be.
    """
    role = require(work.actor, KEEPERS)
    _check(work, new)
    day = new.noticed_at.astimezone(work.store.settings.zone).date()
    term = terms(work, day)["breach_notice"]
    row = Breach(
        id=str(uuid4()),
        number=f"PD-{day.year}-{next_number(work, f'breach {day.year}'):04d}",
        kind=new.kind,
        noticed_at=new.noticed_at,
        due_at=end_of(work, last_day(day, term)),
        term_days=term.value,
        term_source=term.source,
        term_verified=term.verified,
        began=new.began,
        ended=new.ended,
        data_kinds=sorted(new.data_kinds),
        wanted={},
        affected=0,
        registered_at=work.now,
        registered_by=work.actor.id,
    )
    work.session.add(row)
    said = {"description": new.description.strip(), "measures": new.measures.strip()}
    wrapped, sealed = work.store.vault.seal(row.id, 0, {"payload": said})
    work.session.add(Personal(record=row.id, seq=0, wrapped_key=wrapped, sealed=sealed))
    work.session.flush()
    _find(work, row, new.wanted)
    log_access(work, role, "breach_registered", row.id)
    return row


def find_again(work: Work, breach_id: str, wanted: Wanted) -> Breach:
    """Ask the access register anew who is affected."""
    role = require(work.actor, KEEPERS)
    row = _load(work, breach_id, lock=True)
    _find(work, row, wanted)
    log_access(work, role, "breach_counted", row.id)
    return row


def breaches(work: Work) -> tuple[Breach, ...]:
    """All breaches, the newest first."""
    require(work.actor, READERS)
    return tuple(work.session.scalars(select(Breach).order_by(Breach.noticed_at.desc(), Breach.number.desc())))


def breach_facts(work: Work, breach_id: str) -> tuple[Breach, dict[str, Any]]:
    """A breach and what it says; the look is logged.

    Raises:
        NotFound: there is no such breach.
    """
    role = require(work.actor, READERS)
    row = _load(work, breach_id)
    log_access(work, role, "breach_opened", row.id)
    return row, facts_of(work.session, work.store.vault, [row.id])[row.id]


def affected(work: Work, breach_id: str, limit: int = 200) -> tuple[tuple[str, int], ...]:
    """Records a breach touched and how often each was looked at, the most first."""
    query = select(BreachRecord).where(BreachRecord.breach_id == breach_id)
    rows = work.session.scalars(query.order_by(BreachRecord.times.desc(), BreachRecord.record).limit(limit))
    return tuple((row.record, row.times) for row in rows)


def late(work: Work) -> int:
    """How many breaches the authority should have been told of by now."""
    query = select(func.count()).select_from(Breach).where(Breach.sent_at.is_(None), Breach.due_at <= work.now)
    return work.session.scalar(query) or 0


def sent(work: Work, breach_id: str, at: datetime) -> None:
    """The notice went to the authority.

    Raises:
        TransitionError: it did already.
        InputError: the moment is before the breach was noticed, or to come.
    """
    role = require(work.actor, KEEPERS)
    row = _load(work, breach_id, lock=True)
    if row.sent_at is not None:
        raise TransitionError("The notice of this breach was sent already.")
    if not row.noticed_at <= at <= work.now:
        raise InputError("The notice goes out after the breach was noticed, and not in the future.")
    row.sent_at, row.sent_by = at, work.actor.id
    log_access(work, role, "breach_sent", row.id)


def acknowledged(work: Work, breach_id: str, number: str, at: datetime) -> None:
    """The authority confirmed the notice under a number of its own.

    Raises:
        TransitionError: the notice was not sent, or was confirmed already.
        InputError: the number is empty, or the moment is before the sending or to come.
    """
    role = require(work.actor, KEEPERS)
    row = _load(work, breach_id, lock=True)
    if row.sent_at is None or row.acknowledged_at is not None:
        raise TransitionError("A notice is confirmed once, after it was sent.")
    if not 1 <= len(number.strip()) <= 64:
        raise InputError("Give the number under which the authority confirmed the notice.")
    if not row.sent_at <= at <= work.now:
        raise InputError("The notice is confirmed after it was sent, and not in the future.")
    row.acknowledged_at, row.acknowledgement = at, number.strip()
    row.closed_at = work.now
    log_access(work, role, "breach_acknowledged", row.id)


def _find(work: Work, row: Breach, wanted: Wanted) -> None:
    asked = replace(wanted, start=row.began, end=row.ended)
    found = counts(work, asked)
    work.session.execute(delete(BreachRecord).where(BreachRecord.breach_id == row.id))
    work.session.add_all(BreachRecord(breach_id=row.id, record=record, times=times) for record, times in found.items())
    row.wanted, row.affected = asked.said(), len(found)
    work.session.flush()


def _load(work: Work, breach_id: str, *, lock: bool = False) -> Breach:
    row = work.session.get(Breach, breach_id, with_for_update=lock)
    if row is None:
        raise NotFound(f"There is no breach {breach_id}.")
    return row


def _check(work: Work, new: NewBreach) -> None:
    if new.kind not in KINDS:
        raise InputError(f"A breach is {', '.join(KINDS)}.")
    if not new.data_kinds or set(new.data_kinds) - set(DATA_KINDS):
        raise InputError(f"Name what was affected: {', '.join(DATA_KINDS)}.")
    if not LEAST_WORDS <= len(new.description.strip()) <= 4000:
        raise InputError(f"Describe the breach in {LEAST_WORDS} to 4000 characters.")
    if not new.began < new.ended:
        raise InputError("The time of the breach has to begin before it ends.")
    if not new.began <= new.noticed_at <= work.now:
        raise InputError("A breach is noticed after it began, and not in the future.")
