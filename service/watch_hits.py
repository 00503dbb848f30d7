"""Hits of watch lists: raised as a passage is taken, acknowledged and judged by the role that owns the list.

A hit says that a reading matched, not that the vehicle is the wanted one: a person looks at the still and says whether
it is, and the share of misreadings is shown beside every list.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import InstrumentedAttribute

from qyran.errors import InputError, NotFound, TransitionError
from qyran.roles import OFFICERS, Actor, Role
from service.access import log_access, require
from service.auth import names
from service.functions import demand, offers
from service.passages import PassageView, picture_of, views_of
from service.plate_pattern import PlatePattern
from service.store.bulk import there
from service.store.database import CHANGED_MEANWHILE, Work
from service.store.events import facts_of
from service.store.passage_tables import WatchEntry, WatchHit, WatchList
from service.store.tables import Passage

HIT_READERS: Final = OFFICERS
NEW: Final = "new"
ACKNOWLEDGED: Final = "acknowledged"
CONFIRMED: Final = "confirmed"
MISREAD: Final = "misread"
CLOSED: Final = "closed"
STATES: Final = (NEW, ACKNOWLEDGED, CONFIRMED, MISREAD, CLOSED)
OPEN: Final = frozenset({NEW, ACKNOWLEDGED, CONFIRMED})
"""States in which a hit is worked on and holds its passage beyond its term."""
OUTCOMES: Final = (CONFIRMED, MISREAD)
SOURCES: Final = {
    ACKNOWLEDGED: frozenset({NEW}),
    CONFIRMED: frozenset({NEW, ACKNOWLEDGED, MISREAD}),
    MISREAD: frozenset({NEW, ACKNOWLEDGED, CONFIRMED}),
    CLOSED: frozenset({CONFIRMED}),
}


class HitView(BaseModel):
    """A hit as its owner sees it.

    Attributes:
        pattern: the plate or pattern of the list's entry.
        note: what the list says of the entry.
        passage: None once retention has removed it.
        steps: what the actor may do now.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    version: int
    state: str
    list_id: str
    list_name: str
    purpose: str
    legal_ground: str
    owner: str
    pattern: str | None
    note: str | None
    time: datetime
    raised_at: datetime
    shown_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_by_name: str | None
    outcome: str | None
    outcome_at: datetime | None
    outcome_by_name: str | None
    camera_id: str
    passage: PassageView | None
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A passage being taken, and its plate."""

    id: str
    camera: str
    time: datetime
    token: str
    plate: str


def match(work: Work, seen: Sequence[Seen]) -> list[WatchHit]:
    """Raise a hit for every valid list with an entry that means the plate of one of the passages being taken.

    However many passages: one query of the entries of their plates, and one of the patterns.
    """
    if not seen or not offers(work.store.settings, "watch_lists"):
        return []
    entries = _entries(work, {one.token for one in seen})
    plain: dict[str, list[WatchEntry]] = {}
    for entry in entries:
        if entry.token is not None:
            plain.setdefault(entry.token, []).append(entry)
    open_ = [entry for entry in entries if entry.token is None]
    said = facts_of(work.session, work.store.vault, [entry.id for entry in open_])
    patterns = [(entry, PlatePattern(said[entry.id]["pattern"])) for entry in open_ if said[entry.id].get("pattern")]
    raised: dict[tuple[str, str], WatchHit] = {}
    for one in seen:
        meant = [*plain.get(one.token, ()), *(entry for entry, pattern in patterns if pattern.matches(one.plate))]
        for entry in meant:
            if (one.id, entry.list_id) not in raised:
                raised[one.id, entry.list_id] = _hit(work, one, entry)
    work.session.add_all(raised.values())
    return list(raised.values())


def _entries(work: Work, tokens: Collection[str]) -> list[WatchEntry]:
    """Entries of valid lists: those of these plates, then all patterns, each the oldest first."""
    query = (
        select(WatchEntry)
        .join(WatchList, WatchEntry.list_id == WatchList.id)
        .where(WatchEntry.removed_at.is_(None), WatchList.ended_at.is_(None), WatchList.valid_until > work.now)
    )
    known = there(work.session, WatchEntry.token, tokens)
    rows = [*work.session.scalars(query.where(WatchEntry.token.in_(known)))] if known else []
    rows += work.session.scalars(query.where(WatchEntry.token.is_(None)))
    return sorted(rows, key=lambda row: (row.token is None, row.added_at, row.id))


def _hit(work: Work, seen: Seen, entry: WatchEntry) -> WatchHit:
    return WatchHit(
        id=str(uuid5(NAMESPACE_URL, f"qyran:hit|{seen.id}|{entry.list_id}")),
        list_id=entry.list_id,
        entry_id=entry.id,
        passage_id=seen.id,
        camera_id=seen.camera,
        time=seen.time,
        state=NEW,
        raised_at=work.now,
        changed_at=work.now,
    )


def listing(work: Work, *, open_only: bool = True, list_id: str | None = None, limit: int = 100) -> tuple[HitView, ...]:
    """Hits of the lists the actor's role owns, the newest first.

    Raises:
        NotOffered: the city has no watch lists.
        AccessError: the actor is no officer.
    """
    demand(work.store.settings, "watch_lists")
    require(work.actor, HIT_READERS)
    query = _visible(work.actor)
    if open_only:
        query = query.where(WatchHit.state.in_((NEW, ACKNOWLEDGED)))
    if list_id:
        query = query.where(WatchHit.list_id == list_id)
    rows = work.session.scalars(query.order_by(WatchHit.raised_at.desc(), WatchHit.id).limit(limit)).all()
    return _views(work, rows)


def changed_since(work: Work, since: datetime) -> tuple[WatchHit, ...]:
    """Hits that changed at or after a moment: what the live list is fed with."""
    require(work.actor, HIT_READERS)
    query = _visible(work.actor).where(WatchHit.changed_at >= since).order_by(WatchHit.changed_at, WatchHit.id)
    return tuple(work.session.scalars(query))


def list_names(work: Work, rows: Sequence[WatchHit]) -> dict[str, str]:
    """Names of the lists of hits, by id."""
    query = select(WatchList.id, WatchList.name).where(_in(WatchList.id, rows, "list_id"))
    return {row.id: row.name for row in work.session.execute(query)}


def mark_shown(work: Work, ids: Iterable[str]) -> None:
    """A console has shown these hits: their alert has arrived."""
    unseen = update(WatchHit).where(WatchHit.id.in_(list(ids)), WatchHit.shown_at.is_(None))
    work.session.execute(unseen.values(shown_at=work.now))  # no new version: nobody's page is out of date for it


def open_hit(work: Work, hit_id: str) -> HitView:
    """A hit; the look is logged.

    Raises:
        NotFound: there is none, or another role owns its list.
    """
    demand(work.store.settings, "watch_lists")
    role = require(work.actor, HIT_READERS)
    row = _load(work, hit_id)
    log_access(work, role, "watch_hit_opened", row.id)
    return _views(work, [row])[0]


def step(work: Work, hit_id: str, target: str, *, version: int | None = None) -> HitView:
    """Acknowledge a hit, say whether the plate was the wanted one, or end its investigation.

    Raises:
        InputError: there is no such step.
        TransitionError: not from the hit's present state, or it has changed since the actor saw it.
        NotFound: there is no such hit, or another role owns its list.
    """
    demand(work.store.settings, "watch_lists")
    role = require(work.actor, HIT_READERS)
    if target not in SOURCES:
        raise InputError(f"A hit becomes one of {', '.join(SOURCES)}.")
    row = _load(work, hit_id, lock=True)
    if version is not None and row.version != version:
        raise TransitionError(CHANGED_MEANWHILE)
    if row.state not in SOURCES[target]:
        raise TransitionError(f"A hit that is {row.state} cannot become {target}.")
    row.state, row.changed_at = target, work.now
    if row.acknowledged_at is None:
        row.acknowledged_at, row.acknowledged_by = work.now, work.actor.id
    if target in OUTCOMES:
        row.outcome, row.outcome_at, row.outcome_by = target, work.now, work.actor.id
    if target == CLOSED:
        row.closed_at = work.now
    log_access(work, role, f"watch_hit_{target}", row.id)
    work.session.flush()
    return _views(work, [row])[0]


def picture(work: Work, hit_id: str, name: str) -> Path:
    """A picture of the passage that was hit.

    Raises:
        NotFound: there is no such hit or picture, or another role owns the list.
    """
    demand(work.store.settings, "watch_lists")
    require(work.actor, HIT_READERS)
    return picture_of(work, _load(work, hit_id).passage_id, name)


def _visible(actor: Actor) -> Select[WatchHit]:
    query = select(WatchHit)
    if actor.denied.vehicles:
        denied = select(Passage.id).where(Passage.plate_token.in_(sorted(actor.denied.vehicles)))
        query = query.where(WatchHit.passage_id.not_in(denied))
    if Role.SENIOR_OFFICER in actor.roles:
        return query
    owned = select(WatchList.id).where(WatchList.owner == Role.POLICE_OFFICER)
    return query.where(WatchHit.list_id.in_(owned))


def _load(work: Work, hit_id: str, *, lock: bool = False) -> WatchHit:
    query = _visible(work.actor).where(WatchHit.id == hit_id)
    row = work.session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(f"There is no hit {hit_id}.")
    return row


def _views(work: Work, rows: Sequence[WatchHit]) -> tuple[HitView, ...]:
    lists = {one.id: one for one in work.session.scalars(select(WatchList).where(_in(WatchList.id, rows, "list_id")))}
    passages = work.session.scalars(select(Passage).where(_in(Passage.id, rows, "passage_id"))).all()
    shown = {view.id: view for view in views_of(work, passages)}
    said = facts_of(work.session, work.store.vault, {row.entry_id for row in rows})
    people = names(work, [one for row in rows for one in (row.acknowledged_by, row.outcome_by)])
    return tuple(
        HitView(
            id=row.id,
            version=row.version,
            state=row.state,
            list_id=row.list_id,
            list_name=lists[row.list_id].name,
            purpose=lists[row.list_id].purpose,
            legal_ground=lists[row.list_id].legal_ground,
            owner=lists[row.list_id].owner,
            pattern=said[row.entry_id].get("pattern"),
            note=said[row.entry_id].get("note") or None,
            time=row.time,
            raised_at=row.raised_at,
            shown_at=row.shown_at,
            acknowledged_at=row.acknowledged_at,
            acknowledged_by_name=people.get(row.acknowledged_by or ""),
            outcome=row.outcome,
            outcome_at=row.outcome_at,
            outcome_by_name=people.get(row.outcome_by or ""),
            camera_id=row.camera_id,
            passage=shown.get(row.passage_id),
            steps=tuple(target for target, sources in SOURCES.items() if row.state in sources),
        )
        for row in rows
    )


def _in(column: InstrumentedAttribute[str], rows: Sequence[WatchHit], name: str) -> ColumnElement[bool]:
    return column.in_({getattr(row, name) for row in rows})
