"""Tells every few seconds how the watch of one camera goes (`service.worker_status`).

It has a thread of its own: a camera whose stream is down, or whose analysis hangs, says so too.
"""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from service.worker_status import EVERY_S, State, WorkerStatus, now, say

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from service.cluster.leased_spool import LeasedSpool
    from service.patient_spool import PatientSpool
    from service.totals import Totals
    from vision.load import LoadTerms, Pace
    from vision.stream_settings import StreamCounts, StreamStatus

PAGE: Final = os.sysconf("SC_PAGESIZE")

log = logging.getLogger(__name__)


class StatusReporter:
    """Reports for one camera while it is open.

    Args:
        home: of the installation.
        camera: its id.
        pace: its rate; None for a recording, which is not thinned.
        spool: where its events go.
    """

    def __init__(self, home: Path, camera: str, pace: Pace | None, spool: PatientSpool | LeasedSpool) -> None:
        self._home, self._camera, self._pace, self._spool = home, camera, pace, spool
        self._since = now()
        self._state: State = "starting"
        self._reason: str | None = None
        self._counts: Callable[[], StreamCounts] | None = None
        self._totals: Totals | None = None
        self._told = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"status {camera}", daemon=True)

    def watching(self, counts: Callable[[], StreamCounts], totals: Totals) -> None:
        """What is counted, known once the stream is open."""
        self._counts, self._totals = counts, totals

    def terms(self, terms: LoadTerms) -> None:
        """Other rules are in force; a recording, which is not thinned, does not care."""
        if self._pace is not None:
            self._pace.terms = terms

    def status(self, also: Callable[[StreamStatus], None]) -> Callable[[StreamStatus], None]:
        """What the stream tells of being up or down, told at once here too."""

        def tell(status: StreamStatus) -> None:
            also(status)
            self.say(status.kind, status.reason)

        return tell

    def say(self, state: State | None = None, reason: str | None = None) -> None:
        """Report now, a new state or the last one."""
        with self._told:
            if state is not None:
                self._state, self._reason = state, reason
            say(self._home, self._status())

    def _status(self) -> WorkerStatus:
        found = WorkerStatus(
            camera=self._camera, at=now(), process=os.getpid(), since=self._since, state=self._state,
            reason=self._reason, live=self._pace is not None, spool_waiting=self._spool.stored,
            memory_waiting=len(self._spool), memory_bytes=_resident_bytes(),
        )  # fmt: skip
        more: dict[str, object] = {}
        if self._counts is not None:
            counts = self._counts()
            more |= {
                "decoded": counts.decoded, "shed": counts.dropped, "skipped": counts.skipped, "corrupt": counts.corrupt,
                "connections": counts.connections,
            }  # fmt: skip
        if self._totals is not None:
            more |= {"analysed": self._totals.analysed, "gated": self._totals.gated}
        if self._pace is not None:
            had, terms = self._pace.had(), self._pace.terms
            more |= {
                "rate_wanted_hz": terms.wanted_hz, "rate_least_hz": terms.least_hz,
                "rate_asked_hz": round(self._pace.rate_hz, 2), "rate_had_hz": round(had.rate_hz, 2),
                "thrift": int(self._pace.thrift),
                "longest_gap_s": round(had.longest_gap_s, 3),
                "latency_p50_s": _rounded(had.delay_p50_s), "latency_p95_s": _rounded(had.delay_p95_s),
            }  # fmt: skip
        return found.model_copy(update=more)

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                self.say()
            except Exception:
                log.exception("camera %s cannot tell its status", self._camera)

    def __enter__(self) -> Self:
        self.say()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.say("ended")


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _resident_bytes() -> int:
    """Resident memory of this process (proc(5): statm); 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return 0
