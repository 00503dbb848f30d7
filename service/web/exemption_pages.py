"""Permits, emergency vehicles and traffic controllers: listed, entered and ended by who keeps them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from qyran.errors import InputError
from service import exemptions, i18n
from service.access import require
from service.exemptions import FLAG_KEEPERS, FLAG_READERS, PERMIT_KEEPERS, PERMIT_READERS
from service.record_files import checked
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.visit import Person, PostedPerson, Visit
from service.web.words import Words
from violations.exemptions import GROUNDS
from violations.offences import kinds
from vision.classes import ROAD_CLASSES

router = APIRouter(prefix="/exemptions", include_in_schema=False)

READERS: Final = PERMIT_READERS | FLAG_READERS
PATH: Final = "/exemptions"
LOCAL: Final = "%Y-%m-%dT%H:%M"
"""How a browser writes a moment without its zone."""
CLASSES: Final = tuple(name for name in ROAD_CLASSES if name != "person")

Short = Annotated[str, Form(max_length=128)]
Many = Annotated[list[str] | None, Form()]


@router.get("")
def show(visit: Person) -> Response:
    """What holds now."""
    return _page(visit)


@router.post("/permits")
def add_permit(
    visit: PostedPerson, ground: Short = "", plate: Short = "", vehicle_class: Short = "", kind: Many = None,
    camera: Many = None, zones: Short = "", valid_from: Short = "", valid_until: Short = "", grace_s: Short = "",
    document: Short = "",
) -> Response:  # fmt: skip
    """Enter a permit."""
    w = words_of(visit)
    given: dict[str, Any] = {
        "ground": ground,
        "plate": plate,
        "vehicle_class": vehicle_class,
        "kinds": kind,
        "cameras": camera,
        "zones": zones.replace(",", "|"),
        "grace_s": grace_s.replace(",", "."),
        "document": document,
    }
    try:
        given |= {"valid_from": _moment(w, valid_from), "valid_until": _moment(w, valid_until)}
        new = checked({name: value for name, value in given.items() if value}, exemptions.NewPermit)
        with visit.store.write(visit.actor) as work:
            exemptions.add_permit(work, new)
    except InputError as error:
        return _page(visit, error)
    return onward(visit, PATH, "saved")


@router.post("/permits/{permit_id}/end")
def end_permit(visit: PostedPerson, permit_id: UUID) -> Response:
    """It holds no longer."""
    with visit.store.write(visit.actor) as work:
        exemptions.end_permit(work, str(permit_id))
    return onward(visit, PATH, "saved")


@router.post("/flags")
def set_flag(visit: PostedPerson, camera: Short = "", start: Short = "", end: Short = "") -> Response:
    """A traffic controller stands at a camera's place."""
    w = words_of(visit)
    try:
        begins, ends = _needed(w, start), _needed(w, end)
        with visit.store.write(visit.actor) as work:
            exemptions.set_flag(work, camera, begins, ends)
    except InputError as error:
        return _page(visit, error)
    return onward(visit, PATH, "saved")


@router.post("/flags/{flag_id}/end")
def end_flag(visit: PostedPerson, flag_id: UUID) -> Response:
    """The controller has left."""
    with visit.store.write(visit.actor) as work:
        exemptions.end_flag(work, str(flag_id))
    return onward(visit, PATH, "saved")


def _page(visit: Visit, error: Exception | None = None) -> Response:
    require(visit.actor, READERS)
    w = words_of(visit)
    sees_permits = bool(visit.roles & PERMIT_READERS)
    with visit.store.write(visit.actor) as work:  # the look at permits is logged
        permits = exemptions.permits(work) if sees_permits else ()
        flags = exemptions.flags(work)
        places = exemptions.places(work)
    return page(
        visit,
        "exemptions.html",
        status=200 if error is None else 422,
        flash=None if error is None else Flash(refusal(w, error), "bad"),
        sees_permits=sees_permits,
        keeps_permits=bool(visit.roles & PERMIT_KEEPERS),
        keeps_flags=bool(visit.roles & FLAG_KEEPERS),
        permits=permits,
        flags=flags,
        grounds=GROUNDS,
        classes=CLASSES,
        kinds=tuple((one, w.or_code(f"violations.kind.{one}")) for one in kinds()),
        places=tuple((one, i18n.named(w.lang, name, one)) for one, name in places.items()),
        now_local=w.now.astimezone(w.zone).strftime(LOCAL),
    )


def _needed(w: Words, text: str) -> datetime:
    found = _moment(w, text)
    if found is None:
        raise InputError("A controller's flag needs its beginning and its end.")
    return found


def _moment(w: Words, text: str) -> datetime | None:
    """A moment as the form gives it, in the city's time zone; None where it is empty."""
    if not text.strip():
        return None
    try:
        return datetime.strptime(text.strip(), LOCAL).replace(tzinfo=w.zone)
    except ValueError:
        raise InputError("A time is written as 2026-11-22T12:00.") from None
