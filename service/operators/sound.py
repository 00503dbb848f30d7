"""The sound of a console: it may be muted for a limited time only, and every mute is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import select

from qyran.errors import InputError
from qyran.roles import Role
from service.access import require
from service.auth import names
from service.operators.board import READERS
from service.store.database import Work
from service.store.operator_tables import SoundEvent

OPERATOR: Final = frozenset({Role.SITUATIONAL_OPERATOR})
MUTES_S: Final = (30, 60, 120, 300)
"""How long a console may be muted at once, s."""
TRIALS: Final = ("heard", "unheard")
KINDS: Final = ("mute", "unmute", *TRIALS)


@dataclass(frozen=True, slots=True)
class SoundRow:
    """What an operator did with the sound, and for how long."""

    at: datetime
    name: str
    kind: str
    seconds: float | None


def mute(work: Work, seconds: int) -> datetime:
    """Mute the actor's console and keep it.

    Returns:
        When it sounds again.

    Raises:
        AccessError: the actor is no operator.
        InputError: nobody may mute for so long.
    """
    require(work.actor, OPERATOR)
    if seconds not in MUTES_S:
        raise InputError(f"Sound is muted for {', '.join(map(str, MUTES_S))} seconds, not for {seconds}.")
    until = work.now + timedelta(seconds=seconds)
    _keep(work, "mute", until)
    return until


def note(work: Work, kind: str) -> None:
    """Keep that the sound was switched on again, or how its trial went.

    Raises:
        AccessError: the actor is no operator.
        InputError: it is nothing that is kept.
    """
    require(work.actor, OPERATOR)
    if kind not in KINDS or kind == "mute":
        raise InputError(f"What is kept of the sound is {', '.join(KINDS)}, not {kind!r}.")
    _keep(work, kind, None)


def muted_until(work: Work) -> datetime | None:
    """Until when the actor's console is muted; None where it sounds."""
    query = select(SoundEvent).where(SoundEvent.actor == work.actor.id, SoundEvent.kind.in_(("mute", "unmute")))
    last = work.session.scalar(query.order_by(SoundEvent.at.desc()).limit(1))
    if last is None or last.until is None or last.until <= work.now:
        return None
    return last.until


def tried_since(work: Work, since: datetime) -> datetime | None:
    """When the actor last heard his console on trial since a moment; None where he has not."""
    query = select(SoundEvent.at).where(
        SoundEvent.actor == work.actor.id, SoundEvent.kind == "heard", SoundEvent.at >= since
    )
    return work.session.scalar(query.order_by(SoundEvent.at.desc()).limit(1))


def since(work: Work, moment: datetime, limit: int = 200) -> tuple[SoundRow, ...]:
    """What was done with the sound of any console since a moment, the oldest first.

    Raises:
        AccessError: the actor sees no alerts.
    """
    require(work.actor, READERS)
    query = select(SoundEvent).where(SoundEvent.at >= moment).order_by(SoundEvent.at.desc()).limit(limit)
    rows = list(work.session.scalars(query))[::-1]
    people = names(work, {row.actor for row in rows})
    return tuple(SoundRow(row.at, people.get(row.actor, ""), row.kind, _length(row)) for row in rows)


def _length(row: SoundEvent) -> float | None:
    return None if row.until is None else (row.until - row.at).total_seconds()


def _keep(work: Work, kind: str, until: datetime | None) -> None:
    work.session.add(SoundEvent(id=str(uuid4()), at=work.now, actor=work.actor.id, kind=kind, until=until))
