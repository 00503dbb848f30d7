"""Letters for the post: printed in batches in the order of their addresses, and the receipts that come back as CSV.

A batch is a folder under the documents: ``letters.pdf`` (an address sheet and the decision for each, an even number of
pages, so that both sides can be printed), ``addresses.csv`` and ``manifest.json``. Its files hold names and addresses;
whoever keeps the folder keeps it as the documents are kept.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pypdf import PdfReader, PdfWriter
from sqlalchemy import select

from evidence.canonical import canonical_json, sha256_hex
from qyran.errors import InputError, IntegrityError, NotFound
from qyran.roles import Role
from service import outbox
from service.access import log_access, require
from service.city import city_of
from service.delivery import address_of, not_handed, take_receipt
from service.delivery_letter import sent_by
from service.delivery_settings import POST
from service.documents import document_bytes
from service.durable import sync_folder, write_synced
from service.fault_points import reach
from service.outbox import State
from service.ports.channels import Receipt
from service.record_files import line_fault
from service.store.counter import next_number
from service.store.database import Work
from service.store.delivery_tables import OutboxMessage, PostBatch
from service.store.events import facts_of
from service.store.tables import ViolationCase
from violations.address_sheet import Addressee, render_sheets
from violations.case import CaseState

PRINTERS: Final = frozenset({Role.SENIOR_OFFICER, Role.SYSTEM})
LARGEST_BATCH: Final = 500  # letters; more wait for the next one
KINDS: Final = {"accepted": "accepted", "delivered": "delivered", "returned": "undeliverable"}
POSTCODE: Final = re.compile(r"\b(\d{6}|[A-Z]\d{2}[A-Z]\d[A-Z]\d)\b")
"""Of Kazakhstan: six digits, or the newer form with letters."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A printed batch: its number, where it lies, how many letters."""

    number: int
    folder: Path
    letters: int


@dataclass(frozen=True, slots=True)
class _Printed:
    message: OutboxMessage
    document_no: str
    name: str = field(repr=False)
    address: str = field(repr=False)
    pdf: bytes = field(repr=False)


class PostReceipt(BaseModel):
    """A line of the post's answer: what became of a letter on a day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    batch: int = Field(gt=0)
    position: int = Field(gt=0)
    status: Literal["accepted", "delivered", "returned"]
    date: date
    reason: str | None = Field(default=None, max_length=40)


def waiting_letters(work: Work) -> int:
    """How many letters wait to be printed."""
    return work.session.query(OutboxMessage).filter_by(channel=POST, state=State.QUEUED).count()


def print_batch(work: Work, most: int = LARGEST_BATCH) -> Batch | None:
    """Print what waits; None where nothing does.

    Raises:
        AccessError: the actor prints no letters.
    """
    role = require(work.actor, PRINTERS)
    letters = _letters(work, most)
    if not letters:
        return None
    number = next_number(work, "post batch")
    year = work.now.astimezone(work.store.settings.zone).year
    name = f"post/{year}/{number:06d}"
    folder = work.store.settings.documents_folder / name
    manifest = _write(work, number, folder, letters)
    for position, one in enumerate(letters, start=1):
        one.message.state, one.message.batch, one.message.position = State.PRINTED, number, position
        one.message.attempts += 1
        outbox.note(work, one.message, "printed", None, 0)
    work.session.add(
        PostBatch(
            number=number,
            created_at=work.now,
            created_by=work.actor.id,
            letters=len(letters),
            folder=name,
            manifest_sha256=sha256_hex(manifest),
        )
    )
    log_access(work, role, "letters_printed", f"batch {number}")
    reach(work.store, "batch.written")
    return Batch(number, folder, len(letters))


def take_receipts(work: Work, lines: Sequence[tuple[int, PostReceipt]], source: Path) -> int:
    """Store what the post answered, all or nothing; how many lines said something new.

    Raises:
        AccessError: the actor takes no receipts.
        InputError: a line names no letter of ours, or a day that cannot be.
    """
    require(work.actor, PRINTERS)
    new = 0
    for line, one in lines:
        try:
            new += _take(work, one)
        except (InputError, NotFound) as error:
            raise line_fault(source, line, InputError(str(error))) from None
    return new


def _take(work: Work, line: PostReceipt) -> bool:
    query = select(OutboxMessage).where(OutboxMessage.batch == line.batch, OutboxMessage.position == line.position)
    message = work.session.scalar(query.with_for_update())
    if message is None:
        raise NotFound(f"There is no letter {line.position} in the batch {line.batch}.")
    row = work.session.get_one(ViolationCase, message.case_id)
    zone = work.store.settings.zone
    today = work.now.astimezone(zone).date()
    signed = row.t_signed
    if signed is None or not signed.astimezone(zone).date() <= line.date <= today:
        raise InputError(f"The day {line.date.isoformat()} lies before the decision or in the future.")
    # The post tells days: the first moment of the day, but not before the letter existed.
    moment = max(datetime.combine(line.date, time(), zone), signed)
    receipt = Receipt(
        receipt=f"{line.batch}-{line.position}-{line.status}-{line.date.isoformat()}",
        key=message.key,
        kind=KINDS[line.status],  # type: ignore[arg-type]  # the table's values are the kinds
        time=moment,
        reason=line.reason,
    )
    return take_receipt(work, POST, receipt, message)


def _letters(work: Work, most: int) -> list[_Printed]:
    """What can be printed, in the order of addresses; what cannot is called off or refused with its reason."""
    query = (
        select(OutboxMessage)
        .where(OutboxMessage.channel == POST, OutboxMessage.state == State.QUEUED)
        .order_by(OutboxMessage.created_at, OutboxMessage.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    found = []
    for message in work.session.scalars(query).all():
        row = work.session.get_one(ViolationCase, message.case_id)
        if row.state != CaseState.SIGNED and message.appeal_id is None:
            outbox.call_off(work, message, f"case_{row.state}")
            continue
        decision = sent_by(work, message)
        facts = facts_of(work.session, work.store.vault, [row.id])[row.id]
        address = address_of(facts, POST)
        try:
            pdf = document_bytes(work.store.settings, decision)
        except IntegrityError:
            outbox.refused(work, message, "document_altered", 0)
            continue
        if address is None:
            outbox.refused(work, message, "no_address", 0)
            not_handed(work, message)
            continue
        name = str((facts.get("owner") or {}).get("name") or "")
        found.append(_Printed(message, decision.document_no, name, address, pdf))
    return sorted(found, key=lambda one: (*_order(one.address), one.document_no))


def _order(address: str) -> tuple[str, tuple[str | int, ...]]:
    """Postcode first, then the address with its numbers as numbers, so that house 9 comes before house 10."""
    code = POSTCODE.search(address)
    parts = re.split(r"(\d+)", address.casefold())
    padded = tuple(f"{int(one):08d}" if one.isdecimal() else one for one in parts)
    return (code[1] if code else "~", padded)


def _write(work: Work, number: int, folder: Path, letters: Sequence[_Printed]) -> bytes:
    """Write the files of a batch; the manifest's bytes."""
    body = city_of(work.store).body
    sheets = PdfReader(io.BytesIO(render_sheets(body, number, [
        Addressee(one.name, one.address, one.document_no, position) for position, one in enumerate(letters, start=1)
    ], work.now)))  # fmt: skip
    writer, listed = PdfWriter(), []
    for position, (sheet, one) in enumerate(zip(sheets.pages, letters, strict=True), start=1):
        first = len(writer.pages) + 1
        writer.add_page(sheet)
        for page in PdfReader(io.BytesIO(one.pdf)).pages:
            writer.add_page(page)
        if len(writer.pages) % 2:
            writer.add_blank_page()
        listed.append({
            "position": position,
            "document_no": one.document_no,
            "document_sha256": sha256_hex(one.pdf),
            "message": one.message.id,
            "first_page": first,
            "pages": len(writer.pages) + 1 - first,
        })  # fmt: skip
    bound = io.BytesIO()
    writer.write(bound)
    files = {"letters.pdf": bound.getvalue(), "addresses.csv": _csv(letters, listed)}
    manifest = canonical_json({
        "batch": number,
        "created_at": work.now.isoformat(),
        "files": {name: sha256_hex(data) for name, data in files.items()},
        "letters": listed,
    })  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, data in (*files.items(), ("manifest.json", manifest)):
        spare = folder / f".{name}"
        write_synced(spare, data)
        spare.chmod(0o600)
        spare.rename(folder / name)
    sync_folder(folder)
    return manifest


def _csv(letters: Sequence[_Printed], listed: Sequence[dict[str, Any]]) -> bytes:
    out = io.StringIO()
    table = csv.writer(out, delimiter=";", lineterminator="\r\n")
    table.writerow(("position", "document_no", "name", "postcode", "address", "pages"))
    for one, entry in zip(letters, listed, strict=True):
        code = POSTCODE.search(one.address)
        row = (entry["position"], one.document_no, one.name, code[1] if code else "", one.address, entry["pages"])
        table.writerow([_plain(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig")


def _plain(cell: object) -> object:
    """A spreadsheet takes a cell that begins so for a formula."""
    text = str(cell)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t"} else cell
