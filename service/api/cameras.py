"""The camera register."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel

from service import cameras
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


@router.delete("/{camera_id}", summary="Take a camera out of service", status_code=204)
def retire(camera_id: str, day: date, desk: DeskOf) -> None:
    """From a day on; its records stay."""
    with desk.write() as work:
        cameras.retire(work, camera_id, day)
