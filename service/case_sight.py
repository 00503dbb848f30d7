"""Which cases somebody may see at all: of his territory, of no vehicle denied to him, blocked for nobody's sake."""

from __future__ import annotations

from qyran.errors import AccessError
from service.restrictions import refuse_blocked
from service.store.database import Work
from service.store.events import Row
from service.store.tables import ViolationCase


def in_sight(work: Work, row: Row) -> None:
    """Go on only where the actor may see a case; an alert has no territory and no vehicle of its own.

    Raises:
        AccessError: the case lies in another territory, its vehicle is denied to him, or it is blocked at the request
            of the person it is about.
    """
    if not isinstance(row, ViolationCase):
        return
    if not work.actor.sees(row.territory):
        raise AccessError(f"The case belongs to the territory {row.territory}, which is not yours.")
    if row.plate_token in work.actor.denied.vehicles:
        raise AccessError("This vehicle is denied to you; ask the administrator why.")
    refuse_blocked(work, row.id)
