"""A camera's way into the spool where leases are kept: events wait until the lease is held, and name its epoch.

A process that makes ready to follow on a camera sees for some seconds what the holder sees too. What it finds meanwhile
waits here: once the lease is its own, what it saw since then leaves, and what it saw before goes. So nothing is missed
between two machines. What it sees after the camera was given to another is not told either.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from service.cluster.tenure import TenureFile, stop_with_tenure
from service.watch_events import event_id

if TYPE_CHECKING:
    from pathlib import Path

    from service.cluster.tenure import Tenure
    from service.event import Event
    from service.patient_spool import PatientSpool
    from service.settings import Settings

READY_S: Final = 120.0
"""For so long what was seen before the lease is kept; longer ago, no lease that begins now can ask for it."""
READY_MOST: Final = 5_000

log = logging.getLogger(__name__)


class LeasedSpool:
    """A `PatientSpool` behind a lease; takes and settles as that does (thread-safe).

    Attributes:
        unsaid: events that were another machine's to tell.
    """

    def __init__(self, spool: PatientSpool, tenure: TenureFile, *, live: bool) -> None:
        self.unsaid = 0
        self._spool, self._file, self._live = spool, tenure, live
        self._tenure: Tenure | None = None
        self._status: Event | None = None
        self._said_ready = False
        self._ready: deque[tuple[Event, Path | None]] = deque()
        self._lock = threading.RLock()

    def put(self, event: Event, evidence: Path | None = None) -> None:
        """Tell an event: at once where the lease is held, else once it is."""
        if not self._live:
            event = event.model_copy(update={"seen": datetime.now(UTC)})
        with self._lock:
            if event.type == "stream" and event.kind in {"up", "down"}:
                self._status = event
            self._ready.append((event, evidence))
            self._pass_on()

    def settle(self, *, now: bool = False) -> None:
        """Tell what waits, as far as the lease is held; called after each look."""
        with self._lock:
            self._pass_on()
            if self._tenure is None:
                self._say_ready()
        self._spool.settle(now=now)

    @property
    def stored(self) -> int:
        """Events that the spool took."""
        return self._spool.stored

    @property
    def lost(self) -> int:
        """Events that found no room."""
        return self._spool.lost

    def __len__(self) -> int:
        return len(self._ready) + len(self._spool)

    def _pass_on(self) -> None:
        self._follow()
        if self._tenure is None:
            self._forget()
            return
        while self._ready:
            self._tell(self._tenure, *self._ready.popleft())

    def _follow(self) -> None:
        """Take over what the keeper says of the tenure; the first one stays, for a process serves one only."""
        found = self._file.read()
        if self._tenure is None:
            if found is not None and found.holds():
                self._tenure = found
                self._say_status(found)
        elif found is not None and found.epoch == self._tenure.epoch:
            self._tenure = found

    def _say_ready(self) -> None:
        """The first look was taken: the lease may begin."""
        if not self._said_ready:
            self._said_ready = True
            self._file.say_ready()

    def _tell(self, tenure: Tenure, event: Event, evidence: Path | None) -> None:
        seen = event.seen or event.time
        if not self._live:  # the next machine begins a recording anew and finds the same: nothing of it is too early
            event = event.model_copy(update={"seen": max(seen, tenure.since)})
        early = self._live and seen < tenure.since
        late = tenure.ended is not None and seen >= tenure.ended
        cut = self._live and (early or late or event.kind == "analysed")
        told = _part(event, tenure.since, tenure.ended) if cut else event
        if told is None or (late and not self._live):
            self._drop(evidence)
            return
        self._spool.put(told.model_copy(update={"epoch": tenure.epoch}), evidence)

    def _say_status(self, tenure: Tenure) -> None:
        """A stream that came up before the lease did is up as the lease begins."""
        event = self._status
        if self._live and event is not None and event.time < tenure.since:
            identity = event_id(event.camera, "stream", event.kind, tenure.since.isoformat())
            self._ready.appendleft((event.model_copy(update={"id": identity, "time": tenure.since}), None))

    def _forget(self) -> None:
        """Let go of what no lease can ask for any more."""
        oldest = datetime.now(UTC) - timedelta(seconds=READY_S)
        while self._ready:
            event, evidence = self._ready[0]
            if len(self._ready) <= READY_MOST and (not self._live or event.time >= oldest):
                return
            self._ready.popleft()
            self._drop(evidence)

    def _drop(self, evidence: Path | None) -> None:
        self.unsaid += 1
        if evidence is not None:
            shutil.rmtree(evidence, ignore_errors=True)


def camera_spool(camera: str, spool: PatientSpool, settings: Settings, *, live: bool) -> PatientSpool | LeasedSpool:
    """The way into the spool of a camera's process: behind its lease where the installation keeps leases."""
    if not settings.leased:
        return spool
    return LeasedSpool(spool, TenureFile.of(settings.home, camera), live=live)


def stop_with_lease(camera: str, settings: Settings, stop: threading.Event) -> threading.Event:
    """The same `stop`, which is set too once the camera's lease, held before, is held no more."""
    if settings.leased:
        stop_with_tenure(TenureFile.of(settings.home, camera), stop)
    return stop


def _part(event: Event, since: datetime, ended: datetime | None) -> Event | None:
    """What of a stretch of analysis lies within the tenure; None where nothing does, or for any other event."""
    if event.kind != "analysed" or event.onset_s is None:
        return None
    end = min(event.time, ended) if ended is not None else event.time
    start = max(event.time - timedelta(seconds=event.video_s - event.onset_s), since)
    if start >= end:
        return None
    video_s = event.video_s - (event.time - end).total_seconds()
    onset_s = video_s - (end - start).total_seconds()
    return event.model_copy(update={"time": end, "video_s": round(video_s, 3), "onset_s": round(onset_s, 3)})
