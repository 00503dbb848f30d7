"""Uploads between a preview and a yes: sealed, their uploader's alone, gone after a day."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import delete, select

from qyran.errors import NotFound
from service.access import require
from service.imports.intake import ENTERERS, FILE, Preview, Taken, Upload, file_of, keep_file, kind_of, preview, take
from service.store.database import Work
from service.store.import_tables import CityImportDraft
from service.store.tables import Personal

KEPT: Final = timedelta(days=1)
"""A draft waits so long for a yes."""


def hold(work: Work, upload: Upload) -> tuple[str, Preview]:
    """Keep an upload for a yes, with what was found in it; earlier ones that nobody confirmed go.

    Raises:
        AccessError: the actor enters no inputs.
        InputError: the source or the day cannot be.
    """
    seen = preview(work, upload)
    old = work.session.scalars(select(CityImportDraft.id).where(CityImportDraft.uploaded_at < work.now - KEPT)).all()
    for draft_id in old:
        _drop(work, draft_id)
    row = CityImportDraft(
        id=str(uuid4()),
        kind=upload.kind.name,
        source=upload.source.strip(),
        as_of=upload.as_of,
        since=upload.since,
        file_name=upload.name,
        sha256=upload.sha256,
        uploaded_at=work.now,
        uploaded_by=work.actor.id,
    )
    work.session.add(row)
    keep_file(work, row.id, upload.data)
    return row.id, seen


def held(work: Work, draft_id: str) -> Preview:
    """What an upload would do now.

    Raises:
        AccessError: the actor enters no inputs.
        NotFound: it is gone, or somebody else's.
    """
    return preview(work, _upload(work, _draft(work, draft_id)))


def confirm(work: Work, draft_id: str, *, leave_out: bool = False, seen: Preview | None = None) -> Taken:
    """Import an upload that was looked at.

    Args:
        work: the unit of work.
        draft_id: of the upload.
        leave_out: take the good rows alone.
        seen: what `held` found just before; None judges it here.

    Raises:
        AccessError: the actor enters no inputs.
        NotFound: it is gone, or somebody else's.
        ImportRefused: a row or the file is refused.
    """
    row = _draft(work, draft_id)
    upload = _upload(work, row) if seen is None else seen.upload
    taken = take(work, upload, leave_out=leave_out, import_id=row.id, seen=seen)
    if taken.known:
        _drop(work, draft_id)
    else:
        work.session.delete(row)
    return taken


def discard(work: Work, draft_id: str) -> None:
    """Throw an upload away.

    Raises:
        AccessError: the actor enters no inputs.
        NotFound: it is gone, or somebody else's.
    """
    _draft(work, draft_id)
    _drop(work, draft_id)


def _draft(work: Work, draft_id: str) -> CityImportDraft:
    require(work.actor, ENTERERS)
    row = work.session.get(CityImportDraft, draft_id)
    if row is None or row.uploaded_by != work.actor.id or row.uploaded_at < work.now - KEPT:
        raise NotFound("There is no such upload; it was confirmed, thrown away, or waited for more than a day.")
    return row


def _upload(work: Work, row: CityImportDraft) -> Upload:
    return Upload(kind_of(row.kind), file_of(work, row.id), row.source, row.as_of, row.file_name, row.since)


def _drop(work: Work, draft_id: str) -> None:
    work.session.execute(delete(CityImportDraft).where(CityImportDraft.id == draft_id))
    work.session.execute(delete(Personal).where(Personal.record == draft_id, Personal.seq == FILE))
