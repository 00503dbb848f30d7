"""Camera walls an operator keeps under a name of his own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from sqlalchemy import select

from qyran.errors import InputError, NotFound
from qyran.roles import Role
from service.access import require
from service.store.database import Work
from service.store.operator_tables import WallLayout
from service.store.tables import Camera

WATCHERS: Final = frozenset({Role.SITUATIONAL_OPERATOR})
"""A live picture shows people: who answers alarms sees it, nobody else."""
SIZES: Final = (1, 4, 9, 16)
MOST: Final = 24  # walls one operator keeps
NAME: Final = 64  # characters


@dataclass(frozen=True, slots=True)
class Wall:
    """A kept wall; a cell is a camera's id, None where it is empty."""

    id: str
    name: str
    cells: tuple[str | None, ...]


def walls(work: Work) -> tuple[Wall, ...]:
    """The actor's walls by name.

    Raises:
        AccessError: the actor is no operator.
    """
    require(work.actor, WATCHERS)
    query = select(WallLayout).where(WallLayout.owner == work.actor.id).order_by(WallLayout.name)
    return tuple(Wall(row.id, row.name, tuple(row.cells)) for row in work.session.scalars(query))


def keep(work: Work, name: str, cells: Sequence[str | None]) -> str:
    """Keep a wall; one of the same name is replaced.

    Raises:
        AccessError: the actor is no operator.
        InputError: the name is empty or too long, the number of cells is none of `SIZES`, a camera is not registered,
            or he keeps too many walls.
    """
    require(work.actor, WATCHERS)
    said = " ".join(name.split())
    if not 1 <= len(said) <= NAME:
        raise InputError(f"A wall's name has 1 to {NAME} characters.")
    if len(cells) not in SIZES:
        raise InputError(f"A wall has {', '.join(map(str, SIZES))} places, not {len(cells)}.")
    wanted = {one for one in cells if one}
    known = set(work.session.scalars(select(Camera.id).where(Camera.id.in_(wanted))))
    if wanted - known:
        raise InputError(f"No camera is registered as {min(wanted - known)}.")
    query = select(WallLayout).where(WallLayout.owner == work.actor.id)
    mine = {row.name: row for row in work.session.scalars(query)}
    row = mine.get(said)
    if row is None:
        if len(mine) >= MOST:
            raise InputError(f"An operator keeps {MOST} walls at most; remove one first.")
        row = WallLayout(id=str(uuid4()), owner=work.actor.id, name=said, cells=[], changed_at=work.now)
        work.session.add(row)
    row.cells, row.changed_at = [one or None for one in cells], work.now
    return row.id


def remove(work: Work, wall_id: str) -> None:
    """Remove a wall of the actor.

    Raises:
        AccessError: the actor is no operator.
        NotFound: he has no such wall.
    """
    require(work.actor, WATCHERS)
    row = work.session.get(WallLayout, wall_id)
    if row is None or row.owner != work.actor.id:
        raise NotFound(f"There is no wall {wall_id}.")
    work.session.delete(row)
