"""The evaluator's imports: a file looked at before it is taken, the history, registers as they stand."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from qyran.errors import InputError, NotFound, TransitionError
from service.access import require
from service.api.imports import MEDIA, Switch, as_file
from service.imports import drafts, intake, registers, shelf
from service.imports.kinds import KINDS
from service.imports.reading import MOST_BYTES
from service.imports.templates import write_csv, write_xlsx
from service.web.import_view import history_rows, kind_names, kind_views, preview_view, register_view
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit, posted

router = APIRouter(prefix="/imports", include_in_schema=False)

PATH: Final = "/imports"
AROUND: Final = 1 << 16
"""Bytes of a form beside its file."""
FIELDS: Final = 10


@router.get("")
def show(visit: Person, kind: Annotated[str, Query(max_length=64)] = "") -> Response:
    """The form, the registers, the history."""
    return _desk(visit, {"kind": kind})


@router.post("")
async def upload(visit: Person, request: Request) -> Response:
    """Look at a file; a form larger than a file may be is not read at all."""
    require(visit.actor, intake.ENTERERS)
    told = request.headers.get("content-length", "")
    if not told.isdecimal() or int(told) > MOST_BYTES + AROUND:
        too_much = InputError(f"The file is larger than {MOST_BYTES >> 20} MiB; split it.")
        return await run_in_threadpool(_desk, visit, {}, too_much)
    async with request.form(max_files=1, max_fields=FIELDS) as form:
        posted(visit, csrf=str(form.get("csrf", "")))
        file = form.get("file")
        data = await file.read() if isinstance(file, UploadFile) else b""
        name = Path(file.filename or "").name if isinstance(file, UploadFile) else None
        return await run_in_threadpool(_held, visit, form, data, name)


@router.get("/kinds")
def kinds(visit: Person) -> Response:
    """What can be brought, with templates."""
    require(visit.actor, intake.READERS)
    return page(visit, "imports/kinds.html", kinds=kind_views(words_of(visit)))


@router.get("/kinds/{kind}/{form}")
def template(visit: Person, kind: str, form: str) -> Response:
    """A template in the reader's language."""
    require(visit.actor, intake.READERS)
    found = intake.kind_of(kind)
    if form not in MEDIA:
        raise NotFound("A template is csv or xlsx.")
    data = write_csv(found, visit.lang) if form == "csv" else write_xlsx(found, visit.lang)
    return as_file(data, f"{found.name}.{form}", MEDIA[form])


@router.get("/registers/{kind}")
def register(
    visit: Person, kind: str, on: Annotated[str, Query(max_length=10)] = "", addresses: Switch = False
) -> Response:
    """A register as it stands, or stood on a day; restricted columns on a logged look alone."""
    w = words_of(visit)
    day = _day(on) if on.strip() else None
    with visit.store.write(visit.actor) if addresses else visit.store.read(visit.actor) as work:
        found = registers.register(work, kind, on=day, addresses=addresses)
        view = register_view(work, w, found)
    asks = bool(KINDS[kind].restricted and visit.roles & registers.ADDRESS_READERS)
    return page(
        visit,
        "imports/register.html",
        view=view,
        on=on.strip(),
        kinds=kind_names(w),
        may_see=asks,
        may_enter=_may(visit),
    )


@router.get("/drafts/{draft_id}")
def draft(visit: Person, draft_id: UUID) -> Response:
    """What an upload would do."""
    return _preview(visit, str(draft_id))


@router.post("/drafts/{draft_id}/confirm")
def confirm(visit: PostedPerson, draft_id: UUID, leave_out: Annotated[str, Form(max_length=3)] = "") -> Response:
    """Take it, all of it or nothing."""
    try:
        with visit.store.read(visit.actor) as work:
            seen = drafts.held(work, str(draft_id))
        with visit.store.write(visit.actor) as work:
            taken = drafts.confirm(work, str(draft_id), leave_out=leave_out == "yes", seen=seen)
    except intake.ImportRefused:
        return _preview(visit, str(draft_id), 422)
    return onward(visit, f"{PATH}/{taken.id}", "import_known" if taken.known else "import_taken")


@router.post("/drafts/{draft_id}/discard")
def discard(visit: PostedPerson, draft_id: UUID) -> Response:
    """Throw it away."""
    with visit.store.write(visit.actor) as work:
        drafts.discard(work, str(draft_id))
    return onward(visit, PATH, "import_discarded")


@router.get("/{import_id}")
def one(visit: Person, import_id: UUID) -> Response:
    """One import."""
    return _one(visit, str(import_id))


@router.get("/{import_id}/file")
def file(visit: Person, import_id: UUID) -> Response:
    """The file as it came; the look is logged."""
    with visit.store.write(visit.actor) as work:
        found, data = shelf.original(work, str(import_id))
    return as_file(data, found.file_name or f"{found.kind}.{found.format}", "application/octet-stream")


@router.post("/{import_id}/withdraw")
def withdraw(visit: PostedPerson, import_id: UUID, reason: Annotated[str, Form(max_length=1000)] = "") -> Response:
    """Take an import back."""
    try:
        with visit.store.write(visit.actor) as work:
            intake.withdraw(work, str(import_id), reason)
    except (InputError, TransitionError) as error:
        return _one(visit, str(import_id), error)
    return onward(visit, f"{PATH}/{import_id}", "import_withdrawn")


def _held(visit: Visit, form: FormData, data: bytes, name: str | None) -> Response:
    given = {key: str(form.get(key, "")) for key in ("kind", "source", "as_of", "since")}
    if not data:
        return _desk(visit, given, InputError("Choose a file."))
    try:
        since = _day(given["since"]) if given["since"].strip() else None
        found = intake.Upload(
            intake.kind_of(given["kind"]), data, given["source"], _day(given["as_of"]), name or None, since
        )
        with visit.store.write(visit.actor) as work:
            draft_id, _ = drafts.hold(work, found)
    except (InputError, NotFound) as error:
        return _desk(visit, given, error)
    return onward(visit, f"{PATH}/drafts/{draft_id}")


def _desk(visit: Visit, given: dict[str, Any], error: Exception | None = None) -> Response:
    require(visit.actor, intake.READERS)
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        rows = history_rows(work, w, shelf.history(work))
    return page(
        visit,
        "imports/desk.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        rows=rows,
        kinds=kind_names(w),
        given={"kind": "", "source": "", "as_of": "", "since": ""} | given,
        today=w.now.astimezone(w.zone).date().isoformat(),
        most=MOST_BYTES >> 20,
        may_enter=_may(visit),
    )


def _preview(visit: Visit, draft_id: str, status: int = 200) -> Response:
    with visit.store.read(visit.actor) as work:
        seen = drafts.held(work, draft_id)
    view = preview_view(words_of(visit), seen)
    return page(visit, "imports/preview.html", status=status, seen=seen, view=view, draft=draft_id)


def _one(visit: Visit, import_id: str, error: Exception | None = None) -> Response:
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        row = history_rows(work, w, [shelf.one(work, import_id)])[0]
    return page(
        visit,
        "imports/one.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        row=row,
        may_enter=_may(visit),
    )


def _may(visit: Visit) -> bool:
    return intake.may_enter(visit.roles)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InputError("A day is written as 2026-11-22.") from None
