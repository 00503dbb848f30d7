"""The feed for the city's situational centre: records, their schema and dictionary, manifests, reconciliation."""

from __future__ import annotations

import gzip
from datetime import date
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from evidence.canonical import canonical_json, sha256_hex
from service.api.bodies import Body
from service.api.centre import CentreDesk, CentreOf
from service.exchange import dictionary, feed, manifests, reconcile
from service.exchange.feed import LIMIT, MOST, Page
from service.exchange.readers import WATCHERS, note_reading
from service.exchange.shapes import Kind, json_schema
from service.exchange.table import to_csv
from service.i18n import Language

router = APIRouter(prefix="/exchange", tags=["exchange"])

JSON_LINES: Final = "application/x-ndjson"
CSV: Final = "text/csv; charset=utf-8"
SCHEMA: Final = "application/schema+json"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SQUEEZED_FROM: Final = 512
"""Bytes from which an answer is compressed."""
LEVEL: Final = 5

FeedDesk = Annotated[CentreDesk, Depends(CentreOf("feed"))]
Cursor = Annotated[str | None, Query(max_length=64, description="Where to go on; leave it out to begin.")]
Since = Annotated[date | None, Query(description="Without a cursor: begin with what was published that local day.")]
Day = Annotated[date | None, Query(description="Only what was published that local day.")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Records of this answer at most.")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
LINES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {JSON_LINES: {"schema": {"type": "string"}}}, "description": "One record a line; see /schema."},
    304: {"description": "Nothing new since the ETag that was given."},
    410: {"description": "The cursor is of a feed that was put back; begin again with since=."},
}


class HeldIn(Body):
    """A record as the reader holds it."""

    id: Annotated[str, StringConstraints(max_length=36)]
    sha256: Sha256


class ReconciliationIn(Body):
    """What a reader holds of a day: number and hash as in the manifest, and the records where they differ."""

    day: date
    count: Annotated[int, Field(ge=0)] | None = None
    sha256: Sha256 | None = None
    records: Annotated[list[HeldIn], Field(max_length=1_000_000)] | None = None


class ManifestRow(BaseModel):
    """A signed day in the list."""

    day: date
    records: int
    sha256: str


@router.get("/feed", summary="Records in the order of their publication", responses=LINES)
def lines(
    request: Request,
    desk: FeedDesk,
    cursor: Cursor = None,
    since: Since = None,
    day: Day = None,
    kind: Annotated[list[Kind] | None, Query(description="Only these kinds; may be repeated.")] = None,
    limit: Limit = LIMIT,
) -> Response:
    """JSON Lines, each record exactly once in the order of commits; go on with the header ``Qyran-Cursor``."""
    kinds = tuple(kind or ())
    with desk.read() as work:
        page = feed.page(work, cursor, since=since, day=day, kinds=kinds, limit=limit)
    return _answer(request, desk, page, page.body, JSON_LINES, read=not kinds and day is None)


@router.get("/feed.csv", summary="The same as CSV", responses={200: {"content": {CSV: {}}}})
def table(
    request: Request,
    desk: FeedDesk,
    cursor: Cursor = None,
    since: Since = None,
    day: Day = None,
    kind: Annotated[Kind | None, Query(description="One kind: its fields become columns.")] = None,
    limit: Limit = LIMIT,
) -> Response:
    """The envelope in columns; the data of one kind in columns, of all kinds as JSON in one."""
    with desk.read() as work:
        page = feed.page(work, cursor, since=since, day=day, kinds=() if kind is None else (kind,), limit=limit)
    body = to_csv(page.lines, kind).encode()
    return _answer(request, desk, page, body, CSV, read=kind is None and day is None)


@router.get("/schema", summary="JSON Schema of a record", responses={200: {"content": {SCHEMA: {}}}})
def schema(request: Request, desk: FeedDesk) -> Response:  # noqa: ARG001  only who may read the feed sees it
    """JSON Schema 2020-12 of one line of the feed, versioned by ``schema_version``."""
    return _sent(request, canonical_json(json_schema()), SCHEMA, {})


@router.get("/dictionary", summary="Data dictionary", responses={200: {"content": {CSV: {}, XLSX: {}}}})
def words(
    request: Request,
    desk: FeedDesk,
    lang: Language = "ru",
    form: Annotated[Literal["json", "csv", "xlsx"], Query(alias="format")] = "json",
) -> Response:
    """Every field with name, meaning, type, unit, codes, source, owner, period, access class, retention and checks."""
    entries = dictionary.entries(lang, desk.store.settings)
    if form == "csv":
        return _sent(request, dictionary.to_csv(entries, lang).encode(), CSV, {})
    if form == "xlsx":
        return _sent(request, dictionary.to_xlsx(entries, lang), XLSX, {})
    return _sent(request, canonical_json([one.as_dict() for one in entries]), "application/json", {})


@router.get("/manifests", summary="Signed days")
def signed(desk: FeedDesk, limit: Annotated[int, Query(ge=1, le=400)] = 31) -> list[ManifestRow]:
    """The newest first."""
    with desk.read() as work:
        return [ManifestRow(day=one.day, records=one.records, sha256=one.sha256)
                for one in manifests.signed_days(work, limit)]  # fmt: skip


@router.get("/manifests/{day}", summary="The signed manifest of a day")
def manifest(request: Request, day: date, desk: FeedDesk) -> Response:
    """Canonical JSON exactly as it was signed (Ed25519); `qyran exchange verify` checks it offline."""
    with desk.read() as work:
        found = manifests.manifest_of(work, day).to_bytes()
    return _sent(request, found, "application/json", {})


@router.post("/reconciliation", summary="Compare what you hold of a day")
def compare(body: ReconciliationIn, desk: FeedDesk) -> dict[str, Any]:
    """Give the day's number and hash, or its records one by one; what differs is named, with the cursor to replay."""
    held = None if body.records is None else [reconcile.Held(one.id, one.sha256) for one in body.records]
    with desk.write() as work:
        return reconcile.reconcile(work, body.day, count=body.count, sha256=body.sha256, held=held).as_dict()


def _answer(request: Request, desk: CentreDesk, page: Page, body: bytes, media: str, *, read: bool) -> Response:
    """A page of the feed with where to go on."""
    if read and not desk.actor.roles & WATCHERS:
        note_reading(desk.store, desk.actor, page.last_seq - len(page.lines), page.last_seq)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in {"cursor", "since"}]
    onward = f"{request.url.path}?{urlencode([*kept, ('cursor', page.cursor)])}"
    headers = {
        "Qyran-Cursor": page.cursor,
        "Qyran-More": "true" if page.more else "false",
        "Qyran-Count": str(len(page.lines)),
        "Link": f'<{onward}>; rel="next"',
    }
    return _sent(request, body, media, headers)


def _sent(request: Request, body: bytes, media: str, headers: dict[str, str]) -> Response:
    """An answer with its ETag, compressed where the reader takes that."""
    tag = f'"{sha256_hex(body + headers.get("Qyran-Cursor", "").encode())[:32]}"'
    told = {**headers, "ETag": tag, "Vary": "Accept-Encoding, Authorization, Cookie", "Cache-Control": "no-cache"}
    if tag in {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}:
        return Response(status_code=304, headers=told)
    if len(body) >= SQUEEZED_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(gzip.compress(body, LEVEL, mtime=0), headers={**told, "Content-Encoding": "gzip"},
                        media_type=media)  # fmt: skip
    return Response(body, headers=told, media_type=media)
