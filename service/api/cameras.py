"""The camera register."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from service import camera_secrets, cameras
from service.api.deps import DeskOf
from service.scenes import publish
from service.views import CameraView
from vision.camera import parse_camera

router = APIRouter(prefix="/cameras", tags=["cameras"])


class LogEntry(BaseModel):
    """A stretch of a camera's log: up, down or analysed."""

    kind: str
    start: datetime
    end: datetime
    source: str


class StreamPassword(BaseModel):
    """User and password of a stream."""

    model_config = ConfigDict(extra="forbid")

    user: Annotated[str, StringConstraints(min_length=1, max_length=camera_secrets.LONGEST)]
    password: Annotated[SecretStr, Field(min_length=1, max_length=camera_secrets.LONGEST)]


class SecretOut(BaseModel):
    """That a stream has a password: how often it was set, and when last."""

    name: str
    number: int
    set_at: datetime


@router.get("", summary="All cameras")
def listing(desk: DeskOf) -> list[CameraView]:
    """All registered cameras by id."""
    with desk.read() as work:
        return list(cameras.listing(work))


@router.put("/{camera_id}", summary="Register a camera or a new version of its file")
def register(
    camera_id: str,
    content: Annotated[dict[str, Any], Body(description="The camera file as JSON.")],
    desk: DeskOf,
    territory: Annotated[str | None, Query(max_length=64)] = None,
) -> CameraView:
    """The same file changes nothing; an unknown key is an error. The id is the address's."""
    camera = parse_camera({**content, "id": camera_id}, source="the request")
    with desk.write() as work:
        view = cameras.register(work, camera, territory=territory)
    publish(desk.store, camera_id)
    return view


@router.get("/{camera_id}/file", summary="The camera's file")
def camera_file(camera_id: str, desk: DeskOf) -> dict[str, Any]:
    """As it stands now."""
    with desk.read() as work:
        return cameras.camera_file(work, camera_id).model_dump(mode="json")


@router.get("/{camera_id}/log", summary="When it was up, down and analysed")
def log(camera_id: str, desk: DeskOf, limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> list[LogEntry]:
    """The newest entries first."""
    with desk.read() as work:
        entries = cameras.log_of(work, camera_id, limit)
    return [LogEntry(kind=one.kind, start=one.start, end=one.end, source=one.source) for one in entries]


@router.get("/passwords", summary="Which streams have a password")
def passwords(desk: DeskOf) -> list[SecretOut]:
    """That there is one, and since when; nobody is shown a password."""
    with desk.read() as work:
        return [SecretOut(name=one.name, number=one.number, set_at=one.set_at) for one in camera_secrets.secrets(work)]


@router.put("/passwords/{name}", summary="Set the password of a stream")
def set_password(name: str, body: StreamPassword, desk: DeskOf) -> SecretOut:
    """In the place of the one before; a camera file names it by `credentials = "sealed:NAME"`."""
    with desk.write() as work:
        found = camera_secrets.set_secret(work, name, body.user, body.password.get_secret_value())
    camera_secrets.publish(desk.store)
    return SecretOut(name=found.name, number=found.number, set_at=found.set_at)


@router.delete("/{camera_id}", summary="Take a camera out of service", status_code=204)
def retire(camera_id: str, day: date, desk: DeskOf) -> None:
    """From a day on; its records stay."""
    with desk.write() as work:
        cameras.retire(work, camera_id, day)
