"""How long video stays: so many days, and only while the disk has room; what something holds stays in any case.

What goes leaves a tombstone that counts it. Where only held video is left, nothing is removed: the recorders pause at
their reserve and the outage is told.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import select

from qyran.errors import InputError, NotFound
from qyran.roles import SYSTEM
from service.access import log_access, require
from service.store.database import Store, Work
from service.store.tables import Camera
from service.store.video_tables import VideoTerm, VideoTombstone
from service.video.locks import held
from service.video.rights import KEEPERS
from vision.recording import free_share
from vision.segments import LOG, Segment, days, hours, in_folder

Ground = Literal["retention_over", "disk_share"]

MOST_DAYS: Final = 3650
BATCH: Final = 2000
"""Segments removed in one round at most: a round must end soon."""

SETTLED: Final = timedelta(hours=3)
"""No recorder puts a segment into an hour that began so long ago."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a round did.

    Attributes:
        removed: segments, for either ground.
        only_held: the disk is short and everything left of it is held.
    """

    removed: int = 0
    only_held: bool = False


def keep_days(store: Store) -> int:
    """Remove what is older than its camera's term; how many segments."""
    archive = store.settings.video_folder
    with store.read() as work:
        terms = {one.camera_id: one.days for one in work.session.scalars(select(VideoTerm))}
        now = work.now
    removed = 0
    for camera in cameras(archive):
        over = now - timedelta(days=terms.get(camera, store.settings.video_days))
        for day in days(archive, camera):
            if day > f"{over:%Y-%m-%d}" or removed >= BATCH:
                break
            for folder in hours(archive, camera, day):
                old = [one for one in in_folder(folder) if one.end <= over]
                removed += remove(store, camera, old, "retention_over")
            tidy(archive / camera / day, now)
    return removed


def keep_share(store: Store) -> Kept:
    """Make room on the disk: the oldest hours go first, over all cameras."""
    archive, wanted = store.settings.video_folder, store.settings.video_keep_free
    if not archive.is_dir() or free_share(archive) >= wanted:
        return Kept()
    removed = 0
    for camera, folder in oldest_hours(archive):
        removed += remove(store, camera, sorted(in_folder(folder)), "disk_share", enough=wanted)
        tidy(folder.parent, store.clock())
        if free_share(archive) >= wanted or removed >= BATCH:
            return Kept(removed)
    return Kept(removed, only_held=free_share(archive) < wanted)


def remove(store: Store, camera: str, found: Sequence[Segment], ground: Ground, *, enough: float | None = None) -> int:
    """Remove segments of one camera that nothing holds, and count them in tombstones; how many.

    Args:
        store: the store.
        camera: its id.
        found: its segments, the oldest first.
        ground: why they go.
        enough: end as soon as this share of the disk is free.
    """
    if not found:
        return 0
    with store.read() as work:
        kept = held(work, camera, found)
    gone: list[tuple[Segment, int]] = []
    for one in found:
        if one in kept:
            continue
        try:
            size = one.path.stat().st_size
            one.path.unlink()
        except FileNotFoundError:
            continue
        one.path.with_suffix(".jpg").unlink(missing_ok=True)
        gone.append((one, size))
        if enough is not None and free_share(one.path.parent) >= enough:
            break
    if gone:
        with store.write(SYSTEM) as work:
            bury(work, camera, gone, ground)
    return len(gone)


def set_term(work: Work, camera: str, count: int | None) -> None:
    """Say for how many days a camera's video stays; None goes back to the settings.

    Raises:
        AccessError: the actor sets no terms.
        NotFound: there is no such camera.
        InputError: the number is none.
    """
    role = require(work.actor, KEEPERS)
    if work.session.get(Camera, camera) is None:
        raise NotFound(f"There is no camera {camera}.")
    if count is not None and not 1 <= count <= MOST_DAYS:
        raise InputError(f"Video is kept for 1 to {MOST_DAYS} days.")
    row = work.session.get(VideoTerm, camera, with_for_update=True)
    if count is None:
        if row is not None:
            work.session.delete(row)
    elif row is None:
        work.session.add(VideoTerm(camera_id=camera, days=count, set_by=work.actor.id, set_at=work.now))
    else:
        row.days, row.set_by, row.set_at = count, work.actor.id, work.now
    log_access(work, role, "video_term_set", camera)


def cameras(archive: Path) -> list[str]:
    """Cameras that the archive holds anything of."""
    if not archive.is_dir():
        return []
    return sorted(path.name for path in archive.iterdir() if path.is_dir() and not path.name.startswith("."))


def oldest_hours(archive: Path) -> Iterator[tuple[str, Path]]:
    """Cameras and their folders of hours, the oldest first over all cameras."""
    every = {camera: days(archive, camera) for camera in cameras(archive)}
    for day in sorted({day for found in every.values() for day in found}):
        folders = [
            (folder.name, camera, folder)
            for camera, found in every.items()
            if day in found
            for folder in hours(archive, camera, day)
        ]
        for _, camera, folder in sorted(folders):
            yield camera, folder


def bury(work: Work, camera: str, gone: Sequence[tuple[Segment, int]], ground: Ground) -> None:
    """Count segments that went, with their sizes in bytes, in the tombstones of their days."""
    for day in sorted({one.day for one, _ in gone}):
        part = [(one, size) for one, size in gone if one.day == day]
        key = (camera, date.fromisoformat(day), ground)
        first, last = min(one.start for one, _ in part), max(one.end for one, _ in part)
        size = sum(size for _, size in part)
        row = work.session.get(VideoTombstone, key, with_for_update=True)
        if row is None:
            work.session.add(
                VideoTombstone(
                    camera_id=camera, day=key[1], ground=ground, at=work.now, segments=len(part), bytes=size,
                    first=first, last=last,
                )
            )  # fmt: skip
            continue
        row.at, row.segments, row.bytes = work.now, row.segments + len(part), row.bytes + size
        row.first, row.last = min(row.first, first), max(row.last, last)


def tombstones(work: Work, camera: str, since: datetime) -> tuple[VideoTombstone, ...]:
    """What was removed of a camera, the newest day first."""
    query = select(VideoTombstone).where(VideoTombstone.camera_id == camera, VideoTombstone.day >= since.date())
    return tuple(work.session.scalars(query.order_by(VideoTombstone.day.desc())))


def tidy(day: Path, now: datetime) -> None:
    """Remove the folders that hold no segment any more, and into which no recorder puts one."""
    for folder in hours(day.parents[1], day.parent.name, day.name):
        begun = datetime.fromisoformat(f"{day.name}T{folder.name}:00:00+00:00")
        if now - begun > SETTLED and not any(one.suffix == ".mp4" for one in folder.iterdir()):
            for left in folder.iterdir():
                left.unlink(missing_ok=True)
            folder.rmdir()
    if [one.name for one in day.iterdir()] in ([], [LOG]):
        (day / LOG).unlink(missing_ok=True)
        day.rmdir()
