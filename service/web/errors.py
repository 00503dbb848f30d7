"""Error pages for people; machines under /api get problem documents from the API's own handlers."""

from __future__ import annotations

import logging
from typing import Final
from urllib.parse import quote

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from qyran.errors import AccessError, ConfigError, InputError, IntegrityError, NotFound, QyranError, TransitionError
from service.objects_store import ObjectsAway
from service.rates import TooOften
from service.web.refusals import refusal
from service.web.rendering import page, words_of
from service.web.visit import AccountFirst, ForeignForm, LoginNeeded, visit

log = logging.getLogger(__name__)

STATUS: Final = (
    (AccessError, 403),
    (NotFound, 404),
    (TransitionError, 409),
    (InputError, 422),
    (IntegrityError, 404),
    (TooOften, 429),
)
PAGES: Final = frozenset({400, 403, 404, 405, 408, 409, 413, 422, 429, 500, 503})


def is_page(request: Request) -> bool:
    """Whether a person's browser asked, not a machine."""
    return not request.url.path.startswith(("/api/", "/api"))


def login_first(request: Request) -> Response:
    """On to the login page, and back afterwards; htmx is told to load a whole page."""
    back = request.url.path if request.method == "GET" else "/"
    return onward_to(request, f"/login?next={quote(back)}" if back != "/" else "/login")


def onward_to(request: Request, path: str) -> Response:
    """On to another page; htmx is told to load a whole one."""
    if request.headers.get("hx-request") == "true":
        return Response(status_code=200, headers={"HX-Redirect": path})
    return RedirectResponse(path, 303)


def error_page(request: Request, error: Exception) -> Response:
    """What a page's request gets for an exception."""
    match error:
        case LoginNeeded():
            return login_first(request)
        case AccountFirst():
            return onward_to(request, "/account")
        case HTTPException():
            code, detail = error.status_code, None
        case RequestValidationError():
            code, detail = 422, None
        case QyranError():
            code = next((number for kind, number in STATUS if isinstance(error, kind)), 500)
            detail = error
        case ObjectsAway():
            code, detail = 503, None
        case _:
            code, detail = 500, None
    if code >= 500:
        log.error("The request %s %s failed.", request.method, request.url.path, exc_info=error)
    return _page(request, code if code in PAGES else (404 if code < 500 else 500), detail)


def _page(request: Request, code: int, detail: Exception | None) -> Response:
    try:
        seen = visit(request)
        w = words_of(seen)
        said = None
        if isinstance(detail, ForeignForm):
            said = w.t("flash.csrf")
        elif detail is not None and (code in {403, 409, 422} or isinstance(detail, ConfigError)):
            said = refusal(w, detail)
        return page(seen, "error.html", status=code, code=str(code), detail=said)
    except Exception:
        # The store itself may be what failed: an answer without it is better than none.
        log.exception("The error page failed too.")
        return PlainTextResponse(f"{code}\n", code)
