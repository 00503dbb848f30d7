"""Events that arrive from other machines: written down piece by piece, checked, and put into the service's spool.

::

    <spool>/arriving/<machine>/<event>/<file>.part    what came so far

What arrived before a line broke stays, and the next try goes on behind it. An event is in the spool, durable, when its
sender is told so; sent again, it changes nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import select

from evidence.canonical import file_sha256
from qyran.errors import AccessError, InputError, QyranError, TransitionError
from qyran.roles import SYSTEM
from service.durable import sync_folder
from service.fault_points import reach
from service.spool import Spool
from service.store.lease_tables import CameraLease
from service.store.tables import Ingested

if TYPE_CHECKING:
    from uuid import UUID

    from service.event import Event
    from service.forwarding.envelope import Envelope, FileEntry
    from service.store.database import Store

ARRIVING: Final = "arriving"
PART: Final = ".part"
OPEN_MOST: Final = 256
"""Events of one machine that may have arrived in part; one that sends in order has a few."""
KEPT_S: Final = 7 * 86_400.0
"""How long a part waits for the rest."""


class WrongBytes(InputError):
    """A file is not what its hash says; what came of it is thrown away, and it may be sent again."""


class Cut(QyranError):
    """The line broke before everything came; the rest may follow."""


Taking = Literal["unknown", "partial", "taken"]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What arrives from one machine.

    Attributes:
        store: the service's.
        machine: who sends.
    """

    store: Store
    machine: str

    @property
    def folder(self) -> Path:
        """Where its parts lie."""
        return self.store.settings.spool_folder / ARRIVING / self.machine

    def check(self, event: Event) -> None:
        """Refuse what the machine may not say.

        Raises:
            AccessError: it never held the camera under the event's epoch.
            InputError: the event names no epoch.
        """
        if event.epoch is None:
            raise InputError("The event names no epoch; a machine sends what it saw under a lease.")
        with self.store.read(SYSTEM) as work:
            lease = work.session.get(CameraLease, (event.camera, event.epoch))
        if lease is None or lease.holder != self.machine:
            raise AccessError(f"The machine {self.machine} did not hold this camera under epoch {event.epoch}.")

    def known(self, event_id: UUID) -> bool:
        """Whether the store has the event."""
        with self.store.read(SYSTEM) as work:
            return work.session.scalar(select(Ingested.event_id).where(Ingested.event_id == str(event_id))) is not None

    def held(self, event_id: UUID) -> dict[str, int]:
        """How many bytes of each file of an event have come."""
        place = self.folder / str(event_id)
        if not place.is_dir():
            return {}
        return {path.name.removesuffix(PART): path.stat().st_size for path in sorted(place.glob(f"*{PART}"))}

    @contextmanager
    def taking(self, envelope: Envelope) -> Iterator[Arrival]:
        """Take one event's files; what came stays where this ends before `Arrival.finish`.

        Raises:
            TransitionError: the event is being taken already, or too many have come in part.
        """
        place = self.folder / str(envelope.event.id)
        if not place.is_dir():
            if envelope.files and self.folder.is_dir() and sum(1 for _ in self.folder.iterdir()) >= OPEN_MOST:
                raise TransitionError(f"{OPEN_MOST} events of {self.machine} have come in part; send their rest first.")
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise TransitionError("This event is being taken just now; ask again.") from None
            if not place.is_dir():  # the one who had the lock has finished meanwhile
                place.mkdir(parents=True, exist_ok=True, mode=0o700)
            yield Arrival(envelope, place, self.store)
            with contextlib.suppress(OSError):  # what has come stays
                place.rmdir()
        finally:
            os.close(handle)


class Arrival:
    """One event on its way in: `feed` bytes as they come, then `finish`."""

    def __init__(self, envelope: Envelope, place: Path, store: Store) -> None:
        self._envelope, self._place, self._store = envelope, place, store
        self._spool = Spool(store.settings.spool_folder)
        self._rest = list(envelope.files)
        self._at = 0
        for entry in envelope.files:
            _begin(place, entry)

    def feed(self, data: bytes) -> None:
        """Take the next bytes.

        Raises:
            InputError: more came than was named.
        """
        left = memoryview(data)
        while left:
            if not self._rest:
                raise InputError("More bytes came than the first line names.")
            entry = self._rest[0]
            want = entry.size - entry.start - self._at
            piece, left = left[:want], left[want:]
            if piece:
                with _part(self._place, entry.name).open("ab") as file:
                    file.write(piece)
                self._at += len(piece)
            if self._at == entry.size - entry.start:
                self._rest.pop(0)
                self._at = 0
        if data:
            reach(self._store, "door.part")

    def finish(self) -> None:
        """Everything came: check it and put the event into the spool, durable when this returns.

        Raises:
            Cut: not everything came.
            WrongBytes: a file is not what its hash says.
        """
        if any(entry.size - entry.start - (self._at if not i else 0) > 0 for i, entry in enumerate(self._rest)):
            raise Cut("The line broke before all files had come; send the rest.")
        for entry in self._envelope.files:
            path = _part(self._place, entry.name)
            if path.stat().st_size != entry.size or file_sha256(path) != entry.sha256:
                path.unlink()
                raise WrongBytes(f"The file {entry.name} is not what its SHA-256 says; send it again from the start.")
        whole = self._place / "whole"
        if self._envelope.files:
            whole.mkdir(exist_ok=True, mode=0o700)
            for entry in self._envelope.files:
                _part(self._place, entry.name).rename(whole / entry.name)
            sync_folder(whole)
        reach(self._store, "door.whole")
        self._spool.put(self._envelope.event, whole if self._envelope.files else None)
        reach(self._store, "door.put")
        shutil.rmtree(self._place, ignore_errors=True)


def sweep(store: Store) -> int:
    """Throw away parts whose rest never came; how many events."""
    gone, oldest = 0, time.time() - KEPT_S
    for place in (store.settings.spool_folder / ARRIVING).glob("*/*"):
        if place.is_dir() and place.stat().st_mtime < oldest:
            shutil.rmtree(place, ignore_errors=True)
            gone += 1
    return gone


def _begin(place: Path, entry: FileEntry) -> None:
    """Make a file end where what is sent now goes on.

    Raises:
        InputError: less of it came than the sender believes.
    """
    whole = place / "whole" / entry.name  # a kill came between the check and the spool
    path = _part(place, entry.name)
    if whole.exists():
        whole.rename(path)
    have = path.stat().st_size if path.exists() else 0
    if entry.start > have:
        raise InputError(f"Only {have} bytes of {entry.name} have come; ask what has come, and go on there.")
    with path.open("ab") as file:
        file.truncate(entry.start)


def _part(place: Path, name: str) -> Path:
    return place / f"{name}{PART}"
