"""What routes for machines of others ask for: the feed's token in the header ``Authorization: Bearer``."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Header

from qyran.errors import AccessError
from qyran.roles import Actor
from service.api.deps import StoreOf
from service.api.problems import NotLoggedIn
from service.feeds import feed_actor
from service.store.database import Store, Work

BEARER: Final = "bearer "
LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class FeedDesk:
    """Where a feed's delivery is worked on."""

    store: Store
    actor: Actor

    def write(self) -> AbstractContextManager[Work]:
        """A unit of work in the feed's name."""
        return self.store.write(self.actor)


class FeedOf:
    """A dependency: the desk of the feed whose token the request carries.

    Raises:
        NotLoggedIn: the token is absent, wrong or revoked, or of another kind of feed.
    """

    def __init__(self, feed: str) -> None:
        self._feed = feed

    def __call__(
        self,
        store: StoreOf,
        authorization: Annotated[str | None, Header(max_length=LONGEST, description="Bearer and the token.")] = None,
    ) -> FeedDesk:
        """Look the token up."""
        given = authorization or ""
        token = given[len(BEARER) :].strip() if given.lower().startswith(BEARER) else None
        try:
            return FeedDesk(store, feed_actor(store, token, self._feed))
        except AccessError as error:
            raise NotLoggedIn(str(error)) from None
