"""Who asks: the store, the login, the language and the form token of one request.

A form is taken only with its token: of the login, or before a login of a cookie that only this host can read back
(double submit). The token comes in the field ``csrf`` or in the header ``X-CSRF-Token``.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, replace
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Form, Header, Request

from qyran.errors import AccessError
from qyran.roles import Actor, Role
from service.api.deps import token_of
from service.api.limits import count
from service.api.problems import NotLoggedIn
from service.auth import LoggedIn, User, csrf_matches, logged_in
from service.doors import OWN, function_of, pass_door
from service.i18n import Language, as_language, preferred
from service.store.database import Store

LANGUAGE_COOKIE: Final = "qyran_language"
FORM_COOKIE: Final = "qyran_form"
FLASH_COOKIE: Final = "qyran_flash"
YEAR_S: Final = 365 * 24 * 3600


class LoginNeeded(NotLoggedIn):
    """The page wants a login first."""


class AccountFirst(NotLoggedIn):
    """The login has to change its password or take a second factor before it opens anything else."""


class ForeignForm(AccessError):
    """A form came without the token of the session."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request.

    Attributes:
        request: of the framework.
        store: the open store.
        login: None before logging in.
        lang: of the page.
        csrf: token for the forms of the page.
        form_cookie: what the form cookie has to become, or None where it stays.
    """

    request: Request
    store: Store
    login: LoggedIn | None
    lang: Language
    csrf: str
    form_cookie: str | None = None

    @property
    def user(self) -> User | None:
        """Who is logged in."""
        return self.login.user if self.login else None

    @property
    def actor(self) -> Actor:
        """Who acts.

        Raises:
            LoginNeeded: nobody is logged in.
        """
        if self.login is None:
            raise LoginNeeded("Log in first.")
        return self.login.user.actor

    @property
    def roles(self) -> frozenset[Role]:
        """Roles of who is logged in; none before."""
        return self.login.user.roles if self.login else frozenset()

    @property
    def here(self) -> str:
        """Path and query of this page."""
        url = self.request.url
        return f"{url.path}?{url.query}" if url.query else url.path

    def leave(self) -> Visit:
        """The same visit without its login, with a fresh form token."""
        token = secrets.token_urlsafe(24)
        return replace(self, login=None, csrf=token, form_cookie=token)


def visit(request: Request) -> Visit:
    """What is known of a request."""
    store: Store = request.app.state.store
    login = logged_in(store, token_of(request))
    chosen = as_language(request.cookies.get(LANGUAGE_COOKIE))
    if login is not None:
        return Visit(request, store, login, chosen or login.user.language, login.csrf)
    lang = chosen or preferred(request.headers.get("accept-language", ""), store.settings.language)
    held = request.cookies.get(FORM_COOKIE)
    if held and len(held) <= 64:
        return Visit(request, store, None, lang, held)
    token = secrets.token_urlsafe(24)
    return Visit(request, store, None, lang, token, token)


def signed_in(visit: Annotated[Visit, Depends(visit)]) -> Visit:
    """A request of somebody who is logged in.

    Raises:
        LoginNeeded: of nobody.
        AccountFirst: of somebody who has something to do with his login first.
        AccessError: to a function that is denied to him.
    """
    if visit.login is None:
        raise LoginNeeded("Log in first.")
    path = str(visit.request.scope["path"])  # as the router reads it; an address made of it could read otherwise
    count(visit.request, visit.actor.id, pass_door(visit.actor, visit.request.method, path))
    if visit.login.must is not None and function_of(path) != OWN:
        raise AccountFirst("Change the password or take a second factor first.")
    return visit


def posted(
    visit: Annotated[Visit, Depends(visit)],
    csrf: Annotated[str, Form(max_length=200)] = "",
    x_csrf_token: Annotated[str | None, Header(max_length=200)] = None,
) -> Visit:
    """A form that came from one of our pages.

    Raises:
        ForeignForm: it did not, or the page is of another session.
    """
    given = csrf or x_csrf_token
    if visit.login is not None:
        right = csrf_matches(visit.login, given)
    else:
        right = visit.form_cookie is None and hmac.compare_digest(visit.csrf.encode(), (given or "").encode())
    if not right or not _same_origin(visit.request):
        raise ForeignForm("The form was not from this session; load the page again.")
    return visit


def posted_signed_in(visit: Annotated[Visit, Depends(posted)]) -> Visit:
    """A form of somebody who is logged in.

    Raises:
        LoginNeeded: of nobody.
    """
    return signed_in(visit)


def _same_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def own_path(path: str | None, otherwise: str = "/") -> str:
    """A path of this host that a form named as its way back; anything else becomes `otherwise`."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or len(path) > 500:
        return otherwise
    return path if path.isprintable() else otherwise


Guest = Annotated[Visit, Depends(visit)]
Person = Annotated[Visit, Depends(signed_in)]
Posted = Annotated[Visit, Depends(posted)]
PostedPerson = Annotated[Visit, Depends(posted_signed_in)]
