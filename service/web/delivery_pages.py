"""The outbox as a page: each channel's health, what waits for a person, the post; and what became of one decision."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, UploadFile
from starlette.responses import FileResponse, Response

from qyran.errors import InputError, NotFound, TransitionError
from qyran.roles import OFFICERS
from service import delivery
from service.access import log_access, require
from service.delivery_post import PRINTERS, PostReceipt, print_batch, take_receipts
from service.delivery_view import OUTBOX_READERS, Health, deliveries_of, health
from service.outbox import SENDERS
from service.record_files import read_lines
from service.store.delivery_tables import PostBatch
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit

router = APIRouter(prefix="/deliveries", include_in_schema=False)

PATH: Final = "/deliveries"
LARGEST: Final = 16 << 20  # bytes of a receipt file
FILES: Final = {"letters.pdf": "application/pdf", "addresses.csv": "text/csv", "manifest.json": "application/json"}


@router.get("")
def outbox(visit: Person) -> Response:
    """How the outbox does."""
    return _outbox(visit)


@router.post("/messages/{message_id}/again")
def send_again(visit: PostedPerson, message_id: UUID) -> Response:
    """Send what was given up or refused again."""
    try:
        with visit.store.write(visit.actor) as work:
            delivery.send_again(work, str(message_id))
    except TransitionError as error:
        return _outbox(visit, error)
    return onward(visit, PATH, "saved")


@router.post("/post")
def print_letters(visit: PostedPerson) -> Response:
    """Print the waiting letters as a batch."""
    try:
        with visit.store.write(visit.actor) as work:
            print_batch(work)
    except InputError as error:
        return _outbox(visit, error)
    return onward(visit, PATH, "saved")


@router.post("/messages/{message_id}/sent")
def sent(visit: PostedPerson, message_id: UUID) -> Response:
    """Say that a message of which nobody knew has left."""
    try:
        with visit.store.write(visit.actor) as work:
            delivery.say_sent(work, str(message_id))
    except TransitionError as error:
        return _outbox(visit, error)
    return onward(visit, PATH, "saved")


@router.post("/receipts")
def receipts(visit: PostedPerson, file: UploadFile) -> Response:
    """Take in the post's answer: all of it or nothing."""
    require(visit.actor, PRINTERS)
    try:
        with TemporaryDirectory(prefix="qyran-receipts-") as name:
            path = Path(name) / "receipts.csv"
            path.write_bytes(file.file.read(LARGEST))
            lines = read_lines(path, PostReceipt)
        with visit.store.write(visit.actor) as work:
            take_receipts(work, lines, Path(Path(file.filename or "receipts.csv").name))
    except InputError as error:
        return _outbox(visit, InputError(str(error).replace(f"{name}/", "")))
    return onward(visit, PATH, "saved")


@router.get("/post/{number}/{name}")
def batch_file(visit: Person, number: int, name: str) -> FileResponse:
    """A file of a printed batch, for who prints; the look is logged."""
    role = require(visit.actor, PRINTERS)
    with visit.store.write(visit.actor) as work:
        batch = work.session.get(PostBatch, number)
        if batch is None or name not in FILES:
            raise NotFound(f"There is no file {name} of the batch {number}.")
        log_access(work, role, "letters_opened", f"batch {number}")
        path = visit.store.settings.documents_folder / batch.folder / name
    if not path.is_file():
        raise NotFound(f"The files of the batch {number} were removed.")
    return FileResponse(path, media_type=FILES[name], filename=f"{number:06d}-{name}")


@router.get("/cases/{case_id}")
def case_deliveries(visit: Person, case_id: UUID) -> Response:
    """What became of one decision outside."""
    return _case(visit, str(case_id))


@router.post("/cases/{case_id}/address")
def give_address(
    visit: PostedPerson,
    case_id: UUID,
    channel: Annotated[str, Form(max_length=16)] = "",
    address: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Enter an address, and send the notice there."""
    try:
        with visit.store.write(visit.actor) as work:
            delivery.give_address(work, str(case_id), channel, address)
    except (InputError, TransitionError) as error:
        return _case(visit, str(case_id), error)
    return onward(visit, f"{PATH}/cases/{case_id}", "saved")


def _outbox(visit: Visit, error: Exception | None = None) -> Response:
    require(visit.actor, OUTBOX_READERS)
    with visit.store.read(visit.actor) as work:
        seen: Health = health(work)
    return page(
        visit,
        "deliveries/outbox.html",
        status=_status(error),
        flash=_flash(visit, error),
        seen=seen,
        may_send=bool(visit.roles & SENDERS),
        may_print=bool(visit.roles & PRINTERS),
        may_open=bool(visit.roles & OFFICERS),
        files=tuple(FILES),
    )


def _case(visit: Visit, case_id: str, error: Exception | None = None) -> Response:
    with visit.store.write(visit.actor) as work:  # the look is logged
        seen = deliveries_of(work, case_id)
    return page(
        visit,
        "deliveries/case.html",
        status=_status(error),
        flash=_flash(visit, error),
        seen=seen,
        channels=delivery.TO_OWNER,
    )


def _status(error: Exception | None) -> int:
    if error is None:
        return 200
    return 409 if isinstance(error, TransitionError) else 422


def _flash(visit: Visit, error: Exception | None) -> Flash | None:
    return None if error is None else Flash(refusal(words_of(visit), error), "bad")
