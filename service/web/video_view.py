"""Cameras' video as its pages show it: the list, the day's strip, what may be done with a span."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select

from qyran.errors import InputError
from qyran.roles import Actor, Role
from service import alerts
from service.auth import names
from service.cameras import ids_found
from service.i18n import named
from service.objects_store import ObjectsAway
from service.store.database import Work
from service.store.tables import Camera
from service.store.video_tables import VideoExport, VideoLock, VideoLook, VideoTerm
from service.video import archive, exports, looks
from service.video.keeper import tombstones
from service.video.locks import REASONS, locks_of
from service.video.rights import EXPORTERS, KEEPERS, LOCKERS, NEAR, OVERSEERS, VIEWERS, WATCHERS
from service.video.state import RecordingState, state_of
from service.video.stored import shelf_of
from service.web.words import Words
from vision.classes import FIRE_CLASSES
from vision.recording import free_share
from vision.segments import days

STRIP: Final = 1440.0
"""Width of a day's strip: a unit a minute."""
FRESH: Final = timedelta(minutes=15)
"""What a recorder said longer ago is no news: it speaks with every segment."""
HALF: Final = timedelta(minutes=15)
"""A look is proposed so far before and after a moment."""
GIGA: Final = 1e9
CAMERAS_A_PAGE: Final = 50
FRESH_STORED: Final = timedelta(minutes=5)
"""A machine that records puts a segment of a minute into the object store about so often."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CameraRow:
    """One camera of the list."""

    id: str
    name: str
    state: str
    tone: str
    note: str
    oldest: date | None
    days: int
    opens: bool
    live: bool


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the strip, in its units, with what it says when pointed at."""

    x: float
    width: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An export on a page."""

    id: str
    camera_id: str
    start: datetime
    end: datetime
    state: str
    label: str
    tone: str
    masked: bool
    done: int
    megabytes: float | None
    expires_at: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class LockRow:
    """A lock on a page."""

    id: str
    start: datetime
    end: datetime
    reason: str
    note: str
    by: str
    until: datetime | None
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class CameraVideoView:
    """Everything `video/camera.html` shows."""

    id: str
    name: str
    day: date
    before: date
    after: date | None
    start: datetime
    end: datetime
    blocks: tuple[Block, ...]
    hours: tuple[tuple[float, str], ...]
    held_hours: float
    gaps: tuple[tuple[datetime, datetime, str], ...]
    marks: tuple[tuple[str, str, datetime], ...]
    look: VideoLook | None
    propose: tuple[str, str]
    at: str
    alert_id: str | None
    purposes: tuple[tuple[str, str], ...]
    may_live: bool
    may_view: bool
    may_export: bool
    may_lock: bool
    may_keep: bool
    locks: tuple[LockRow, ...]
    lock_reasons: tuple[tuple[str, str], ...]
    exports: tuple[ExportRow, ...]
    days: int
    own_days: int | None
    recording: CameraRow
    removed: tuple[tuple[date, int, float, str], ...]


def camera_rows(work: Work, w: Words, actor: Actor, find: str, number: int) -> tuple[tuple[CameraRow, ...], int]:
    """A page of the cameras whose video the actor may know of, by id, and how many there are."""
    found = ids_found(work, find)
    if actor.acts_as(OVERSEERS - NEAR) is None:
        mine = {one.camera_id for one in alerts.listing(work, open_only=False, limit=500).items}
        found = [one for one in found if one in mine]
    retired = set(work.session.scalars(select(Camera.id).where(Camera.retired.is_not(None))))
    found = [one for one in found if one not in retired]
    shown = found[CAMERAS_A_PAGE * (number - 1) : CAMERAS_A_PAGE * number]
    terms = {one.camera_id: one.days for one in work.session.scalars(select(VideoTerm))}
    rows = work.session.scalars(select(Camera).where(Camera.id.in_(shown)).order_by(Camera.id))
    return tuple(_row(work, w, actor, row, terms.get(row.id)) for row in rows), len(found)


def disk_share(work: Work) -> float | None:
    """Share of the archive's disk that is free; None where there is no archive."""
    try:
        return free_share(work.store.settings.video_folder)
    except OSError:
        return None


def camera_view(
    work: Work, w: Words, actor: Actor, camera_id: str, day: date | None, look_id: str, at: datetime | None,
    alert_id: str | None,
) -> CameraVideoView:  # fmt: skip
    """One camera's day.

    Raises:
        AccessError: the actor may not know of it.
        NotFound: there is no such camera or alarm.
    """
    looks.may_oversee(work, camera_id)
    camera = work.session.get_one(Camera, camera_id)
    if alert_id is not None and at is None:
        start, _ = looks.alarm_span(work, alert_id, camera_id)
        at = start + looks.AROUND
    look = _own_look(work, actor, camera_id, look_id)
    moment = at or (look.start if look else None)
    day = day or (moment or work.now).astimezone(w.zone).date()
    found = archive.day_of(work, camera_id, day)
    term = work.session.get(VideoTerm, camera_id)
    middle = moment or min(work.now - HALF, found.end)
    held = sum((end - start for start, end in found.runs), timedelta()) / timedelta(hours=1)
    return CameraVideoView(
        id=camera_id,
        name=named(w.lang, dict(camera.name), camera_id),
        day=day,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1) if found.end < work.now else None,
        start=found.start,
        end=found.end,
        blocks=_blocks(w, found, look),
        hours=tuple((60.0 * hour, f"{hour:02d}") for hour in range(0, 24, 2)),
        held_hours=held,
        gaps=tuple((gap.start, gap.end, _gap(w, gap.reason)) for gap in found.gaps[-20:]),
        marks=tuple((one.alert_id, _kind(w, one.kind), one.at) for one in found.marks),
        look=look,
        propose=_proposed(w, found, look, middle),
        at=moment.isoformat() if moment else "",
        alert_id=alert_id,
        purposes=tuple((code, w.t(f"video_purpose.{code}")) for code in looks.PURPOSES),
        may_live=_may_live(work, actor, camera_id),
        may_view=actor.acts_as(VIEWERS) is not None,
        may_export=actor.acts_as(EXPORTERS) is not None,
        may_lock=actor.acts_as(LOCKERS) is not None,
        may_keep=actor.acts_as(KEEPERS) is not None,
        locks=_locks(work, w, camera_id, actor),
        lock_reasons=tuple((code, w.t(f"video_lock.{code}")) for code in REASONS),
        exports=export_rows(work, w, camera_id, actor),
        days=work.store.settings.video_days,
        own_days=term.days if term else None,
        recording=_row(work, w, actor, camera, term.days if term else None),
        removed=tuple(
            (one.day, one.segments, one.bytes / GIGA, w.t(f"video.ground_{one.ground}"))
            for one in tombstones(work, camera_id, work.now - timedelta(days=30))[:10]
        ),
    )


def export_rows(work: Work, w: Words, camera: str | None, actor: Actor) -> tuple[ExportRow, ...]:
    """Exports that the actor may see, the newest first."""
    if actor.acts_as(VIEWERS) is None:
        return ()
    return tuple(_export(w, one) for one in exports.exports_of(work, camera, limit=20))


def local(w: Words, at: datetime) -> str:
    """A moment for a form, with seconds."""
    return at.astimezone(w.zone).strftime("%Y-%m-%dT%H:%M:%S")


def moment(w: Words, text: str) -> datetime | None:
    """A moment of a form or an address; None where it is empty.

    Raises:
        InputError: it is none.
    """
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError("A time is written as 2026-11-22T12:00.") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=w.zone)


def _proposed(w: Words, found: archive.Day, look: VideoLook | None, middle: datetime) -> tuple[str, str]:
    """The span that forms begin with: what is open, else the quarter hours around a moment."""
    if look is not None:
        return local(w, look.start), local(w, look.end)
    return local(w, max(middle - HALF, found.start)), local(w, min(middle + HALF, found.end))


def _own_look(work: Work, actor: Actor, camera_id: str, look_id: str) -> VideoLook | None:
    found = work.session.get(VideoLook, look_id) if look_id else None
    if found is None or (found.actor, found.camera_id) != (actor.id, camera_id) or found.until <= work.now:
        return None
    return found


def _may_live(work: Work, actor: Actor, camera_id: str) -> bool:
    if actor.acts_as(WATCHERS) is not None:
        return True
    near = actor.acts_as(NEAR) is not None
    return near and bool(alerts.listing(work, camera=camera_id, open_only=True, limit=1).items)


def _row(work: Work, w: Words, actor: Actor, camera: Camera, own: int | None) -> CameraRow:
    folder = work.store.settings.video_folder
    said = state_of(work.store.settings, camera.id)
    state, tone = _state(said, work.now)
    held = days(folder, camera.id)
    if said is None or said.machine is not None:
        held, fresh = _stored(work, camera.id, held)
        state, tone = ("elsewhere", "good") if fresh and said is None else (state, tone)
    lost = w.t("video.lost_packets", n=said.lost) if said is not None and said.lost else ""
    reason = w.t(f"video_reason.{said.reason}") if said is not None and said.reason and state != "silent" else ""
    return CameraRow(
        id=camera.id,
        name=named(w.lang, dict(camera.name), camera.id),
        state=w.t(f"video.state_{state}"),
        tone=tone,
        note="; ".join(part for part in (reason, lost) if part),
        oldest=date.fromisoformat(held[0]) if held else None,
        days=own or work.store.settings.video_days,
        opens=actor.acts_as(OVERSEERS) is not None,
        live=_may_live(work, actor, camera.id),
    )


def _stored(work: Work, camera_id: str, held: list[str]) -> tuple[list[str], bool]:
    """The days of a camera that another machine records, and whether it does so now."""
    shelf = shelf_of(work.store.settings)
    if shelf is None:
        return held, False
    try:
        found = sorted({*held, *shelf.days(camera_id)})
        newest = shelf.of_day(camera_id, found[-1])[-1:] if found else ()
    except ObjectsAway as error:
        log.warning("What other machines recorded is not told: %s.", error)
        return held, False
    return found, any(work.now - one.end < FRESH_STORED for one in newest)


def _state(said: RecordingState | None, now: datetime) -> tuple[str, str]:
    if said is None:
        return "none", ""
    if said.gone or (said.state == "recording" and now - said.at > FRESH):
        return "silent", "warn"
    return said.state, {"recording": "good", "paused": "bad", "unfit": "warn"}.get(said.state, "")


def _blocks(w: Words, found: archive.Day, look: VideoLook | None) -> tuple[Block, ...]:
    made = [_block(w, found, start, end, "run", w.t("video.there")) for start, end in found.runs]
    made += [_block(w, found, gap.start, gap.end, "gap", _gap(w, gap.reason)) for gap in found.gaps]
    made += [_block(w, found, one.start, one.end, "lock", w.t(f"video_lock.{one.reason}")) for one in found.locks]
    if look is not None:
        made.append(_block(w, found, look.start, look.end, "look", w.t("video.opened")))
    return tuple(one for one in made if one.width > 0)


def _block(w: Words, found: archive.Day, start: datetime, end: datetime, kind: str, title: str) -> Block:
    start, end = max(start, found.start), min(end, found.end)
    x = (start - found.start) / timedelta(minutes=1)
    width = (end - start) / timedelta(minutes=1)
    return Block(round(x, 2), round(width, 2), kind, f"{w.clock(start)} – {w.clock(end)} {title}")


def _kind(w: Words, kind: str) -> str:
    return w.or_code(f"fire_alerts.kind.{kind}" if kind in FIRE_CLASSES else f"incidents.kind.{kind}")


def _gap(w: Words, reason: str | None) -> str:
    return w.t(f"video_gap.{reason}") if reason else w.t("video_gap.unknown")


def _locks(work: Work, w: Words, camera_id: str, actor: Actor) -> tuple[LockRow, ...]:
    if actor.acts_as(OVERSEERS - NEAR) is None:
        return ()
    rows: Sequence[VideoLock] = locks_of(work, camera_id, limit=20)
    people = names(work, [one.set_by for one in rows])
    return tuple(
        LockRow(one.id, one.start, one.end, w.t(f"video_lock.{one.reason}"), one.note,
                people.get(one.set_by) or w.t(f"role.{Role.SYSTEM}"), one.until, one.released_at)
        for one in rows
    )  # fmt: skip


def _export(w: Words, one: VideoExport) -> ExportRow:
    tones = {"ready": "good", "failed": "bad", "gone": ""}
    return ExportRow(
        id=one.id, camera_id=one.camera_id, start=one.start, end=one.end, state=one.state,
        label=w.t(f"video_export.{one.state}"), tone=tones.get(one.state, "accent"), masked=one.masked,
        done=round(100 * one.done), megabytes=one.bytes / 1e6 if one.bytes else None, expires_at=one.expires_at,
        error=one.error,
    )  # fmt: skip
