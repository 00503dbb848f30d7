"""The archive of video: segments of original packets, looks, locks, exports and terms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Final

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, Response, StreamingResponse
from pydantic import AwareDatetime, BaseModel, StringConstraints

from qyran.errors import IntegrityError
from service.api.bodies import Body, Code
from service.api.deps import Desk, DeskOf
from service.store.video_tables import VideoExport, VideoLock
from service.video import archive, exports, keeper, locks, looks
from service.video.stored import shelf_of
from service.video.thumbs import thumb
from vision.nal_units import codec_string
from vision.segments import Segment, places, read_init

router = APIRouter(tags=["video"])

CHUNK: Final = 1 << 18
Words = Annotated[str, StringConstraints(min_length=3, max_length=1000)]
Look = Annotated[str, Query(max_length=36, description="The id of a look that opens this span.")]


class NewLook(Body):
    """What somebody wants to look at, and what for; an alarm's own span needs no purpose."""

    start: AwareDatetime
    end: AwareDatetime
    purpose: Annotated[str, StringConstraints(max_length=32)] = ""
    note: Annotated[str, StringConstraints(max_length=500)] = ""
    alert: Annotated[str, StringConstraints(max_length=36)] | None = None


class LookView(BaseModel):
    """A span that is open now."""

    id: str
    start: AwareDatetime
    end: AwareDatetime
    until: AwareDatetime


class SegmentView(BaseModel):
    """A file of the archive."""

    name: str
    start: AwareDatetime
    end: AwareDatetime


class GapView(BaseModel):
    """A span without video; `reason` where it is known."""

    start: AwareDatetime
    end: AwareDatetime
    reason: str | None


class FoundView(BaseModel):
    """What the archive holds of a span."""

    segments: list[SegmentView]
    gaps: list[GapView]


class MarkView(BaseModel):
    """An alarm on the time line."""

    alert: str
    kind: str
    at: AwareDatetime


class VideoLockView(BaseModel):
    """A lock on video, ended or not."""

    id: str
    start: AwareDatetime
    end: AwareDatetime
    reason: str
    note: str
    record: str | None
    set_by: str
    set_at: AwareDatetime
    until: AwareDatetime | None
    released_at: AwareDatetime | None
    release_note: str | None


class DayView(BaseModel):
    """A camera's day: spans with video, gaps, alarms and locks."""

    start: AwareDatetime
    end: AwareDatetime
    runs: list[tuple[AwareDatetime, AwareDatetime]]
    gaps: list[GapView]
    alarms: list[MarkView]
    locks: list[VideoLockView]


class NewVideoLock(Body):
    """Which span is locked, and why; `until` ends it by itself."""

    start: AwareDatetime
    end: AwareDatetime
    reason: Code
    note: Words
    until: AwareDatetime | None = None
    record: Annotated[str, StringConstraints(max_length=36)] | None = None


class VideoRelease(Body):
    """Why a lock ends."""

    note: Words


class NewExport(Body):
    """Which span leaves, what for, and whether as a masked copy (10 minutes at most)."""

    start: AwareDatetime
    end: AwareDatetime
    purpose: Words
    masked: bool = False


class ExportView(BaseModel):
    """An export: `wanted`, `making` (`done` of 1), `ready` until `expires_at`, `failed` or `gone`."""

    id: str
    camera: str
    start: AwareDatetime
    end: AwareDatetime
    state: str
    done: float
    error: str | None
    masked: bool
    gaps: list[tuple[AwareDatetime, AwareDatetime]]
    sha256: str | None
    bytes: int | None
    expires_at: AwareDatetime | None


class Term(Body):
    """Days that a camera's video stays; null goes back to the settings."""

    days: int | None = None


@router.get("/video/{camera_id}/day", summary="A camera's day: video, gaps, alarms, locks")
def day(camera_id: str, desk: DeskOf, date_: Annotated[date, Query(alias="date")]) -> DayView:
    """Of the city's calendar; shows no picture."""
    with desk.read() as work:
        looks.may_oversee(work, camera_id)
        found = archive.day_of(work, camera_id, date_)
    return DayView(
        start=found.start, end=found.end, runs=list(found.runs), gaps=_gaps(found.gaps),
        alarms=[MarkView(alert=one.alert_id, kind=one.kind, at=one.at) for one in found.marks],
        locks=[_lock(one) for one in found.locks],
    )  # fmt: skip


@router.post("/video/{camera_id}/looks", summary="Open a span of a camera's video", status_code=201)
def look(camera_id: str, order: NewLook, desk: DeskOf) -> LookView:
    """Logged with its purpose before a picture is shown; opens the span for a shift."""
    wanted = looks.Wanted(order.start, order.end, order.purpose, order.note, order.alert)
    with desk.write() as work:
        made = looks.open_look(work, camera_id, wanted)
        return LookView(id=made.id, start=made.start, end=made.end, until=made.until)


@router.get("/video/{camera_id}/segments", summary="What the archive holds of a span")
def listing(camera_id: str, start: AwareDatetime, end: AwareDatetime, desk: DeskOf, look: Look) -> FoundView:
    """Segments by name, the oldest first, and the gaps between them."""
    with desk.read() as work:
        looks.check_look(work, look, camera_id, start, end)
        found = archive.find(work, camera_id, start, end)
    held = [SegmentView(name=one.name, start=one.start, end=one.end) for one in found.segments]
    return FoundView(segments=held, gaps=_gaps(found.gaps))


@router.get("/video/{camera_id}/segments/{name}", summary="A segment as it was recorded", response_class=Response)
def segment(
    camera_id: str, name: str, desk: DeskOf, look: Look, since: Annotated[float, Query(ge=0, le=3600, alias="from")] = 0
) -> Response:
    """Fragmented MP4; with `from` (seconds) it begins at the fragment with a key frame at or before that moment."""
    found = archive.at_hand(desk.store.settings, _seen(desk, camera_id, name, look))
    init = read_init(found.path)
    kind = f'video/mp4; codecs="{codec_string(init)}"' if codec_string(init) else "video/mp4"
    if since <= 0:
        return FileResponse(found.path, media_type=kind)
    offset = _offset(found.path, since)
    return StreamingResponse(_from(found.path, init, offset), media_type=kind)


@router.get("/video/{camera_id}/thumbs/{name}", summary="The first picture of a segment", response_class=Response)
def small(camera_id: str, name: str, desk: DeskOf, look: Look) -> Response:
    """JPEG, made when it is first asked for."""
    data = thumb(_seen(desk, camera_id, name, look), shelf_of(desk.store.settings))
    return Response(data, media_type="image/jpeg", headers={"cache-control": "private, max-age=600"})


@router.get("/video/{camera_id}/locks", summary="Locks on a camera's video")
def locks_of(camera_id: str, desk: DeskOf) -> list[VideoLockView]:
    """The newest first, ended ones too."""
    with desk.read() as work:
        return [_lock(one) for one in locks.locks_of(work, camera_id)]


@router.post("/video/{camera_id}/locks", summary="Lock a span against every retention", status_code=201)
def lock(camera_id: str, order: NewVideoLock, desk: DeskOf) -> VideoLockView:
    """Alarms and cases hold their own span by themselves."""
    wanted = locks.NewLock(order.start, order.end, order.reason, order.note, order.until, order.record)
    with desk.write() as work:
        return _lock(locks.lock(work, camera_id, wanted))


@router.post("/video/locks/{lock_id}/release", summary="End a lock on video")
def release(lock_id: str, order: VideoRelease, desk: DeskOf) -> VideoLockView:
    """Saying why."""
    with desk.write() as work:
        return _lock(locks.release(work, lock_id, order.note))


@router.get("/video/exports", summary="Exports of video")
def export_list(desk: DeskOf, camera: Annotated[str | None, Query(max_length=64)] = None) -> list[ExportView]:
    """The newest first."""
    with desk.read() as work:
        return [_export(one) for one in exports.exports_of(work, camera)]


@router.post("/video/{camera_id}/exports", summary="Have a span made into a file", status_code=202)
def export(camera_id: str, order: NewExport, desk: DeskOf) -> ExportView:
    """Made in the background; look at its state, then fetch it."""
    with desk.write() as work:
        return _export(exports.ask(work, camera_id, exports.Asked(order.start, order.end, order.purpose, order.masked)))


@router.get("/video/exports/{export_id}", summary="How far an export is")
def export_state(export_id: str, desk: DeskOf) -> ExportView:
    """Its state and share."""
    with desk.read() as work:
        return _export(exports.one_of(work, export_id))


@router.get("/video/exports/{export_id}/file", summary="Fetch an export", response_class=FileResponse)
def export_file(export_id: str, desk: DeskOf) -> FileResponse:
    """One signed zip with the program that checks it; every fetch is logged."""
    with desk.write() as work:
        path, name = exports.fetch(work, export_id)
    return FileResponse(path, media_type="application/zip", filename=name)


@router.put("/video/{camera_id}/term", summary="How long a camera's video stays", status_code=204)
def term(camera_id: str, order: Term, desk: DeskOf) -> None:
    """In days; null goes back to the settings."""
    with desk.write() as work:
        keeper.set_term(work, camera_id, order.days)


def _seen(desk: Desk, camera_id: str, name: str, look: str) -> Segment:
    with desk.read() as work:
        found = archive.named(work, camera_id, name)
        looks.check_look(work, look, camera_id, found.start, found.end)
    return found


def _offset(path: Path, since_s: float) -> int:
    """Where the fragment with a key frame at or before a moment begins."""
    try:
        found = list(places(path))
    except OSError as error:
        raise IntegrityError(f"The segment {path.name} cannot be read: {error.strerror}.") from None
    if not found:
        raise IntegrityError(f"The segment {path.name} holds no whole fragment.")
    first_s = found[0].start_s
    begun = [one for one in found if one.key and one.start_s - first_s <= since_s]
    return (begun[-1] if begun else found[0]).offset


def _from(path: Path, init: bytes, offset: int) -> Iterator[bytes]:
    yield init
    with path.open("rb") as file:
        file.seek(offset)
        while piece := file.read(CHUNK):
            yield piece


def _gaps(found: tuple[archive.Gap, ...]) -> list[GapView]:
    return [GapView(start=one.start, end=one.end, reason=one.reason) for one in found]


def _lock(one: VideoLock) -> VideoLockView:
    return VideoLockView(
        id=one.id, start=one.start, end=one.end, reason=one.reason, note=one.note, record=one.record,
        set_by=one.set_by, set_at=one.set_at, until=one.until, released_at=one.released_at,
        release_note=one.release_note,
    )  # fmt: skip


def _export(one: VideoExport) -> ExportView:
    return ExportView(
        id=one.id, camera=one.camera_id, start=one.start, end=one.end, state=one.state, done=one.done, error=one.error,
        masked=one.masked, gaps=[(start, end) for start, end in one.gaps], sha256=one.sha256, bytes=one.bytes,
        expires_at=one.expires_at,
    )  # fmt: skip
