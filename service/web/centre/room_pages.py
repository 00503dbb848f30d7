"""Rooms beside the working screen: the map in a window of its own, and what was down and when."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from qyran.roles import Role
from service.access import require
from service.operators.board import READERS
from service.operators.down import down_now
from service.web.centre.down_view import down_view
from service.web.rendering import page, words_of
from service.web.visit import Person

router = APIRouter(prefix="/alarms", include_in_schema=False)


@router.get("/map")
def second_window(visit: Person) -> Response:
    """The map alone: it follows what the console has chosen, and picks for it."""
    require(visit.actor, READERS)
    return page(visit, "alarms/map.html")


@router.get("/outages")
def outages(visit: Person) -> Response:
    """What is down, and what was."""
    require(visit.actor, READERS | {Role.SYSTEM})
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        down = down_view(w, down_now(work))
    return page(visit, "alarms/outages.html", down=down)
