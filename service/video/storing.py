"""What a machine that records does for video that goes into the object store: puts it there, and then makes room.

The disk holds the last hours; where the store is away it holds what waits. A segment is put as soon as it stands in
its place. An hour into which no recorder puts anything more, and of which everything is stored, is marked so: it is
never put again, whatever the store has removed of it since, and its files here may go.
"""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from service.metrics.instruments import VIDEO_STORED, VIDEO_WAITING
from service.objects_store import ObjectStore
from service.settings import Settings
from service.video.keeper import cameras, oldest_hours, tidy
from service.video.stored import LATE, ROOT, key_of
from vision.recording import free_share
from vision.segments import LOG, Segment, days, hours, in_folder

EVERY_S: Final = 15.0
AT_ONCE: Final = 4
"""Segments that are put at the same time."""
MARK: Final = ".stored"
LOCK: Final = ".storing.lock"

log = logging.getLogger(__name__)


class Storing(threading.Thread):
    """Puts a machine's video into the object store until told to stop; where the store is away, it waits.

    Args:
        settings: of the installation.
        objects: the object store.
        stop: set to end.
    """

    def __init__(self, settings: Settings, objects: ObjectStore, stop: threading.Event) -> None:
        super().__init__(name="video into the object store", daemon=True)
        self._round, self._stopped = StoringRound(settings, objects, stop), stop
        self._away = False

    def run(self) -> None:
        """Rounds until told to stop."""
        while not self._stopped.is_set():
            try:
                self._round.run(datetime.now(UTC))
                self._away = False
            except OSError as error:  # the object store's, or the disk's
                if not self._away:
                    log.warning("Recorded video waits on this machine: %s.", error)
                self._away = True
            self._stopped.wait(EVERY_S)


class StoringRound:
    """One round after the other; remembers what the store said it holds.

    Args:
        settings: of the installation.
        objects: the object store.
        stop: set to end a round between two segments.
    """

    def __init__(self, settings: Settings, objects: ObjectStore, stop: threading.Event | None = None) -> None:
        self._archive, self._objects = settings.video_folder, objects
        self._local = timedelta(hours=settings.video_local_hours)
        self._keep_free = settings.video_keep_free
        self._stop = stop or threading.Event()
        self._there: dict[Path, set[str]] = {}
        self._logged: dict[Path, int] = {}

    def run(self, now: datetime) -> int:
        """Put what is not stored yet, then make room; how many segments were put.

        Raises:
            ObjectsAway: the store does not answer; what was put stays put.
            OSError: the disk refused.
        """
        with _alone(self._archive) as mine:
            if not mine:
                return 0
            try:
                return self._put_all(now)
            finally:
                self._make_room(now)

    def _put_all(self, now: datetime) -> int:
        waiting = {folder: self._missing(folder) for folder in self._open_hours()}
        VIDEO_WAITING.set(sum(map(len, waiting.values())))
        count = 0
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for folder, found in waiting.items():
                if self._stop.is_set():
                    return count
                for one in pool.map(self._put, found):
                    self._there[folder].add(one.name)
                    count += 1
                VIDEO_WAITING.dec(len(found))
                self._settle(folder, now)
        return count

    def _open_hours(self) -> Iterator[Path]:
        for camera in cameras(self._archive):
            for day in days(self._archive, camera):
                self._put_log(camera, day)
                yield from (one for one in hours(self._archive, camera, day) if not _stored(one))

    def _missing(self, folder: Path) -> list[Segment]:
        if folder not in self._there:
            place = folder.relative_to(self._archive).as_posix()
            self._there[folder] = {one.key.rpartition("/")[2] for one in self._objects.find(f"{ROOT}/{place}/")}
        return sorted(one for one in in_folder(folder) if one.name not in self._there[folder])

    def _put(self, segment: Segment) -> Segment:
        with suppress(FileNotFoundError):  # removed meanwhile, as by hand
            size = segment.path.stat().st_size
            self._objects.put(key_of(segment), segment.path)
            VIDEO_STORED.inc(size)
        return segment

    def _put_log(self, camera: str, day: str) -> None:
        path = self._archive / camera / day / LOG
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            return
        if self._logged.get(path) != size:
            self._objects.put(f"{ROOT}/{camera}/{day}/{LOG}", path)
            self._logged[path] = size

    def _settle(self, folder: Path, now: datetime) -> None:
        if now - _begun(folder) > timedelta(hours=1) + LATE and not self._missing(folder):
            (folder / MARK).write_text(f"{len(in_folder(folder))}\n", encoding="ascii")
            self._there.pop(folder, None)

    def _make_room(self, now: datetime) -> None:
        """Remove hours that are stored: those that are older than the disk's term, and more while it is short."""
        for _, folder in list(oldest_hours(self._archive)):
            if _stored(folder) and (now - _begun(folder) > self._local or free_share(self._archive) < self._keep_free):
                for one in folder.iterdir():
                    one.unlink(missing_ok=True)
                self._logged.pop(folder.parent / LOG, None)
                tidy(folder.parent, now)


def _stored(folder: Path) -> bool:
    """Whether the hour is marked, with as many segments as it has: a clock that was set back may have added some."""
    try:
        return int((folder / MARK).read_text(encoding="ascii")) == len(in_folder(folder))
    except (FileNotFoundError, ValueError):
        return False


def _begun(folder: Path) -> datetime:
    return datetime.fromisoformat(f"{folder.parent.name}T{folder.name}:00:00+00:00")


@contextmanager
def _alone(archive: Path) -> Iterator[bool]:
    """Whether no other process of this machine stores the same archive."""
    archive.mkdir(parents=True, exist_ok=True)
    with (archive / LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
