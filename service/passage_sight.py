"""Passages kept from somebody: those of a vehicle denied to him, and of one blocked at its owner's request.

A passage that is held for a case stays in use in spite of a block, as a lock keeps a case in use; a denial knows no
exception.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, or_, select

from qyran.errors import AccessError
from qyran.roles import Actor
from service.restrictions import WATCHERS
from service.store.database import Work
from service.store.people_tables import Restriction
from service.store.tables import Passage


def visible(actor: Actor) -> ColumnElement[bool]:
    """Which passages the actor may see."""
    allowed = [or_(Passage.plate_token.is_(None), Passage.plate_token.not_in(sorted(actor.denied.vehicles)))]
    if actor.acts_as(WATCHERS) is None:
        blocked = Passage.plate_token.in_(_blocked())
        allowed.append(or_(Passage.plate_token.is_(None), ~blocked, Passage.held_for.is_not(None)))
    return and_(*allowed)


def refuse_hidden(work: Work, passage: Passage) -> None:
    """Go on only where the actor may see a passage.

    Raises:
        AccessError: its vehicle is denied to him, or blocked at the request of the person it is about.
    """
    if passage.plate_token in work.actor.denied.vehicles:
        raise AccessError("This vehicle is denied to you; ask the administrator why.")
    seen = select(Passage.id).where(Passage.id == passage.id, visible(work.actor))
    if work.session.scalar(seen) is None:
        raise AccessError("This record is blocked at the request of the person it is about.")


def _blocked() -> Select[str | None]:
    """Tokens of the vehicles whose passages are blocked."""
    return select(Restriction.plate_token).where(Restriction.ended_at.is_(None), Restriction.plate_token.is_not(None))
