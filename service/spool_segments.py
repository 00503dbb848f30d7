"""Segments of the spool: files to which a worker appends many small events, one durable write each.

::

    <spool>/segments/<name>.open   a writer may append to it; whoever does holds its lock meanwhile
    <spool>/segments/<name>.full   nobody appends any more; whoever takes it holds its lock until it is gone

A line is a CRC-32, a number that orders it among all items of the spool, and the event. Who takes closes what is open,
so that nobody has to remember how far he read. A line that a power cut tore has no end: `put` never returned for it.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
import weakref
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

from service.durable import sync_folder
from service.event import Event, unread

OPEN: Final = ".open"
FULL: Final = ".full"
MOST_BYTES: Final = 1 << 20
"""A segment is closed by its writer at some 3,000 events: what is taken at once, and read again after a kill."""
EMPTY_S: Final = 60.0
"""An empty segment is so old before it is removed: its writer was killed between making it and the first line."""
TRIES: Final = 5
"""A writer holds the lock for one write and its synchronisation; a taker tries so often, `PAUSE_S` apart."""
PAUSE_S: Final = 0.002


def suits(event: Event) -> bool:
    """Whether an event goes into a segment: there are many of them, no file belongs to it, and no order matters."""
    return not event.has_files and (event.type == "passage" or (event.type, event.kind) == ("stream", "analysed"))


@dataclass(frozen=True, slots=True)
class Torn:
    """A line that cannot be read, and why."""

    name: str
    data: bytes
    reason: str


@dataclass(slots=True)
class Segment:
    """A segment that this process takes: its lock is held until `remove` or `release`.

    Attributes:
        lines: number and event, in the order they were put.
        torn: lines that cannot be read.
        left: lines that nobody took yet.
    """

    path: Path
    handle: int
    lines: list[tuple[str, Event]] = field(default_factory=list)
    torn: list[Torn] = field(default_factory=list)
    left: int = 0

    def remove(self) -> None:
        """Everything in it was taken."""
        self.path.unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Let others take it."""
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1

    def __del__(self) -> None:
        self.release()


class SegmentWriter:
    """Appends to a segment of its own; thread-safe, and a fork writes a segment of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._handle, self._path, self._bytes, self._pid = -1, folder, 0, 0
        self._closing: weakref.finalize[[int], SegmentWriter] | None = None

    def put(self, lines: Sequence[tuple[str, bytes]]) -> None:
        """Append events under their numbers; durable when this returns, and not there at all where it raises."""
        data = b"".join(_line(number, event) for number, event in lines)
        with self._lock:
            self._lock_segment()
            try:
                before = os.fstat(self._handle).st_size
                try:
                    _write(self._handle, data)
                    os.fdatasync(self._handle)
                except OSError:
                    with suppress(OSError):
                        os.ftruncate(self._handle, before)
                    raise
                self._bytes = before + len(data)
            except OSError:
                self._forget()
                raise
            finally:
                if self._handle >= 0:
                    fcntl.flock(self._handle, fcntl.LOCK_UN)

    def _lock_segment(self) -> None:
        """Hold a segment that nobody has closed.

        Whoever takes one holds its lock for as long as the database keeps him waiting: a camera does not wait with him.
        """
        while True:
            if self._handle < 0 or self._bytes >= MOST_BYTES or self._pid != os.getpid():
                self._make()
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if self._path.stat().st_ino == os.fstat(self._handle).st_ino:
                    return
            except (FileNotFoundError, BlockingIOError):
                pass
            self._forget()

    def _make(self) -> None:
        self._forget()
        self._path = self._folder / f"{time.time_ns():020d}-{uuid4().hex}{OPEN}"
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
        self._handle, self._bytes, self._pid = os.open(self._path, flags, 0o600), 0, os.getpid()
        self._closing = weakref.finalize(self, os.close, self._handle)
        sync_folder(self._folder)

    def _forget(self) -> None:
        """Write here no more; a fork closes its copy, which gives back no lock of its parent's."""
        if self._closing is not None:
            self._closing()
        self._closing, self._handle = None, -1


def close_open(folder: Path) -> None:
    """Close the segments that hold something, so that they can be taken."""
    for path in sorted(folder.glob(f"*{OPEN}")):
        with suppress(FileNotFoundError):
            found = path.stat()
            if found.st_size or time.time() - found.st_mtime > EMPTY_S:
                _close(path)


def waiting(folder: Path) -> list[Path]:
    """Closed segments, the oldest first."""
    return sorted(folder.glob(f"*{FULL}"))


def claim(path: Path) -> Segment | None:
    """Take a closed segment; None where another process has it, or it is gone."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        there = path.exists()  # whoever had it before removed it under this very lock
    except BlockingIOError:
        there = False
    if not there:
        os.close(handle)
        return None
    segment = Segment(path, handle)
    try:
        with os.fdopen(os.dup(handle), "rb") as file:
            _read(segment, file.read())
    except OSError:
        segment.release()
        raise
    return segment


def lines_in(folder: Path) -> int:
    """How many events wait in segments."""
    count = 0
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            count += path.read_bytes().count(b"\n")
    return count


def bytes_in(folder: Path) -> int:
    """How much lies in segments; changes with everything that comes."""
    total = 0
    with os.scandir(folder) as found:
        for entry in found:
            with suppress(FileNotFoundError):
                total += entry.stat().st_size
    return total


def _close(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        for _ in range(TRIES):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(PAUSE_S)
                continue
            if os.fstat(handle).st_size:
                path.rename(path.with_suffix(FULL))
            else:
                path.unlink()
            return
    finally:
        os.close(handle)


def _read(segment: Segment, data: bytes) -> None:
    lines = data.split(b"\n")
    for place, line in enumerate(lines[:-1]):  # what follows the last end of a line was never acknowledged
        try:
            segment.lines.append(_read_line(line))
        except ValueError as error:
            why = f"a line of a segment cannot be read: {unread(error)}"
            segment.torn.append(Torn(f"{segment.path.stem}-{place}", line, why))
    segment.left = len(segment.lines)


def _read_line(line: bytes) -> tuple[str, Event]:
    checksum, number, event = line.split(b" ", 2)
    if int(checksum, 16) != zlib.crc32(event, zlib.crc32(number)):
        raise ValueError("altered on the disk")
    return number.decode(), Event.from_line(event)


def _line(number: str, event: bytes) -> bytes:
    head = number.encode()
    return b"%08x %b %b\n" % (zlib.crc32(event, zlib.crc32(head)), head, event)


def _write(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
