"""How often one account or one address may ask, counted for all processes of a machine together.

The counts lie in one small file of fixed size that each process maps into memory: a slot holds a mark of who asks and
the moment until which his asks are used up (the generic cell rate algorithm, ITU-T I.371, annex A). A count costs a
lock of the file and no write to a database; what is lost with the file is a minute's memory. Installations on several
machines count on each by itself.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import mmap
import os
import secrets
import struct
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import CLOCK_MONOTONIC, clock_gettime
from typing import Final

from qyran.errors import QyranError

SLOTS: Final = 1 << 14
"""Askers that are kept in mind at once; the file has 256 KiB."""
SLOT: Final = struct.Struct("<Qd")
SALT_BYTES: Final = 16
FILE_BYTES: Final = SALT_BYTES + SLOTS * SLOT.size
NEIGHBOURS: Final = 8
"""Slots one asker may lie in; the one that is used up least makes room."""

log = logging.getLogger(__name__)


class TooOften(QyranError):
    """Somebody asks oftener than he may.

    Args:
        wait_s: seconds after which the next ask is answered.
    """

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"Too many requests; ask again in {wait_s} s.")
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Rate:
    """`most` asks at once, and `per_minute` in the long run; a rate of nothing per minute lets everything pass."""

    most: int
    per_minute: float


FEED: Final = Rate(120, 240.0)
"""Catching up a day at 5,000 records an answer takes a minute; polling once a second is allowed."""
ASSISTANT: Final = Rate(30, 60.0)
CAP: Final = Rate(600, 600.0)
"""Requests of one machine: ten a second, so many at once after a storm of alarms."""


class Rates:
    """The counts of one machine."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        weakref.finalize(self, os.close, self._file)
        self._lock = threading.Lock()
        with self._locked():
            try:
                self._map = self._mapped()
            except OSError as error:
                log.warning("No room for %s (%s): this process counts requests by itself.", path, error.strerror)
                self._map = mmap.mmap(-1, FILE_BYTES)
                self._map[:SALT_BYTES] = secrets.token_bytes(SALT_BYTES)
            self._salt = bytes(self._map[:SALT_BYTES])

    def _mapped(self) -> mmap.mmap:
        """The file in memory, all its room taken: on a full disk a touch of a hole in it would kill the process."""
        fresh = os.fstat(self._file).st_size != FILE_BYTES
        if fresh:
            os.ftruncate(self._file, 0)
        try:
            os.posix_fallocate(self._file, 0, FILE_BYTES)
            if fresh:
                os.pwrite(self._file, secrets.token_bytes(SALT_BYTES), 0)
        except OSError:
            if fresh:  # otherwise others count in it
                os.ftruncate(self._file, 0)
            raise
        return mmap.mmap(self._file, FILE_BYTES)

    def ask(self, who: str, rate: Rate, now: float | None = None) -> None:
        """Count one ask.

        Args:
            who: the asker, with what he asks for; only a keyed mark of it is kept.
            rate: how often he may.
            now: seconds of a clock that all processes share; None takes the machine's.

        Raises:
            TooOften: he asked too often.
        """
        if rate.per_minute <= 0:
            return
        each = 60.0 / rate.per_minute
        digest = hashlib.blake2b(who.encode(), key=self._salt, digest_size=16).digest()
        mark = int.from_bytes(digest[:8], "little") | 1  # an empty slot has none
        first = int.from_bytes(digest[8:], "little") % SLOTS
        with self._locked():
            moment = clock_gettime(CLOCK_MONOTONIC) if now is None else now
            at, used_until = self._slot(mark, first, moment)
            # It is later where it is of before the machine started, or of a larger rate.
            used_until = min(used_until, moment + each * rate.most)
            wait = used_until + each - (moment + each * rate.most)
            SLOT.pack_into(self._map, at, mark, used_until if wait > 0 else used_until + each)
        if wait > 0:
            raise TooOften(int(wait) + 1)

    def _slot(self, mark: int, first: int, now: float) -> tuple[int, float]:
        """Where an asker's slot is, and until when he has used up his asks."""
        free, least = SALT_BYTES + first * SLOT.size, float("inf")
        for step in range(NEIGHBOURS):
            at = SALT_BYTES + (first + step) % SLOTS * SLOT.size
            held, until = SLOT.unpack_from(self._map, at)
            if held == mark:
                return at, max(until, now)
            if until < least:
                free, least = at, until
        return free, now

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock:  # the file's lock holds between processes, not between threads
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)
