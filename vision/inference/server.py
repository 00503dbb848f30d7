"""The inference process: takes requests of all cameras, runs them on its device, answers each on its own wire.

One thread listens to all wires and loads no work on itself; as many workers as the device has use for run the
networks, each input by one of them; a thread loads networks, so that no camera waits while another's are read.
"""

from __future__ import annotations

import contextlib
import logging
import os
import selectors
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from qyran.errors import InferenceError
from vision.inference.networks import Networks, fault_of, run_together
from vision.inference.ring import Inputs, Shape, Torn
from vision.inference.turn import ALONE, Turns
from vision.inference.wire import LONGEST, Reply, Request, Status, read, said

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from vision.inference.networks import Network
    from vision.inference.turn import Batches

    Floats = NDArray[np.float32]

_CREDENTIALS: Final = struct.Struct("=3i")

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Camera:
    """Whoever shares a ring: a camera's process, with one wire or more."""

    name: str
    inputs: Inputs
    wires: int = 0
    done: int = 0
    failed: int = 0


@dataclass(slots=True, eq=False)
class Wire:
    """One socket of a camera's process; open until its other end is gone."""

    socket: socket.socket
    camera: Camera | None = None
    key: tuple[int, int] | None = None
    open: bool = True
    sending: threading.Lock = field(default_factory=threading.Lock)

    def send(self, message: bytes) -> None:
        """Answer; a wire that takes nothing belongs to nobody who waits."""
        with self.sending, contextlib.suppress(OSError):
            self.socket.send(message)


@dataclass(slots=True, eq=False)
class Job:
    """A request that waits or runs."""

    wire: Wire
    camera: Camera
    request: Request
    network: Network
    came: float

    def answer(self, reply: Reply) -> None:
        """Tell what came of it."""
        self.camera.done += reply.status is Status.DONE
        self.camera.failed += reply.status is not Status.DONE
        self.wire.send(reply.packed())


class InferenceServer:
    """See the module's docstring.

    Args:
        listener: a listening Unix socket that keeps messages apart; whoever supervises keeps it open over deaths.
        engine: one of `vision.engine.ENGINES`.
        workers: runs at once.
        batches: what runs together.
        padded: whether batches are filled up (`run_together`).
        niceness: of the workers.
    """

    def __init__(
        self, listener: socket.socket, engine: str = "cpu", workers: int = 1, batches: Batches = ALONE, *,
        padded: bool = False, niceness: int = 0,
    ) -> None:  # fmt: skip
        self._niceness = niceness
        self._listener, self._engine, self._workers, self._padded = listener, engine, workers, padded
        self._networks = Networks(engine, workers)
        self._turns: Turns[Job] = Turns(batches)
        self._work = threading.Condition()
        self._running: dict[int, float] = {}
        self._rings: dict[tuple[int, int], Camera] = {}
        self._loads: SimpleQueue[tuple[Wire, dict[str, Any]]] = SimpleQueue()
        self._since = time.monotonic()
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Serve until the process ends."""
        threading.Thread(target=self._load, name="loader", daemon=True).start()
        for number in range(self._workers):
            threading.Thread(target=self._serve, args=(number,), name=f"worker {number}", daemon=True).start()
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        while True:
            self._listen()

    def _listen(self) -> None:
        # A function of its own, like those of the other threads: no name may outlive its turn and hold a ring.
        for key, _ in self._selector.select():
            if key.data is None:
                self._accept()
            else:
                self._hear(key.data)

    def _accept(self) -> None:
        try:
            found, _ = self._listener.accept()
        except OSError:  # gone again, or no descriptor is left: whoever asked sees it and comes again
            return
        peer = found.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        if _CREDENTIALS.unpack(peer)[1] != os.geteuid():
            log.warning("a process of another user asked the inference process; refused")
            found.close()
            return
        found.setblocking(False)
        self._selector.register(found, selectors.EVENT_READ, Wire(found))

    def _hear(self, wire: Wire) -> None:
        files: list[int] = []
        try:
            message, files, _, _ = socket.recv_fds(wire.socket, LONGEST, 1)
            if not message:
                raise ConnectionError  # the other end is gone
            self._take(wire, read(message), files)
        except BlockingIOError:
            return
        except (OSError, InferenceError, KeyError, TypeError, ValueError) as error:
            if not isinstance(error, ConnectionError):
                log.warning("a wire to the inference process is cut: %s", error)
            self._cut(wire)
        finally:
            for file in files:
                os.close(file)

    def _take(self, wire: Wire, message: Request | Reply | dict[str, Any], files: Sequence[int]) -> None:
        if isinstance(message, Request):
            self._request(wire, message)
        elif isinstance(message, Reply):
            raise InferenceError("A camera sent a reply.")
        elif "hello" in message and files:
            self._hello(wire, message, files[0])
        elif "open" in message:
            self._loads.put((wire, message))
        elif "status" in message:
            wire.send(said(**self.status()))
        else:
            raise InferenceError("A camera sent a message that is none of ours.")

    def _hello(self, wire: Wire, message: dict[str, Any], file: int) -> None:
        about = os.fstat(file)
        key = (about.st_dev, about.st_ino)
        camera = self._rings.get(key)
        if camera is None:
            camera = self._rings[key] = Camera(str(message["hello"]), Inputs(file, Shape(*message["ring"])))
        camera.wires += 1
        wire.camera, wire.key = camera, key

    def _cut(self, wire: Wire) -> None:
        self._selector.unregister(wire.socket)
        wire.open = False
        wire.socket.close()
        camera = wire.camera
        wire.camera = None
        if camera is None or wire.key is None:
            return
        camera.wires -= 1
        if not camera.wires:
            # Its memory goes when the last of its requests has been answered and nothing refers to it any more.
            self._rings.pop(wire.key, None)

    def _request(self, wire: Wire, request: Request) -> None:
        if wire.camera is None:
            raise InferenceError("A request came before its hello.")
        network = self._networks.get(request.network)
        if network is None:
            wire.send(Reply(Status.UNKNOWN_NETWORK, request.slot, request.generation).packed())
            return
        now = time.monotonic()
        kind = None if network.engine.batch is not None else (request.network, request.shape[1:])
        with self._work:
            job = Job(wire, wire.camera, request, network, now)
            self._turns.put(wire.camera, kind, job, now, network.cost_s)
            self._work.notify()

    def _load(self) -> None:
        """Body of the loading thread."""
        self._give_way()  # a run-time's own threads take over the niceness of whoever loads
        while True:
            self._load_once()

    def _load_once(self) -> None:
        wire, message = self._loads.get()
        try:
            name, weights = bytes.fromhex(message["network"]), Path(message["open"])
            network = self._networks.load(name, weights, str(message.get("engine", "")))
        except Exception as error:  # noqa: BLE001 - it is told to whoever asked, and the next one is served
            wire.send(said(fault=fault_of(error, Path(str(message.get("open"))).name)))
        else:
            wire.send(said(**network.about()))

    def _give_way(self) -> None:
        with contextlib.suppress(OSError):  # on Linux niceness is a thread's own
            os.setpriority(os.PRIO_PROCESS, 0, self._niceness)

    def _serve(self, number: int) -> None:
        """Body of a worker."""
        self._give_way()
        while True:
            self._work_once(number)

    def _work_once(self, number: int) -> None:
        with self._work:
            jobs, wait_s = self._turns.take(time.monotonic())
            while not jobs:
                self._work.wait(None if wait_s == float("inf") else wait_s)
                jobs, wait_s = self._turns.take(time.monotonic())
            self._running[number] = time.monotonic()
        try:
            self._run([job for job in jobs if job.wire.open])
        except Exception:
            log.exception("a worker of the inference process failed")
        with self._work:
            del self._running[number]
            for job in jobs:
                self._turns.done(job.camera)

    def _run(self, jobs: Sequence[Job]) -> None:
        ready: list[Job] = []
        blobs: list[Floats] = []
        for job in jobs:
            try:
                blobs.append(job.camera.inputs.input(job.request.slot, job.request.generation, job.request.shape))
                ready.append(job)
            except InferenceError as error:
                job.answer(_refusal(job, error))
        if not ready:
            return
        network, began = ready[0].network, time.monotonic()
        try:
            found = run_together(network.engine, blobs, self._padded)
        except Exception as error:  # noqa: BLE001 - whatever a network raises is told to whoever asked
            if len(ready) > 1:  # the others are not to suffer from one
                for job in ready:
                    self._run([job])
                return
            ready[0].answer(_refusal(ready[0], error))
            return
        ran_s = time.monotonic() - began
        network.note([began - job.came for job in ready], ran_s)
        for job, outputs in zip(ready, found, strict=True):
            self._give(job, outputs, began - job.came, ran_s)

    def _give(self, job: Job, outputs: Sequence[Floats], waited_s: float, ran_s: float) -> None:
        request = job.request
        try:
            wanted = outputs if request.all_outputs else outputs[:1]
            shapes = job.camera.inputs.answer(request.slot, request.generation, wanted)
        except InferenceError as error:
            job.answer(_refusal(job, error))
            return
        depth = len(self._turns)
        done = Reply(Status.DONE, request.slot, request.generation, waited_s, ran_s, depth, tuple(shapes))
        job.answer(done)

    def status(self) -> dict[str, Any]:
        """What it does: process, engine, workers, what waits and runs, times by network, answers by camera."""
        now = time.monotonic()
        with self._work:
            running = list(self._running.values())
            depth = len(self._turns)
        cameras: dict[str, dict[str, int]] = {}
        for camera in list(self._rings.values()):
            row = cameras.setdefault(camera.name, {"wires": 0, "done": 0, "failed": 0})
            row["wires"] += camera.wires
            row["done"] += camera.done
            row["failed"] += camera.failed
        return {
            "process": os.getpid(),
            "up_s": round(now - self._since, 1),
            "engine": self._engine,
            "workers": self._workers,
            "waiting": depth,
            "running": len(running),
            "longest_run_s": round(max((now - began for began in running), default=0.0), 3),
            "networks": self._networks.times(),
            "cameras": cameras,
        }


def _refusal(job: Job, error: Exception) -> Reply:
    status = Status.TORN if isinstance(error, Torn) else Status.FAILED
    return Reply(status, job.request.slot, job.request.generation, fault=fault_of(error, job.network.title))
