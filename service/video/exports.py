"""Taking a span of video out of the house: asked for with a purpose, made in the background, fetched within a term.

What leaves is one signed zip: the original packets as MP4, a list of what it shows and lacks, and the program that
checks it (`qyran verify`). Every order and every fetch is logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

from sqlalchemy import select, update

from qyran.errors import AccessError, InputError, NotFound, QyranError, TransitionError
from qyran.roles import Role
from service.access import log_access, require
from service.store.database import Store, Work
from service.store.tables import Camera
from service.store.video_tables import VideoExport
from service.video.archive import Found, at_hand, find
from service.video.export_file import MOST_BYTES, Mask, Order, write_video
from service.video.masking import Stopping
from service.video.rights import EXPORTERS, VIEWERS
from vision.recording import free_share

WANTED, MAKING, READY, FAILED, GONE = "wanted", "making", "ready", "failed", "gone"
LEAST_PURPOSE, MOST_PURPOSE = 3, 1000
FOLDER: Final = "exports"
MASKED_MOST: Final = timedelta(minutes=10)
"""Of a masked copy: each picture takes a good part of a second."""
STALE: Final = timedelta(minutes=30)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which span shall leave, what for, and whether as a masked copy."""

    start: datetime
    end: datetime
    purpose: str
    masked: bool = False


def ask(work: Work, camera: str, asked: Asked) -> VideoExport:
    """Have a span made into a file.

    Raises:
        AccessError: the actor takes no video out.
        NotFound: there is no such camera, or the archive holds nothing of the span.
        InputError: the span or the purpose is none, or the span is too long.
    """
    role = require(work.actor, EXPORTERS)
    if work.session.get(Camera, camera) is None:
        raise NotFound(f"There is no camera {camera}.")
    words = asked.purpose.strip()
    if not LEAST_PURPOSE <= len(words) <= MOST_PURPOSE:
        raise InputError(f"Say what the export is for, in {LEAST_PURPOSE} to {MOST_PURPOSE} characters.")
    if asked.masked and asked.end - asked.start > MASKED_MOST:
        raise InputError(
            f"A masked copy shows at most {MASKED_MOST // timedelta(minutes=1)} minutes; take a longer span in parts."
        )
    most = timedelta(minutes=work.store.settings.video_export_minutes)
    if asked.end - asked.start > most:
        raise InputError(
            f"An export shows at most {most // timedelta(minutes=1)} minutes; take a longer span in parts."
        )
    found = find(work, camera, asked.start, asked.end)
    if not found.segments:
        raise NotFound("The archive holds nothing of this span.")
    made = VideoExport(
        id=str(uuid4()), camera_id=camera, start=asked.start, end=asked.end, purpose=words, asked_by=work.actor.id,
        role=role.value, asked_at=work.now, state=WANTED, done=0.0, taken=0,
        masked=asked.masked, gaps=[[_iso(gap.start), _iso(gap.end)] for gap in found.gaps],
    )  # fmt: skip
    work.session.add(made)
    log_access(work, role, "video_export_asked", camera)
    work.session.flush()
    return made


def exports_of(work: Work, camera: str | None = None, limit: int = 50) -> tuple[VideoExport, ...]:
    """Exports, the newest first: an auditor and a senior officer see all, others their own.

    Raises:
        AccessError: the actor sees no exports.
    """
    role = require(work.actor, VIEWERS)
    query = select(VideoExport)
    if camera is not None:
        query = query.where(VideoExport.camera_id == camera)
    if role is Role.SITUATIONAL_OPERATOR:
        query = query.where(VideoExport.asked_by == work.actor.id)
    return tuple(work.session.scalars(query.order_by(VideoExport.asked_at.desc()).limit(limit)))


def one_of(work: Work, export_id: str) -> VideoExport:
    """An export the actor may see.

    Raises:
        NotFound: there is none.
        AccessError: it is another's.
    """
    role = require(work.actor, VIEWERS)
    row = work.session.get(VideoExport, export_id)
    if row is None:
        raise NotFound(f"There is no export {export_id}.")
    if role is Role.SITUATIONAL_OPERATOR and row.asked_by != work.actor.id:
        raise AccessError("An operator sees his own exports.")
    return row


def fetch(work: Work, export_id: str) -> tuple[Path, str]:
    """The file of an export and its name for people; the fetch is logged.

    Raises:
        AccessError: it is another's.
        NotFound: there is none.
        TransitionError: it is not made yet, or its term is over.
    """
    role = require(work.actor, EXPORTERS)
    row = one_of(work, export_id)
    if row.state != READY or row.file is None or (row.expires_at is not None and row.expires_at <= work.now):
        raise TransitionError("The export is not there: it is not made yet, or its term is over.")
    path = folder(work.store) / row.file
    if not path.is_file():
        raise TransitionError("The file of this export is gone; ask for it anew.")
    row.taken += 1
    log_access(work, role, "video_exported", row.camera_id)
    masked = "-masked" if row.masked else ""
    return path, f"qyran-video-{row.camera_id}-{row.start:%Y%m%dT%H%M%SZ}{masked}.zip"


def make_exports(store: Store, mask: Callable[[], Mask] | None = None) -> int:
    """Make what was asked for, one after the other; how many.

    Args:
        store: the store.
        mask: gives what masks, and then masked copies are made and nothing else: they take far longer.
    """
    count = 0
    while (order := _next(store, masked=mask is not None)) is not None:
        if not _made(store, order, mask):
            break
        count += 1
    return count


def expire(store: Store) -> int:
    """Remove files whose term is over; how many."""
    with store.write() as work:
        query = select(VideoExport).where(VideoExport.state == READY, VideoExport.expires_at <= work.now)
        rows = list(work.session.scalars(query.with_for_update()))
        files = [row.file for row in rows if row.file]
        for row in rows:
            row.state, row.file = GONE, None
    for name in files:
        (folder(store) / name).unlink(missing_ok=True)
    return len(files)


def folder(store: Store) -> Path:
    """Where finished exports lie."""
    return store.settings.video_folder / f".{FOLDER}"


def _next(store: Store, *, masked: bool) -> Order | None:
    """The oldest order that nobody makes; one whose maker was killed is made again."""
    with store.write() as work:
        left = select(VideoExport).where(
            (VideoExport.state == WANTED) | ((VideoExport.state == MAKING) & (VideoExport.made_at < work.now - STALE))
        )
        left = left.where(VideoExport.masked.is_(masked))
        row = work.session.scalars(left.order_by(VideoExport.asked_at).limit(1).with_for_update()).first()
        if row is None:
            return None
        row.state, row.done, row.made_at = MAKING, 0.0, work.now
        camera = work.session.get(Camera, row.camera_id)
        return Order(
            row.id, row.camera_id, dict(camera.name) if camera else {}, row.start, row.end, row.purpose,
            row.asked_by, row.role, row.asked_at, row.masked,
        )  # fmt: skip


def _made(store: Store, order: Order, mask: Callable[[], Mask] | None) -> bool:
    """Make one; False where the service is being stopped meanwhile, and it is made when it runs again."""
    target = folder(store) / f"{order.id}.zip"
    error: str | None = None
    done = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if free_share(target.parent) < store.settings.video_reserve:
            raise InputError("The disk has too little room for an export; ask again later.")
        with store.read() as work:
            found = find(work, order.camera, order.start, order.end)
        found = _at_hand(store, found)
        made_by = None if mask is None else mask()
        done = write_video(store, order, found, target, lambda share: _tell(store, order.id, share), made_by)
    except Stopping:
        with store.write() as work:
            work.session.execute(update(VideoExport).where(VideoExport.id == order.id).values(state=WANTED, done=0.0))
        return False
    except (QyranError, OSError) as fault:
        error = str(fault)[:255]
        target.unlink(missing_ok=True)
        log.warning("The export %s failed: %s", order.id, error)
    with store.write() as work:
        row = work.session.get(VideoExport, order.id, with_for_update=True)
        if row is None:
            return True
        row.made_at = work.now
        if done is None:
            row.state, row.error = FAILED, error
            return True
        row.state, row.done, row.file, row.error = READY, 1.0, target.name, None
        row.sha256, row.bytes = done.sha256, done.bytes
        row.expires_at = work.now + timedelta(hours=store.settings.video_export_hours)
    return True


def _at_hand(store: Store, found: Found) -> Found:
    """The same with every file on this machine, as far as an export may be large."""
    held, size = [], 0
    for one in found.segments:
        held.append(at_hand(store.settings, one))
        size += held[-1].path.stat().st_size
        if size > MOST_BYTES:
            break  # it will be refused
    return replace(found, segments=tuple(held))


def _tell(store: Store, export_id: str, share: float) -> None:
    with store.write() as work:
        work.session.execute(
            update(VideoExport).where(VideoExport.id == export_id).values(done=share, made_at=work.now)
        )  # fmt: skip


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
