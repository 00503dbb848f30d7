"""What routes for the situational centre ask for: the token of one of its machines, or a person's login."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Header, Request

from qyran.errors import AccessError
from qyran.roles import Actor, Role
from service.access import require
from service.api.deps import CSRF_HEADER, StoreOf, get_login
from service.api.feeds import BEARER
from service.api.problems import NotLoggedIn
from service.exchange.questions.roles import ASKERS
from service.exchange.readers import WATCHERS, Scope, reader_actor
from service.rates import ASSISTANT, FEED, Rate
from service.store.database import Store, Work

RATES: Final[dict[Scope, Rate]] = {"feed": FEED, "assistant": ASSISTANT}
LONGEST: Final = 200
ROLES: Final[dict[Scope, frozenset[Role]]] = {"feed": WATCHERS | {Role.CENTRE}, "assistant": ASKERS}


@dataclass(frozen=True, slots=True)
class CentreDesk:
    """Where a request of the centre is worked on."""

    store: Store
    actor: Actor

    def read(self) -> AbstractContextManager[Work]:
        """A unit of work that only reads."""
        return self.store.read(self.actor)

    def write(self) -> AbstractContextManager[Work]:
        """A unit of work in the reader's name."""
        return self.store.write(self.actor)


class CentreOf:
    """A dependency: the desk of the reader whose token the request carries, else of the person who is logged in.

    Raises:
        NotLoggedIn: the token is absent, wrong or revoked, or does not reach so far; and nobody is logged in.
        AccessError: the person's roles read no exchange.
        TooOften: it asks oftener than it may.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope: Scope = scope

    def __call__(
        self,
        request: Request,
        store: StoreOf,
        authorization: Annotated[str | None, Header(max_length=LONGEST, description="Bearer and the token.")] = None,
        csrf: Annotated[str | None, Header(alias=CSRF_HEADER, description="For people who are logged in.")] = None,
    ) -> CentreDesk:
        """Look the token or the login up."""
        given = authorization or ""
        if given.lower().startswith(BEARER):
            try:
                actor = reader_actor(store, given[len(BEARER) :].strip(), self._scope)
            except AccessError as error:
                raise NotLoggedIn(str(error)) from None
        else:
            actor = get_login(request, store, csrf).user.actor
        require(actor, ROLES[self._scope])
        request.app.state.rates.ask(f"{self._scope}:{actor.id}", RATES[self._scope])
        return CentreDesk(store, actor)
