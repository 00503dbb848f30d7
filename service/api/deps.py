"""What routes ask for: the store, the login behind the cookie, its CSRF token checked, units of work."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Header, Request

from qyran.errors import AccessError
from service.api.headers import SAFE
from service.api.limits import count
from service.api.problems import NotLoggedIn
from service.auth import LoggedIn, csrf_matches, logged_in
from service.doors import OWN, function_of, pass_door
from service.settings import Settings
from service.store.database import Store, Work

CSRF_HEADER: Final = "X-CSRF-Token"
FIRST: Final = {
    "password": "Change the password first: somebody else chose it.",
    "second_factor": "Take a second factor first: your role asks for one.",
}


def cookie_name(settings: Settings) -> str:
    """Name of the login's cookie; over TLS bound to this host by its prefix (RFC 6265bis, 4.1.3.2)."""
    return "__Host-qyran" if settings.secure else "qyran"


def token_of(request: Request) -> str | None:
    """The login's token as the browser sent it."""
    return request.cookies.get(cookie_name(request.app.state.store.settings))


def is_closing(request: Request) -> bool:
    """Whether the service was told to stop: answers without an end of their own come to it."""
    return bool(request.app.state.readiness.closing.is_set())


def get_store(request: Request) -> Store:
    """The application's store."""
    store: Store = request.app.state.store
    return store


def get_login(
    request: Request,
    store: Annotated[Store, Depends(get_store)],
    csrf: Annotated[str | None, Header(alias=CSRF_HEADER, description="From the login; for every change.")] = None,
) -> LoggedIn:
    """The login of the request.

    Raises:
        NotLoggedIn: there is none, or it has ended.
        AccessError: a change without the login's CSRF token, a function that is denied to the person, or a login that
            has to change its password or take a second factor first.
    """
    login = logged_in(store, token_of(request))
    if login is None:
        raise NotLoggedIn("There is no login, or it has ended; log in.")
    if request.method not in SAFE and not csrf_matches(login, csrf):
        raise AccessError(f"The header {CSRF_HEADER} is absent or wrong; load the page again.")
    path = str(request.scope["path"])  # as the router reads it; an address made of it could read otherwise
    count(request, login.user.id, pass_door(login.user.actor, request.method, path))
    if login.must is not None and function_of(path) != OWN:
        raise AccessError(FIRST[login.must])
    return login


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a request is worked on: the store, and who works.

    Units of work are opened inside a route's own function, never by a dependency: a transaction handed from thread to
    thread could wait for a thread that waits for the transaction.
    """

    store: Store
    login: LoggedIn

    def write(self) -> AbstractContextManager[Work]:
        """A unit of work that may change things."""
        return self.store.write(self.login.user.actor)

    def read(self) -> AbstractContextManager[Work]:
        """A unit of work that only reads."""
        return self.store.read(self.login.user.actor)


StoreOf = Annotated[Store, Depends(get_store)]
LoginOf = Annotated[LoggedIn, Depends(get_login)]


def get_desk(store: StoreOf, login: LoginOf) -> Desk:
    """The desk of whoever is logged in."""
    return Desk(store, login)


DeskOf = Annotated[Desk, Depends(get_desk)]
