"""Keeps a machine's leases: says every few seconds which cameras it wants, and tells their processes the answer."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from qyran import __version__
from qyran.errors import ConfigError, QyranError
from service.cluster.desk import DeskAway
from service.cluster.leases import Answer, Beat
from service.cluster.tenure import Tenure, TenureFile, boot_id, steady_s
from service.scene_files import put

if TYPE_CHECKING:
    from pathlib import Path

    from service.cluster.desk import LeaseDesk

BEATS: Final = 10
"""Words in one term: several may be lost before a lease is."""
BEAT_MOST_S: Final = 2.0
BEAT_WAITING_S: Final = 0.2
"""How often it asks while it is ready for a camera that it does not hold yet."""
MARGIN_LEAST_S: Final = 0.5
MARGIN_SHARE: Final = 0.1
"""How much earlier than the store a machine counts its leases as ended: more than clocks that run alike within two in a
hundred can differ, and than a camera's process needs to notice."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Keeper:
    """A machine's leases; thread-safe.

    Attributes:
        desk: where it speaks.
        home: of the machine; tells one program that speaks in its name from another.
        machine: its name.
        term_s: how long it is sure of its leases after each answer.
        on_lost: told the camera whose lease is another's now; called from the keeper's thread.
        on_held: told the camera whose lease it has got; called from the keeper's thread.
        stop: set to end; the leases are released.
    """

    desk: LeaseDesk
    home: Path
    machine: str
    term_s: float
    on_lost: Callable[[str], None] = lambda _: None
    on_held: Callable[[str], None] = lambda _: None
    stop: threading.Event = field(default_factory=threading.Event)
    _wanted: dict[str, int | None] = field(default_factory=dict)
    _ahead_s: float | None = None
    _problem: str | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _wake: threading.Event = field(default_factory=threading.Event)

    @property
    def margin_s(self) -> float:
        """How much earlier than the store it counts its leases as ended, seconds."""
        return max(MARGIN_LEAST_S, MARGIN_SHARE * self.term_s)

    def want(self, camera: str) -> None:
        """Ask for a camera from now on."""
        with self._lock:
            if camera not in self._wanted:
                TenureFile.of(self.home, camera).remove()
                self._wanted[camera] = None
        self._wake.set()

    def drop(self, camera: str) -> None:
        """Let go of a camera; its process must have ended, for the next machine begins at once."""
        with self._lock:
            self._wanted.pop(camera, None)
        TenureFile.of(self.home, camera).remove()
        self._wake.set()

    def holds(self) -> dict[str, int]:
        """The cameras it holds now by its own clock, with their epochs."""
        with self._lock:
            current = {camera: TenureFile.of(self.home, camera).read() for camera in self._wanted}
        return {camera: one.epoch for camera, one in current.items() if one is not None and one.holds()}

    def waits(self) -> tuple[str, ...]:
        """The cameras it wants and does not hold."""
        held = self.holds()
        with self._lock:
            return tuple(sorted(set(self._wanted) - set(held)))

    @property
    def problem(self) -> str | None:
        """Why it was not answered last; None where it was."""
        return self._problem

    def run(self) -> None:
        """Speak until told to stop, then release what is held."""
        beat_s = min(self.term_s / BEATS, BEAT_MOST_S)
        while not self.stop.is_set():
            self.beat()
            self._wake.wait(min(beat_s, BEAT_WAITING_S) if self.waits() and self._problem is None else beat_s)
            self._wake.clear()
        with self._lock:
            cameras = tuple(self._wanted)
            self._wanted.clear()
        for camera in cameras:
            TenureFile.of(self.home, camera).remove()
        self.beat()

    def end(self) -> None:
        """Have `run` end."""
        self.stop.set()
        self._wake.set()

    def beat(self) -> bool:
        """Speak once; whether there was an answer."""
        with self._lock:
            wants = dict(self._wanted)
        sent_s = steady_s()
        at = datetime.now(UTC)
        word = Beat(
            session=_session(self.home), at=at, ahead_s=self._ahead_s, term_s=self.term_s, version=__version__,
            wants=wants,
        )  # fmt: skip
        try:
            answer = self.desk.beat(word)
        except DeskAway as error:
            self._say(str(error))
            return False
        except QyranError as error:
            self._say(str(error))
            return False
        self._say(None)
        middle = at + (datetime.now(UTC) - at) / 2
        self._ahead_s = (middle - answer.now).total_seconds()
        self._take(answer, wants, sent_s + self.term_s - self.margin_s)
        return True

    def _take(self, answer: Answer, said: dict[str, int | None], deadline_s: float) -> None:
        """Tell each camera's process how it stands."""
        lost, held = [], []
        with self._lock:
            for camera, standing in answer.cameras.items():
                if camera not in self._wanted:
                    continue
                file = TenureFile.of(self.home, camera)
                if standing.state == "held":
                    since = standing.since + timedelta(seconds=answer.ahead_s)
                    before = file.read()
                    if before is not None and before.epoch == standing.epoch:
                        since = before.since  # one moment for all its events, however its clock is measured later
                    tenure = Tenure(epoch=standing.epoch, since=since, deadline_s=deadline_s, boot=boot_id())
                    file.write(tenure)
                    if said.get(camera) != standing.epoch:
                        held.append(camera)
                    self._wanted[camera] = standing.epoch
                elif standing.state == "lost":
                    before = file.read()
                    if before is not None and standing.ended is not None:
                        ended = standing.ended + timedelta(seconds=answer.ahead_s)
                        file.write(before.model_copy(update={"ended": ended}))
                    self._wanted.pop(camera)
                    lost.append(camera)
        for camera in lost:
            log.warning("The camera %s is %s's now.", camera, answer.cameras[camera].holder)
            self.on_lost(camera)
        for camera in held:
            self.on_held(camera)

    def _say(self, problem: str | None) -> None:
        if problem != self._problem:
            if problem is None:
                log.info("Leases are prolonged again.")
            else:
                log.warning("Leases are not prolonged: %s", problem)
        self._problem = problem


@contextmanager
def only_keeper(home: Path) -> Iterator[None]:
    """One program a home keeps leases.

    Raises:
        ConfigError: another does.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (home / ".leases.lock").open("w") as lock:
        until = time.monotonic() + 5.0  # the one before may be ending
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > until:
                raise ConfigError(f"Another program watches the cameras of {home}; end it, or give QYRAN_HOME.")
            time.sleep(0.1)
        yield


def _session(home: Path) -> str:
    """What tells this home from another that speaks in the machine's name."""
    path = home / "leases" / "session"
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        session = str(uuid4())
        put(path, session.encode())
        return session
