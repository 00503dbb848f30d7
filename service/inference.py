"""The one inference process of a worker, kept alive: begun anew when it dies, killed when it hangs, heard every second.

Cameras that ask while it is away wait in its socket, which stays open here, and ask again; a death costs them as long
as a new process takes to load its networks.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from qyran.errors import InferenceError, QyranError
from service.logs import set_up
from service.status_file import replace_whole
from vision.inference.process import CARDS, Plan, listen, plan, serve
from vision.inference.ring import PAGE, RESERVED, Ring, Shape
from vision.inference.room import Room

if TYPE_CHECKING:
    import socket
    from multiprocessing.context import ForkServerContext
    from multiprocessing.process import BaseProcess
    from pathlib import Path

    from service.settings import Settings

PATIENCE_S: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Delays before it is begun anew, by how often it died within `STEADY_S`; the last one stays."""
STEADY_S: Final = 60.0
"""An inference process that lived so long begins again at the first delay."""
HEAR_S: Final = 2.0
"""How often it is asked how it does."""
SILENT_S: Final = 10.0
"""It hangs when it says nothing for so long,"""
LONGEST_RUN_S: Final = 30.0
"""or when one run takes so long;"""
LONGEST_CARD_RUN_S: Final = 1800.0
"""on a graphics card, whose engines prepare themselves in their first runs."""
NICENESS: Final = 10
"""Of the looks: a packet that a camera's process reads late delays every picture behind it; a late look is one look."""
SMALL: Final = Shape(RESERVED + 1, PAGE, PAGE)
"""The ring of somebody who only asks how it does."""

log = logging.getLogger(__name__)


class NetworkTimes(BaseModel):
    """How one network runs: inputs so far, and of the last runs the mean time, the wait, and how many went together."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    runs: int
    ran_ms: float
    waited_ms_p50: float
    waited_ms_p95: float
    together: float


class InferenceStatus(BaseModel):
    """How the inference process of a worker does.

    Attributes:
        at: when it was said, UTC.
        process: whose words these are.
        up_s: seconds since it began.
        deaths: how often it has died since the worker began.
        engine: what runs the networks.
        workers: runs at once.
        waiting, running: requests now.
        longest_run_s: of those that run now.
        networks: times by the file of the weights.
        cameras: requests answered and failed, by camera.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    at: AwareDatetime
    process: int
    up_s: float
    deaths: int = 0
    engine: str
    workers: int
    waiting: int
    running: int
    longest_run_s: float
    networks: dict[str, NetworkTimes]
    cameras: dict[str, dict[str, int]]


def inference_status(home: Path) -> InferenceStatus | None:
    """What the inference process said last; None where it said nothing that can be read."""
    try:
        return InferenceStatus.model_validate_json(_status_file(home).read_bytes())
    except (OSError, ValidationError):
        return None


def room_for(address: str | None, camera: str) -> Room | None:
    """The way of a camera's process to the inference process; None where networks run in the process itself."""
    return None if address is None else Room(address, camera)


@dataclass(slots=True)
class InferenceKeeper:
    """See the module's docstring.

    Attributes:
        settings: of the installation.
        context: starts processes.
    """

    settings: Settings
    context: ForkServerContext
    address: str = ""
    deaths: int = 0
    process: BaseProcess | None = None
    _listener: socket.socket | None = None
    _how: Plan | None = None
    _started: float = 0.0
    _start_at: float = 0.0
    _in_a_row: int = 0
    _over: threading.Event = field(default_factory=threading.Event)
    _room: Room | None = None
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin the inference process and listen to how it does.

        Raises:
            InferenceError: the machine gives no socket.
        """
        self._how = plan(self.settings.engine, niceness=NICENESS)
        self._listener, self.address = listen()
        self.tend(time.monotonic())
        self._room = Room(self.address, "", Ring(SMALL), answer_s=SILENT_S)
        self._thread = threading.Thread(target=self._hear, args=(self._room,), name="inference", daemon=True)
        self._thread.start()

    def tend(self, now: float) -> None:
        """Begin it anew where it has died."""
        process = self.process
        if process is not None and not process.is_alive():
            self.process = None
            self.deaths += 1
            self._in_a_row = 0 if now - self._started > STEADY_S else self._in_a_row
            delay_s = PATIENCE_S[min(self._in_a_row, len(PATIENCE_S) - 1)]
            self._in_a_row += 1
            log.warning("the inference process ended with %s; again in %.1f s", process.exitcode, delay_s)
            kill_left(process)
            self._start_at = now + delay_s
        if self.process is None and now >= self._start_at:
            self.process = self.context.Process(
                target=_body, args=(self._listener, self._how, dict(os.environ)), name="inference", daemon=True
            )
            self.process.start()
            self._started = now

    def end(self) -> None:
        """End it: no camera asks any more."""
        self._over.set()
        if self._room is not None:
            self._room.close()
        if self.process is not None:
            self.process.kill()  # it keeps nothing
            self.process.join()
        if self._listener is not None:
            self._listener.close()
        if self._thread is not None:
            self._thread.join()
        with contextlib.suppress(OSError):
            _status_file(self.settings.home).unlink(missing_ok=True)

    def _hear(self, room: Room) -> None:
        """Body of the listening thread."""
        longest_s = LONGEST_CARD_RUN_S if self.settings.engine in CARDS else LONGEST_RUN_S
        while not self._over.wait(HEAR_S):
            self._heard(room, longest_s)

    def _heard(self, room: Room, longest_s: float) -> None:
        """Ask how it does; kill it where it hangs."""
        asked = self.process
        try:
            said = room.status()
            if said["longest_run_s"] > longest_s:
                raise InferenceError(f"A run of the inference process takes more than {longest_s:.0f} s.")
            self._say(said)
        except QyranError as error:
            if asked is not None and asked is self.process and asked.is_alive():
                log.warning("the inference process hangs and is killed: %s", error)
                asked.kill()

    def _say(self, said: dict[str, Any]) -> None:
        status = InferenceStatus(at=datetime.now(UTC), deaths=self.deaths, **said)
        try:
            replace_whole(_status_file(self.settings.home), status.model_dump_json())
        except OSError as error:
            log.warning("the inference process cannot tell its status: %s", error.strerror)


def kill_left(process: BaseProcess) -> None:
    """Kill a process that counts as ended because whoever had forked it is gone, while it may still be at work."""
    if process.exitcode == LOST and process.pid is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, signal.SIGKILL)


LOST: Final = 255
"""Exit status of a process whose end nobody could see (`multiprocessing.popen_forkserver`)."""


def end_with_supervisor(stop: threading.Event) -> None:
    """Set `stop` when the supervisor is gone: what it began must not go on beside what its successor begins."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        supervisor.join()
        stop.set()


def _body(listener: socket.socket, how: Plan, environment: dict[str, str]) -> None:
    """Body of the inference process."""
    os.environ.update(environment)
    threading.Thread(target=_die_with_supervisor, daemon=True).start()
    set_up(serves=True)
    serve(listener, how)


def _die_with_supervisor() -> None:
    end_with_supervisor(threading.Event())
    os._exit(0)


def _status_file(home: Path) -> Path:
    return home / "inference.json"
