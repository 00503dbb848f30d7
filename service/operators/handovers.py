"""The handover of a shift: what is open, who has it, what is muted or down, and what the outgoing operator says of it.

He writes it; the incoming one confirms it by a login of his own. Both stand, and nothing of it changes afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import select

from incidents.alert import OPEN
from qyran.errors import AccessError, InputError, NotFound, TransitionError
from service.access import log_access, require
from service.auth import names
from service.operators import sound
from service.operators.board import FRESH, READERS
from service.operators.down import Down, down_now
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.operator_tables import ShiftHandover
from service.store.tables import Personal

NOTES: Final = 4000  # characters
FIRST: Final = timedelta(hours=12)  # what a first handover looks back on
LISTED: Final = 30  # handovers of the list
MOST: Final = 500  # open alerts a handover names


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is not over; `holder` is who acknowledged it."""

    id: str
    kind: str
    camera: str
    state: str
    holder: str | None
    t_detect: datetime
    is_drill: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """What is handed over.

    Attributes:
        since: when the shift began.
        open: alerts that are not over, the unanswered first.
        more: how many more are open than `open` names.
        sounds: what was done with the sound since.
        down: what is down now.
    """

    since: datetime
    open: tuple[OpenAlert, ...]
    more: int
    sounds: tuple[sound.SoundRow, ...]
    down: tuple[Down, ...]


@dataclass(frozen=True, slots=True)
class Handover:
    """A handover as it was written; `standing` is None in a list."""

    id: str
    written_at: datetime
    written_by: str
    writer: str
    confirmed_at: datetime | None
    taker: str | None
    notes: str | None
    standing: Standing | None
    latest: bool


def standing(work: Work) -> Standing:
    """What would be handed over now.

    Raises:
        AccessError: the actor sees no alerts.
    """
    require(work.actor, READERS)
    last = _latest(work)
    since = last.written_at if last is not None else work.now - FIRST
    rows = list(work.session.scalars(select(Alert).where(Alert.state.in_(OPEN)).order_by(Alert.t_detect.desc())))
    rows.sort(key=lambda row: row.state not in FRESH)
    people = names(work, {row.ack_by for row in rows})
    found = tuple(
        OpenAlert(row.id, row.kind, row.camera_id, row.state or "", people.get(row.ack_by or ""), row.t_detect,
                  row.is_drill)
        for row in rows[:MOST]
    )  # fmt: skip
    return Standing(since, found, len(rows) - len(found), sound.since(work, since), down_now(work))


def write(work: Work, notes: str) -> str:
    """Write the shift down as it stands now.

    Returns:
        Id of the handover.

    Raises:
        AccessError: the actor is no operator.
        InputError: the notes are too long.
    """
    role = require(work.actor, sound.OPERATOR)
    said = notes.strip()
    if len(said) > NOTES:
        raise InputError(f"The notes of a handover have {NOTES} characters at most, not {len(said)}.")
    now = standing(work)
    row = ShiftHandover(
        id=str(uuid4()), written_at=work.now, written_by=work.actor.id, since=now.since, facts=_facts(now),
        confirmed_at=None, confirmed_by=None,
    )  # fmt: skip
    work.session.add(row)
    people = {"open": [one.holder for one in now.open], "sounds": [one.name for one in now.sounds]}
    wrapped, sealed = work.store.vault.seal(row.id, 0, {"payload": {"notes": said, **people}})
    work.session.add(Personal(record=row.id, seq=0, wrapped_key=wrapped, sealed=sealed))
    log_access(work, role, "shift_written", row.id)
    return row.id


def confirm(work: Work, handover_id: str) -> None:
    """Take the shift over.

    Raises:
        AccessError: the actor is no operator, or wrote it himself.
        NotFound: there is no such handover.
        TransitionError: it was confirmed already, or another was written since.
    """
    role = require(work.actor, sound.OPERATOR)
    row = work.session.get(ShiftHandover, handover_id, with_for_update=True)
    if row is None:
        raise NotFound(f"There is no handover {handover_id}.")
    if row.written_by == work.actor.id:
        raise AccessError("A shift is taken over by another operator than the one who wrote it.")
    if row.confirmed_at is not None:
        raise TransitionError("The shift was taken over already.")
    last = _latest(work)
    if last is not None and last.id != row.id:
        raise TransitionError("Another handover was written since; take over that one.")
    row.confirmed_at, row.confirmed_by = work.now, work.actor.id
    log_access(work, role, "shift_confirmed", row.id)


def listing(work: Work) -> tuple[Handover, ...]:
    """The newest handovers, the newest first.

    Raises:
        AccessError: the actor sees no alerts.
    """
    require(work.actor, READERS)
    rows = list(work.session.scalars(select(ShiftHandover).order_by(ShiftHandover.written_at.desc()).limit(LISTED)))
    return tuple(_view(work, row, latest=place == 0) for place, row in enumerate(rows))


def opened(work: Work, handover_id: str) -> Handover:
    """A handover with its words; the look is logged.

    Raises:
        AccessError: the actor sees no alerts.
        NotFound: there is no such handover.
    """
    role = require(work.actor, READERS)
    row = work.session.get(ShiftHandover, handover_id)
    if row is None:
        raise NotFound(f"There is no handover {handover_id}.")
    log_access(work, role, "shift_opened", row.id)
    last = _latest(work)
    return _view(work, row, latest=last is not None and last.id == row.id, whole=True)


def _latest(work: Work) -> ShiftHandover | None:
    return work.session.scalar(select(ShiftHandover).order_by(ShiftHandover.written_at.desc()).limit(1))


def _facts(now: Standing) -> dict[str, Any]:
    """Codes and moments only: who held what is sealed with the notes."""
    return {
        "open": [[one.id, one.kind, one.camera, one.state, one.t_detect.isoformat(), one.is_drill] for one in now.open],
        "more": now.more,
        "sounds": [[one.at.isoformat(), one.kind, one.seconds] for one in now.sounds],
        "down": [[one.component, one.since.isoformat() if one.since else None, one.reason] for one in now.down],
    }


def _view(work: Work, row: ShiftHandover, *, latest: bool, whole: bool = False) -> Handover:
    people = names(work, (row.written_by, row.confirmed_by))
    said = _sealed(work, row) if whole else {}
    return Handover(
        id=row.id,
        written_at=row.written_at,
        written_by=row.written_by,
        writer=people.get(row.written_by, ""),
        confirmed_at=row.confirmed_at,
        taker=people.get(row.confirmed_by or ""),
        notes=said.get("notes"),
        standing=_standing(row, said) if whole else None,
        latest=latest,
    )


def _sealed(work: Work, row: ShiftHandover) -> dict[str, Any]:
    kept = work.session.get(Personal, (row.id, 0))
    if kept is None or kept.wrapped_key is None or kept.sealed is None:
        return {}
    opened: dict[str, Any] = work.store.vault.open(row.id, 0, kept.wrapped_key, kept.sealed)["payload"]
    return opened


def _standing(row: ShiftHandover, said: dict[str, Any]) -> Standing:
    facts = row.facts
    holders = said.get("open") or [None] * len(facts["open"])
    people = said.get("sounds") or [""] * len(facts["sounds"])
    return Standing(
        row.since or row.written_at,
        tuple(
            OpenAlert(one, kind, camera, state, holder, datetime.fromisoformat(at), drill)
            for (one, kind, camera, state, at, drill), holder in zip(facts["open"], holders, strict=True)
        ),
        facts["more"],
        tuple(
            sound.SoundRow(datetime.fromisoformat(at), name, kind, seconds)
            for (at, kind, seconds), name in zip(facts["sounds"], people, strict=True)
        ),
        tuple(
            Down(component, datetime.fromisoformat(at) if at else None, reason)
            for component, at, reason in facts["down"]
        ),
    )
