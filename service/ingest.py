"""Taking events from the spool into the store: each exactly once, all of an event in one transaction.

The order keeps everything safe against a kill: the evidence is moved under its final name (which only its event's id
decides), then the transaction commits, then the item leaves the spool. Whatever is repeated finds itself done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DataError, StatementError
from sqlalchemy.exc import IntegrityError as ConstraintError

from evidence.keys import trust_store
from evidence.manifest import Manifest
from evidence.package import load_package
from evidence.verdict import Reason
from evidence.verify import verify
from incidents.alert import OPEN, AlertState
from qyran.errors import IntegrityError, QyranError
from qyran.roles import DETECTOR, SYSTEM
from service import alerts, law
from service.case_view import moved as case_moved
from service.durable import move_folder
from service.event import VIEWS, Event
from service.exemptions import exemption_of
from service.happening import Sighting, same_happening, same_vehicle
from service.passage_taking import adopt_still, take_passage
from service.plate_index import remember
from service.plates import normal
from service.register_checks import check_passage
from service.registers import parking_fault
from service.spool import Item, Spool
from service.store.database import Store, Work
from service.store.events import append_event
from service.store.record_tables import DeviceRecord
from service.store.tables import (
    Alert,
    Camera,
    CameraLog,
    Evidence,
    Ingested,
    ViolationCase,
)
from service.views import LOOKS
from violations.case import CaseState

LINKED_KIND = "wrong_way"  # the one kind that is a violation and an incident at once
POISON = (QyranError, ValueError, DataError, ConstraintError, StatementError)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one round did: events stored, events known already, items set aside."""

    stored: int = 0
    repeated: int = 0
    aside: int = 0


@dataclass(frozen=True, slots=True)
class Package:
    """An evidence package at its place in the store, verified; `manifest` is None when it cannot be read."""

    folder: Path
    manifest: Manifest | None
    sha256: str | None
    faults: tuple[Reason, ...]

    @property
    def box(self) -> list[float] | None:
        """Where the subject was, pixels."""
        box = self.manifest.finding.box if self.manifest else None
        return list(box) if box else None


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
            spool.set_aside(item.path, _reason(error))
            continue
        spool.done(item)
        taken = replace(taken, stored=taken.stored + fresh, repeated=taken.repeated + (not fresh))
    return replace(taken, aside=spool.aside() - before)


def take(item: Item, store: Store) -> bool:
    """Store one event; False when it was stored before."""
    event = item.event
    package = _adopt(item, store)
    with store.write(DETECTOR) as work:
        if work.session.get(Ingested, str(event.id)) is not None:
            return False
        work.session.add(Ingested(event_id=str(event.id), type=event.type, at=work.now))
        work.session.flush()
        _TAKERS[event.type](work, event, package)
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
    faults = list(verify(target, trust_store(store.settings.home)).reasons)
    try:
        package = load_package(target)
    except IntegrityError:
        return Package(place, None, None, tuple(faults))
    if package.manifest.event_id != str(event.id):
        faults.append(Reason("manifest.json", "altered"))
    return Package(place, package.manifest, package.sha256, tuple(faults))


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


def _violation(work: Work, event: Event, package: Package | None) -> None:
    plate = normal(event.plate) if event.plate else None
    camera = work.session.get(Camera, event.camera)
    row = ViolationCase(
        **_common(work, event, package),
        territory=camera.territory if camera else None,
        plate_token=remember(work, plate) if plate else None,
        plate_read=plate is not None,
        speed_kmh=event.speed_kmh,
        speed_uncertainty_kmh=event.speed_uncertainty_kmh,
        limitation_ends=law.limitation_ends(work.store, event.time),
        over_kmh=_over_kmh(work, event),
        edited=[],
    )
    work.session.add(row)
    older = _older_case(work, row)
    payload: dict[str, Any] = {"plate": plate, "plate_read": plate} if plate else {}
    payload |= {name: seen for name in LOOKS if (seen := getattr(event, name)) is not None}
    case_moved(work, row, CaseState.DETECTED, payload=payload, data=_origin(event, package))
    _keep(work, row.id, event, package)
    if older is not None:
        case_moved(work, row, CaseState.MERGED, actor=SYSTEM, data={"into": older.id})
        row.merged_into = older.id
        _seen_again(work, older, row)
        return
    fault, by = _screening_fault(camera, package), None
    if fault is None:
        exempt = exemption_of(work, event, row.plate_token, _zone(package))
        fault, by = (exempt.reason, {"exempt_by": exempt.by}) if exempt else (None, None)
        fault = fault or parking_fault(work, event, row.plate_token, _zone(package))
    if fault is None:
        case_moved(work, row, CaseState.SCREENED, actor=SYSTEM)
        row.t_screened = work.now
    else:
        case_moved(work, row, CaseState.AUTO_REJECTED, fault, actor=SYSTEM, data=by)
        row.reason = fault
        if law.drawn(work.store, row.id, work.store.settings.sample_auto_rejected):
            case_moved(work, row, CaseState.SCREENED, "random_sample", actor=SYSTEM)
            row.t_screened = work.now
    _link(work, event, row)


def _alert(work: Work, event: Event, package: Package | None) -> None:
    row = Alert(
        **_common(work, event, package),
        type=event.type,
        incident_id=str(event.id),
        initiator="system",
        services=[],
        reports=1,
        is_drill=False,
    )
    work.session.add(row)
    older = _older_alert(work, row)
    alerts.moved(work, row, AlertState.CANDIDATE, data=_origin(event, package))
    _keep(work, row.id, event, package)
    if older is not None:
        alerts.moved(work, row, AlertState.MERGED, actor=SYSTEM, data={"into": older.id})
        row.merged_into, row.incident_id = older.id, older.incident_id
        older.reports += 1
        _seen_again(work, older, row)
        return
    alerts.moved(work, row, AlertState.RAISED, actor=SYSTEM)
    alerts.moved(work, row, AlertState.NOTIFIED, actor=SYSTEM, data={"channel": alerts.CONSOLE})
    work.session.flush()
    alerts.notify(work, row, alerts.CONSOLE, alerts.SITUATION_ROOM, initiator="system")
    _link(work, event, row)


_TAKERS: dict[str, Callable[[Work, Event, Package | None], None]] = {
    "passage": _passage,
    "stream": _stream,
    "violation": _violation,
    "incident": _alert,
    "fire_alert": _alert,
}


def _common(work: Work, event: Event, package: Package | None) -> dict[str, Any]:
    onset = event.time - timedelta(seconds=event.video_s - event.onset_s) if event.onset_s is not None else None
    return {
        "id": str(event.id),
        "camera_id": event.camera,
        "kind": event.kind,
        "state": "",
        "seq": 0,
        "head": "",
        "t_onset": onset,
        "t_detect": event.time,
        "t_received": work.now,
        "video_s": event.video_s,
        "onset_s": event.onset_s,
        "track": event.track,
        "class_": event.class_,
        "line": event.line,
        "score": event.score,
        "box": package.box if package else None,
        "last_seen": event.time,
        "changed_at": work.now,
    }


def _over_kmh(work: Work, event: Event) -> float | None:
    """The excess a certified device measured; None for what no device grounds."""
    record = work.session.get(DeviceRecord, str(event.id))
    return None if record is None else record.over_kmh


def _origin(event: Event, package: Package | None) -> dict[str, Any]:
    return {
        "camera": event.camera,
        "kind": event.kind,
        "t_detect": event.time.isoformat(),
        "package_sha256": package.sha256 if package else None,
    }


def _keep(work: Work, record: str, event: Event, package: Package | None) -> None:
    if package is None:
        return
    manifest = package.manifest
    work.session.flush()
    work.session.add(
        Evidence(
            event_id=str(event.id),
            record=record,
            folder=str(package.folder),
            manifest_sha256=package.sha256,
            files=_files(manifest) if manifest else [],
            trace=[step.model_dump(mode="json") for step in manifest.finding.trace] if manifest else [],
            marks=dict(manifest.marks) if manifest else {},
            intact=not package.faults,
            faults=[{"path": one.path, "code": one.code, "values": dict(one.values)} for one in package.faults],
            verified_at=work.now,
        )
    )


def _files(manifest: Manifest) -> list[dict[str, Any]]:
    return [
        {
            "name": entry.name,
            "role": entry.role,
            "media_type": entry.media_type,
            "bytes": entry.bytes,
            "sha256": entry.sha256,
            "moment": entry.picture.moment if entry.picture else None,
            "time": entry.picture.time.isoformat() if entry.picture else None,
        }
        for entry in manifest.files
    ]


def _screening_fault(camera: Camera | None, package: Package | None) -> str | None:
    """Reason code of what an officer need not look at, or None."""
    if package is None:
        return "evidence_missing"
    if package.faults:
        return "evidence_altered"
    return "camera_unknown" if camera is None else None


def _zone(package: Package | None) -> str | None:
    """The zone the rule named."""
    return package.manifest.finding.zone if package and package.manifest else None


def _older_case(work: Work, row: ViolationCase) -> ViolationCase | None:
    near = _near(work, row.t_detect)
    query = select(ViolationCase).where(
        ViolationCase.camera_id == row.camera_id,
        ViolationCase.kind == row.kind,
        ViolationCase.line.is_not_distinct_from(row.line),
        ViolationCase.state != CaseState.MERGED,
        ViolationCase.last_seen.between(*near),
        ViolationCase.id != row.id,
    )
    with work.session.no_autoflush:
        found = work.session.scalars(query.order_by(ViolationCase.t_detect).with_for_update()).all()
    return next((one for one in found if same_vehicle(_vehicle(one), _vehicle(row))), None)


def _older_alert(work: Work, row: Alert) -> Alert | None:
    query = select(Alert).where(
        Alert.camera_id == row.camera_id,
        Alert.kind == row.kind,
        Alert.state.in_(OPEN),
        Alert.last_seen.between(*_near(work, row.t_detect)),
        Alert.id != row.id,
    )
    with work.session.no_autoflush:
        found = work.session.scalars(query.order_by(Alert.t_detect).with_for_update()).all()
    seen = Sighting(row.track, row.box)
    return next((one for one in found if same_happening(Sighting(one.track, one.box), seen)), None)


def _vehicle(row: ViolationCase) -> Sighting:
    return Sighting(row.track, plate=row.plate_token)


def _near(work: Work, at: datetime) -> tuple[datetime, datetime]:
    span = timedelta(seconds=work.store.settings.merge_seconds)
    return at - span, at + span


def _seen_again(work: Work, older: ViolationCase | Alert, row: ViolationCase | Alert) -> None:
    older.last_seen = max(older.last_seen, row.t_detect)
    role = next(iter(SYSTEM.roles))
    append_event(replace(work, actor=SYSTEM), older, "seen_again", role, data={"report": row.id})


def _link(work: Work, event: Event, row: ViolationCase | Alert) -> None:
    """One wrong-way driver is one case and one alert, each of which knows the other (counted once in KPI 9.9)."""
    if event.kind != LINKED_KIND or event.track is None:
        return
    other = Alert if isinstance(row, ViolationCase) else ViolationCase
    query = select(other).where(
        other.camera_id == row.camera_id,
        other.kind == row.kind,
        other.track == row.track,
        other.last_seen.between(*_near(work, row.t_detect)),
        other.merged_into.is_(None),
    )
    twin = work.session.scalars(query.order_by(other.t_detect).with_for_update()).first()
    if isinstance(row, ViolationCase) and isinstance(twin, Alert):
        row.alert_id, twin.case_id = twin.id, row.id
    elif isinstance(row, Alert) and isinstance(twin, ViolationCase):
        row.case_id, twin.alert_id = twin.id, row.id


def _reason(error: BaseException) -> str:
    """What went wrong, without values that could be personal."""
    if isinstance(error, QyranError):
        return str(error)
    return f"the event holds a value that cannot be stored ({type(error).__name__})"
