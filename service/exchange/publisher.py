"""Publishing: what changed becomes records of the feed, each once, in the order of commits.

One lock (the row of the counter) is held from the first look until the commit. So places are given without a gap, no
record becomes visible before one with a lower place, and of two publishers one waits for the other. What a transaction
changes that commits later than this round left its mark in that transaction, and is told in the next round.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Final
from uuid import UUID, uuid5

from pydantic import ValidationError
from sqlalchemy import func, select

from evidence.canonical import canonical_json, sha256_hex
from service.exchange.cursor import cursor_of
from service.exchange.drafts import Draft
from service.exchange.shapes import RECORD, SCHEMA_VERSION, SHAPES, Data, Kind, Op
from service.exchange.tell_alerts import tell_alerts
from service.exchange.tell_cameras import tell_cameras, tell_views
from service.exchange.tell_counts import tell_counts
from service.exchange.tell_kpis import tell_publications, tell_revisions
from service.exchange.tell_quality import tell_outage, tell_quarantines
from service.exchange.tell_state import tell_state
from service.exchange.waiting import CHUNK, MOST, Waiting, take
from service.fault_points import reach
from service.store.counter import lock_series
from service.store.database import Store, Work
from service.store.exchange_tables import ExchangeDay, ExchangeRecord, ExchangeRound

SERIES: Final = "exchange"
NAMESPACE: Final = UUID("6f1d1a0e-2f4b-5c63-9a53-0a6c54d5b4f1")
COUNTS_EVERY: Final = timedelta(minutes=5)
"""Counts of violations go out so often at most: an hour's count changes with every case."""
AT_ONCE: Final = ("alert", "camera", "view", "quarantine", "publication", "revision")
COUNTED: Final = "case"
ROUNDS: Final = 50
"""Rounds of one call, so that a backlog does not keep others waiting for ever."""
VOLATILE: Final = frozenset({"as_of", "complete_to"})
"""A value told again only because time went by is not told again."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Published:
    """What a call did: records written, and how many of them for the first time about their subject."""

    records: int = 0
    new: int = 0


@dataclass(frozen=True, slots=True)
class _Before:
    """The newest record about a subject."""

    id: str
    revision: int
    content: str
    op: str


def publish(store: Store, further: Iterable[Draft] = (), *, counts: bool | None = None) -> Published:
    """Tell everything that waits.

    Args:
        store: the store.
        further: drafts that were made outside: provisional values of KPIs.
        counts: whether counts of violations are due; None asks the clock.
    """
    done = Published()
    for number in range(ROUNDS):
        with store.write() as work:
            one, took = _round(work, tuple(further) if number == 0 else (), counts=counts)
            reach(store, "exchange.written")
        done = Published(done.records + one.records, done.new + one.new)
        if took < MOST:
            break
    return done


def _round(work: Work, further: Sequence[Draft], *, counts: bool | None) -> tuple[Published, int]:
    counter = lock_series(work, SERIES)
    last = work.session.scalar(select(ExchangeRound).order_by(ExchangeRound.id.desc()).limit(1))
    now = max(work.store.clock().astimezone(UTC), last.at if last is not None else datetime.min.replace(tzinfo=UTC))
    due = _newest(work, Kind.VIOLATION_COUNT) if counts is None else None
    with_counts = counts if counts is not None else due is None or now - due >= COUNTS_EVERY
    waiting, marks = take(work, (*AT_ONCE, COUNTED) if with_counts else AT_ONCE)
    drafts = chain(
        tell_outage(_newest(work), now),
        _told(work, waiting),
        further,
        tell_state(work, _newest(work, Kind.SECURITY_STATE), now),
    )
    writer = _Writer(work, now, counter.last)
    writer.write(tuple(drafts))
    counter.last = writer.seq
    writer.account(last)
    return Published(writer.records, writer.new), marks


def _told(work: Work, waiting: dict[str, dict[str, Waiting]]) -> Iterator[Draft]:
    tellers = {
        "camera": tell_cameras, "view": tell_views, "alert": tell_alerts, "quarantine": tell_quarantines,
        "publication": tell_publications, "revision": tell_revisions, COUNTED: tell_counts,
    }  # fmt: skip
    for source, tell in tellers.items():
        if waiting.get(source):
            yield from tell(work, waiting[source])


def _newest(work: Work, kind: Kind | None = None) -> datetime | None:
    """When something was told last."""
    query = select(ExchangeRecord.published_at).order_by(ExchangeRecord.seq.desc()).limit(1)
    return work.session.scalar(query if kind is None else query.where(ExchangeRecord.kind == kind))


class _Writer:
    """Writes the records of one round.

    Args:
        work: the unit of work that holds the lock.
        now: when they appear.
        seq: the last place given.
    """

    def __init__(self, work: Work, now: datetime, seq: int) -> None:
        self.work, self.now, self.seq = work, now, seq
        self.day = now.astimezone(work.store.settings.zone).date()
        self.records = self.new = self.security = 0
        self._days: dict[str, list[int]] = {}

    def write(self, drafts: Sequence[Draft]) -> None:
        """Tell the drafts, but for what says nothing new."""
        checked = [self._checked(draft) for draft in drafts]
        before = _before(self.work, {draft.subject for draft, _ in checked})
        for draft, data in checked:
            told = self._line(draft, data, before.get(draft.subject))
            if told is not None:
                before[draft.subject] = told

    def account(self, last: ExchangeRound | None) -> None:
        """Enter the round into the log of updates, and what it told into the day's account."""
        if not self.records:
            return
        gap = None
        if self.security:
            query = select(func.max(ExchangeRound.at)).where(ExchangeRound.security > 0)
            earlier = self.work.session.scalar(query) if last is not None else None
            gap = None if earlier is None else (self.now - earlier) // timedelta(microseconds=1)
        row = ExchangeRound(at=self.now, day=self.day, records=self.records, security=self.security)
        row.last_seq, row.gap_us = self.seq, gap
        self.work.session.add(row)
        for kind, (records, measured, total, longest) in self._days.items():
            held = self.work.session.get(ExchangeDay, (self.day, kind))
            if held is None:
                held = ExchangeDay(day=self.day, kind=kind, records=0, measured=0, delay_us=0, longest_us=0)
                self.work.session.add(held)
            held.records += records
            held.measured += measured
            held.delay_us += total
            held.longest_us = max(held.longest_us, longest)

    def _checked(self, draft: Draft) -> tuple[Draft, Data | None]:
        """The draft with its data in shape; one that does not fit is withheld, and the feed says so."""
        if draft.data is None:
            return draft, None
        try:
            return draft, SHAPES[draft.kind].model_validate(draft.data)  # type: ignore[return-value]
        except ValidationError as error:
            places = sorted({str(one["loc"][0]) for one in error.errors(include_input=False) if one["loc"]})
            told = ", ".join(places)  # no values: they could be personal
            log.error("The record %s was withheld: %s do not fit the schema.", draft.subject, told)  # noqa: TRY400
        data = {"event": "record_withheld", "camera": None, "violation": None, "began_at": self.now, "ended_at": None,
                "outcome": draft.kind.value}  # fmt: skip
        instead = Draft(kind=Kind.DATA_QUALITY, subject=f"withheld/{draft.subject}", data=data,
                        occurred_at=draft.occurred_at, received_at=draft.received_at, measured=False,
                        origin=draft.origin)  # fmt: skip
        return instead, SHAPES[Kind.DATA_QUALITY].model_validate(data)  # type: ignore[return-value]

    def _line(self, draft: Draft, data: Data | None, before: _Before | None) -> _Before | None:
        gone = draft.data is None
        if gone and (before is None or before.op == Op.TOMBSTONE):
            return None
        content = _content(draft, data)
        if before is not None and before.content == content and not draft.always:
            return None
        op = Op.TOMBSTONE if gone else Op.NEW if before is None else Op.UPDATE
        revision = 1 if before is None else before.revision + 1
        record_id = str(uuid5(NAMESPACE, f"{self.work.store.settings.city_id}|{draft.subject}|{revision}"))
        self.seq += 1
        received = min(draft.received_at, self.now)
        record = RECORD.validate_python(
            {
                "schema_version": SCHEMA_VERSION,
                "id": record_id,
                "seq": self.seq,
                "cursor": cursor_of(self.seq, record_id),
                "city": self.work.store.settings.city_id,
                "category": draft.category,
                "kind": draft.kind,
                "op": op,
                "subject": draft.subject,
                "revision": revision,
                "replaces": None if before is None else before.id,
                "origin": draft.origin,
                "occurred_at": draft.occurred_at.astimezone(UTC),
                "received_at": received.astimezone(UTC),
                "published_at": self.now,
                "gone": draft.gone,
                "see": draft.see,
                "data": data,
            }
        )
        line = canonical_json(record.model_dump(mode="json")).decode()
        self.work.session.add(
            ExchangeRecord(
                seq=self.seq,
                id=record_id,
                kind=draft.kind,
                subject=draft.subject,
                revision=revision,
                op=op,
                replaces=record.replaces,
                day=self.day,
                occurred_at=draft.occurred_at,
                received_at=received,
                published_at=self.now,
                measured=draft.measured,
                content=content,
                sha256=sha256_hex(line.encode()),
                line=line,
            )
        )
        self._count(draft, received, first=before is None)
        return _Before(record_id, revision, content, op)

    def _count(self, draft: Draft, received: datetime, *, first: bool) -> None:
        self.records += 1
        self.new += first
        self.security += draft.category == "security"
        of_kind = self._days.setdefault(draft.kind, [0, 0, 0, 0])
        of_kind[0] += 1
        if draft.measured:
            delay = (self.now - received) // timedelta(microseconds=1)
            of_kind[1] += 1
            of_kind[2] += delay
            of_kind[3] = max(of_kind[3], delay)


def _content(draft: Draft, data: Data | None) -> str:
    """SHA-256 of what a draft says, its moment left out."""
    said: Any = None if data is None else data.model_dump(mode="json", exclude=set(VOLATILE))
    return sha256_hex(canonical_json({"data": said, "gone": draft.gone, "see": draft.see}))


def _before(work: Work, subjects: set[str]) -> dict[str, _Before]:
    """The newest record about each subject."""
    wanted, found = sorted(subjects), {}
    table = ExchangeRecord
    for start in range(0, len(wanted), CHUNK):
        newest = (
            select(table.subject, func.max(table.revision).label("revision"))
            .where(table.subject.in_(wanted[start : start + CHUNK]))
            .group_by(table.subject)
            .subquery()
        )
        query = select(table.subject, table.id, table.revision, table.content, table.op).join(
            newest, (newest.c.subject == table.subject) & (newest.c.revision == table.revision)
        )
        for row in work.session.execute(query):
            found[row.subject] = _Before(row.id, row.revision, row.content, row.op)
    return found
