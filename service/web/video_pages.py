"""Pages of video: which cameras are recorded, and one camera's day with its player, locks and exports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from qyran.errors import InputError, NotFound, TransitionError
from service.access import require
from service.video import exports, keeper, locks, looks
from service.video.rights import OVERSEERS
from service.web.pager import pages_of
from service.web.refusals import refusal
from service.web.rendering import Flash, onward, page, words_of
from service.web.video_view import CAMERAS_A_PAGE, camera_rows, camera_view, disk_share, export_rows, moment
from service.web.visit import Person, PostedPerson, Visit

router = APIRouter(prefix="/video", include_in_schema=False)

Time = Annotated[str, Form(max_length=40)]
Words = Annotated[str, Form(max_length=2000)]


@router.get("")
def listing(
    visit: Person,
    find: Annotated[str, Query(max_length=100)] = "",
    page_: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> Response:
    """The cameras, how their recording goes, and the exports."""
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        require(work.actor, OVERSEERS)
        rows, total = camera_rows(work, w, visit.actor, find.strip(), page_)
        free = disk_share(work)
        left = export_rows(work, w, None, visit.actor)
    keep = visit.store.settings.video_keep_free
    pages = pages_of("/video", total, page_, CAMERAS_A_PAGE, {"find": find.strip()})
    return page(
        visit, "video/list.html", rows=rows, total=total, find=find, pages=pages, free=free, keep=keep, exports=left
    )  # fmt: skip


@router.get("/{camera_id}")
def camera(
    visit: Person,
    camera_id: str,
    day: Annotated[date | None, Query(alias="date")] = None,
    look: Annotated[str, Query(max_length=36)] = "",
    at: Annotated[str, Query(max_length=40)] = "",
    alert: Annotated[str, Query(max_length=36)] = "",
) -> Response:
    """A camera's day; its pictures open with a look."""
    return _camera(visit, camera_id, day=day, look=look, at=moment(words_of(visit), at), alert=alert)


@router.post("/{camera_id}/look")
def open_look(
    visit: PostedPerson,
    camera_id: str,
    start: Time = "",
    end: Time = "",
    purpose: Annotated[str, Form(max_length=32)] = "",
    note: Annotated[str, Form(max_length=500)] = "",
    alert: Annotated[str, Form(max_length=36)] = "",
) -> Response:
    """Open a span; an alarm's own needs no words."""
    w = words_of(visit)
    at = ""
    try:
        with visit.store.write(visit.actor) as work:
            if alert:
                first, last = looks.alarm_span(work, alert, camera_id)
                at = (first + looks.AROUND).isoformat()
                wanted = looks.Wanted(first, last, alert_id=alert)
            else:
                wanted = looks.Wanted(_needed(visit, start), _needed(visit, end), purpose, note)
            made = looks.open_look(work, camera_id, wanted)
    except InputError as error:
        return _camera(visit, camera_id, error=error, at=moment(w, start) if _is_time(start) else None, alert=alert)
    asked = {"look": made.id, "at": at or made.start.isoformat()} | ({"alert": alert} if alert else {})
    return onward(visit, f"/video/{camera_id}?{urlencode(asked)}")


@router.post("/{camera_id}/lock")
def lock(
    visit: PostedPerson,
    camera_id: str,
    start: Time = "",
    end: Time = "",
    reason: Annotated[str, Form(max_length=32)] = "",
    note: Words = "",
    until: Time = "",
    look: Annotated[str, Form(max_length=36)] = "",
) -> Response:
    """Lock a span against every retention."""
    w = words_of(visit)
    try:
        wanted = locks.NewLock(_needed(visit, start), _needed(visit, end), reason, note, moment(w, until))
        with visit.store.write(visit.actor) as work:
            locks.lock(work, camera_id, wanted)
    except InputError as error:
        return _camera(visit, camera_id, error=error, look=look)
    return onward(visit, _back(camera_id, wanted.start, look), "saved")


@router.post("/locks/{lock_id}/release")
def release(visit: PostedPerson, lock_id: str, note: Words = "") -> Response:
    """End a lock, saying why."""
    with visit.store.write(visit.actor) as work:
        done = locks.release(work, lock_id, note)
        camera_id, start = done.camera_id, done.start
    return onward(visit, _back(camera_id, start, ""), "saved")


@router.post("/{camera_id}/export")
def export(
    visit: PostedPerson,
    camera_id: str,
    start: Time = "",
    end: Time = "",
    purpose: Annotated[str, Form(max_length=1000)] = "",
    look: Annotated[str, Form(max_length=36)] = "",
    *,
    masked: Annotated[bool, Form()] = False,
) -> Response:
    """Have a span made into a file."""
    try:
        asked = exports.Asked(_needed(visit, start), _needed(visit, end), purpose, masked)
        with visit.store.write(visit.actor) as work:
            exports.ask(work, camera_id, asked)
    except (InputError, NotFound) as error:
        return _camera(visit, camera_id, error=error, look=look)
    return onward(visit, _back(camera_id, asked.start, look) + "#exports", "saved")


@router.post("/{camera_id}/term")
def term(visit: PostedPerson, camera_id: str, days: Annotated[str, Form(max_length=5)] = "") -> Response:
    """How long the camera's video stays; empty goes back to the settings."""
    try:
        count = _count(days)
        with visit.store.write(visit.actor) as work:
            keeper.set_term(work, camera_id, count)
    except InputError as error:
        return _camera(visit, camera_id, error=error)
    return onward(visit, f"/video/{camera_id}", "saved")


def _camera(
    visit: Visit,
    camera_id: str,
    *,
    day: date | None = None,
    look: str = "",
    at: datetime | None = None,
    alert: str = "",
    error: Exception | None = None,
) -> Response:
    w = words_of(visit)
    with visit.store.read(visit.actor) as work:
        view = camera_view(work, w, visit.actor, camera_id, day, look, at, alert or None)
    flash = None if error is None else Flash(refusal(w, error), "bad")
    status = 200 if error is None else 409 if isinstance(error, TransitionError) else 422
    return page(visit, "video/camera.html", status=status, flash=flash, view=view)


def _back(camera_id: str, at: datetime, look: str) -> str:
    asked = {"at": at.isoformat()} | ({"look": look} if look else {})
    return f"/video/{camera_id}?{urlencode(asked)}"


def _needed(visit: Visit, text: str) -> datetime:
    found = moment(words_of(visit), text)
    if found is None:
        raise InputError("A time is written as 2026-11-22T12:00.")
    return found


def _count(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal():
        raise InputError(f"Video is kept for 1 to {keeper.MOST_DAYS} days.")
    return int(text)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text.strip())
    except ValueError:
        return False
    return True
