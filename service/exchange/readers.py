"""Machines of the centre: each with a token, told once, kept as its hash, revocable; and how far it has read."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import uuid4

from sqlalchemy import select

from qyran.errors import AccessError, InputError, NotFound
from qyran.roles import Actor, Role
from service.access import log_access, require
from service.store.database import Store, Work
from service.store.exchange_tables import ExchangeReader

Scope = Literal["feed", "assistant"]
SCOPES: Final[tuple[Scope, ...]] = ("feed", "assistant")
"""What a token may: read the feed, ask the assistant's questions."""
KEEPERS: Final = frozenset({Role.ADMINISTRATOR, Role.SYSTEM})
WATCHERS: Final = frozenset({Role.EVALUATOR, Role.ADMINISTRATOR, Role.AUDITOR})
"""Who sees the state of the exchange, and may read the feed like a machine."""
TOKEN_BYTES: Final = 32
PREFIX: Final = "qyran-exchange-"
NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
NOTED_EVERY: Final = timedelta(seconds=10)
"""How often at most it is written down that a reader asked without getting anything new."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A machine of the centre, as lists show it.

    Attributes:
        asked_seq: everything up to this record it had taken when it asked last.
        last_seq: the last record it was given.
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    made_at: datetime
    revoked_at: datetime | None
    last_read_at: datetime | None
    asked_seq: int
    last_seq: int


def make_reader(work: Work, name: str, scopes: Iterable[str]) -> str:
    """Let a machine read; its token, which nobody can see again.

    Raises:
        AccessError: the actor is no administrator.
        InputError: the name is taken or badly formed, or there is no such scope.
    """
    role = require(work.actor, KEEPERS)
    wanted = sorted(set(scopes))
    if not wanted or not set(wanted) <= set(SCOPES):
        raise InputError(f"A reader may do one or more of {', '.join(SCOPES)}.")
    if not NAME.fullmatch(name):
        raise InputError("The name of a reader has 1 to 64 Latin letters, digits, dots, dashes or underscores.")
    if work.session.scalar(select(ExchangeReader).where(ExchangeReader.name == name)) is not None:
        raise InputError(f"The name {name} is taken; a revoked reader keeps its name.")
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    row = ExchangeReader(id=str(uuid4()), name=name, token_hash=_hash(token), scopes=wanted, made_at=work.now)
    row.made_by, row.revoked_at, row.last_read_at = work.actor.id, None, None
    row.last_seq = row.asked_seq = 0
    work.session.add(row)
    log_access(work, role, "reader_made", row.id)
    return token


def revoke_reader(work: Work, name: str) -> None:
    """Give nothing more to a machine.

    Raises:
        AccessError: the actor is no administrator.
        NotFound: there is no such reader.
    """
    role = require(work.actor, KEEPERS)
    row = work.session.scalar(select(ExchangeReader).where(ExchangeReader.name == name))
    if row is None:
        raise NotFound(f"There is no reader {name}.")
    row.revoked_at = row.revoked_at or work.now
    log_access(work, role, "reader_revoked", row.id)


def readers(work: Work) -> tuple[Reader, ...]:
    """All readers by name.

    Raises:
        AccessError: the actor watches over no exchange.
    """
    require(work.actor, WATCHERS | KEEPERS)
    return tuple(_view(row) for row in work.session.scalars(select(ExchangeReader).order_by(ExchangeReader.name)))


def reader_actor(store: Store, token: str | None, scope: Scope) -> Actor:
    """Who a token belongs to.

    Raises:
        AccessError: to nobody, to a revoked reader, or to one that may something else.
    """
    row = None
    if token:
        with store.read() as work:
            row = work.session.scalar(select(ExchangeReader).where(ExchangeReader.token_hash == _hash(token)))
    if row is None or row.revoked_at is not None:
        raise AccessError("The token of the reader is absent, wrong or revoked.")
    if scope not in row.scopes:
        raise AccessError(f"This reader's token does not reach as far as {scope}.")
    return Actor(row.id, frozenset({Role.CENTRE}))


def note_reading(store: Store, actor: Actor, asked_seq: int, last_seq: int) -> None:
    """Write down where a reader stands; persons who look into the feed are no readers."""
    if Role.CENTRE not in actor.roles:
        return
    with store.read() as work:
        row = work.session.get(ExchangeReader, actor.id)
        fresh = row is None or row.last_read_at is None or work.now - row.last_read_at >= NOTED_EVERY
        same = row is not None and (row.asked_seq, row.last_seq) == (asked_seq, last_seq)
    if same and not fresh:
        return
    with store.write(actor) as work:
        row = work.session.get(ExchangeReader, actor.id, with_for_update=True)
        if row is not None:
            row.asked_seq, row.last_seq, row.last_read_at = asked_seq, last_seq, work.now


def _view(row: ExchangeReader) -> Reader:
    return Reader(
        row.id, row.name, tuple(row.scopes), row.made_at, row.revoked_at, row.last_read_at, row.asked_seq, row.last_seq
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
