"""Machines of others that deliver records: each has a token of its own, told once, kept as its hash, revocable.

A feed may deliver what it was made for and read nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import uuid4

from sqlalchemy import select

from incidents.alert import SERVICES
from qyran.errors import AccessError, InputError, NotFound
from qyran.roles import Actor, Role
from service.access import log_access, require
from service.store.database import Store, Work
from service.store.record_tables import FeedToken

DISPATCH: Final = {service: f"dispatch_{service}" for service in SERVICES}
"""What the system of each service may deliver: the steps of its crews."""
FEEDS: Final = (
    "controller", "devices", "fine_payments", "payments", "registers", "sensors", "worker", *DISPATCH.values(),
)  # fmt: skip
"""What a feed may deliver; a worker delivers what it saw of its cameras, a controller says who watches which."""
KEEPERS: Final = frozenset({Role.ADMINISTRATOR, Role.SYSTEM})
DELIVERERS: Final = frozenset({Role.ADMINISTRATOR, Role.FEED, Role.SYSTEM})
"""Who may bring records in."""
TOKEN_BYTES: Final = 32
PREFIX: Final = "qyran-feed-"
NAME_LONGEST: Final = 64


@dataclass(frozen=True, slots=True)
class Feed:
    """A machine of others, as lists show it."""

    id: str
    name: str
    feeds: tuple[str, ...]
    made_at: datetime
    revoked_at: datetime | None


def make_feed(work: Work, name: str, feeds: Iterable[str]) -> str:
    """Let a machine deliver; its token, which nobody can see again.

    Raises:
        AccessError: the actor is no administrator.
        InputError: the name is taken or badly formed, or there is no such feed.
    """
    role = require(work.actor, KEEPERS)
    wanted = sorted(set(feeds))
    if not wanted or not set(wanted) <= set(FEEDS):
        raise InputError(f"A feed delivers one or more of {', '.join(FEEDS)}.")
    plain = name.replace(".", "").replace("-", "").replace("_", "")
    if not (1 <= len(name) <= NAME_LONGEST and plain.isascii() and plain.isalnum()):
        raise InputError("The name of a feed has 1 to 64 Latin letters, digits, dots, dashes or underscores.")
    if work.session.scalar(select(FeedToken).where(FeedToken.name == name)) is not None:
        raise InputError(f"The name {name} is taken; a revoked feed keeps its name.")
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    row = FeedToken(id=str(uuid4()), name=name, token_hash=_hash(token), feeds=wanted, made_at=work.now)
    row.made_by, row.revoked_at = work.actor.id, None
    work.session.add(row)
    log_access(work, role, "feed_made", row.id)
    return token


def revoke_feed(work: Work, name: str) -> None:
    """Take nothing more from a machine.

    Raises:
        NotFound: there is no such feed.
    """
    role = require(work.actor, KEEPERS)
    row = work.session.scalar(select(FeedToken).where(FeedToken.name == name))
    if row is None:
        raise NotFound(f"There is no feed {name}.")
    row.revoked_at = row.revoked_at or work.now
    log_access(work, role, "feed_revoked", row.id)


def feeds(work: Work) -> tuple[Feed, ...]:
    """All feeds by name."""
    require(work.actor, KEEPERS | {Role.AUDITOR})
    rows = work.session.scalars(select(FeedToken).order_by(FeedToken.name))
    return tuple(Feed(row.id, row.name, tuple(row.feeds), row.made_at, row.revoked_at) for row in rows)


def feed_actor(store: Store, token: str | None, feed: str) -> Actor:
    """Who a token belongs to.

    Raises:
        AccessError: to nobody, to a revoked feed, or to one that delivers something else.
    """
    with store.read() as work:
        row = None
        if token:
            row = work.session.scalar(select(FeedToken).where(FeedToken.token_hash == _hash(token)))
    if row is None or row.revoked_at is not None:
        raise AccessError("The token of the feed is absent, wrong or revoked.")
    if feed not in row.feeds:
        raise AccessError(f"This feed may not deliver {feed}.")
    return Actor(row.id, frozenset({Role.FEED}))


def dispatch_actor(store: Store, token: str | None, service: str) -> Actor:
    """The system of a service, by its token; it acts for that service only.

    Raises:
        AccessError: the token is nobody's, revoked, or of another service.
    """
    return replace(feed_actor(store, token, DISPATCH[service]), service=service)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
