"""The archive as files: segments of original packets, found by their names alone.

::

    <archive>/<camera>/<YYYY-MM-DD>/<HH>/<YYYYMMDDTHHMMSSmmmZ>-<milliseconds>.mp4    UTC of the first picture, length
    <archive>/<camera>/<YYYY-MM-DD>/log.jsonl                                         why something is missing
    <archive>/<camera>/making/<YYYYMMDDTHHMMSSmmmZ>.mp4                               being written

A segment is put in place by a rename, so what stands under an hour is whole. What a kill left in `making` is repaired
up to its last whole fragment.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from qyran.errors import IntegrityError
from vision.fragments import TIMESCALE, moof_spans, read_prft

MAKING: Final = "making"
LOG: Final = "log.jsonl"
SUFFIX: Final = ".mp4"
HOUR: Final = timedelta(hours=1)
LONGEST: Final = timedelta(minutes=15)
"""No segment is longer: so far before a moment the one that holds it may begin."""
HEAD_BYTES: Final = 1 << 20
"""Longest `moof` that is read: a fragment of seconds has some kilobytes."""
_NAME: Final = re.compile(r"(\d{8}T\d{9})Z-(\d{1,9})\.mp4")
_STAMP: Final = "%Y%m%dT%H%M%S%f"


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """One file of the archive.

    Attributes:
        start, end: UTC of its first picture, and of the end of its last one.
        path: where it lies.
    """

    start: datetime
    end: datetime
    path: Path

    @property
    def name(self) -> str:
        """Of the file."""
        return self.path.name

    @property
    def camera(self) -> str:
        """Id of the camera."""
        return self.path.parents[2].name

    @property
    def day(self) -> str:
        """UTC day it begins on."""
        return self.path.parents[1].name


@dataclass(frozen=True, slots=True)
class Place:
    """A fragment inside a segment: bytes from `offset` (its `prft`) to `end`; media time in seconds, UTC.

    Attributes:
        key: a player can begin here.
    """

    offset: int
    end: int
    start_s: float
    length_s: float
    utc: datetime
    key: bool


def stamp(at: datetime) -> str:
    """A moment as names have it."""
    at = at.astimezone(UTC)
    return f"{at:%Y%m%dT%H%M%S}{at.microsecond // 1000:03d}Z"


def hour_folder(archive: Path, camera: str, at: datetime) -> Path:
    """Where segments that begin in an hour lie."""
    at = at.astimezone(UTC)
    return archive / camera / f"{at:%Y-%m-%d}" / f"{at:%H}"


def read_name(name: str) -> tuple[datetime, datetime] | None:
    """Start and end that a file's name tells; None where it is no segment's."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    try:
        start = datetime.strptime(found[1], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None
    return start, start + timedelta(milliseconds=int(found[2]))


def segment_named(archive: Path, camera: str, name: str) -> Segment | None:
    """The segment of a name, None where the archive holds none; nothing outside the camera's folder is looked at."""
    times = read_name(name)
    if times is None:
        return None
    path = hour_folder(archive, camera, times[0]) / name
    return Segment(*times, path) if path.is_file() else None


def segments(archive: Path, camera: str, start: datetime, end: datetime) -> list[Segment]:
    """The segments that show anything between two moments, the oldest first; only their hours are listed."""
    found = []
    at = (start - LONGEST).replace(minute=0, second=0, microsecond=0)
    while at <= end:
        found += [one for one in in_folder(hour_folder(archive, camera, at)) if one.start < end and one.end > start]
        at += HOUR
    return sorted(found)


def in_folder(folder: Path) -> list[Segment]:
    """The segments of one hour."""
    try:
        names = [path.name for path in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = ((name, read_name(name)) for name in names)
    return [Segment(*times, folder / name) for name, times in found if times is not None]


def days(archive: Path, camera: str) -> list[str]:
    """UTC days of which the archive holds anything, the oldest first."""
    try:
        names = [path.name for path in (archive / camera).iterdir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(name for name in names if re.fullmatch(r"\d{4}-\d{2}-\d{2}", name))


def hours(archive: Path, camera: str, day: str) -> list[Path]:
    """The folders of a day's hours."""
    return sorted(path for path in (archive / camera / day).glob("[0-2][0-9]") if path.is_dir())


def note(archive: Path, camera: str, at: datetime, kind: str, **values: object) -> None:
    """Write down why something is missing or out of step; what the disk refuses stays untold."""
    folder = archive / camera / f"{at.astimezone(UTC):%Y-%m-%d}"
    folder.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"at": at.astimezone(UTC).isoformat(timespec="milliseconds"), "kind": kind, **values})
    with (folder / LOG).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def notes(archive: Path, camera: str, day: str) -> list[dict[str, object]]:
    """What was written down of a UTC day; a line cut off is passed over."""
    try:
        lines = (archive / camera / day / LOG).read_text(encoding="utf-8", errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []
    found = []
    for line in lines:
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and "at" in said:
            found.append(said)
    return found


def read_init(path: Path) -> bytes:
    """`ftyp` and `moov` of a segment.

    Raises:
        IntegrityError: it does not begin with them.
    """
    try:
        with path.open("rb") as file:
            ftyp, moov = _box(file, b"ftyp"), _box(file, b"moov")
    except OSError as error:
        raise IntegrityError(f"The segment {path.name} cannot be read: {error.strerror}.") from None
    if ftyp is None or moov is None:
        raise IntegrityError(f"The segment {path.name} does not begin as one.")
    return ftyp + moov


def places(path: Path) -> Iterator[Place]:
    """The whole fragments of a segment, in order; ends quietly where the file does or where it is damaged.

    Raises:
        OSError: the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if _box(file, b"ftyp") is None or _box(file, b"moov") is None:
            return
        while True:
            offset = file.tell()
            prft, moof = _box(file, b"prft"), _box(file, b"moof")
            head = file.read(8)
            if prft is None or moof is None or len(head) < 8 or head[4:] != b"mdat":
                return
            end = file.tell() - 8 + int.from_bytes(head[:4], "big")
            if end > size:
                return
            try:
                clock, (_, length, key) = read_prft(prft), moof_spans(moof)
            except ValueError:
                return
            yield Place(offset, end, clock.media_ticks / TIMESCALE, length / TIMESCALE, clock.utc, key)
            file.seek(end)


def repair(archive: Path, camera: str) -> list[Segment]:
    """Put what a kill left in `making` in place, up to its last whole fragment; what holds none goes.

    Raises:
        OSError: the disk refused.
    """
    found = []
    for path in sorted((archive / camera / MAKING).glob(f"*{SUFFIX}")):
        whole = list(places(path))
        if not whole:
            path.unlink()
            continue
        os.truncate(path, whole[-1].end)
        length = timedelta(seconds=sum(one.length_s for one in whole))
        found.append(publish(archive, camera, path, whole[0].utc, length))
    return found


def publish(archive: Path, camera: str, path: Path, start: datetime, length: timedelta) -> Segment:
    """Put a finished file in its place, by a rename.

    Raises:
        OSError: the disk refused.
    """
    folder = hour_folder(archive, camera, start)
    folder.mkdir(parents=True, exist_ok=True)
    start = start.replace(microsecond=start.microsecond // 1000 * 1000)
    while True:  # after a step of the clock two segments may begin at one moment
        target = folder / f"{stamp(start)}-{max(1, round(length / timedelta(milliseconds=1)))}{SUFFIX}"
        try:
            os.link(path, target)
        except FileExistsError:
            start += timedelta(milliseconds=1)
            continue
        except OSError:  # a file system without hard links
            path.rename(target)
        else:
            path.unlink()
        return Segment(start, start + length, target)


def _box(file: BinaryIO, kind: bytes) -> bytes | None:
    """The next box if it is whole and of this kind."""
    head = file.read(8)
    size = int.from_bytes(head[:4], "big")
    if len(head) < 8 or head[4:] != kind or not 8 <= size <= HEAD_BYTES:
        return None
    body = file.read(size - 8)
    return head + body if len(body) == size - 8 else None
