"""Recorded video in the object store, as the service reads it: listed by names, fetched a segment at a time.

::

    video/<camera>/<YYYY-MM-DD>/<HH>/<segment>.mp4      as on the disk of the machine that recorded it
    video/<camera>/<YYYY-MM-DD>/log.jsonl

What was fetched lies in `.fetched` of the archive's folder, in the same layout, for a day at most and `KEPT_BYTES`.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

from qyran.errors import NotFound
from service.objects_store import ObjectStore
from service.objects_store.folders import open_objects
from service.settings import Settings
from vision.segments import LOG, LONGEST, SUFFIX, Segment, hour_folder, notes, read_name

ROOT: Final = "video"
FETCHED: Final = ".fetched"
KEPT: Final = timedelta(hours=24)
KEPT_BYTES: Final = 20 << 30
"""Room that fetched segments may take: the least lately asked for go first."""
FRESH_S: Final = 15.0
"""So long a day's listing is believed while segments may still come; a machine tells of new ones about as often."""
SETTLED_S: Final = 600.0
"""So long that of a day over for longer than `LATE`."""
LATE: Final = timedelta(hours=3)
HEAD: Final = 2 << 20
"""Bytes in which the first fragment of a segment lies: two seconds of 8 Mbit/s."""
MOST_LISTED: Final = 4096
"""Days whose names are remembered."""

Key = tuple[str, str]


@dataclass(slots=True)
class _Listing:
    at: float
    segments: tuple[Segment, ...]
    sizes: dict[str, int]


@dataclass(slots=True)
class Shelf:
    """The stored video of an installation; thread-safe.

    Attributes:
        objects: the object store.
        folder: where fetched segments lie.
    """

    objects: ObjectStore
    folder: Path
    _days: dict[Key, _Listing] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def cameras(self) -> list[str]:
        """Cameras of which anything is stored."""
        return self.objects.below(f"{ROOT}/")

    def days(self, camera: str) -> list[str]:
        """UTC days of which anything is stored, the oldest first."""
        return self.objects.below(f"{ROOT}/{camera}/")

    def between(self, camera: str, start: datetime, end: datetime) -> list[Segment]:
        """The segments that show anything between two moments, the oldest first; their paths may not exist yet.

        Raises:
            ObjectsAway: the store does not answer.
        """
        found: list[Segment] = []
        day = (start - LONGEST).astimezone(UTC).date()
        while day <= end.astimezone(UTC).date():
            found += [one for one in self.of_day(camera, f"{day}") if one.start < end and one.end > start]
            day += timedelta(days=1)
        return sorted(found)

    def of_day(self, camera: str, day: str) -> tuple[Segment, ...]:
        """The segments that begin on a UTC day, the oldest first.

        Raises:
            ObjectsAway: the store does not answer.
        """
        return self._listing(camera, day).segments

    def size_of(self, segment: Segment) -> int:
        """Bytes of a stored segment; 0 where it is not known any more."""
        return self._listing(segment.camera, segment.day).sizes.get(segment.name, 0)

    def named(self, camera: str, name: str) -> Segment | None:
        """The segment of a name, None where none is stored.

        Raises:
            ObjectsAway: the store does not answer.
        """
        times = read_name(name)
        if times is None:
            return None
        return next((one for one in self.of_day(camera, f"{times[0]:%Y-%m-%d}") if one.name == name), None)

    def fetch(self, segment: Segment) -> Segment:
        """The segment with its file on this machine.

        Raises:
            NotFound: it is stored no longer.
            ObjectsAway: the store does not answer.
        """
        if segment.path.is_file():
            with suppress(OSError):
                segment.path.touch()
            return segment
        self._write(segment.path, self.objects.read(key_of(segment)), segment.name)
        self.tidy(KEPT_BYTES)
        return segment

    def head(self, segment: Segment) -> bytes:
        """Its first bytes, enough for the first picture.

        Raises:
            NotFound: it is stored no longer.
            ObjectsAway: the store does not answer.
        """
        try:
            return b"".join(self.objects.read(key_of(segment), 0, HEAD))
        except FileNotFoundError:
            raise NotFound(f"The archive holds the segment {segment.name} no longer.") from None

    def notes(self, camera: str, day: str) -> list[dict[str, object]]:
        """What the machine that recorded wrote down of a UTC day.

        Raises:
            ObjectsAway: the store does not answer.
        """
        path = self.folder / camera / day / LOG
        with suppress(NotFound):
            self._write(path, self.objects.read(f"{ROOT}/{camera}/{day}/{LOG}"), LOG)
        return notes(self.folder, camera, day)

    def drop(self, camera: str, day: str, gone: Sequence[Segment], *, log: bool) -> None:
        """Delete segments of a day, and with `log` what was written down of it.

        Raises:
            ObjectsAway: the store does not answer, or keeps one.
        """
        keys = [key_of(one) for one in gone] + ([f"{ROOT}/{camera}/{day}/{LOG}"] if log else [])
        self.objects.drop(keys)
        with self._lock:
            self._days.pop((camera, day), None)
        for one in gone:
            one.path.unlink(missing_ok=True)
            one.path.with_suffix(".jpg").unlink(missing_ok=True)

    def tidy(self, most: int = 0) -> None:
        """Remove fetched files that are over their time, and the least lately asked for beyond `most` bytes."""
        files = sorted(((one.stat().st_mtime, one.stat().st_size, one) for one in _files(self.folder)), reverse=True)
        taken, oldest = 0, time.time() - KEPT.total_seconds()
        for changed, size, path in files:
            taken += size
            if changed < oldest or (most and taken > most):
                path.unlink(missing_ok=True)

    def _listing(self, camera: str, day: str) -> _Listing:
        now, key = time.monotonic(), (camera, day)
        over = datetime.fromisoformat(f"{day}T00:00:00+00:00") + timedelta(days=1) + LATE < datetime.now(UTC)
        with self._lock:
            known = self._days.get(key)
        if known is not None and now - known.at < (SETTLED_S if over else FRESH_S):
            return known
        found, sizes = [], {}
        for one in self.objects.find(f"{ROOT}/{camera}/{day}/"):
            name = one.key.rpartition("/")[2]
            times = read_name(name)
            if times is not None:
                found.append(Segment(*times, hour_folder(self.folder, camera, times[0]) / name))
                sizes[name] = one.size
        made = _Listing(now, tuple(sorted(found)), sizes)
        with self._lock:
            while len(self._days) >= MOST_LISTED:
                self._days.pop(next(iter(self._days)))
            self._days[key] = made
        return made

    @staticmethod
    def _write(path: Path, pieces: Iterable[bytes], name: str) -> None:
        spare = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with spare.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
            spare.replace(path)
        except FileNotFoundError:
            raise NotFound(f"The archive holds {name} no longer.") from None
        finally:
            spare.unlink(missing_ok=True)


def shelf_of(settings: Settings) -> Shelf | None:
    """The stored video; None where video stays on the machines that record it.

    Raises:
        ConfigError: the object store's address or its secrets are badly formed.
    """
    if not settings.video_objects or settings.object_store is None:
        return None
    folder = settings.video_folder / FETCHED
    return _shelf(settings.object_store, settings.object_store_key, settings.object_store_secret, folder)


@lru_cache(maxsize=4)
def _shelf(url: str, key: str | None, secret: str | None, folder: Path) -> Shelf:
    return Shelf(open_objects(url, key, secret), folder)


def key_of(segment: Segment) -> str:
    """Where a segment lies in the object store."""
    return f"{ROOT}/{segment.camera}/{segment.day}/{segment.start:%H}/{segment.name}"


def _files(folder: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError):
        yield from (one for one in folder.rglob("*") if one.suffix in {SUFFIX, ".jpg", ".jsonl"} and one.is_file())
