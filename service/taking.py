"""What cases and alerts share when their event is taken in: the columns, the evidence package, the link of the two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from evidence.keys import trust_store
from evidence.manifest import Manifest
from evidence.package import load_package
from evidence.verdict import Reason
from evidence.verify import verify
from qyran.errors import IntegrityError
from service.event import Event
from service.objects_store import local_folder
from service.store.alert_tables import Alert
from service.store.database import Work
from service.store.tables import Evidence, ViolationCase

LINKED_KIND: Final = "wrong_way"  # the one kind that is a violation and an incident at once


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

    @property
    def picture(self) -> tuple[int, int] | None:
        """Size of the pictures that the box counts in, pixels."""
        files = self.manifest.files if self.manifest else ()
        sizes = [(part.width, part.height) for entry in files for part in (entry.picture, entry.video) if part]
        return sizes[0] if sizes else None


def common(work: Work, event: Event, package: Package | None) -> dict[str, Any]:
    """The columns that a case and an alert have alike."""
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


def origin(event: Event, package: Package | None) -> dict[str, Any]:
    """Public facts of the event that began a record."""
    return {
        "camera": event.camera,
        "kind": event.kind,
        "t_detect": event.time.isoformat(),
        "package_sha256": package.sha256 if package else None,
    }


def keep(work: Work, record: str, event: Event, package: Package | None) -> None:
    """Note the package as evidence of a record."""
    if package is not None:
        keep_package(work, record, str(event.id), package)


def keep_package(work: Work, record: str, event_id: str, package: Package) -> None:
    """Note a package of any origin as evidence of a record."""
    manifest = package.manifest
    work.session.flush()
    work.session.add(
        Evidence(
            event_id=event_id,
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


def package_of(work: Work, record: str) -> Package | None:
    """The package of a record, verified anew; None where it has none."""
    row = work.session.get(Evidence, record)
    if row is None or row.erased:
        return None
    settings = work.store.settings
    local_folder(settings, "evidence", row.folder)
    return read_package(settings.evidence_folder, Path(row.folder), settings.home)


def read_package(root: Path, place: Path, home: Path) -> Package:
    """A package at its place in the folder of evidence, verified."""
    faults = tuple(verify(root / place, trust_store(home)).reasons)
    try:
        package = load_package(root / place)
    except IntegrityError:
        return Package(place, None, None, faults)
    return Package(place, package.manifest, package.sha256, faults)


def near(work: Work, at: datetime) -> tuple[datetime, datetime]:
    """From when until when a report is of the same happening."""
    span = timedelta(seconds=work.store.settings.merge_seconds)
    return at - span, at + span


def link(work: Work, event: Event, row: ViolationCase | Alert) -> None:
    """One wrong-way driver is one case and one alert, each of which knows the other (counted once in KPI 9.9)."""
    if event.kind != LINKED_KIND or event.track is None:
        return
    other = Alert if isinstance(row, ViolationCase) else ViolationCase
    query = select(other).where(
        other.camera_id == row.camera_id,
        other.kind == row.kind,
        other.track == row.track,
        other.last_seen.between(*near(work, row.t_detect)),
        other.merged_into.is_(None),
    )
    twin = work.session.scalars(query.order_by(other.t_detect).with_for_update()).first()
    if isinstance(row, ViolationCase) and isinstance(twin, Alert):
        row.alert_id, twin.case_id = twin.id, row.id
    elif isinstance(row, Alert) and isinstance(twin, ViolationCase):
        row.case_id, twin.alert_id = twin.id, row.id
