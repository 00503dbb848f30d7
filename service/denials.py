"""What is kept from somebody whatever his roles grant: a function, a territory, a vehicle; it beats every grant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from qyran.errors import InputError, NotFound
from qyran.roles import Denied, Role
from service.access import log_access, require
from service.doors import FUNCTIONS
from service.plates import normal
from service.store.database import Work
from service.store.people_tables import AccessDenial
from service.store.tables import AppUser

KINDS: Final = ("function", "territory", "vehicle")
KEEPERS: Final = frozenset({Role.ADMINISTRATOR, Role.SYSTEM})
READERS: Final = KEEPERS | {Role.AUDITOR}
LEAST_WORDS: Final = 5
"""Characters of the ground at least."""


@dataclass(frozen=True, slots=True)
class DenialView:
    """A denial as lists show it; a vehicle's plate is not kept, only its token."""

    id: str
    user_id: str
    kind: str
    target: str | None
    ground: str
    made_at: datetime
    ended_at: datetime | None


def denied_to(session: Session, user_id: str) -> Denied:
    """Everything that is denied to a user now."""
    query = select(AccessDenial.kind, AccessDenial.target).where(
        AccessDenial.user_id == user_id, AccessDenial.ended_at.is_(None)
    )
    found: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for kind, target in session.execute(query):
        found[kind].add(target)
    return Denied(*(frozenset(found[kind]) for kind in KINDS))


def deny(work: Work, user_id: str, kind: str, target: str, ground: str) -> str:
    """Deny something to a user, from the next request on; the denial's id.

    Raises:
        AccessError: the actor is no administrator.
        InputError: there is no such kind or function, or no ground.
        NotFound: there is no such user.
    """
    role = require(work.actor, KEEPERS)
    if work.session.get(AppUser, user_id) is None:
        raise NotFound(f"There is no user {user_id}.")
    wanted, why = target.strip(), ground.strip()
    if kind not in KINDS:
        raise InputError(f"What is denied is a {', a '.join(KINDS)}.")
    if kind == "function" and wanted not in FUNCTIONS:
        raise InputError(f"A denied function is one of {', '.join(FUNCTIONS)}.")
    if not 1 <= len(wanted) <= 64:
        raise InputError("Name what is denied: a function, a territory or a plate.")
    if not LEAST_WORDS <= len(why) <= 255:
        raise InputError(f"Say in {LEAST_WORDS} to 255 characters why it is denied.")
    if kind == "vehicle":
        wanted = work.store.vault.token(normal(wanted))
    row = AccessDenial(
        id=str(uuid4()), user_id=user_id, kind=kind, target=wanted, ground=why, made_at=work.now, made_by=work.actor.id
    )
    work.session.add(row)
    log_access(work, role, "denied", user_id)
    return row.id


def end_denial(work: Work, denial_id: str) -> None:
    """What was denied is denied no more.

    Raises:
        NotFound: there is no such denial, or it has ended.
    """
    role = require(work.actor, KEEPERS)
    row = work.session.get(AccessDenial, denial_id, with_for_update=True)
    if row is None or row.ended_at is not None:
        raise NotFound(f"There is no denial {denial_id}.")
    row.ended_at, row.ended_by = work.now, work.actor.id
    log_access(work, role, "denial_ended", row.user_id)


def denials(work: Work, user_id: str | None = None) -> tuple[DenialView, ...]:
    """Denials that hold, of one user or of all, the newest first."""
    require(work.actor, READERS)
    query = select(AccessDenial).where(AccessDenial.ended_at.is_(None)).order_by(AccessDenial.made_at.desc())
    if user_id is not None:
        query = query.where(AccessDenial.user_id == user_id)
    return tuple(
        DenialView(
            row.id, row.user_id, row.kind, None if row.kind == "vehicle" else row.target, row.ground, row.made_at,
            row.ended_at,
        )
        for row in work.session.scalars(query)
    )  # fmt: skip
