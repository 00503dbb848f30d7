"""Logging in and out, the language, the start page of each role, what this program is and its source."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.responses import FileResponse, Response

from service import auth
from service.api.deps import token_of
from service.api.sessions import address_of, agent_of, clear_cookie, set_cookie
from service.i18n import as_language
from service.web import source
from service.web.navigation import landing
from service.web.rendering import onward, page, words_of
from service.web.rendering import set_cookie as set_own
from service.web.visit import FORM_COOKIE, LANGUAGE_COOKIE, YEAR_S, Guest, Person, Posted, own_path

router = APIRouter(include_in_schema=False)


@router.get("/")
def start(visit: Person) -> Response:
    """On to the page of the visitor's role."""
    return onward(visit, landing(visit.roles))


@router.get("/login")
def login_page(visit: Guest, back: Annotated[str, Query(alias="next", max_length=500)] = "/") -> Response:
    """The login form."""
    if visit.login is not None:
        return onward(visit, own_path(back))
    return page(visit, "login.html", next=own_path(back), error=None)


@router.post("/login")
def log_in(
    visit: Posted,
    username: Annotated[str, Form(max_length=64)] = "",
    password: Annotated[str, Form(max_length=auth.LONGEST)] = "",
    back: Annotated[str, Form(alias="next", max_length=500)] = "/",
) -> Response:
    """Check name and password; the login's token is set as a cookie that scripts cannot read."""
    store = visit.store
    try:
        request = visit.request
        login = auth.log_in(store, username.strip(), password, address_of(request), agent=agent_of(request))
    except auth.LoginError as error:
        w = words_of(visit)
        said = w.t("login.throttled" if error.throttled else "login.refused")
        status = 429 if error.throttled else 401
        return page(visit, "login.html", status=status, next=own_path(back), error=said)
    auth.log_out(store, token_of(request))
    if login.waits:
        response: Response = page(visit, "login_code.html", next=own_path(back), error=None)
        set_cookie(response, store.settings, login.token)
        return response
    response = onward(visit, own_path(back))
    set_cookie(response, store.settings, login.token)
    response.delete_cookie(FORM_COOKIE)
    return response


@router.post("/logout")
def log_out(visit: Posted) -> Response:
    """End the login; its token is worth nothing any more."""
    auth.log_out(visit.store, token_of(visit.request))
    response = onward(visit, "/login")
    clear_cookie(response, visit.store.settings)
    response.headers["clear-site-data"] = '"cache"'  # evidence must not stay on a shared machine
    return response


@router.post("/language")
def language(
    visit: Posted, lang: Annotated[str, Form(max_length=2)] = "", back: Annotated[str, Form(max_length=500)] = "/"
) -> Response:
    """Remember the language of the pages."""
    response = onward(visit, own_path(back))
    chosen = as_language(lang)
    if chosen is not None:
        set_own(visit, response, LANGUAGE_COOKIE, chosen, YEAR_S)
    return response


@router.get("/about")
def about(visit: Guest) -> Response:
    """What this program is, and what it is not."""
    return page(visit, "about.html")


@router.get("/about/source")
def running_source(visit: Guest) -> FileResponse:
    """The source of the running version, as section 13 of the AGPL asks."""
    path = source.archive(visit.store.settings.home)
    return FileResponse(path, media_type="application/gzip", filename=path.name)
