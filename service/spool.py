"""The durable queue between a worker and the store: a folder of waiting events with their evidence.

::

    <spool>/making/<name>/   an item being put; whole once its evidence has arrived
    <spool>/new/<name>/      event.json, evidence/ (where there is one); `name` orders the items
    <spool>/segments/        passages and reports of analysis, many in one file (`service.spool_segments`)
    <spool>/aside/<name>/    items that could not be read, each with reason.txt

Whatever is killed at whatever moment, an item that `put` returned for is there until `done`, and putting an event again
doubles nothing: the store takes each event's id once.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from heapq import merge
from pathlib import Path
from typing import Final
from uuid import UUID

from service.durable import move_folder, sync_folder, write_synced
from service.event import Event, unread
from service.spool_segments import Segment, SegmentWriter, bytes_in, claim, close_open, lines_in, suits, waiting

EVENT: Final = "event.json"
EVIDENCE: Final = "evidence"
REASON: Final = "reason.txt"
MAX_EVENT_BYTES: Final = 1 << 20  # a line has some 500 bytes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """A waiting event; `evidence` is where its package lies, or will have lain before it was taken over.

    Attributes:
        path: the item's folder; for one of a segment, where it would lie.
        segment: the segment it stands in, where it does.
    """

    path: Path
    event: Event
    segment: Segment | None = None

    @property
    def evidence(self) -> Path:
        """The package's folder inside the item."""
        return self.path / EVIDENCE


class Spool:
    """A spool folder; any number of workers may put.

    One process at a time takes what has files or an order (`pending`, `items`); any number take segments
    (`segments`), each for itself.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._making, self._new, self._aside, self._segments = (
            folder / name for name in ("making", "new", "aside", "segments")
        )
        made = False
        for place in (self._making, self._new, self._aside, self._segments):
            if not place.is_dir():
                place.mkdir(parents=True, exist_ok=True)
                made = True
        if made:
            sync_folder(folder)
        self._writer = SegmentWriter(self._segments)
        self._last = 0

    def put(self, event: Event, evidence: Path | None = None) -> None:
        """Add an event; durable when this returns. The evidence folder is moved into the spool.

        Putting an event that already waits changes nothing, so a worker may repeat a put it is not sure of.
        """
        if evidence is None and suits(event):
            self._writer.put([(self._number(), event.to_line().encode())])
            return
        with self._locked(fcntl.LOCK_SH):
            self._put(event, evidence)

    def put_many(self, events: Sequence[Event]) -> None:
        """Add passages and reports of analysis that no file belongs to, all by one durable write."""
        for event in events:
            if not suits(event):
                self.put(event)
        lines = [(self._number(), event.to_line().encode()) for event in events if suits(event)]
        if lines:
            self._writer.put(lines)

    def _put(self, event: Event, evidence: Path | None) -> None:
        known = self._find(self._making, event.id)
        if known is None and self._find(self._new, event.id) is not None:
            return
        making = known or self._making / f"{self._number()}-{event.id}"
        making.mkdir(exist_ok=True)
        if not (making / EVENT).exists():
            write_synced(making / f".{EVENT}", event.to_line().encode())
            (making / f".{EVENT}").rename(making / EVENT)
        if evidence is not None and (evidence.exists() or not (making / EVIDENCE).exists()):
            move_folder(evidence, making / EVIDENCE)
        sync_folder(making)
        self._publish(making)

    def pending(self) -> Iterator[Item]:
        """Everything that waits, the oldest first; what cannot be read is set aside with the reason."""
        of_segments = ((item.path.name, item) for segment in self.segments() for item in self._lines_of(segment))
        for _, item in merge(((item.path.name, item) for item in self.items()), of_segments, key=lambda one: one[0]):
            yield item

    def items(self) -> Iterator[Item]:
        """The waiting items outside of segments, the oldest first; what cannot be read is set aside."""
        self._recover()
        for path in sorted(self._new.iterdir()):
            try:
                data = (path / EVENT).read_bytes()
                event = Event.from_line(data[:MAX_EVENT_BYTES])
            except FileNotFoundError:
                if path.exists():
                    self._move_aside(path, f"{EVENT} is absent")
            except (ValueError, OSError) as error:
                self._move_aside(path, f"{EVENT} cannot be read: {unread(error)}")
            else:
                yield Item(path, event)

    def segments(self) -> Iterator[Segment]:
        """The waiting segments, the oldest first, each claimed: other processes pass it over."""
        close_open(self._segments)
        for path in waiting(self._segments):
            segment = claim(path)
            if segment is None:
                continue
            for torn in segment.torn:
                self._write_aside(torn.name, torn.data, torn.reason)
            if segment.left:
                yield segment
            else:
                segment.remove()

    def done(self, item: Item) -> None:
        """Forget an item that was taken."""
        if item.segment is not None:
            item.segment.left -= 1
            if item.segment.left == 0:
                item.segment.remove()
        elif item.path.exists():
            gone = self._making / f".done-{item.path.name}"
            item.path.rename(gone)
            sync_folder(self._new)
            shutil.rmtree(gone)

    def set_aside(self, item: Item, reason: str) -> None:
        """Put an item where it blocks nobody, with the reason, for a person to look at."""
        if item.segment is None:
            self._move_aside(item.path, reason)
            return
        self._write_aside(item.path.name, item.event.to_line().encode(), reason)
        self.done(item)

    def stirred(self) -> int:
        """A number that changes when something comes or goes; asking is a look at two folders."""
        return hash((self._new.stat().st_mtime_ns, self._segments.stat().st_mtime_ns, bytes_in(self._segments)))

    def aside(self) -> int:
        """How many items were set aside."""
        return sum(1 for _ in self._aside.iterdir())

    def __len__(self) -> int:
        return sum(1 for _ in self._new.iterdir()) + lines_in(self._segments)

    def _lines_of(self, segment: Segment) -> Iterator[Item]:
        for number, event in segment.lines:
            yield self.item_of(number, event, segment)

    def item_of(self, number: str, event: Event, segment: Segment) -> Item:
        """A line of a segment as an item."""
        return Item(self._new / f"{number}-{event.id}", event, segment)

    def _move_aside(self, path: Path, reason: str) -> None:
        target = self._aside / path.name
        path.rename(target)
        write_synced(target / REASON, f"{reason}\n".encode()) if target.is_dir() else None
        sync_folder(self._aside)
        sync_folder(self._new)
        log.warning("Spool item %s was set aside: %s.", path.name, reason)

    def _write_aside(self, name: str, data: bytes, reason: str) -> None:
        target = self._aside / name
        target.mkdir(exist_ok=True)
        write_synced(target / EVENT, data)
        write_synced(target / REASON, f"{reason}\n".encode())
        sync_folder(target)
        sync_folder(self._aside)
        log.warning("Spool item %s was set aside: %s.", name, reason)

    def _publish(self, making: Path) -> None:
        try:
            making.rename(self._new / making.name)
        except OSError as error:
            published = error.errno == errno.ENOENT and (self._new / making.name).exists()
            if not published:  # otherwise the taker was faster, see `_recover`
                raise
        sync_folder(self._making)
        sync_folder(self._new)

    def _recover(self) -> None:
        """Publish whole items whose worker was killed just before it did: their evidence is nowhere else any more."""
        with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB) as alone:
            if alone:  # else an item may be one that is being put right now; the next round will do
                self._publish_left()

    def _publish_left(self) -> None:
        for path in sorted(self._making.iterdir()):
            if path.name.startswith(".done-"):
                shutil.rmtree(path, ignore_errors=True)
            elif (path / EVENT).exists() and ((path / EVIDENCE).exists() or not self._expects_evidence(path)):
                self._publish(path)

    @contextmanager
    def _locked(self, how: int) -> Iterator[bool]:
        """Hold the spool's lock, which a kill gives back: whoever puts shares it, whoever recovers is alone."""
        handle = os.open(self._making, os.O_RDONLY | os.O_DIRECTORY)
        try:
            try:
                fcntl.flock(handle, how)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(handle)

    @staticmethod
    def _expects_evidence(path: Path) -> bool:
        try:
            return Event.from_line((path / EVENT).read_bytes()).has_files
        except (ValueError, OSError):
            return True

    def _number(self) -> str:
        self._last = max(time.time_ns(), self._last + 1)
        return f"{self._last:020d}"

    @staticmethod
    def _find(place: Path, event_id: UUID) -> Path | None:
        ending = f"-{event_id}"  # no glob: every pattern is compiled and kept
        with suppress(FileNotFoundError), os.scandir(place) as entries:
            for entry in entries:
                if entry.name[0].isdecimal() and entry.name.endswith(ending):
                    return place / entry.name
        return None
