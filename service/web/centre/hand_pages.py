"""What an operator begins himself: an alarm by hand (112 called, seen on the wall), and an announced drill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from incidents.severity import KINDS
from qyran.errors import InputError, NotFound, TransitionError
from service.access import require
from service.alerting.by_hand import RAISERS, VIA, HandReport, raise_by_hand
from service.alerting.drills import Announced, announce, drills, end_drill
from service.i18n import named
from service.operators.board import READERS, cameras
from service.operators.sound import OPERATOR
from service.web.centre.alarm_view import kind_name
from service.web.moments import local, moment, needed
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit

router = APIRouter(prefix="/alarms", include_in_schema=False)

FEW: Final = 30  # drills of the list


@dataclass(frozen=True, slots=True)
class Given:
    """What the form about an alarm said; it is shown again with a refusal."""

    id: str
    kind: str = ""
    via: str = "operator"
    camera: str = ""
    latitude: str = ""
    longitude: str = ""
    began: str = ""
    number: str = ""
    note: str = ""
    drill: bool = False


@dataclass(frozen=True, slots=True)
class DrillRow:
    """An announced drill."""

    id: str
    name: str
    where: str
    start: datetime
    end: datetime
    running: bool


@router.get("/raise")
def form(visit: Person, camera: Annotated[str, Query(max_length=64)] = "") -> Response:
    """The form; a view of the wall names its camera."""
    require(visit.actor, RAISERS)
    return _form(visit, Given(id=str(uuid4()), camera=camera))


@router.post("/raise")
def raised(
    visit: PostedPerson,
    id: Annotated[UUID, Form()],  # noqa: A002 - the field's name
    kind: Annotated[str, Form(max_length=32)] = "",
    via: Annotated[str, Form(max_length=16)] = "operator",
    camera: Annotated[str, Form(max_length=64)] = "",
    latitude: Annotated[str, Form(max_length=20)] = "",
    longitude: Annotated[str, Form(max_length=20)] = "",
    began: Annotated[str, Form(max_length=20)] = "",
    number: Annotated[str, Form(max_length=64)] = "",
    note: Annotated[str, Form(max_length=1000)] = "",
    *,
    drill: Annotated[bool, Form()] = False,
) -> Response:
    """Raise the alarm; sending the form twice raises one."""
    given = Given(str(id), kind, via, camera, latitude, longitude, began, number, note, drill)
    w = words_of(visit)
    try:
        report = HandReport(
            kind=kind,
            via=via,
            id=id,
            camera=camera or None,
            latitude=_degrees(latitude),
            longitude=_degrees(longitude),
            began=moment(w, began),
            number=number or None,
            is_drill=drill,
            note=note or None,
        )
        with visit.store.write(visit.actor) as work:
            made = raise_by_hand(work, report)
    except (InputError, NotFound, TransitionError) as error:
        return _form(visit, given, error)
    return onward(visit, f"/alarms/{made.id}", "alarm_raised")


@router.get("/drills")
def listed(visit: Person) -> Response:
    """Announced drills, and the form for one."""
    require(visit.actor, READERS)
    return _drills(visit)


@router.post("/drills")
def announced(
    visit: PostedPerson,
    name: Annotated[str, Form(max_length=400)] = "",
    start: Annotated[str, Form(max_length=20)] = "",
    end: Annotated[str, Form(max_length=20)] = "",
    camera: Annotated[list[str] | None, Form(max_length=5000)] = None,
    *,
    everywhere: Annotated[bool, Form()] = False,
) -> Response:
    """Announce a drill."""
    w = words_of(visit)
    try:
        given = Announced(name, needed(w, start), needed(w, end), tuple(camera or ()), everywhere=everywhere)
        with visit.store.write(visit.actor) as work:
            announce(work, given)
    except InputError as error:
        return _drills(visit, error)
    return onward(visit, "/alarms/drills", "drill_announced")


@router.post("/drills/{drill_id}/end")
def ended(visit: PostedPerson, drill_id: UUID) -> Response:
    """End a drill before its time."""
    try:
        with visit.store.write(visit.actor) as work:
            end_drill(work, str(drill_id))
    except TransitionError as error:
        return _drills(visit, error)
    return onward(visit, "/alarms/drills", "drill_ended")


def _form(visit: Visit, given: Given, error: Exception | None = None) -> Response:
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        known = [(one.id, named(w.lang, one.name, one.id)) for one in cameras(work)]
    return page(
        visit,
        "alarms/raise.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        given=given,
        kinds=tuple((code, kind_name(w, code)) for code in KINDS),
        via=tuple((code, w.or_code(f"incidents.service.{code}" if code.isdigit() else f"centre_hand.via_{code}"))
                  for code in VIA),
        cameras=known,
    )  # fmt: skip


def _drills(visit: Visit, error: Exception | None = None) -> Response:
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        names = {one.id: named(w.lang, one.name, one.id) for one in cameras(work)}
        rows = [
            DrillRow(
                id=one.id,
                name=one.name,
                where=w.t("centre_hand.everywhere") if one.everywhere
                else ", ".join(names.get(place, place) for place in (*one.cameras, *one.sensors, *one.objects)),
                start=one.start,
                end=one.ended_at or one.end,
                running=one.start <= work.now < one.end and one.ended_at is None,
            )
            for one in drills(work, limit=FEW)
        ]  # fmt: skip
    return page(
        visit,
        "alarms/drills.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        rows=rows,
        cameras=tuple(names.items()),
        now=local(w, w.now),
        announces=bool(visit.roles & OPERATOR),
    )


def _degrees(text: str) -> float | None:
    said = text.strip().replace(",", ".")
    if not said:
        return None
    try:
        return float(said)
    except ValueError:
        raise InputError("A place needs latitude and longitude.") from None
