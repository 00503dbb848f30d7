"""What cases and alerts show alike: their evidence, their trace, their history."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select

from evidence.chain import Link
from qyran.errors import IntegrityError, NotFound, TransitionError
from service.auth import names
from service.event import whole_id
from service.objects_store import local_folder
from service.store.alert_tables import Alert, AlertEvent
from service.store.database import CHANGED_MEANWHILE, Work
from service.store.events import Row, chain_of, check_record
from service.store.tables import Camera, Evidence, ViolationCase
from service.views import EvidenceFault, EvidenceFile, EvidenceView, HistoryItem, TraceStep

Found = TypeVar("Found", bound=ViolationCase | Alert)


def load(work: Work, table: type[Found], record: str, version: int | None = None, *, lock: bool = True) -> Found:
    """A record's row, locked against other writers until the unit of work ends.

    Args:
        work: the unit of work.
        table: cases or alerts.
        record: its id.
        version: what the actor saw; None does not compare.
        lock: False for reading only.

    Raises:
        NotFound: there is none.
        TransitionError: it has changed since the actor saw it.
    """
    query = select(table).where(table.id == record)
    row = work.session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(f"There is no {'case' if table is ViolationCase else 'alert'} {record}.")
    if version is not None and row.version != version and not _only_delivered_since(work, row, version):
        raise TransitionError(CHANGED_MEANWHILE)
    return row


def _only_delivered_since(work: Work, row: ViolationCase | Alert, version: int) -> bool:
    """Whether all that happened since is that a console showed the alert: no reason to refuse who looked at it."""
    if not isinstance(row, Alert) or row.version != version + 1:
        return False
    last = select(AlertEvent.kind).where(AlertEvent.record == row.id).order_by(AlertEvent.seq.desc()).limit(1)
    return work.session.scalar(last) == "delivered"


def evidence_of(work: Work, records: Iterable[str]) -> dict[str, list[Evidence]]:
    """The packages of each record: the whole clip of an alarm that left before it was over, then the oldest first."""
    found: dict[str, list[Evidence]] = {}
    query = select(Evidence).where(Evidence.record.in_(list(records))).order_by(Evidence.verified_at, Evidence.event_id)
    for row in work.session.scalars(query):
        found.setdefault(row.record, []).append(row)
    return {record: _whole_first(record, packages) for record, packages in found.items()}


def _whole_first(record: str, packages: list[Evidence]) -> list[Evidence]:
    whole = str(whole_id(record))
    return sorted(packages, key=lambda one: one.event_id != whole)


def evidence_views(packages: Sequence[Evidence]) -> tuple[EvidenceView, ...]:
    """Packages as pages show them."""
    return tuple(
        EvidenceView(
            event_id=one.event_id,
            intact=one.intact,
            faults=tuple(EvidenceFault.model_validate(fault) for fault in one.faults),
            verified_at=one.verified_at,
            manifest_sha256=one.manifest_sha256,
            files=tuple(EvidenceFile.model_validate(entry) for entry in one.files),
            marks=one.marks,
        )
        for one in packages
    )


def trace_of(packages: Sequence[Evidence]) -> tuple[TraceStep, ...]:
    """Why the rule fired, from the first package."""
    return tuple(TraceStep.model_validate(step) for step in packages[0].trace) if packages else ()


def still_of(packages: Sequence[Evidence] | None) -> str | None:
    """`<event id>/<file name>` of the picture a list shows: in the act, at the decision, else the first still."""
    for package in packages or ():
        stills = [entry for entry in package.files if entry["role"] == "still"]
        for moment in ("in_act", "decision"):
            for entry in stills:
                if entry.get("moment") == moment:
                    return f"{package.event_id}/{entry['name']}"
        if stills:
            return f"{package.event_id}/{stills[0]['name']}"
    return None


def evidence_file(work: Work, row: Row, event_id: str, name: str) -> tuple[Path, str]:
    """Path and media type of a file that the record's manifest lists, and of no other.

    Raises:
        NotFound: it lists no such file.
        IntegrityError: the file is gone.
    """
    package = work.session.get(Evidence, event_id)
    entry = None
    if package is not None and package.record == row.id:
        entry = next((one for one in package.files if one["name"] == name), None)
    if package is None or entry is None:
        raise NotFound(f"The evidence of {row.id} lists no file {name}.")
    path = local_folder(work.store.settings, "evidence", package.folder) / name
    if not path.is_file():
        raise IntegrityError(f"The evidence file {name} of {row.id} is gone.")
    return path, str(entry["media_type"])


def history_of(work: Work, row: Row) -> tuple[tuple[HistoryItem, ...], str | None]:
    """A record's events with people's names, and the fault of its chain if it has one."""
    fault = check_record(work.session, work.store.vault, row)
    try:
        links = chain_of(work.session, work.store.vault, row)
    except (IntegrityError, ValueError):
        return (), fault.code if fault else None
    known = names(work, {str(link.header["actor"]) for link in links})
    return tuple(_item(link, known) for link in links), fault.code if fault else None


def camera_names(work: Work, ids: Iterable[str]) -> dict[str, Camera]:
    """Cameras by id."""
    return {row.id: row for row in work.session.scalars(select(Camera).where(Camera.id.in_(set(ids))))}


def name_of(camera: Camera | None, camera_id: str) -> dict[str, str]:
    """A camera's name by language; its id where it is not registered."""
    return dict(camera.name) if camera is not None else {"kk": camera_id, "ru": camera_id, "en": camera_id}


def _item(link: Link, known: dict[str, str]) -> HistoryItem:
    header = link.header
    actor = str(header["actor"])
    return HistoryItem(
        seq=link.seq,
        at=header["at"],
        actor=actor,
        actor_name=known.get(actor, actor),
        role=header["role"],
        kind=header["kind"],
        source=header["source"],
        target=header["target"],
        reason=header["reason"],
        data=dict(header.get("data", {})),
        note=(link.payload or {}).get("note"),
        erased=link.erased,
        hash=link.hash,
    )
