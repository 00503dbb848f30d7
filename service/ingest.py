"""Taking events from the spool into the store: each exactly once, all of an event in one transaction.

The order keeps everything safe against a kill: the evidence is moved under its final name (which only its event's id
decides), then the transaction commits, then the item leaves the spool. Whatever is repeated finds itself done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy.exc import DataError, StatementError
from sqlalchemy.exc import IntegrityError as ConstraintError

from evidence.verdict import Reason
from qyran.errors import QyranError
from qyran.roles import DETECTOR
from service.alert_taking import take_alert, take_evidence
from service.case_taking import take_violation
from service.cluster.fence import Fence, Fenced, count_refusal
from service.durable import move_folder
from service.event import VIEWS, Event
from service.fault_points import reach
from service.outages.heartbeat import stream_told
from service.passage_taking import adopt_still, take_passage
from service.register_checks import check_passage
from service.spool import Item, Spool
from service.store.database import Store, Work
from service.store.tables import Camera, CameraLog, Ingested
from service.taking import Package, read_package

POISON = (QyranError, ValueError, DataError, ConstraintError, StatementError)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one round did: events stored, events known already, items set aside."""

    stored: int = 0
    repeated: int = 0
    aside: int = 0


def ingest(spool: Spool, store: Store) -> Taken:
    """Take everything that waits.

    An event that cannot be stored (an impossible value) is set aside with the reason and blocks nobody; a database or
    disk that fails raises, and the item waits.
    """
    taken = Taken()
    before = spool.aside()
    for item in spool.pending():
        try:
            fresh = take(item, store)
        except POISON as error:
            if isinstance(error, StatementError) and error.connection_invalidated:
                raise
            log.warning("Event %s was not stored: %s.", item.event.id, type(error).__name__)
            if isinstance(error, Fenced):
                with store.write(DETECTOR) as work:
                    count_refusal(work, item.event, error.reason)
            spool.set_aside(item.path, _reason(error))
            continue
        spool.done(item)
        taken = replace(taken, stored=taken.stored + fresh, repeated=taken.repeated + (not fresh))
    return replace(taken, aside=spool.aside() - before)


def take(item: Item, store: Store) -> bool:
    """Store one event; False when it was stored before."""
    with store.read(DETECTOR) as work:
        event = Fence.of(work, (item.event,)).passed(item.event)
    package = _adopt(item, store)
    reach(store, "ingest.adopted")
    with store.write(DETECTOR) as work:
        if work.session.get(Ingested, str(event.id)) is not None:
            return False
        work.session.add(Ingested(event_id=str(event.id), type=event.type, at=work.now))
        work.session.flush()
        _TAKERS[event.type](work, event, package)
        reach(store, "ingest.written")
    reach(store, "ingest.committed")
    return True


def _adopt(item: Item, store: Store) -> Package | None:
    """Move the evidence to its final place and verify it there; again after a kill, it is there already."""
    event = item.event
    if event.type == "passage":
        adopt_still(item, store)
        return None
    place = Path(f"{event.time:%Y-%m}") / str(event.id)
    target = store.settings.evidence_folder / place
    if item.evidence.exists():
        move_folder(item.evidence, target)
    if not target.exists():
        return None
    found = read_package(store.settings.evidence_folder, place, store.settings.home)
    if found.manifest is not None and found.manifest.event_id != str(event.id):
        return replace(found, faults=(*found.faults, Reason("manifest.json", "altered")))
    return found


def _passage(work: Work, event: Event, _: Package | None) -> None:
    take_passage(work, event)
    check_passage(work, event)


def _stream(work: Work, event: Event, _: Package | None) -> None:
    if event.kind not in {"up", "down", "analysed", *VIEWS}:
        raise ValueError(f"a stream event cannot be {event.kind}")
    seconds = event.video_s - event.onset_s if event.onset_s is not None else 0.0
    if not 0 <= seconds <= timedelta(days=1).total_seconds():
        raise ValueError("an analysed stretch has 0 to 86400 seconds")
    entry = CameraLog(event_id=str(event.id), camera_id=event.camera, kind=event.kind, source="worker")
    entry.start, entry.end = event.time - timedelta(seconds=seconds), event.time
    work.session.add(entry)
    camera = work.session.get(Camera, event.camera)
    if camera is None:
        return
    if event.kind == "analysed":
        camera.last_analysed = max(event.time, camera.last_analysed or event.time)
    elif event.kind not in VIEWS and (camera.status_at is None or event.time >= camera.status_at):
        camera.status, camera.status_at = event.kind, event.time
        stream_told(work, event.camera, event.kind, event.time)


_TAKERS: dict[str, Callable[[Work, Event, Package | None], None]] = {
    "passage": _passage,
    "stream": _stream,
    "violation": take_violation,
    "incident": take_alert,
    "fire_alert": take_alert,
    "evidence": take_evidence,
}


def _reason(error: BaseException) -> str:
    """What went wrong, without values that could be personal."""
    if isinstance(error, QyranError):
        return str(error)
    return f"the event holds a value that cannot be stored ({type(error).__name__})"
