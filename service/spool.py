"""The durable queue between a worker and the store: a folder of waiting events with their evidence.

::

    <spool>/making/<name>/   an item being put; whole once its evidence has arrived
    <spool>/new/<name>/      event.json, evidence/ (where there is one); `name` orders the items
    <spool>/aside/<name>/    items that could not be read, each with reason.txt

Whatever is killed at whatever moment, an item that `put` returned for is there until `done`, and putting an event again
changes nothing.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from service.durable import move_folder, sync_folder, write_synced
from service.event import Event

EVENT: Final = "event.json"
EVIDENCE: Final = "evidence"
REASON: Final = "reason.txt"
MAX_EVENT_BYTES: Final = 1 << 20  # a line has some 500 bytes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Item:
    """A waiting event; `evidence` is where its package lies, or will have lain before it was taken over."""

    path: Path
    event: Event

    @property
    def evidence(self) -> Path:
        """The package's folder inside the item."""
        return self.path / EVIDENCE


class Spool:
    """A spool folder; any number of workers may put, one at a time should take."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._making, self._new, self._aside = (folder / name for name in ("making", "new", "aside"))
        for place in (self._making, self._new, self._aside):
            place.mkdir(parents=True, exist_ok=True)
        sync_folder(folder)
        self._last = 0

    def put(self, event: Event, evidence: Path | None = None) -> None:
        """Add an event; durable when this returns. The evidence folder is moved into the spool.

        Putting an event that already waits changes nothing, so a worker may repeat a put it is not sure of.
        """
        with self._locked(fcntl.LOCK_SH):
            self._put(event, evidence)

    def _put(self, event: Event, evidence: Path | None) -> None:
        known = self._find(self._making, event.id)
        if known is None and self._find(self._new, event.id) is not None:
            return
        making = known or self._making / self._name(event.id)
        making.mkdir(exist_ok=True)
        if not (making / EVENT).exists():
            write_synced(making / f".{EVENT}", event.to_line().encode())
            (making / f".{EVENT}").rename(making / EVENT)
        if evidence is not None and (evidence.exists() or not (making / EVIDENCE).exists()):
            move_folder(evidence, making / EVIDENCE)
        sync_folder(making)
        self._publish(making)

    def pending(self) -> Iterator[Item]:
        """The waiting items, the oldest first; what cannot be read is set aside with the reason."""
        self._recover()
        for path in sorted(self._new.iterdir()):
            try:
                data = (path / EVENT).read_bytes()
                event = Event.from_line(data[:MAX_EVENT_BYTES])
            except FileNotFoundError:
                if path.exists():
                    self.set_aside(path, f"{EVENT} is absent")
            except (ValueError, OSError) as error:
                self.set_aside(path, f"{EVENT} cannot be read: {type(error).__name__}")
            else:
                yield Item(path, event)

    def done(self, item: Item) -> None:
        """Forget an item that was taken."""
        if item.path.exists():
            gone = self._making / f".done-{item.path.name}"
            item.path.rename(gone)
            sync_folder(self._new)
            shutil.rmtree(gone)

    def set_aside(self, path: Path, reason: str) -> None:
        """Put an item where it blocks nobody, with the reason, for a person to look at."""
        target = self._aside / path.name
        path.rename(target)
        write_synced(target / REASON, f"{reason}\n".encode()) if target.is_dir() else None
        sync_folder(self._aside)
        sync_folder(self._new)
        log.warning("Spool item %s was set aside: %s.", path.name, reason)

    def stirred(self) -> int:
        """A number that changes when something comes or goes; asking is one look at one folder."""
        return self._new.stat().st_mtime_ns

    def aside(self) -> int:
        """How many items were set aside."""
        return sum(1 for _ in self._aside.iterdir())

    def __len__(self) -> int:
        return sum(1 for _ in self._new.iterdir())

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

    def _name(self, event_id: UUID) -> str:
        self._last = max(time.time_ns(), self._last + 1)
        return f"{self._last:020d}-{event_id}"

    @staticmethod
    def _find(place: Path, event_id: UUID) -> Path | None:
        return next(place.glob(f"[0-9]*-{event_id}"), None)
