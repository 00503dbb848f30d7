"""All pages together, and their place in the application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from qyran.errors import QyranError
from service.objects_store import ObjectsAway
from service.web import (
    access_pages,
    account_pages,
    breach_pages,
    case_desk_pages,
    case_pages,
    case_search_pages,
    catalogue_pages,
    check_pages,
    delivery_pages,
    exchange_pages,
    exemption_pages,
    face_pages,
    fine_pages,
    import_pages,
    initiative_pages,
    machine_pages,
    map_pages,
    ncalayer_pages,
    object_pages,
    passage_pages,
    public_pages,
    publication_pages,
    receiver_pages,
    register_pages,
    request_pages,
    scene_pages,
    sensor_pages,
    session_pages,
    supervision_pages,
    term_pages,
    user_pages,
    video_pages,
    watch_pages,
)
from service.web.centre import pages as centre_pages
from service.web.errors import error_page, is_page
from service.web.kpi import pages as kpi_pages
from service.web.rendering import STATIC

YEAR_S: Final = 365 * 24 * 3600
WORKER: Final = "vendor/maplibre-gl-worker.mjs"
WORKER_POLICY: Final = "default-src 'none'; connect-src 'self'"
"""A worker has a policy of its own: the map's reads tiles from this host and nothing else."""

router = APIRouter(include_in_schema=False)
for pages in (
    receiver_pages,
    user_pages,
    term_pages,
    request_pages,
    breach_pages,
    account_pages,
    access_pages,
    session_pages,
    case_desk_pages,  # its plain words stand before the ids of cases
    case_search_pages,
    ncalayer_pages,
    case_pages,
    check_pages,
    delivery_pages,
    centre_pages,
    map_pages,
    catalogue_pages,  # its plain words stand before the ids of KPIs
    initiative_pages,
    publication_pages,  # its word stands before the ids of KPIs
    kpi_pages,
    public_pages,
    import_pages,
    register_pages,
    exemption_pages,
    exchange_pages,
    fine_pages,
    scene_pages,
    passage_pages,
    watch_pages,
    video_pages,
    supervision_pages,
    machine_pages,
    sensor_pages,
    object_pages,
    face_pages,
):
    router.include_router(pages.router)

Handler = Callable[[Request, Any], Response | Awaitable[Response]]


class Kept(StaticFiles):
    """Static files; one named with its mark of content may be kept for a year."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer one request."""
        response = await super().get_response(path, scope)
        marked = b"v=" in scope.get("query_string", b"")
        response.headers["cache-control"] = f"public, max-age={YEAR_S}, immutable" if marked else "no-cache"
        if path == WORKER:
            response.headers["content-security-policy"] = WORKER_POLICY
        return response


def install(app: FastAPI) -> None:
    """Give an application with these pages its files; errors of pages are pages, the API's stay problem documents."""
    app.mount("/static", Kept(directory=STATIC), name="static")
    for kind in (QyranError, ObjectsAway, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, _either(app.exception_handlers.get(kind)))


def _either(machine: Handler | None) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        if machine is None or is_page(request):
            return error_page(request, error)
        found = machine(request, error)
        return await found if isawaitable(found) else found

    return answer
