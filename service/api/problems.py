"""Errors as problem details (RFC 9457): the exception tree and everything else, one shape."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from qyran.errors import (
    AccessError,
    ConfigError,
    InputError,
    IntegrityError,
    NotFound,
    QyranError,
    TransitionError,
    Unavailable,
)
from service.api.request_log import route_of
from service.auth import LoginError
from service.exchange.feed import CursorGone
from service.objects_store import ObjectsAway
from service.rates import TooOften

MEDIA_TYPE: Final = "application/problem+json"
AWAY_S: Final = 60
"""After which a request for files may be asked again: outages of a store are minutes, not moments."""

log = logging.getLogger(__name__)


class Problem(BaseModel):
    """What went wrong.

    Attributes:
        type: which kind of problem, relative to the service.
        title: the kind in words.
        status: the HTTP status.
        detail: one sentence that names the thing and the fix.
        instance: path of the request.
        errors: which parts of the request are wrong, without their values.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[dict[str, str]] | None = None


KINDS: Final[tuple[tuple[type[QyranError], int, str, str], ...]] = (
    (Unavailable, 409, "unavailable", "The installation cannot do this now"),
    (ConfigError, 503, "configuration", "The installation is not configured for this"),
    (InputError, 422, "input", "What was given cannot be used"),
    (NotFound, 404, "not-found", "There is no such record"),
    (AccessError, 403, "access", "The role does not allow this"),
    (TransitionError, 409, "transition", "The record may not take this step"),
    (CursorGone, 410, "cursor-gone", "The cursor is of a feed that is gone"),
    (IntegrityError, 500, "integrity", "Something is not what was signed"),
    (QyranError, 500, "error", "The service failed"),
)

RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    code: {"model": Problem, "description": HTTPStatus(code).phrase, "content": {MEDIA_TYPE: {}}}
    for code in (400, 401, 403, 404, 409, 413, 422, 429)
}
"""For OpenAPI: what every route may answer besides success."""


class NotLoggedIn(AccessError):
    """No login holds for this request."""


def install(app: FastAPI) -> None:
    """Answer every error of the application as a problem."""
    app.add_exception_handler(QyranError, _qyran)
    app.add_exception_handler(ObjectsAway, _away)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def problem(
    request: Request,
    status: int,
    kind: str,
    title: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """A problem response."""
    body = Problem(
        type=f"/problems/{kind}",
        title=title,
        status=status,
        detail=detail,
        instance=request.url.path,
        errors=errors,
    )
    return JSONResponse(body.model_dump(exclude_none=True), status, headers, media_type=MEDIA_TYPE)


async def _qyran(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, NotLoggedIn):
        return problem(request, 401, "login", "Log in first", str(error), headers={"WWW-Authenticate": "Session"})
    if isinstance(error, LoginError):
        if error.throttled:
            minutes = request.app.state.store.settings.login_window_minutes
            after = {"Retry-After": str(minutes * 60)}
            return problem(request, 429, "throttled", "Too many tries", str(error), headers=after)
        return problem(request, 401, "login", "The login failed", str(error))
    if isinstance(error, TooOften):
        after = {"Retry-After": str(error.wait_s)}
        return problem(request, 429, "throttled", "Too many requests", str(error), headers=after)
    for kind, status, name, title in KINDS:
        if isinstance(error, kind):
            if status >= 500:
                log.error("%s: %s", type(error).__name__, error)
            return problem(request, status, name, title, str(error))
    raise error


async def _away(request: Request, error: Exception) -> JSONResponse:
    log.error("%s.", error)
    detail = "The object store that holds the files does not answer; nothing is lost, try again in a minute."
    headers = {"Retry-After": str(AWAY_S)}
    return problem(request, 503, "objects-away", "Files are not to hand", detail, headers=headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    faults = error.errors() if isinstance(error, RequestValidationError) else []
    listed = [{"at": ".".join(str(step) for step in one["loc"]), "message": str(one["msg"])} for one in faults]
    detail = "; ".join(f"{one['at']}: {one['message']}" for one in listed) or "The request is malformed."
    return problem(request, 422, "input", "What was given cannot be used", detail, errors=listed)


async def _http(request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    title = HTTPStatus(status).phrase
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else None
    return problem(request, status, title.lower().replace(" ", "-"), title, f"{title}.", headers=headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    extra = {"request": getattr(request.state, "request_id", None)}
    log.error("Unexpected error at %s", route_of(request.scope), exc_info=error, extra=extra)
    return problem(request, 500, "error", "The service failed", "An unexpected error was logged.")
