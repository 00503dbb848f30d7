"""The camera wall: several live views, kept arrangements, an alarm brings its camera up."""

from __future__ import annotations

import json
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from qyran.errors import InputError
from service.i18n import named
from service.operators import walls
from service.operators.board import cameras
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit

router = APIRouter(prefix="/wall", include_in_schema=False)


@router.get("")
def wall(visit: Person, keep: Annotated[UUID | None, Query()] = None) -> Response:
    """The wall; `keep` names one that was kept."""
    return _wall(visit, str(keep) if keep else None)


@router.post("")
def keep_wall(
    visit: PostedPerson,
    name: Annotated[str, Form(max_length=200)] = "",
    cells: Annotated[list[str] | None, Form(max_length=max(walls.SIZES))] = None,
) -> Response:
    """Keep a wall under a name."""
    try:
        with visit.store.write(visit.actor) as work:
            kept = walls.keep(work, name, cells or [])
    except InputError as error:
        return _wall(visit, None, error)
    return onward(visit, f"/wall?keep={kept}", "wall_kept")


@router.post("/{wall_id}/remove")
def remove_wall(visit: PostedPerson, wall_id: UUID) -> Response:
    """Remove a wall."""
    with visit.store.write(visit.actor) as work:
        walls.remove(work, str(wall_id))
    return onward(visit, "/wall", "wall_removed")


def _wall(visit: Visit, kept: str | None, error: Exception | None = None) -> Response:
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        mine = walls.walls(work)
        known = [(one.id, named(w.lang, one.name, one.id)) for one in cameras(work)]
    chosen = next((one for one in mine if one.id == kept), None)
    cells = list(chosen.cells) if chosen else _first([code for code, _ in known])
    return page(
        visit,
        "alarms/wall.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        mine=mine,
        chosen=chosen,
        sizes=walls.SIZES,
        cameras=known,
        cells=json.dumps(cells),
    )


def _first(codes: list[str]) -> list[str | None]:
    """Where nothing is kept: as many of the cameras as the next size holds."""
    size = next((one for one in walls.SIZES if one >= len(codes)), walls.SIZES[-1])
    shown: list[str | None] = [*codes[:size]]
    return shown + [None] * (size - len(shown))
