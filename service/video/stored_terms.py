"""How long video stays in the object store: so many days a camera, and whatever something holds in any case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from qyran.roles import SYSTEM
from service.store.database import Store
from service.store.video_tables import VideoTerm
from service.video.keeper import bury
from service.video.locks import held
from service.video.stored import Shelf
from vision.segments import Segment

MOST: Final = 20_000
"""Segments removed in one round at most: a round must end soon."""


def keep_stored(store: Store, shelf: Shelf) -> int:
    """Remove what is older than its camera's term from the object store, with tombstones; how many segments.

    Raises:
        ObjectsAway: the object store does not answer, or keeps one; what went is counted.
    """
    with store.read() as work:
        terms = {one.camera_id: one.days for one in work.session.scalars(select(VideoTerm))}
        now = work.now
    removed = 0
    for camera in shelf.cameras():
        over = now - timedelta(days=terms.get(camera, store.settings.video_days))
        for day in shelf.days(camera):
            if day > f"{over:%Y-%m-%d}" or removed >= MOST:
                break
            removed += _remove(store, shelf, camera, day, over)
    shelf.tidy()
    return removed


def _remove(store: Store, shelf: Shelf, camera: str, day: str, over: datetime) -> int:
    found = shelf.of_day(camera, day)
    old: Sequence[Segment] = [one for one in found if one.end <= over]
    with store.read() as work:
        kept = held(work, camera, old)
    gone = [(one, shelf.size_of(one)) for one in old if one not in kept]
    if gone or not found:
        shelf.drop(camera, day, [one for one, _ in gone], log=len(gone) == len(found))
    if gone:
        with store.write(SYSTEM) as work:
            bury(work, camera, gone, "retention_over")
    return len(gone)
