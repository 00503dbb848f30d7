"""Taking events from the spool into the store: each exactly once, all of an event in one transaction.

The order keeps everything safe against a kill: the evidence is moved under its final name (which only its event's id
decides), then the transaction commits, then the item leaves the spool. Whatever is repeated finds itself done.

Passages and reports of analysis come by the thousand and are taken many in one transaction; where one of them cannot be
stored, halves are tried until it stands alone. Any number of processes take segments beside each other; what has files
or an order is taken by one, an alarm after one batch of passages at most.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DataError, OperationalError, StatementError
from sqlalchemy.exc import IntegrityError as ConstraintError

from evidence.verdict import Reason
from qyran.errors import QyranError
from qyran.roles import DETECTOR
from service.alert_taking import take_alert, take_evidence
from service.announcing import event_repeated, event_set_aside, events_stored
from service.beat_taking import ANALYSED, stretch, take_beats
from service.case_taking import take_violation
from service.cluster.fence import Fence, Fenced, count_refusal
from service.durable import move_folder
from service.event import VIEWS, Event
from service.fault_points import reach
from service.objects_store import ObjectsAway, keep_folder, keep_folders
from service.objects_store.away import Away
from service.outages.heartbeat import stream_told
from service.passage_taking import adopt_still, still_place, take_passages
from service.register_checks import check_passages
from service.spool import Item, Spool
from service.spool_segments import Segment
from service.store.bulk import put_new
from service.store.database import Store, Work
from service.store.tables import Camera, CameraLog, Ingested
from service.taking import Package, read_package

POISON = (QyranError, ValueError, OverflowError, DataError, ConstraintError, StatementError)
BATCH: Final = 1000
"""Events in one transaction: beyond some hundreds a commit's share of an event's cost is nothing."""
DEADLOCK: Final = "40P01"
"""PostgreSQL ended one of two transactions that waited for each other; it is simply done again."""
AGAIN: Final = 5

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one round did: events stored, events known already, items set aside."""

    stored: int = 0
    repeated: int = 0
    aside: int = 0

    def __add__(self, other: Taken) -> Taken:
        return Taken(self.stored + other.stored, self.repeated + other.repeated, self.aside + other.aside)


def ingest(spool: Spool, store: Store, told: Callable[[Taken], None] = lambda _: None) -> Taken:
    """Take everything that waits; `told` hears of each batch.

    An event that cannot be stored (an impossible value) is set aside with the reason and blocks nobody; a database or
    disk that fails raises, and the item waits.
    """
    before = spool.aside()
    taken = ingest_items(spool, store)
    told(taken)
    with closing(_batches(spool)) as batches:
        for items in batches:
            fresh = _take_batch(items, spool, store) + ingest_items(spool, store)
            told(fresh)
            taken += fresh
    return replace(taken, aside=spool.aside() - before)


def ingest_segments(spool: Spool, store: Store, told: Callable[[Taken], None] = lambda _: None) -> Taken:
    """Take the segments that no other process has: what may run in several processes at once."""
    taken = Taken()
    with closing(_batches(spool)) as batches:
        for items in batches:
            fresh = _take_batch(items, spool, store)
            told(fresh)
            taken += fresh
    return taken


def take(item: Item, store: Store) -> bool:
    """Store one event; False when it was stored before."""
    if _is_many(item.event):
        return bool(_store_batch([item], store))
    with store.read(DETECTOR) as work:
        event = Fence.of(work, (item.event,)).passed(item.event)
    package = _adopt(item, store)
    reach(store, "ingest.adopted")
    with store.write(DETECTOR) as work:
        if not _note(work, [item.event]):
            event_repeated(event.type)
            return False
        events_stored(work, [event])
        _TAKERS[event.type](work, event, package)
        reach(store, "ingest.written")
    reach(store, "ingest.committed")
    return True


def _batches(spool: Spool) -> Generator[list[Item], None, None]:
    """The lines of the spool's segments, in batches; a segment is gone when its last line is done."""
    batch: list[Item] = []
    claimed: list[Segment] = []
    try:
        for segment in spool.segments():
            claimed.append(segment)
            batch += [spool.item_of(number, event, segment) for number, event in segment.lines]
            while len(batch) >= BATCH:
                yield batch[:BATCH]
                del batch[:BATCH]
                claimed = [one for one in claimed if one.left]
        if batch:
            yield batch
    finally:  # an error that is kept somewhere would keep them claimed
        for one in claimed:
            one.release()


def ingest_items(spool: Spool, store: Store) -> Taken:
    """Take what lies outside of segments: each by itself and in order, passages with pictures in batches after it.

    One process at a time does.
    """
    taken, many, away = Taken(), list[Item](), Away(store)
    for item in spool.items():
        if _is_many(item.event):
            many.append(item)
            continue
        try:
            fresh = take(item, store)
        except POISON as error:
            _set_aside(item, error, spool, store)
            continue
        except ObjectsAway as error:
            away.tell(error)
            continue
        spool.done(item)
        taken += Taken(stored=int(fresh), repeated=int(not fresh))
    for start in range(0, len(many), BATCH):
        try:
            taken += _take_batch(many[start : start + BATCH], spool, store)
        except ObjectsAway as error:
            away.tell(error)
    away.settle()
    return taken


def _take_batch(items: Sequence[Item], spool: Spool, store: Store) -> Taken:
    """Take passages and reports in one transaction; where that fails, in halves, until the bad one stands alone."""
    try:
        stored = _store_batch(items, store)
    except POISON as error:
        if len(items) == 1:
            _set_aside(items[0], error, spool, store)
            return Taken()
        _raise_lost(error)
        half = len(items) // 2
        return _take_batch(items[:half], spool, store) + _take_batch(items[half:], spool, store)
    for item in items:
        spool.done(item)
    return Taken(stored=stored, repeated=len(items) - stored)


def _store_batch(items: Sequence[Item], store: Store) -> int:
    """Store passages and reports in one transaction; how many were not stored before."""
    seen = [item for item in items if item.event.type == "passage" and item.event.has_files]
    for item in seen:
        adopt_still(item, store)
    keep_folders(store.settings, "passages", [still_place(item.event) for item in seen])
    reach(store, "ingest.adopted")
    for left in range(AGAIN, -1, -1):
        try:
            with store.write(DETECTOR) as work:
                stored = _store_many(work, [item.event for item in items])
                reach(store, "ingest.written")
            break
        except OperationalError as error:
            if left == 0 or getattr(error.orig, "sqlstate", None) != DEADLOCK:
                raise
    reach(store, "ingest.committed")
    return stored


def _store_many(work: Work, given: Sequence[Event]) -> int:
    fence = Fence.of(work, given)
    passed = {str(event.id): fence.passed(event) for event in given}
    fresh = _note(work, list({event.id: event for event in given}.values()))
    events = [event for identity, event in passed.items() if identity in fresh]
    passages = [event for event in events if event.type == "passage"]
    if passages:
        take_passages(work, passages)
        check_passages(work, passages)
    beats = [event for event in events if event.type == "stream"]
    if beats:
        take_beats(work, beats)
    events_stored(work, events)
    return len(events)


def _note(work: Work, events: Sequence[Event]) -> set[str]:
    """Note that events are taken; the ids of those that were not before. The event's own time finds it again."""
    rows = [
        {"event_id": str(event.id), "type": event.type, "time": event.time, "at": work.now}
        for event in sorted(events, key=lambda event: event.id)  # two processes wait for each other in one order only
    ]
    return put_new(work.session, Ingested, "event_id", rows)


def _set_aside(item: Item, error: Exception, spool: Spool, store: Store) -> None:
    """Put an event where it blocks nobody.

    Raises:
        StatementError: it was not the event that failed, but the way to the database.
    """
    _raise_lost(error)
    event_set_aside(item.event.type)
    about = {"camera": item.event.camera, "event": str(item.event.id)}
    log.warning("Event %s was not stored: %s.", item.event.id, type(error).__name__, extra=about)
    if isinstance(error, Fenced):
        with store.write(DETECTOR) as work:
            count_refusal(work, item.event, error.reason)
    spool.set_aside(item, _reason(error))


def _raise_lost(error: Exception) -> None:
    if isinstance(error, StatementError) and (
        getattr(error, "connection_invalidated", False) or isinstance(error, OperationalError)
    ):
        raise error


def _is_many(event: Event) -> bool:
    return event.type == "passage" or (event.type, event.kind) == ("stream", ANALYSED)


def _adopt(item: Item, store: Store) -> Package | None:
    """Move the evidence to its final place and verify it there; again after a kill, it is there already."""
    event = item.event
    place = Path(f"{event.time:%Y-%m}") / str(event.id)
    target = store.settings.evidence_folder / place
    if item.evidence.exists():
        move_folder(item.evidence, target)
    if not target.exists():
        return None
    keep_folder(store.settings, "evidence", place)
    found = read_package(store.settings.evidence_folder, place, store.settings.home)
    if found.manifest is not None and found.manifest.event_id != str(event.id):
        return replace(found, faults=(*found.faults, Reason("manifest.json", "altered")))
    return found


def _stream(work: Work, event: Event, _: Package | None) -> None:
    if event.kind not in {"up", "down", *VIEWS}:
        raise ValueError(f"a stream event cannot be {event.kind}")
    start, end = stretch(event)
    work.session.add(
        CameraLog(
            event_id=str(event.id), camera_id=event.camera, kind=event.kind, source="worker", start=start, end=end
        )
    )
    camera = work.session.get(Camera, event.camera)
    if camera is None or event.kind in VIEWS:
        return
    if camera.status_at is None or event.time >= camera.status_at:
        camera.status, camera.status_at = event.kind, event.time
        stream_told(work, event.camera, event.kind, event.time)


_TAKERS: dict[str, Callable[[Work, Event, Package | None], None]] = {
    "stream": _stream,
    "violation": take_violation,
    "incident": take_alert,
    "fire_alert": take_alert,
    "evidence": take_evidence,
    "held_back": take_alert,
}


def _reason(error: BaseException) -> str:
    """What went wrong, without values that could be personal."""
    if isinstance(error, QyranError):
        return str(error)
    return f"the event holds a value that cannot be stored ({type(error).__name__})"
