"""Passages: searched with a reason, a vehicle's route, pictures, holding, and the log of who searched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from pydantic import AwareDatetime, Field, StringConstraints

from service import passages, query_log
from service.api.bodies import Body
from service.api.deps import DeskOf
from service.passage_route import Route, route
from service.passages import MOST_A_PAGE, PAGE, PassageFilter, PassagePage
from service.query_log import QueryView, Reason

router = APIRouter(prefix="/passages", tags=["passages"])

JPEG: Final = "image/jpeg"


class SearchBody(Body):
    """A search and why; a plate never stands in an address, so searching is a POST."""

    filter: PassageFilter
    reason: Reason
    limit: Annotated[int, Field(ge=1, le=MOST_A_PAGE)] = PAGE
    offset: Annotated[int, Field(ge=0)] = 0


class RouteBody(Body):
    """Where the vehicle of a passage was read between two moments, and why that is asked."""

    passage: Annotated[str, StringConstraints(max_length=36)]
    start: AwareDatetime
    end: AwareDatetime
    reason: Reason


class HoldBody(Body):
    """The case a passage is kept for; null keeps it no longer than its term."""

    case: Annotated[str, StringConstraints(max_length=128)] | None


class Held(Body):
    """What a passage is kept for now."""

    held_for: str | None


@router.post("/search", summary="Search passages, with a reason")
def search(body: SearchBody, desk: DeskOf) -> PassagePage:
    """The newest first. `plate` takes `?` for one sign and `*` for any number. Every search is noted."""
    with desk.write() as work:
        return passages.search(work, body.filter, body.reason, limit=body.limit, offset=body.offset)


@router.post("/route", summary="A vehicle's route, with a reason")
def find_route(body: RouteBody, desk: DeskOf) -> Route:
    """Every reading of the plate of a passage, with the straight-line speed between them and the gaps."""
    with desk.write() as work:
        return route(work, body.passage, body.start, body.end, body.reason)


@router.get("/log", summary="Who searched, and why")
def log(
    desk: DeskOf,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> tuple[QueryView, ...]:
    """For auditors and the data-protection officer; this look is logged too."""
    with desk.write() as work:
        return query_log.listing(work, limit=limit, offset=offset)


@router.get("/{passage_id}/stills/{name}", summary="A picture of a passage", response_class=FileResponse)
def still(
    passage_id: str,
    name: str,
    query: Annotated[str, Query(max_length=36)],
    key: Annotated[str, Query(max_length=64)],
    desk: DeskOf,
) -> FileResponse:
    """Opened by the `still_query` of one's own search only."""
    with desk.read() as work:
        path: Path = passages.still_file(work, passage_id, name, query, key)
    return FileResponse(path, media_type=JPEG)


@router.post("/{passage_id}/hold", summary="Keep a passage for a case")
def hold(passage_id: str, body: HoldBody, desk: DeskOf) -> Held:
    """Beyond its term, until it is released."""
    with desk.write() as work:
        passages.hold(work, passage_id, body.case)
    return Held(held_for=body.case)
