"""A spool that a full disk does not stop: what it refuses waits in memory and is put in order as soon as it takes it.

The analysis goes on meanwhile. What waits is lost with the process, as it would be if the process had ended with the
first refusal; so much waits at most, and stretches of analysis and passages make room for alarms and cases.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from pathlib import Path
from typing import Final

from service.event import Event
from service.spool import Spool

MOST: Final = 10_000
"""Events that wait; each has some kilobytes."""
RETRY_S: Final = 2.0
FIRST_TO_GO: Final = frozenset({"stream", "passage"})

log = logging.getLogger(__name__)


class PatientSpool:
    """Puts events into a spool; keeps what the disk refuses, in order, until it takes it (thread-safe).

    A camera's analysis and the reader of its stream, which tells of losses, both put.

    Attributes:
        lost: events that found no room in memory either.
    """

    def __init__(self, spool: Spool) -> None:
        self.lost = 0
        self._spool = spool
        self._waiting: deque[tuple[Event, Path | None]] = deque()
        self._retry_at = 0.0
        self._lock = threading.RLock()

    def put(self, event: Event, evidence: Path | None = None) -> None:
        """Add an event; durable when this returns, unless the disk refuses: then it waits."""
        with self._lock:
            self._waiting.append((event, evidence))
            self.settle(now=len(self._waiting) == 1)

    def settle(self, *, now: bool = False) -> None:
        """Put what waits, at most every `RETRY_S` unless `now`."""
        with self._lock:
            if not self._waiting or (not now and time.monotonic() < self._retry_at):
                return
            try:
                while self._waiting:
                    self._spool.put(*self._waiting[0])
                    self._waiting.popleft()
            except OSError as error:
                if len(self._waiting) == 1 or not self._retry_at:
                    log.warning("The spool takes nothing (%s); events wait in memory.", error.strerror)
                self._retry_at = time.monotonic() + RETRY_S
                self._make_room()
            else:
                self._retry_at = 0.0

    @property
    def stored(self) -> int:
        """Events in the spool that wait to be taken; 0 where its folder cannot be read."""
        try:
            return len(self._spool)
        except OSError:
            return 0

    def __len__(self) -> int:
        return len(self._waiting)

    def _make_room(self) -> None:
        while len(self._waiting) > MOST:
            place = next((i for i, (event, _) in enumerate(self._waiting) if event.type in FIRST_TO_GO), 0)
            del self._waiting[place]
            self.lost += 1
