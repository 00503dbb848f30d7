"""Logging in and out, and who is logged in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from qyran.roles import Role
from service import auth
from service.api.deps import LoginOf, StoreOf, cookie_name, token_of
from service.i18n import Language
from service.settings import Settings
from service.store.database import Store

router = APIRouter(prefix="/session", tags=["session"])


class Credentials(BaseModel):
    """A user's name and password."""

    model_config = ConfigDict(extra="forbid")

    username: Annotated[str, StringConstraints(max_length=64)]
    password: Annotated[str, StringConstraints(max_length=auth.LONGEST)]
    code: Annotated[str, StringConstraints(max_length=40)] | None = None


class SecondFactor(BaseModel):
    """A code of the second factor, or a recovery code."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, StringConstraints(max_length=40)]


class Session(BaseModel):
    """A login: `csrf` goes into the header X-CSRF-Token of every change.

    Attributes:
        code_needed: the password was right, and the login opens nothing before `POST /session/code`.
        must: what the login has to do before anything else: change its password, take a second factor.
    """

    user_id: str
    username: str
    name: str
    roles: list[Role]
    service: str | None
    language: Language
    csrf: str
    expires_at: datetime
    code_needed: bool = False
    must: auth.Must | None = None


@router.post("", summary="Log in", status_code=201)
def log_in(credentials: Credentials, request: Request, response: Response, store: StoreOf) -> Session:
    """Check name and password; the login's token is set as a cookie that scripts cannot read."""
    login = auth.log_in(
        store,
        credentials.username,
        credentials.password,
        address_of(request),
        code=credentials.code,
        agent=agent_of(request),
    )
    set_cookie(response, store.settings, login.token)
    return _opened(store, login)


@router.post("/code", summary="Give the code of the second factor", status_code=201)
def give_code(given: SecondFactor, request: Request, response: Response, store: StoreOf) -> Session:
    """Open the login whose password was right; it gets a new token."""
    login = auth.give_code(store, token_of(request), given.code, address_of(request), agent=agent_of(request))
    set_cookie(response, store.settings, login.token)
    return _opened(store, login)


@router.get("", summary="Who is logged in")
def current(login: LoginOf) -> Session:
    """The login of this cookie."""
    return _session(login.user, login.csrf, login.expires_at, must=login.must)


@router.delete("", summary="Log out", status_code=204)
def log_out(request: Request, response: Response, store: StoreOf, _: LoginOf) -> None:
    """End the login; its token is worth nothing any more."""
    auth.log_out(store, token_of(request))
    clear_cookie(response, store.settings)


def address_of(request: Request) -> str:
    """The network address a request came from."""
    return request.client.host if request.client else "unknown"


def agent_of(request: Request) -> str:
    """What the browser says of itself."""
    return request.headers.get("user-agent", "")


def set_cookie(response: Response, settings: Settings, token: str) -> None:
    """Give the browser a login's token."""
    age = settings.session_hours * 3600
    response.set_cookie(
        cookie_name(settings), token, max_age=age, path="/", secure=settings.secure, httponly=True, samesite="strict"
    )


def clear_cookie(response: Response, settings: Settings) -> None:
    """Take a login's token from the browser."""
    response.delete_cookie(cookie_name(settings), path="/", secure=settings.secure, httponly=True, samesite="strict")


def _opened(store: Store, login: auth.Login) -> Session:
    held = None if login.waits else auth.logged_in(store, login.token)
    must = held.must if held is not None else None
    return _session(login.user, login.csrf, login.expires_at, code_needed=login.waits, must=must)


def _session(
    user: auth.User, csrf: str, expires_at: datetime, *, code_needed: bool = False, must: auth.Must | None = None
) -> Session:
    return Session(
        user_id=user.id,
        username=user.username,
        name=user.name,
        roles=sorted(user.roles),
        service=user.service,
        language=user.language,
        csrf=csrf,
        expires_at=expires_at,
        code_needed=code_needed,
        must=must,
    )
