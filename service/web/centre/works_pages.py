"""Announced works: what is worked on, where, and which alarms are held back meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final, cast
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from incidents.severity import KINDS
from qyran.errors import InputError, TransitionError
from service.access import require
from service.alerting.works import REASONS, Reason, Works, announce_works, end_works, every_works
from service.i18n import named
from service.operators.board import READERS, cameras
from service.operators.sound import OPERATOR
from service.web.centre.alarm_view import ROOM, kind_name
from service.web.moments import local, needed
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit

router = APIRouter(prefix="/alarms/works", include_in_schema=False)

FEW: Final = 50  # works of the list


@dataclass(frozen=True, slots=True)
class WorksRow:
    """Announced works."""

    id: str
    name: str
    reason: str
    kinds: str
    where: str
    start: datetime
    end: datetime
    running: bool


@dataclass(frozen=True, slots=True)
class Given:
    """What the form said; it is shown again with a refusal."""

    name: str = ""
    reason: str = REASONS[0]
    kinds: tuple[str, ...] = ()
    cameras: tuple[str, ...] = ()
    start: str = ""
    end: str = ""


@router.get("")
def listed(visit: Person) -> Response:
    """Announced works, and the form for some."""
    require(visit.actor, READERS)
    return _page(visit)


@router.post("")
def announced(
    visit: PostedPerson,
    name: Annotated[str, Form(max_length=400)] = "",
    reason: Annotated[str, Form(max_length=32)] = "",
    start: Annotated[str, Form(max_length=20)] = "",
    end: Annotated[str, Form(max_length=20)] = "",
    kind: Annotated[list[str] | None, Form(max_length=50)] = None,
    camera: Annotated[list[str] | None, Form(max_length=5000)] = None,
) -> Response:
    """Announce works."""
    w = words_of(visit)
    given = Given(name, reason, tuple(kind or ()), tuple(camera or ()), start, end)
    try:
        works = Works(
            name, cast("Reason", reason), given.kinds, needed(w, start), needed(w, end), cameras=given.cameras
        )
        with visit.store.write(visit.actor) as work:
            announce_works(work, works)
    except InputError as error:
        return _page(visit, given, error)
    return onward(visit, "/alarms/works", "works_announced")


@router.post("/{works_id}/end")
def ended(visit: PostedPerson, works_id: UUID) -> Response:
    """End works before their time."""
    try:
        with visit.store.write(visit.actor) as work:
            end_works(work, str(works_id))
    except TransitionError as error:
        return _page(visit, error=error)
    return onward(visit, "/alarms/works", "works_ended")


def _page(visit: Visit, given: Given | None = None, error: Exception | None = None) -> Response:
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        names = {one.id: named(w.lang, one.name, one.id) for one in cameras(work)}
        rows = [
            WorksRow(
                id=one.id,
                name=one.name,
                reason=w.or_code(f"{ROOM}.reason.{one.reason}"),
                kinds=", ".join(kind_name(w, kind) for kind in one.kinds),
                where=", ".join(names.get(place, place) for place in (*one.cameras, *one.sensors, *one.objects)),
                start=one.start,
                end=one.ended_at or one.end,
                running=one.start <= work.now < one.end and one.ended_at is None,
            )
            for one in every_works(work, limit=FEW)
        ]
    return page(
        visit,
        "alarms/works.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        rows=rows,
        cameras=tuple(names.items()),
        kinds=tuple((code, kind_name(w, code)) for code in KINDS),
        reasons=tuple((code, w.or_code(f"{ROOM}.reason.{code}")) for code in REASONS),
        given=given or Given(start=local(w, w.now)),
        announces=bool(visit.roles & OPERATOR),
    )
