"""Evidence of a case or an alert: what it holds and lacks, locks, masked files, and taking it out of the house."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, BackgroundTasks
from fastapi.responses import FileResponse
from pydantic import AwareDatetime, BaseModel, StringConstraints

from evidence.export import Variant
from qyran.errors import NotFound
from service import evidence_copies, evidence_locks
from service.access import ALERT_READERS, CASE_READERS, log_access, require
from service.api.bodies import Body, Code
from service.api.deps import DeskOf
from service.case_sight import in_sight
from service.evidence_contents import as_table, contents
from service.evidence_export import export_evidence
from service.records import evidence_of, load
from service.store.database import Work
from service.store.events import Row
from service.store.evidence_tables import EvidenceLock

Kind = Literal["cases", "alerts"]
Words = Annotated[str, StringConstraints(min_length=1, max_length=2000)]

router = APIRouter(tags=["evidence"])


class NewLock(Body):
    """Why evidence is locked; `until` ends it by itself."""

    reason: Code
    note: Words
    until: AwareDatetime | None = None


class Release(Body):
    """Why a lock ends."""

    note: Words


class ExportOrder(Body):
    """Which variant leaves, and what for."""

    variant: Variant = "masked"
    purpose: Annotated[str, StringConstraints(min_length=3, max_length=1000)]


class LockView(BaseModel):
    """A lock, ended or not."""

    id: str
    reason: str
    note: str
    set_by: str
    set_at: AwareDatetime
    until: AwareDatetime | None
    released_by: str | None
    released_at: AwareDatetime | None
    release_note: str | None


class ContentsView(BaseModel):
    """What the evidence holds and lacks, in three languages; `hold` is why it stays."""

    complete: bool
    hold: str | None
    items: list[dict[str, object]]


@router.get("/{kind}/{record}/evidence-contents", summary="What the evidence holds and lacks")
def shown(kind: Kind, record: str, desk: DeskOf) -> ContentsView:
    """Nothing of it is hashed anew; `qyran verify` and the page do that."""
    with desk.read() as work:
        require(work.actor, CASE_READERS if kind == "cases" else ALERT_READERS)
        found = contents(work, _seen(work, kind, record))
    return ContentsView(complete=found.complete, hold=found.hold.reason if found.hold else None, items=as_table(found))


@router.get("/{kind}/{record}/locks", summary="Locks on the evidence")
def locks(kind: Kind, record: str, desk: DeskOf) -> list[LockView]:
    """The newest first, ended ones too."""
    with desk.read() as work:
        _seen(work, kind, record)
        return [_view(one) for one in evidence_locks.locks_of(work, record)]


@router.post("/{kind}/{record}/locks", summary="Lock the evidence against every retention", status_code=201)
def lock(kind: Kind, record: str, order: NewLock, desk: DeskOf) -> LockView:
    """Senior and data-protection officers."""
    with desk.write() as work:
        table = evidence_locks.table_of(kind)
        return _view(evidence_locks.lock(work, table, record, order.reason, order.note, until=order.until))


@router.post("/evidence-locks/{lock_id}/release", summary="End a lock")
def release(lock_id: str, order: Release, desk: DeskOf) -> LockView:
    """Senior and data-protection officers."""
    with desk.write() as work:
        return _view(evidence_locks.release(work, lock_id, order.note))


@router.post("/{kind}/{record}/export", summary="Take the evidence out", response_class=FileResponse)
def export(kind: Kind, record: str, order: ExportOrder, desk: DeskOf, after: BackgroundTasks) -> FileResponse:
    """One signed zip with the program that checks it; the masked clip is made first, which may take minutes."""
    folder = tempfile.TemporaryDirectory(prefix="qyran-export-")
    table, actor = evidence_locks.table_of(kind), desk.login.user.actor
    try:
        left = export_evidence(
            desk.store, actor, table, record, order.variant, order.purpose, Path(folder.name) / "export.zip"
        )
    except BaseException:
        folder.cleanup()
        raise
    after.add_task(folder.cleanup)
    return FileResponse(left.path, media_type="application/zip", filename=left.name, background=after)


@router.get("/cases/{record}/masked/{name}", summary="A masked picture or the masked clip", response_class=FileResponse)
def masked(record: str, name: str, desk: DeskOf) -> FileResponse:
    """By the name of its original; what is not there yet is made, a clip only where it was made before."""
    with desk.write() as work:
        role = require(work.actor, CASE_READERS)
        _seen(work, "cases", record)
        packages = evidence_of(work, [record]).get(record, [])
        log_access(work, role, "masked_opened", record)
    for package in packages:
        found = evidence_copies.showable(desk.store, package).get(name)
        if found is not None:
            return FileResponse(found.path, media_type=found.media_type)
    raise NotFound(f"The evidence of {record} has no masked file {name}.")


def _seen(work: Work, kind: Kind, record: str) -> Row:
    """A record the actor may see."""
    row = load(work, evidence_locks.table_of(kind), record, lock=False)
    in_sight(work, row)
    return row


def _view(one: EvidenceLock) -> LockView:
    return LockView(
        id=one.id, reason=one.reason, note=one.note, set_by=one.set_by, set_at=one.set_at, until=one.until,
        released_by=one.released_by, released_at=one.released_at, release_note=one.release_note,
    )  # fmt: skip
