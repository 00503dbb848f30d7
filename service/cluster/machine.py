"""One machine that watches cameras under leases: its camera processes, its leases, and its way to the service.

A camera is either wanted for good (`qyran worker` with leases: its process starts once the lease is held, so that two
machines with the same cameras are a pair of which one waits), or taken on from another machine (a cluster): then its
process starts first, connects and looks, and the lease is asked for when it is ready. Either way a process runs on
without a lease only while it makes ready, and a machine that is not answered stops it before the lease ends.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from qyran import __version__
from qyran.errors import QyranError
from service.cluster.costs import Costs
from service.cluster.desk import LeaseDesk, StoreDesk
from service.cluster.keeper import Keeper, only_keeper
from service.cluster.tenure import TenureFile
from service.forwarding.client import ServiceClient
from service.forwarding.forwarder import Forwarder
from service.forwarding.live_line import LiveLine
from service.forwarding.mirror import Mirror
from service.scene_files import put
from service.spool import Spool
from service.store.database import open_store
from service.worker import Worker
from vision.camera import load_camera

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from service.settings import Settings

TICK_S: Final = 0.1
READY_MOST_S: Final = 10.0
"""A camera that gives no picture for so long is asked for all the same: that it is down has to be told by somebody."""
REST_MOST_S: Final = 20.0
"""How long a machine that leaves may take to send the rest of its spool."""
LEAVERS: Final = 8

CameraState = Literal["starting", "waiting", "held"]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Report:
    """How a machine is.

    Attributes:
        machine: its name.
        version: of its program.
        cpus: processors.
        load: processes that want one, averaged over a minute.
        cameras: how it stands with each: its process makes ready, waits for the lease, or watches under it.
        epochs: of the leases that it holds.
        costs: cores that each camera's process costs.
        spool: events that wait to be sent.
        problem: why its leases are not prolonged; None where they are.
    """

    machine: str
    version: str
    cpus: int
    load: float
    cameras: Mapping[str, CameraState]
    epochs: Mapping[str, int]
    costs: Mapping[str, float]
    spool: int
    problem: str | None


@dataclass(slots=True)
class _Camera:
    file: Path
    lasting: bool
    since_s: float
    running: bool = False
    asked: bool = False
    held: bool = False
    leaving: bool = False


@dataclass(slots=True)
class Machine:
    """See the module's docstring; thread-safe. `start` it, and `end` it.

    Attributes:
        settings: of the machine.
        desk: where its leases are; None takes what the settings say.
    """

    settings: Settings
    desk: LeaseDesk | None = None
    _cameras: dict[str, _Camera] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _leaving: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(LEAVERS, "leave"))
    _worker: Worker = field(init=False)
    _keeper: Keeper = field(init=False)
    _client: ServiceClient | None = field(init=False, default=None)
    _forwarder: Forwarder | None = field(init=False, default=None)
    _costs: Costs = field(default_factory=Costs)
    _guard: ExitStack = field(default_factory=ExitStack)
    _failure: BaseException | None = None

    def __post_init__(self) -> None:
        settings = self.settings
        if settings.service_url:
            self._client = ServiceClient(settings)
        desk = self.desk or self._client or StoreDesk(open_store(settings), settings.machine_name)
        self._worker = Worker(settings, [], lasting=True)
        self._keeper = Keeper(desk, settings.home, settings.machine_name, settings.lease_seconds)

    def start(self) -> None:
        """Begin; no camera is watched yet.

        Raises:
            ConfigError: another program keeps this machine's leases.
        """
        self._guard.enter_context(only_keeper(self.settings.home))
        parts: list[tuple[str, Callable[[], object]]] = [
            ("worker", self._worker.run),
            ("leases", self._keeper.run),
            ("cameras", self._tend),
        ]
        if self._client is not None:
            self._forwarder = Forwarder(Spool(self.settings.spool_folder), self._client)
            mirror = Mirror(self.settings, self._client, self._keeper.holds, self._stop)
            live = LiveLine(self.settings.live_folder, self._client, self._stop)
            parts += [("forward", self._forwarder.run), ("mirror", mirror.run), ("live", live.run)]
        for name, part in parts:
            thread = threading.Thread(target=self._guarded, args=(part,), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def want(self, file: Path) -> None:
        """Watch a camera whenever its lease is to be had.

        Raises:
            CameraFileError: the file is wrong.
        """
        camera = load_camera(file).id
        with self._lock:
            self._cameras.setdefault(camera, _Camera(file, lasting=True, since_s=time.monotonic(), asked=True))
        self._keeper.want(camera)

    def take_on(self, camera: str, content: str) -> None:
        """Watch a camera from another machine, or one that nobody watches, from its file's content on.

        The lease is asked for once its process looks.
        """
        file = self.settings.home / "cameras" / f"{camera}.toml"
        with self._lock:
            known = self._cameras.get(camera)
            same = file.exists() and file.read_text(encoding="utf-8") == content
            if known is not None and same:
                return
            if known is not None:
                self._worker.leave(known.file)
            else:
                tenure = TenureFile.of(self.settings.home, camera)
                tenure.remove()
                tenure.take_ready()
            put(file, content.encode())
            self._cameras[camera] = known or _Camera(file, lasting=False, since_s=time.monotonic())
            self._cameras[camera].running = True
            self._worker.watch(file)

    def leave(self, camera: str) -> None:
        """Watch a camera no longer, and let go of its lease once its process has ended."""
        with self._lock:
            known = self._cameras.pop(camera, None)
        if known is not None:
            self._keeper.beat()  # if it is another's already, its process hears so before it says good-bye
            self._worker.leave(known.file)
            self._keeper.drop(camera)

    def bequeath(self, heirs: Mapping[str, str | None]) -> tuple[str, ...]:
        """Leave cameras of this machine, or of any where it may speak for all, to others."""
        return self._keeper.desk.bequeath(heirs)

    def report(self) -> Report:
        """How it is now.

        Raises:
            QyranError: a part of it failed for good.
        """
        if self._failure is not None:
            raise QyranError(f"A part of the machine {self.settings.machine_name} failed: {self._failure}")
        epochs = self._keeper.holds()
        with self._lock:
            states: dict[str, CameraState] = {
                camera: "held" if camera in epochs else "waiting" if one.asked else "starting"
                for camera, one in self._cameras.items()
            }
            files = list(self._cameras.items())
        pids = self._worker.pids()
        return Report(
            machine=self.settings.machine_name,
            version=__version__,
            cpus=os.cpu_count() or 1,
            load=os.getloadavg()[0],
            cameras=states,
            epochs=epochs,
            costs={camera: self._costs.of(pids[one.file]) for camera, one in files if one.file in pids},
            spool=len(Spool(self.settings.spool_folder)) if self._client is not None else 0,
            problem=self._keeper.problem,
        )

    def wait(self) -> None:
        """Wait until it is told to end, or a part of it fails."""
        while not self._stop.wait(1.0):
            if self._failure is not None:
                raise QyranError(f"A part of this machine failed: {self._failure}")

    def ask_to_end(self) -> None:
        """Have `wait` return; safe in a signal's handler."""
        self._stop.set()

    def end(self) -> None:
        """Stop every camera, release the leases, send what is left."""
        self._stop.set()
        self._worker.stop.set()
        self._join("worker")
        self._keeper.end()
        self._join("leases")
        if self._forwarder is not None:
            until = time.monotonic() + REST_MOST_S
            while len(self._forwarder.spool) and time.monotonic() < until:
                time.sleep(TICK_S)
            self._forwarder.stop.set()
        for thread in self._threads:
            thread.join(REST_MOST_S)
        self._leaving.shutdown(wait=False)
        if self._client is not None:
            self._client.close()
        self._guard.close()

    # -- its own thread ----------------------------------------------------------------------------------------

    def _tend(self) -> None:
        while not self._stop.wait(TICK_S):
            held = self._keeper.holds()
            with self._lock:
                for camera, one in list(self._cameras.items()):
                    self._tend_one(camera, one, holds=camera in held)

    def _tend_one(self, camera: str, one: _Camera, *, holds: bool) -> None:
        if one.leaving:
            return
        if not one.asked:
            waited_s = time.monotonic() - one.since_s
            if TenureFile.of(self.settings.home, camera).take_ready() or waited_s > READY_MOST_S:
                one.asked = True
                self._keeper.want(camera)
        elif holds:
            if not one.running:
                one.running = True
                self._worker.watch(one.file)
            one.held = True
        elif one.held:
            one.held = one.running = False
            if one.lasting:
                one.leaving = True
                self._leaving.submit(self._stand_back, camera, one)
            else:
                self._leaving.submit(self.leave, camera)

    def _stand_back(self, camera: str, one: _Camera) -> None:
        """The lease was lost: stop watching, and ask for it again."""
        self._worker.leave(one.file)
        self._keeper.want(camera)
        one.leaving = False

    def _join(self, name: str) -> None:
        for thread in self._threads:
            if thread.name == name:
                thread.join()

    def _guarded(self, part: Callable[[], object]) -> None:
        try:
            part()
        except Exception as error:
            log.exception("A part of this machine failed.")
            self._failure = error
