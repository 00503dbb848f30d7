"""The scene of a camera: drawn on a still, kept in versions, changed as text where no script runs."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form
from starlette.responses import Response

from qyran.errors import CameraFileError, InputError, QyranError, TransitionError
from service import scenes
from service.access import CAMERA_READERS
from service.scene_check import check_scene
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.scene_view import scene_view
from service.web.visit import Person, PostedPerson, Visit

router = APIRouter(prefix="/cameras/{camera_id}/scene", include_in_schema=False)

LONGEST: Final = 1_000_000  # characters of a scene as text

Version = Annotated[int, Form(ge=1)]
Comment = Annotated[str, Form(max_length=scenes.COMMENT_MAX)]


@router.get("")
def scene(visit: Person, camera_id: str) -> Response:
    """The drawn scene, its versions, and which of them is in force."""
    return _scene(visit, camera_id)


@router.post("")
def save_text(
    visit: PostedPerson,
    camera_id: str,
    base: Version,
    text: Annotated[str, Form(max_length=LONGEST)] = "",
    comment: Comment = "",
) -> Response:
    """Save the scene as text; what was typed stays on the page where it is refused."""
    try:
        drawn = _parsed(text)
        with visit.store.write(visit.actor) as work:
            version = scenes.save(work, camera_id, drawn, base=base, comment=comment)
    except CameraFileError as error:
        return _scene(visit, camera_id, _faults(visit, camera_id, drawn) or str(error), text=text, status=422)
    except (InputError, TransitionError) as error:
        status = 409 if isinstance(error, TransitionError) else 422
        return _scene(visit, camera_id, refusal(words_of(visit), error), text=text, status=status)
    scenes.publish(visit.store, camera_id)
    return onward(visit, f"/cameras/{camera_id}/scene", "scene_saved", str(version))


@router.post("/restore")
def restore(visit: PostedPerson, camera_id: str, version: Version, base: Version, comment: Comment = "") -> Response:
    """Bring an older version back as a new one."""
    try:
        with visit.store.write(visit.actor) as work:
            newest = scenes.restore(work, camera_id, version, base=base, comment=comment)
    except (InputError, TransitionError) as error:
        status = 409 if isinstance(error, TransitionError) else 422
        return _scene(visit, camera_id, refusal(words_of(visit), error), status=status)
    scenes.publish(visit.store, camera_id)
    return onward(visit, f"/cameras/{camera_id}/scene", "scene_saved", str(newest))


def _scene(
    visit: Visit, camera_id: str, refused: str | None = None, *, text: str | None = None, status: int = 200
) -> Response:
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        view = scene_view(work, w, camera_id, visit.csrf, datetime.now(UTC))
    flash = None if refused is None else Flash(refused, "bad")
    may_list = bool(visit.roles & CAMERA_READERS)
    return page(visit, "scene.html", status=status, flash=flash, view=view, typed=text, may_list=may_list)


def _parsed(text: str) -> dict[str, Any]:
    """The scene as text.

    Raises:
        InputError: it is no TOML.
    """
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"The text is not valid TOML: {error}.") from None


def _faults(visit: Visit, camera_id: str, drawn: dict[str, Any]) -> str:
    """What is wrong with a scene, in the reader's language."""
    try:
        with visit.store.read(visit.actor) as work:
            now, moment = scenes.look(work, camera_id), work.now
        found = check_scene(visit.lang, now, drawn, scenes.PICTURE, moment).problems
    except QyranError:
        return ""
    return " ".join(f"{one.part} {one.field}".strip() + f": {one.text}" for one in found)
