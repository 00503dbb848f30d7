"""What evaluators bring from outside: files taken whole or not at all, templates, registers, history."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from qyran.errors import InputError
from service.access import require
from service.api.bodies import Body
from service.api.deps import Desk, DeskOf
from service.api.problems import problem
from service.i18n import Language
from service.imports import intake, registers, shelf
from service.imports.kinds import KINDS
from service.imports.reading import MOST_BYTES
from service.imports.templates import json_schema, write_csv, write_xlsx

router = APIRouter(prefix="/imports", tags=["imports"])

Form = Literal["csv", "xlsx"]
MEDIA: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Switch = Annotated[bool, Query()]
KindName = Annotated[str, Path(max_length=64, description="see GET /imports/kinds")]
ANY_FILE: Final = {
    "requestBody": {
        "required": True,
        "description": f"CSV, XLSX, JSON or GeoJSON, up to {MOST_BYTES >> 20} MiB; its form is told by its bytes.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class Withdrawal(Body):
    """Why an import is withdrawn."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


@router.get("", summary="Imports, the newest first")
def history(desk: DeskOf, kind: Annotated[str | None, Query(max_length=64)] = None) -> list[shelf.ImportView]:
    """The withdrawn ones too."""
    with desk.read() as work:
        return list(shelf.history(work, kind))


@router.get("/kinds", summary="What can be brought")
def kinds(desk: DeskOf) -> list[dict[str, Any]]:
    """Each kind with its columns."""
    require(desk.login.user.actor, intake.READERS)
    return [
        {
            "kind": one.name,
            "journal": one.journal,
            "columns": [
                {"name": column.name, "type": column.type, "required": column.required, "unit": column.unit}
                for column in one.columns
            ],
        }
        for one in KINDS.values()
    ]


@router.get("/kinds/{kind}/schema", summary="JSON Schema of a file of rows")
def schema(kind: KindName, desk: DeskOf) -> dict[str, Any]:
    """For JSON; the same columns as in a CSV."""
    require(desk.login.user.actor, intake.READERS)
    return json_schema(intake.kind_of(kind))


@router.get("/kinds/{kind}/template/{form}", summary="A filled template", response_class=Response)
def template(kind: KindName, form: Form, desk: DeskOf, lang: Language = "kk") -> Response:
    """Header, an example that cannot be imported by mistake, notes on the columns."""
    require(desk.login.user.actor, intake.READERS)
    found = intake.kind_of(kind)
    data = write_csv(found, lang) if form == "csv" else write_xlsx(found, lang)
    return as_file(data, f"{found.name}.{form}", MEDIA[form])


@router.get("/registers/{kind}", summary="A register as it stands, or stood on a day")
def register(kind: KindName, desk: DeskOf, on: date | None = None, addresses: Switch = False) -> dict[str, Any]:
    """Figures with source, day and who entered them; restricted columns only on a logged request."""
    with desk.write() if addresses else desk.read() as work:
        return asdict(registers.register(work, kind, on=on, addresses=addresses))


@router.get("/{import_id}", summary="One import")
def one(import_id: Annotated[str, Path(max_length=36)], desk: DeskOf) -> dict[str, Any]:
    """With its first rows."""
    with desk.read() as work:
        found = shelf.one(work, import_id)
        return {**asdict(found), "records": list(shelf.records(work, found))}


@router.get("/{import_id}/file", summary="The file as it came", response_class=Response)
def file(import_id: Annotated[str, Path(max_length=36)], desk: DeskOf) -> Response:
    """The look is logged."""
    with desk.write() as work:
        found, data = shelf.original(work, import_id)
    return as_file(data, found.file_name or f"{found.kind}.{found.format}", "application/octet-stream")


@router.post("/{kind}", summary="Bring a file", status_code=201, openapi_extra=ANY_FILE)
async def bring(
    kind: KindName,
    request: Request,
    desk: DeskOf,
    source: Annotated[str, Query(min_length=1, max_length=255)],
    as_of: date,
    since: date | None = None,
    name: Annotated[str | None, Query(max_length=255)] = None,
    dry_run: Switch = False,
    leave_out: Switch = False,
) -> Response:
    """All rows or none: refusals come by row with reasons in three languages (422); a dry run stores nothing (200)."""
    require(desk.login.user.actor, intake.ENTERERS)
    found = intake.kind_of(kind)
    upload = intake.Upload(found, await bounded(request), source, as_of, name, since)
    if dry_run:
        return JSONResponse(await run_in_threadpool(_seen, desk, upload))
    try:
        done = await run_in_threadpool(_taken, desk, upload, leave_out)
    except intake.ImportRefused as error:
        seen = error.preview.as_dict()
        errors = [
            {
                "at": "file" if said["row"] is None else f"row {said['row']}",
                "column": said["column"] or "",
                "value": said["value"] or "",
                "code": said["code"],
                **said["reason"],
            }
            for said in seen["refusals"]
        ]
        return problem(request, 422, "import", "The file was refused; nothing was imported", str(error), errors=errors)
    answer = {"id": done.id, "rows": done.rows, "refused": done.refused, "known": done.known, "touches": done.touched}
    return JSONResponse(answer, 200 if done.known else 201)


@router.post("/{import_id}/withdraw", summary="Withdraw an import")
def withdraw(import_id: Annotated[str, Path(max_length=36)], said: Withdrawal, desk: DeskOf) -> dict[str, Any]:
    """It stays in the history with the reason."""
    with desk.write() as work:
        return {"id": import_id, "touches": intake.withdraw(work, import_id, said.reason)}


async def bounded(request: Request) -> bytes:
    """The body as it streams in; more than may come is refused before it is read.

    Raises:
        InputError: there is too much of it.
    """
    too_much = InputError(f"The file is larger than {MOST_BYTES >> 20} MiB; split it.")
    told = request.headers.get("content-length", "0")
    if not told.isdecimal() or int(told) > MOST_BYTES:
        raise too_much
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MOST_BYTES:
            raise too_much
    return bytes(data)


def as_file(data: bytes, name: str, media: str) -> Response:
    """A download; a name that a header cannot carry is left plain."""
    plain = "".join(one if one.isascii() and (one.isalnum() or one in "._-") else "_" for one in name)
    return Response(data, media_type=media, headers={"content-disposition": f'attachment; filename="{plain}"'})


def _seen(desk: Desk, upload: intake.Upload) -> dict[str, Any]:
    with desk.read() as work:
        return intake.preview(work, upload).as_dict()


def _taken(desk: Desk, upload: intake.Upload, leave_out: bool) -> intake.Taken:  # noqa: FBT001 - handed to a thread
    with desk.read() as work:
        seen = intake.preview(work, upload)  # a long file is judged while nobody waits for the store
    with desk.write() as work:
        return intake.take(work, upload, leave_out=leave_out, seen=seen)
