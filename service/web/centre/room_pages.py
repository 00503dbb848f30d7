"""Rooms beside the working screen: the map in a window of its own, and what was down and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from service import outages as log
from service.access import require
from service.operators.board import READERS
from service.web.centre.down_view import reason_of
from service.web.rendering import page, words_of
from service.web.visit import Person
from service.web.words import Words

router = APIRouter(prefix="/alarms", include_in_schema=False)

BACK: Final = timedelta(days=7)  # what the page of outages looks back on


@dataclass(frozen=True, slots=True)
class OutageRow:
    """A span in which a part did not work."""

    what: str
    name: str | None
    start: datetime
    end: datetime | None
    lasted: str | None
    why: str


@router.get("/map")
def second_window(visit: Person) -> Response:
    """The map alone: it follows what the console has chosen, and picks for it."""
    require(visit.actor, READERS)
    return page(visit, "alarms/map.html")


@router.get("/outages")
def outages(visit: Person) -> Response:
    """What is down, and what was."""
    require(visit.actor, READERS)
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        found = log.listing(work, work.now - BACK)
    return page(visit, "alarms/outages.html", rows=tuple(_row(w, one) for one in found))


def _row(w: Words, one: log.OutageView) -> OutageRow:
    what = w.or_code(f"centre.part_{one.kind}")
    return OutageRow(what, one.name, one.start, one.end, w.between(one.start, one.end), reason_of(w, one.reason))
