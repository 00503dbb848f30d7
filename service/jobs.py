"""What the service does by itself: taking events, giving lapsed claims back, expiring, closing, signing the ledger."""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from qyran.errors import QyranError
from service.alerting.escalating import escalate, rearm
from service.alerting.fire_log import match_new
from service.auth import forget_logins
from service.case_terms import move_due
from service.cases import lapse_claims
from service.courier import collect, deliver
from service.delivery_settings import delivery_of
from service.device_cases import settle
from service.document_numbers import free_unused
from service.erasure import sweep
from service.evidence_jobs import tend_evidence
from service.exchange.rounds import Exchange
from service.faces.matches import forget as forget_faces
from service.forwarding.arrivals import sweep as sweep_arrivals
from service.ingest import Taken, ingest, ingest_items, ingest_segments
from service.job_register import nightly
from service.key_rotation import reseal
from service.logs import bind
from service.lost_streams import watch_streams
from service.metrics.instruments import JOB_FAILURES, JOB_SECONDS, JOB_SUCCESS
from service.notifying import Deliverer
from service.objects_store.owed import pay
from service.outages.heartbeat import BEAT as PULSE
from service.outages.heartbeat import Pulse, watch_workers
from service.passage_retention import keep_months, sweep_passages, sweep_stills
from service.public_page import BEAT
from service.public_page.probe import beat
from service.quality import RUNS_A_DAY, watch_quality
from service.rating.speeds import keep_days
from service.record_retention import forget_records
from service.retention import retire_daily
from service.rollups import refresh
from service.scenes import forget_stills, publish_all
from service.sensors.rounds import SensorRounds
from service.spool import Spool
from service.store.database import Store
from service.store.ledger import due, sign_heads
from service.video.exports import make_exports
from service.video.masking import stand_back, video_mask
from service.video.tending import VideoRound
from violations.case import CaseState

EVERY_S: Final = 1.0
LOOK_S: Final = 0.05  # how often the spool's folder is looked at: a system call of two microseconds
KEEP_S: Final = 60.0  # housekeeping needs no hurry
DAY_S: Final = 86_400.0
RESEALED: Final = 2000
"""Rows that a round seals anew after another master key came."""
VIDEO_S: Final = 2.0  # how often the disk's room for video is looked at
TEND_S: Final = 5.0  # how often time stamps and masked copies are looked after
COLLECT_S: Final = 10.0  # how often receipts are asked for
TELL_S: Final = 5.0  # how often the situational centre is told what changed

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a round of housekeeping did."""

    lapsed: int = 0
    expired: int = 0
    closed: int = 0
    sent: int = 0
    answered: int = 0
    signed: bool = False


def take_events(store: Store, spool: Spool | None = None) -> Taken:
    """Take everything that waits in the spool."""
    return ingest(spool or Spool(store.settings.spool_folder), store)


def keep_house(store: Store) -> Kept:
    """One round of everything that time brings, letters and receipts included."""
    sent, answered = carry(store)
    return replace(tidy(store), sent=sent, answered=answered)


def tidy(store: Store) -> Kept:
    """One round of housekeeping that asks nobody outside."""
    keep_months(store)
    with store.write() as work:
        lapsed = lapse_claims(work)
        forget_logins(work)
        forget_records(work)
        free_unused(work)
        forget_faces(work)
    expired = move_due(store, CaseState.EXPIRED, store.clock())
    closed = move_due(store, CaseState.CLOSED, store.clock())
    sweep(store)
    keep_days(store)  # their speeds are counted before passages go
    sweep_passages(store)
    sweep_stills(store)
    sweep_arrivals(store)
    retire_daily(store)
    reseal(store, RESEALED)
    publish_all(store)
    forget_stills(store)
    with store.read() as work:
        hour = due(work)
    return Kept(lapsed, expired, closed, signed=hour and sign_heads(store) is not None)


def carry(store: Store) -> tuple[int, int]:
    """One round of the courier: how many messages left, and how many receipts and answers said something new."""
    channels = delivery_of(store)
    return deliver(store, channels).handed, collect(store, channels).heard


class Jobs:
    """Runs the jobs in threads; of several processes on one installation only one does.

    The courier has a thread of its own: a mail server that does not answer must not hold up an alarm. So has evidence:
    a clip takes minutes to mask, and a time stamp authority may be away. The exchange has one too: how late and
    how often it tells is itself measured.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stop = threading.Event()
        self._threads = (
            threading.Thread(target=self._take, name="ingest", daemon=True),
            threading.Thread(target=self._take_passages, name="passages", daemon=True),
            threading.Thread(target=self._answer, name="escalation", daemon=True),
            threading.Thread(target=self._tell, name="tell", daemon=True),
            threading.Thread(target=self._pulse, name="pulse", daemon=True),
            threading.Thread(target=self._run, name="jobs", daemon=True),
            threading.Thread(target=self._carry, name="courier", daemon=True),
            threading.Thread(target=self._tend, name="evidence", daemon=True),
            threading.Thread(target=self._exchange, name="exchange", daemon=True),
            threading.Thread(target=self._hear, name="sensors", daemon=True),
            threading.Thread(target=self._keep_video, name="video", daemon=True),
            threading.Thread(target=self._mask_video, name="masked video", daemon=True),
        )

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End after the present step."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        with _only_one(self._store.settings.home / ".jobs.lock", self._stop) as ours:
            rounds = 0
            while ours and not self._stop.is_set():
                self._step("settle", lambda: settle(self._store))
                if rounds % round(KEEP_S / EVERY_S) == 0:
                    self._step("tidy", lambda: tidy(self._store))
                    self._step("nightly", lambda: nightly(self._store))
                    self._step("match_calls", lambda: match_new(self._store))
                    self._step("refresh", lambda: refresh(self._store))
                if rounds % round(DAY_S / RUNS_A_DAY / EVERY_S) == 0:
                    self._step("watch_quality", lambda: watch_quality(self._store, self._store.clock()))
                rounds += 1
                self._stop.wait(EVERY_S)

    def _take(self) -> None:
        """Take events as they come: an alarm waits for no housekeeping."""
        with _only_one(self._store.settings.home / ".ingest.lock", self._stop) as ours:
            spool, seen, rounds = Spool(self._store.settings.spool_folder), None, 0
            while ours and not self._stop.is_set():
                stirred = spool.stirred()
                if stirred != seen or rounds % round(EVERY_S / LOOK_S) == 0:  # the clock of a folder ticks coarsely
                    seen = stirred
                    self._step("take_events", lambda: ingest_items(spool, self._store))
                rounds += 1
                self._stop.wait(LOOK_S)

    def _take_passages(self) -> None:
        """Take passages and reports of analysis beside: neither they nor an alarm wait for each other."""
        spool = Spool(self._store.settings.spool_folder)
        while not self._stop.is_set():
            self._step("take_passages", lambda: ingest_segments(spool, self._store))
            self._stop.wait(LOOK_S)

    def _tell(self) -> None:
        """Tell receivers outside of alerts; each has a thread of its own, woken by the commit that queues."""
        with _only_one(self._store.settings.home / ".tell.lock", self._stop) as ours:
            if ours:
                Deliverer(self._store, self._stop).run()

    def _pulse(self) -> None:
        """Note that the server lives, and who fell silent."""
        with _only_one(self._store.settings.home / ".pulse.lock", self._stop) as ours:
            pulse = Pulse(self._store)
            if ours:
                self._step("pulse_start", pulse.start)
            while ours and not self._stop.wait(PULSE.total_seconds()):
                self._step("pulse", pulse.beat)
                self._step("watch_workers", lambda: watch_workers(self._store))
                self._step("watch_streams", lambda: watch_streams(self._store))
            if ours:
                self._step("pulse_stop", pulse.stop)

    def _answer(self) -> None:
        """Pass on what nobody answers."""
        with _only_one(self._store.settings.home / ".escalation.lock", self._stop) as ours:
            if ours:
                self._step("rearm", lambda: rearm(self._store))
            while ours and not self._stop.is_set():
                self._step("escalate", lambda: escalate(self._store))
                self._stop.wait(EVERY_S)

    def _carry(self) -> None:
        with _only_one(self._store.settings.home / ".courier.lock", self._stop) as ours:
            rounds = 0
            while ours and not self._stop.is_set():
                self._step("deliver", lambda: deliver(self._store))
                if rounds % round(COLLECT_S / EVERY_S) == 0:
                    self._step("collect", lambda: collect(self._store))
                rounds += 1
                self._stop.wait(EVERY_S)

    def _probe(self) -> None:
        with _only_one(self._store.settings.home / ".public.lock", self._stop) as ours:
            while ours and not self._stop.is_set():
                self._step("beat", lambda: beat(self._store))
                self._stop.wait(BEAT.total_seconds())

    def _tend(self) -> None:
        with _only_one(self._store.settings.home / ".evidence.lock", self._stop) as ours:
            while ours and not self._stop.is_set():
                self._step("tend_evidence", lambda: tend_evidence(self._store))
                self._step("pay_objects", lambda: pay(self._store))
                self._stop.wait(TEND_S)

    def _keep_video(self) -> None:
        """Make room for video and exports of it: neither may hold up an alarm."""
        with _only_one(self._store.settings.home / ".video.lock", self._stop) as ours:
            rounds = VideoRound(self._store)
            while ours and not self._stop.is_set():
                self._step("video", rounds.run)
                self._stop.wait(VIDEO_S)

    def _mask_video(self) -> None:
        """Masked copies of video take hours of a core: by themselves, and behind everything else."""
        stand_back()
        with _only_one(self._store.settings.home / ".masking.lock", self._stop) as ours:
            mask = partial(video_mask, self._store.settings, self._stop.is_set)
            while ours and not self._stop.is_set():
                self._step("masked_video", lambda: make_exports(self._store, mask))
                self._stop.wait(VIDEO_S)

    def _exchange(self) -> None:
        with _only_one(self._store.settings.home / ".exchange.lock", self._stop) as ours:
            exchange = Exchange(self._store)
            while ours and not self._stop.is_set():
                self._step("exchange", exchange.round)
                self._stop.wait(TELL_S)

    def _hear(self) -> None:
        """Sensors have a thread of their own: an alarm waits for no other work."""
        with _only_one(self._store.settings.home / ".sensors.lock", self._stop) as ours:
            try:
                rounds = SensorRounds(self._store) if ours else None
            except QyranError as error:
                log.error("Sensors are not heard: %s", error)  # noqa: TRY400  one sentence says it
                return
            while rounds is not None and not self._stop.is_set():
                self._step("sensors", rounds.round)
                self._stop.wait(rounds.wait_s)
            if rounds is not None:
                self._step("sensors_close", rounds.close)

    @staticmethod
    def _step(name: str, step: Callable[[], object]) -> None:
        with bind(job=name):
            try:
                with JOB_SECONDS.labels(name).time():
                    step()
                JOB_SUCCESS.labels(name).set_to_current_time()
            except QyranError as error:
                JOB_FAILURES.labels(name).inc()
                log.error("The job %s failed: %s", name, error)  # noqa: TRY400  one sentence says it
            except Exception:
                # A database or disk that is away for a while must not end the jobs for good.
                JOB_FAILURES.labels(name).inc()
                log.exception("The job %s failed.", name)


@contextmanager
def _only_one(path: Path, stop: threading.Event) -> Iterator[bool]:
    """Wait for the lock until told to stop; whether it was got."""
    with path.open("w") as lock:
        while not stop.is_set():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stop.wait(EVERY_S)
                continue
            yield True
            return
        yield False
