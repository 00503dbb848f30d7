"""The drawn scene of a camera: looked at, checked, saved in versions, restored; its newest still."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field, StringConstraints

from service import scenes
from service.access import CAMERA_WRITERS, require
from service.api.bodies import Body
from service.api.deps import DeskOf
from service.i18n import Language
from service.scene_check import SceneCheck, check_scene
from service.scene_diff import Change

router = APIRouter(prefix="/cameras/{camera_id}", tags=["scenes"])

LARGEST = 16384  # pixels of a picture's side

Comment = Annotated[str, StringConstraints(max_length=scenes.COMMENT_MAX)]
Version = Annotated[int, Path(ge=1)]


class SceneOut(BaseModel):
    """A scene: the keys of the camera file that are drawn, and the version they are of."""

    version: int
    scene: dict[str, Any]


class Draft(Body):
    """A scene to be checked, on a picture of a size in pixels, with the language of the answer."""

    scene: dict[str, Any]
    width: Annotated[int, Field(ge=1, le=LARGEST)]
    height: Annotated[int, Field(ge=1, le=LARGEST)]
    lang: Language = "en"


class NewScene(Body):
    """A scene to be saved; `base` is the version it was drawn from."""

    scene: dict[str, Any]
    base: Annotated[int, Field(ge=1)]
    comment: Comment = ""


class Restoration(Body):
    """An older version to be brought back; `base` is the newest version the person saw."""

    version: Annotated[int, Field(ge=1)]
    base: Annotated[int, Field(ge=1)]
    comment: Comment = ""


class Saved(BaseModel):
    """The newest version after saving."""

    version: int


class VersionOut(BaseModel):
    """One version and what it changed; `file_sha256` is what evidence names."""

    version: int
    since: datetime
    by: str
    source: str
    comment: str | None
    restores: int | None
    file_sha256: str | None
    differences: list[Change]


@router.get("/scene", summary="The drawn scene of a camera")
def scene(camera_id: str, desk: DeskOf) -> SceneOut:
    """The newest version."""
    with desk.read() as work:
        seen = scenes.look(work, camera_id)
    return SceneOut(version=seen.version, scene=seen.content)


@router.post("/scene/check", summary="Check a drawn scene")
def check(camera_id: str, draft: Draft, desk: DeskOf) -> SceneCheck:
    """Its faults by part, the road plane in the picture, how well each calibration point fits, the rules it runs."""
    with desk.read() as work:
        require(work.actor, CAMERA_WRITERS)
        now, moment = scenes.look(work, camera_id), work.now
    return check_scene(draft.lang, now, draft.scene, (draft.width, draft.height), moment)


@router.put("/scene", summary="Save a drawn scene")
def save(camera_id: str, new: NewScene, desk: DeskOf) -> Saved:
    """As a new version, given to the camera's worker at once; 409 where somebody else saved one meanwhile."""
    with desk.write() as work:
        version = scenes.save(work, camera_id, new.scene, base=new.base, comment=new.comment)
    scenes.publish(desk.store, camera_id)
    return Saved(version=version)


@router.post("/scene/restoration", summary="Restore an older version")
def restore(camera_id: str, old: Restoration, desk: DeskOf) -> Saved:
    """As a new version; stream and place of the camera stay as they are."""
    with desk.write() as work:
        version = scenes.restore(work, camera_id, old.version, base=old.base, comment=old.comment)
    scenes.publish(desk.store, camera_id)
    return Saved(version=version)


@router.get("/scene/versions", summary="All versions")
def versions(camera_id: str, desk: DeskOf) -> list[VersionOut]:
    """The newest first, each with what it changed."""
    with desk.read() as work:
        found = scenes.versions(work, camera_id)
    return [
        VersionOut(
            version=one.version, since=one.since, by=one.by, source=one.source, comment=one.comment,
            restores=one.restores, file_sha256=one.file_sha256, differences=list(one.differences),
        )
        for one in found
    ]  # fmt: skip


@router.get("/scene/versions/{version}", summary="A version as a camera file", response_class=Response)
def text(camera_id: str, version: Version, desk: DeskOf) -> Response:
    """TOML, byte for byte what workers get."""
    with desk.read() as work:
        content = scenes.text_of(work, camera_id, version)
    return Response(content, media_type="application/toml")


@router.get("/still", summary="The newest picture", response_class=Response)
def still(camera_id: str, desk: DeskOf) -> Response:
    """JPEG in full view; for those who draw scenes, and every look is logged."""
    with desk.write() as work:
        picture = scenes.still(work, camera_id)
    return Response(picture, media_type="image/jpeg", headers={"Cache-Control": "no-store"})
