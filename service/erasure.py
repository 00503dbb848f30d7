"""An erasure ordered by law: the sealed payloads and the evidence go, the chain says under which tombstone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

from sqlalchemy import delete, event, select

from evidence.masked_copy import Kind
from qyran.errors import InputError, TransitionError
from qyran.roles import Role
from service.access import log_access, require
from service.case_drafts import forget
from service.evidence_locks import hold_of, refuse_locked
from service.objects_store import drop_later
from service.objects_store.owed import owe_drop
from service.plate_index import forget_unused
from service.records import load
from service.store.alert_tables import Alert
from service.store.counter import next_number
from service.store.database import Store, Work
from service.store.events import TOMBSTONE, append_tombstone, events_of
from service.store.fine_tables import AppealResolution
from service.store.people_tables import SubjectRecord
from service.store.record_tables import DeviceRecord
from service.store.tables import Decision, Evidence, Passage, Personal, ViolationCase

BY_COURT = "court_order"
"""The one ground that a running case does not stand against."""
GROUNDS = (BY_COURT, "retention_over", "data_subject_request")
ORDERS = frozenset({Role.DATA_PROTECTION_OFFICER, Role.SYSTEM})


def erase(work: Work, table: type[ViolationCase | Alert], record: str, ground: str, *, again: bool = False) -> int:
    """Erase everything about a person in a case or an alert; the number of the tombstone.

    The keys of the sealed payloads are destroyed, the plate's token, the evidence package and the signed documents
    removed; every event, its commitment and the chain stay, and numbers and hashes of documents, so that it is seen
    that something was erased, when, by whom and on which ground.

    Raises:
        AccessError: the actor is no data-protection officer.
        InputError: the ground is none.
        TransitionError: nothing is left to erase, somebody locked the evidence, or the record has not ended and no
            court ordered it.
        NotFound: there is no such record.
    """
    role = require(work.actor, ORDERS)
    if ground not in GROUNDS:
        raise InputError(f"The ground of an erasure is one of {', '.join(GROUNDS)}.")
    row = load(work, table, record)
    if not again:
        refuse_locked(work, row)
    held_by = None if again else hold_of(work, row)
    if held_by is not None and ground != BY_COURT:
        raise TransitionError(f"Nothing of this record is erased yet ({held_by.reason}); it has to end first.")
    events = events_of(row)
    tombstones = select(events.seq).where(events.record == record, events.kind == TOMBSTONE)
    held = select(Personal).where(
        Personal.record == record, Personal.sealed.is_not(None), Personal.seq.not_in(tombstones)
    )
    sealed = work.session.scalars(held.order_by(Personal.seq).with_for_update()).all()
    if not sealed:
        raise TransitionError("Everything personal in this record was erased already.")
    number = next_number(work, "tombstone")
    append_tombstone(work, row, role, number, [item.seq for item in sealed], ground)
    for item in sealed:
        _destroy(item, number, work)
    if isinstance(row, ViolationCase):
        token, row.plate_token = row.plate_token, None
        forget(work, record)
        device = work.session.get(DeviceRecord, record)
        if device is not None:
            device.plate_token = None
        work.session.flush()
        forget_unused(work, [token] if token else [])
        _forget_papers(work, record)
    work.session.execute(delete(SubjectRecord).where(SubjectRecord.record == record))
    for package in work.session.scalars(select(Evidence).where(Evidence.record == record)):
        package.files, package.erased = [], True
        owe_drop(work, "evidence", f"{package.folder}/")
    event.listen(work.session, "after_commit", lambda _: sweep(work.store), once=True)
    log_access(work, role, "erased", record)
    return number


def _forget_papers(work: Work, record: str) -> None:
    """Of each document only number and hash stay; where it lay follows from its number, see `sweep`."""
    for paper in papers_of(work, record):
        for path in _places(work.store, paper)[:2]:
            owe_drop(work, "documents", path.relative_to(work.store.settings.documents_folder).as_posix())
        paper.file = ""


def sweep(store: Store) -> int:
    """Remove packages, masked copies and documents of what was erased, also what a kill left; how many were there."""
    with store.read() as work:
        folders = work.session.scalars(select(Evidence.folder).where(Evidence.erased.is_(True))).all()
        papers = [path for paper in papers_of(work) for path in _places(store, paper)]
    found = [store.settings.evidence_folder / folder for folder in folders]
    found += [store.settings.masked_folder / kind / folder for kind in get_args(Kind) for folder in folders]
    present = [folder for folder in found if folder.exists()]
    for place in folders:
        if (store.settings.evidence_folder / place).exists():
            drop_later(store.settings, "evidence", place)
    for folder in present:
        if not folder.is_relative_to(store.settings.evidence_folder):
            shutil.rmtree(folder)
    lying = [path for path in papers if path.exists()]
    for path in lying:
        path.unlink()
    return len(present) + len(lying)


def papers_of(work: Work, record: str | None = None) -> list[Decision | AppealResolution]:
    """The signed documents of a case; of every erased case where none is given."""
    found: list[Decision | AppealResolution] = []
    for table in (Decision, AppealResolution):
        query = select(table)
        found += work.session.scalars(
            query.where(table.file == "") if record is None else query.where(table.case_id == record)
        )
    return found


def _places(store: Store, paper: Decision | AppealResolution) -> tuple[Path, ...]:
    """Where a document lay, its detached signature, and what was prepared for one."""
    folder = store.settings.documents_folder
    stem = folder / f"{paper.year}" / paper.document_no
    return (stem.with_name(f"{stem.name}.pdf"), stem.with_name(f"{stem.name}.cms"),
            folder / "prepared" / f"{paper.case_id}.pdf")  # fmt: skip


def erase_passage(work: Work, passage_id: str) -> None:
    """Erase everything about a person in a passage: its plate, also from the index, and its pictures.

    Raises:
        AccessError: the actor is no data-protection officer.
        TransitionError: nothing is left to erase.
    """
    role = require(work.actor, ORDERS)
    passage = work.session.get(Passage, passage_id, with_for_update=True)
    if passage is None or (passage.sealed is None and not passage.still):
        raise TransitionError("There is no plate to erase in this passage.")
    passage.wrapped_key = passage.sealed = None
    passage.erased_at = work.now
    token, still = passage.plate_token, passage.still
    passage.plate_token = passage.plate_score = passage.plate_uncertain = None
    passage.still = passage.still_files = None
    work.session.flush()
    forget_unused(work, [token] if token else [])
    if still:
        settings = work.store.settings
        owe_drop(work, "passages", f"{still}/")
        event.listen(work.session, "after_commit", lambda _: drop_later(settings, "passages", still), once=True)
    log_access(work, role, "erased", passage_id)


def _destroy(item: Personal, number: int, work: Work) -> None:
    item.wrapped_key = item.sealed = None
    item.tombstone, item.erased_at = number, work.now
