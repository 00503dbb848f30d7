"""A camera's process and its way to the inference process: the ring, the wires, and networks as engines.

A run that the inference process did not answer because it died is asked for again of its successor: the input still
lies in the ring, so no picture is lost, only time.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from qyran.errors import ConfigError, InferenceError
from vision.inference.ring import USUAL, Ring
from vision.inference.wire import LONGEST, Reply, Request, Status, checked_shape, network_name, read, said

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

ANSWER_S: Final = 120.0
"""How long an answer may take by default before it is given up; who supervises the process gives up sooner."""
LOAD_S: Final = 1800.0
"""The same for loading a network: TensorRT takes minutes to prepare one."""
GONE_S: Final = 30.0
"""How long nobody may listen before a camera's process ends and is begun anew."""
AGAIN_S: Final = 0.05
"""Pause between two tries while nobody listens."""
DEATHS: Final = 3
"""Deaths of the inference process under one and the same request, after which the request is to blame."""

Answer = TypeVar("Answer")

log = logging.getLogger(__name__)


class _Gone(Exception):
    """The inference process ended before it answered."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the last run of a network met.

    Attributes:
        waited_s: seconds from the request's coming to its start.
        ran_s: seconds that the network ran.
        depth: requests of all cameras that waited when it was answered.
    """

    waited_s: float = 0.0
    ran_s: float = 0.0
    depth: int = 0


IDLE: Final = Load()


@dataclass(frozen=True, slots=True)
class Named:
    """A network as it is asked for.

    Attributes:
        weights: its ONNX file.
        engine: that runs it, empty for that of the inference process.
        name: on the wire.
    """

    weights: Path
    engine: str
    name: bytes


class Room:
    """The way of one camera's process to the inference process; for several threads.

    Args:
        address: of the Unix socket on which the inference process listens; one that begins with a zero byte is no file.
        camera: who asks, for the figures of the inference process.
        ring: shared memory; by default one of the usual size.
        answer_s: how long an answer may take before the inference process is given up.
    """

    def __init__(self, address: str, camera: str, ring: Ring | None = None, *, answer_s: float = ANSWER_S) -> None:
        self._address, self._camera, self._answer_s = address, camera, answer_s
        self._ring = ring or Ring(USUAL)
        self._idle: deque[socket.socket] = deque()
        self._lost: list[Floats] = []
        self._counting = threading.Lock()
        self._closed = threading.Event()
        self.repeated = 0
        """Runs that were asked for again because the inference process had died."""

    def open(self, weights: Path, engine: str = "") -> RemoteEngine:
        """A network in the inference process, loaded there unless it is already.

        Args:
            weights: the ONNX file.
            engine: that runs it; by default that of the inference process.

        Raises:
            ConfigError: the weights are missing or cannot be used.
            InferenceError: there is no inference process.
        """
        if not weights.is_file():
            raise ConfigError(f"The weights {weights} are missing; reinstall the package or give their path.")
        network = Named(weights, engine, network_name(weights, engine))
        about = self._asked(lambda wire: _load(wire, network))
        return RemoteEngine(self, network, about)

    def keep(self, shape: Sequence[int]) -> Floats:
        """Memory of an input, in the ring where it has a slot to spare."""
        kept = self._ring.keep(shape)
        return np.empty(shape, np.float32) if kept is None else kept

    def run(self, network: Named, blob: Floats, *, all_outputs: bool) -> tuple[list[Floats], Load]:
        """Outputs of a network for an input; what lies in the ring already is not copied.

        Raises:
            ConfigError: the network fails on this input.
            InferenceError: the inference process is gone for good, or fails.
        """
        shape = checked_shape(blob.shape)
        slot = self._ring.slot_of(blob)
        if slot is None:
            blob = self._ring.take(blob, self._answer_s)
            slot = self._ring.slot_of(blob)
        if slot is None:
            raise InferenceError("A copy of an input does not lie in the ring.")
        request = Request(slot, self._ring.publish(slot), network.name, shape, all_outputs)
        try:
            reply = self._asked(lambda wire: _reply(wire, network, request, self._answer_s))
        except BaseException:
            self._lost.append(blob)  # its slot stays published: who hangs may still read it and answer into it
            raise
        outputs = self._ring.outputs(slot, reply.shapes) if reply.status is Status.DONE else []
        self._ring.reclaim(slot)
        if reply.status is Status.FAILED:
            raise ConfigError(reply.fault)
        if reply.status is not Status.DONE:
            raise InferenceError(reply.fault or "The inference process does not know a network that it has loaded.")
        return outputs, Load(reply.waited_s, reply.ran_s, reply.depth)

    def status(self) -> dict[str, Any]:
        """What the inference process says of itself (`InferenceServer.status`).

        Raises:
            InferenceError: it is gone.
        """
        return self._asked(lambda wire: _say(wire, said(status=1), self._answer_s))

    def close(self) -> None:
        """Leave the inference process; whoever still asks is refused."""
        self._closed.set()
        self._drop_idle()

    def _asked(self, ask: Callable[[socket.socket], Answer]) -> Answer:
        """What is answered over a free wire; asked again where the inference process died meanwhile."""
        for deaths in itertools.count(1):
            wire = self._wire()
            try:
                answer = ask(wire)
            except _Gone:
                wire.close()
                self._drop_idle()
                with self._counting:
                    self.repeated += 1
                if deaths == DEATHS:
                    raise InferenceError(
                        f"The inference process died {DEATHS} times over one request of the camera {self._camera}."
                    ) from None
                log.warning("the inference process is gone; a request of camera %s is asked again", self._camera)
            except BaseException:
                wire.close()
                raise
            else:
                self._idle.append(wire)
                if self._closed.is_set():
                    self._drop_idle()
                return answer
        raise AssertionError  # pragma: no cover - the loop has no end of its own

    def _wire(self) -> socket.socket:
        with contextlib.suppress(IndexError):
            return self._idle.pop()
        until = time.monotonic() + GONE_S
        while True:
            wire = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                wire.connect(self._address)
                shape = self._ring.shape
                hello = said(hello=self._camera, ring=[shape.slots, shape.input_bytes, shape.output_bytes])
                socket.send_fds(wire, [hello], [self._ring.file])
            except OSError as error:
                wire.close()
                if self._closed.wait(AGAIN_S) or time.monotonic() > until:
                    raise InferenceError("Nobody listens where the inference process should be.") from error
            else:
                return wire

    def _drop_idle(self) -> None:
        """Wires to a process that died lead nowhere."""
        with contextlib.suppress(IndexError):
            while True:
                self._idle.pop().close()


class RemoteEngine:
    """A network in the inference process; a `vision.engine.Engine`."""

    def __init__(self, room: Room, network: Named, about: dict[str, Any]) -> None:
        self._room, self._network = room, network
        size = about["input_size"]
        self._input_size = None if size is None else (int(size[0]), int(size[1]))
        self._batch: int | None = about["batch"]
        self._output_shape: tuple[int | None, ...] = tuple(about["output_shape"])
        self.load = IDLE
        """What the last run met, of whichever thread."""

    def run(self, blob: Floats) -> Floats:
        """The network's first output for an input float32 [n, channels, height, width]."""
        return self._run(blob, all_outputs=False)[0]

    def run_all(self, blob: Floats) -> list[Floats]:
        """All outputs of the network, in order."""
        return self._run(blob, all_outputs=True)

    def memory(self, shape: Sequence[int]) -> Floats:
        """Memory of an input that need not be copied any more."""
        return self._room.keep(shape)

    def prepare(self, shape: Sequence[int]) -> None:
        """It runs for many cameras: the sizes that come often are made ready there."""

    @property
    def waited_s(self) -> float:
        """Seconds that the last run waited for its turn."""
        return self.load.waited_s

    @property
    def input_size(self) -> tuple[int, int] | None:
        """Fixed (width, height) of the input, None where any size goes."""
        return self._input_size

    @property
    def batch(self) -> int | None:
        """Fixed number of pictures in the input, None where any number goes."""
        return self._batch

    @property
    def output_shape(self) -> Sequence[Any]:
        """Shape of the first output as far as it is fixed; other axes are no int."""
        return self._output_shape

    def _run(self, blob: Floats, *, all_outputs: bool) -> list[Floats]:
        outputs, self.load = self._room.run(self._network, blob, all_outputs=all_outputs)
        return outputs


def _reply(wire: socket.socket, network: Named, request: Request, answer_s: float) -> Reply:
    """The reply to a request; a successor that does not know the network yet is told to load it."""
    reply = _replied(wire, request, answer_s)
    if reply.status is Status.UNKNOWN_NETWORK:
        _load(wire, network)
        reply = _replied(wire, request, answer_s)
    return reply


def _replied(wire: socket.socket, request: Request, answer_s: float) -> Reply:
    reply = read(_exchange(wire, request.packed(), answer_s))
    if not isinstance(reply, Reply) or (reply.slot, reply.generation) != (request.slot, request.generation):
        raise InferenceError("The inference process answered something that nobody asked.")
    return reply


def _load(wire: socket.socket, network: Named) -> dict[str, Any]:
    where = str(network.weights.resolve())
    return _say(wire, said(open=where, engine=network.engine, network=network.name.hex()), LOAD_S)


def _say(wire: socket.socket, message: bytes, wait_s: float) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(_exchange(wire, message, wait_s))
    if "fault" in answer:
        raise ConfigError(str(answer["fault"]))
    return answer


def _exchange(wire: socket.socket, message: bytes, wait_s: float) -> bytes:
    wire.settimeout(wait_s)
    try:
        wire.send(message)
        answer = wire.recv(LONGEST)
    except TimeoutError:
        raise InferenceError(f"The inference process gave no answer in {wait_s:.0f} s.") from None
    except OSError:
        raise _Gone from None
    if not answer:
        raise _Gone
    return answer
