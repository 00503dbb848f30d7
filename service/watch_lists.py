"""Watch lists: who may be looked for, on which ground, until when. Only senior officers make them; all is logged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import uuid4

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints
from sqlalchemy import func, select

from qyran.errors import InputError, NotFound, TransitionError
from qyran.roles import OFFICERS, Role
from service.access import log_access, require
from service.auth import names
from service.functions import demand
from service.plate_pattern import PlatePattern, plate_pattern
from service.store.database import Work
from service.store.events import facts_of
from service.store.passage_tables import WatchEntry, WatchHit, WatchList
from service.store.tables import Personal
from service.watch_hits import CONFIRMED, MISREAD, NEW

LIST_WRITERS: Final = frozenset({Role.SENIOR_OFFICER})
LIST_READERS: Final = OFFICERS | {Role.AUDITOR, Role.DATA_PROTECTION_OFFICER}
PURPOSES: Final = ("stolen_vehicle", "wanted_person", "missing_person", "criminal_case", "court_order", "exercise")
MOST_PATTERNS: Final = 200
"""Patterns with wildcards in all valid lists: each is opened and compared for every passage, some 60 microseconds."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=128)]
Ground = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=255)]


class NewList(BaseModel):
    """A list to be made; `owner` is the role that is alerted."""

    model_config = ConfigDict(extra="forbid")

    name: Text
    purpose: Literal["stolen_vehicle", "wanted_person", "missing_person", "criminal_case", "court_order", "exercise"]
    legal_ground: Ground
    owner: Literal["police_officer", "senior_officer"] = "police_officer"
    valid_until: AwareDatetime


class NewEntry(BaseModel):
    """A plate or pattern for a list, and what whoever stops the vehicle has to know."""

    model_config = ConfigDict(extra="forbid")

    plate: Annotated[str, StringConstraints(max_length=20)]
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


class EntryView(BaseModel):
    """An entry; pattern and note are None to who may not see plates, and where they were erased."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    pattern: str | None
    note: str | None
    added_at: datetime
    added_by_name: str
    removed_at: datetime | None
    removed_by_name: str | None


class ListView(BaseModel):
    """A list.

    Attributes:
        state: valid, expired or ended.
        hits, waiting: how many there were, and how many nobody has judged.
        judged, misread: hits a person has judged, and how many of them were misreadings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    purpose: str
    legal_ground: str
    owner: str
    state: Literal["valid", "expired", "ended"]
    valid_until: datetime
    made_at: datetime
    made_by_name: str
    ended_at: datetime | None
    entries: int
    hits: int
    waiting: int
    judged: int
    misread: int


class ListDetail(ListView):
    """A list with its entries."""

    plates: tuple[EntryView, ...]


def listing(work: Work) -> tuple[ListView, ...]:
    """All lists, the valid ones first, the newest first among them.

    Raises:
        NotOffered: the city has no watch lists.
        AccessError: the actor's role sees none.
    """
    demand(work.store.settings, "watch_lists")
    require(work.actor, LIST_READERS)
    rows = work.session.scalars(select(WatchList).order_by(WatchList.made_at.desc(), WatchList.id)).all()
    views = [_view(work, row) for row in rows]
    return tuple(sorted(views, key=lambda one: one.state != "valid"))


def make(work: Work, wanted: NewList) -> ListDetail:
    """Make a list.

    Raises:
        AccessError: the actor is no senior officer.
        InputError: its validity has passed or is too long.
    """
    demand(work.store.settings, "watch_lists")
    role = require(work.actor, LIST_WRITERS)
    _check_validity(work, wanted.valid_until)
    row = WatchList(
        id=str(uuid4()),
        **wanted.model_dump(),
        made_at=work.now,
        made_by=work.actor.id,
        ended_at=None,
        ended_by=None,
    )
    work.session.add(row)
    work.session.flush()
    log_access(work, role, "watch_list_made", row.id)
    return _detail(work, row)


def open_list(work: Work, list_id: str) -> ListDetail:
    """A list with its entries; the look is logged. Auditors see no plates.

    Raises:
        NotFound: there is none.
    """
    demand(work.store.settings, "watch_lists")
    role = require(work.actor, LIST_READERS)
    row = _load(work, list_id)
    log_access(work, role, "watch_list_opened", row.id)
    return _detail(work, row)


def add_entry(work: Work, list_id: str, wanted: NewEntry) -> EntryView:
    """Put a plate or pattern on a list.

    Raises:
        InputError: it is none, or there are too many patterns.
        TransitionError: the list is not valid any more, or holds it already.
    """
    demand(work.store.settings, "watch_lists")
    role = require(work.actor, LIST_WRITERS)
    row = _load(work, list_id, lock=True)
    _check_valid(work, row)
    pattern, vault = plate_pattern(wanted.plate), work.store.vault
    if _holds(work, row, pattern):
        raise TransitionError("The list holds this plate already.")
    if not pattern.exact and _patterns(work) >= MOST_PATTERNS:
        raise InputError(f"There are {MOST_PATTERNS} patterns with wildcards already; remove one, or write the plate.")
    entry = WatchEntry(
        id=str(uuid4()),
        list_id=row.id,
        token=vault.token(pattern.text) if pattern.exact else None,
        added_at=work.now,
        added_by=work.actor.id,
        removed_at=None,
        removed_by=None,
    )
    work.session.add(entry)
    wrapped, sealed = vault.seal(entry.id, 0, {"payload": {"pattern": pattern.text, "note": wanted.note}})
    work.session.add(Personal(record=entry.id, seq=0, wrapped_key=wrapped, sealed=sealed))
    work.session.flush()
    log_access(work, role, "watch_entry_added", row.id)
    return _entries(work, [entry])[0]


def remove_entry(work: Work, list_id: str, entry_id: str) -> EntryView:
    """Take an entry off a list; what it brought stays.

    Raises:
        NotFound: the list has no such entry.
    """
    demand(work.store.settings, "watch_lists")
    role = require(work.actor, LIST_WRITERS)
    row = _load(work, list_id, lock=True)
    entry = work.session.get(WatchEntry, entry_id, with_for_update=True)
    if entry is None or entry.list_id != row.id or entry.removed_at is not None:
        raise NotFound(f"The list {list_id} has no entry {entry_id}.")
    entry.removed_at, entry.removed_by = work.now, work.actor.id
    work.session.flush()
    log_access(work, role, "watch_entry_removed", row.id)
    return _entries(work, [entry])[0]


def renew(work: Work, list_id: str, valid_until: datetime) -> ListDetail:
    """Make a list valid until another moment.

    Raises:
        InputError: that moment has passed or is too far away.
        TransitionError: the list was ended.
    """
    demand(work.store.settings, "watch_lists")
    role = require(work.actor, LIST_WRITERS)
    row = _load(work, list_id, lock=True)
    if row.ended_at is not None:
        raise TransitionError("The list was ended; make another.")
    _check_validity(work, valid_until)
    row.valid_until = valid_until
    work.session.flush()
    log_access(work, role, "watch_list_renewed", row.id)
    return _detail(work, row)


def end(work: Work, list_id: str) -> ListDetail:
    """End a list for good: it matches nothing any more.

    Raises:
        TransitionError: it was ended already.
    """
    demand(work.store.settings, "watch_lists")
    role = require(work.actor, LIST_WRITERS)
    row = _load(work, list_id, lock=True)
    if row.ended_at is not None:
        raise TransitionError("The list was ended already.")
    row.ended_at, row.ended_by = work.now, work.actor.id
    work.session.flush()
    log_access(work, role, "watch_list_ended", row.id)
    return _detail(work, row)


def _check_validity(work: Work, until: datetime) -> None:
    days = work.store.settings.watch_list_days
    if not work.now < until <= work.now + timedelta(days=days):
        raise InputError(f"A watch list is valid until a moment to come, {days} days from now at most.")


def _check_valid(work: Work, row: WatchList) -> None:
    if _state(work, row) != "valid":
        raise TransitionError("The list is not valid any more; renew it or make another.")


def _load(work: Work, list_id: str, *, lock: bool = False) -> WatchList:
    query = select(WatchList).where(WatchList.id == list_id)
    row = work.session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(f"There is no watch list {list_id}.")
    return row


def _patterns(work: Work) -> int:
    query = (
        select(func.count())
        .select_from(WatchEntry)
        .join(WatchList, WatchEntry.list_id == WatchList.id)
        .where(
            WatchEntry.token.is_(None),
            WatchEntry.removed_at.is_(None),
            WatchList.ended_at.is_(None),
            WatchList.valid_until > work.now,
        )
    )
    return work.session.scalar(query) or 0


def _holds(work: Work, row: WatchList, pattern: PlatePattern) -> bool:
    """Whether a list has an entry already; of the sealed ones only the few patterns are opened."""
    there = select(WatchEntry.id).where(WatchEntry.list_id == row.id, WatchEntry.removed_at.is_(None))
    if pattern.exact:
        same = there.where(WatchEntry.token == work.store.vault.token(pattern.text))
        return work.session.scalar(same.limit(1)) is not None
    patterns = work.session.scalars(there.where(WatchEntry.token.is_(None)))
    said = facts_of(work.session, work.store.vault, patterns)
    return any(one.get("pattern") == pattern.text for one in said.values())


def _entries(work: Work, rows: Sequence[WatchEntry]) -> tuple[EntryView, ...]:
    sees = work.actor.acts_as(OFFICERS) is not None
    said = facts_of(work.session, work.store.vault, [one.id for one in rows]) if sees else {}
    people = names(work, [who for one in rows for who in (one.added_by, one.removed_by)])
    return tuple(
        EntryView(
            id=one.id,
            pattern=said.get(one.id, {}).get("pattern"),
            note=said.get(one.id, {}).get("note") or None,
            added_at=one.added_at,
            added_by_name=people.get(one.added_by, one.added_by),
            removed_at=one.removed_at,
            removed_by_name=people.get(one.removed_by or ""),
        )
        for one in rows
    )


def _state(work: Work, row: WatchList) -> Literal["valid", "expired", "ended"]:
    if row.ended_at is not None:
        return "ended"
    return "valid" if row.valid_until > work.now else "expired"


def _view(work: Work, row: WatchList) -> ListView:
    counts = dict(
        work.session.execute(
            select(WatchHit.state, func.count()).where(WatchHit.list_id == row.id).group_by(WatchHit.state)
        ).all()
    )
    outcomes = dict(
        work.session.execute(
            select(WatchHit.outcome, func.count())
            .where(WatchHit.list_id == row.id, WatchHit.outcome.is_not(None))
            .group_by(WatchHit.outcome)
        ).all()
    )
    entries = select(func.count()).where(WatchEntry.list_id == row.id, WatchEntry.removed_at.is_(None))
    return ListView(
        id=row.id,
        name=row.name,
        purpose=row.purpose,
        legal_ground=row.legal_ground,
        owner=row.owner,
        state=_state(work, row),
        valid_until=row.valid_until,
        made_at=row.made_at,
        made_by_name=names(work, [row.made_by]).get(row.made_by, row.made_by),
        ended_at=row.ended_at,
        entries=work.session.scalar(entries) or 0,
        hits=sum(counts.values()),
        waiting=counts.get(NEW, 0) + counts.get("acknowledged", 0),
        judged=outcomes.get(CONFIRMED, 0) + outcomes.get(MISREAD, 0),
        misread=outcomes.get(MISREAD, 0),
    )


def _detail(work: Work, row: WatchList) -> ListDetail:
    query = select(WatchEntry).where(WatchEntry.list_id == row.id).order_by(WatchEntry.added_at, WatchEntry.id)
    plates = _entries(work, work.session.scalars(query).all())
    return ListDetail(**_view(work, row).model_dump(), plates=plates)
