"""Protected objects (УТО): restricted, each look logged."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, StringConstraints

from service.api.deps import DeskOf
from service.protected_objects import card, contacts, register
from service.protected_objects.model import OBJECT_ID, Contact, ObjectBody, ObjectId, ObjectLine, VersionLine

router = APIRouter(prefix="/objects", tags=["protected objects"])

ObjectName = Annotated[str, Path(pattern=OBJECT_ID)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=255)]


class NewObject(ObjectBody):
    """An object to be entered."""

    id: ObjectId


class ObjectChange(ObjectBody):
    """An object as it shall be; `version` is that of the object as the actor saw it."""

    version: int | None = None
    reason: Reason | None = None


class Written(BaseModel):
    """At which version an object stands."""

    id: str
    version: int


@router.get("", summary="Protected objects")
def listing(desk: DeskOf, *, ended: bool = False) -> tuple[ObjectLine, ...]:
    """To a dispatcher those of the open alerts that his service was sent to."""
    with desk.write() as work:
        return card.listing(work, ended=ended)


@router.post("", summary="Enter an object", status_code=201)
def enter(body: NewObject, desk: DeskOf) -> Written:
    """Whole files come through the imports."""
    with desk.write() as work:
        wanted = ObjectBody.model_validate(body.model_dump(exclude={"id"}))
        return Written(id=body.id, version=register.add(work, body.id, wanted).version)


@router.get("/{object_id}", summary="An object's card")
def one(object_id: ObjectName, desk: DeskOf) -> dict[str, Any]:
    """With its sensors, cameras, alerts and calls; contacts while an alert at it is open."""
    with desk.write() as work:
        found = asdict(card.card(work, object_id))
    return {**found, **{name: _plain(found[name]) for name in ("details", "contacts", "sensors", "versions")}}


@router.put("/{object_id}", summary="Enter something else about an object")
def change(object_id: ObjectName, body: ObjectChange, desk: DeskOf) -> Written:
    """What it was before stays in its history."""
    with desk.write() as work:
        wanted = ObjectBody.model_validate(body.model_dump(exclude={"version", "reason"}))
        row = register.change(work, object_id, wanted, version=body.version, reason=body.reason)
        return Written(id=object_id, version=row.version)


@router.get("/{object_id}/contacts", summary="Whom to call at an object")
def people(object_id: ObjectName, desk: DeskOf) -> tuple[Contact, ...]:
    """While an alert at it is open; the look is logged."""
    with desk.write() as work:
        return contacts(work, object_id)


@router.get("/{object_id}/history", summary="What an object was before")
def versions(object_id: ObjectName, desk: DeskOf) -> tuple[VersionLine, ...]:
    """Who changed what, and why."""
    with desk.write() as work:
        return card.card(work, object_id).versions or ()


@router.get("/{object_id}/plan", summary="The plan of an object's floors", response_class=Response)
def plan(object_id: ObjectName, desk: DeskOf) -> Response:
    """PDF, PNG or JPEG."""
    with desk.write() as work:
        data, media, _ = card.plan(work, object_id)
    return Response(data, media_type=media, headers={"cache-control": "no-store"})


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
