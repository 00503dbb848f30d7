"""What goes over a wire between a camera's process and the inference process: few bytes, never a picture.

A wire is a Unix socket that keeps messages apart (SEQPACKET). The first message on it is a `hello` with the descriptor
of the ring. Requests and replies are packed; what is said rarely is JSON.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from qyran.errors import InferenceError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LONGEST: Final = 65536
"""Longest message, bytes."""
AXES: Final = 4
"""Axes of an input."""
_REQUEST: Final = struct.Struct("=cxHIQ16s4I")
_REPLY: Final = struct.Struct("=cBHIQddI")
_ASKS: Final = b"Q"
_ANSWERS: Final = b"A"
_SAYS: Final = b"{"


class Status(IntEnum):
    """How a request ended."""

    DONE = 0
    TORN = 1
    UNKNOWN_NETWORK = 2
    FAILED = 3


@dataclass(frozen=True, slots=True)
class Request:
    """A run that is asked for.

    Attributes:
        slot, generation: where the input lies, and which one it is.
        network: name of the network, 16 bytes (`network_name`).
        shape: of the input, 4 axes.
        all_outputs: whether all outputs are wanted and not the first alone.
    """

    slot: int
    generation: int
    network: bytes
    shape: tuple[int, ...]
    all_outputs: bool = False

    def packed(self) -> bytes:
        """As it goes over the wire."""
        return _REQUEST.pack(_ASKS, self.all_outputs, self.slot, self.generation, self.network, *self.shape)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a request.

    Attributes:
        status: how it ended.
        slot, generation: of the request.
        waited_s: seconds from its coming to its start.
        ran_s: seconds that the network ran.
        depth: requests that wait now.
        shapes: of the outputs, which lie in the slot.
        fault: one sentence where it failed.
    """

    status: Status
    slot: int
    generation: int
    waited_s: float = 0.0
    ran_s: float = 0.0
    depth: int = 0
    shapes: tuple[tuple[int, ...], ...] = ()
    fault: str = ""

    def packed(self) -> bytes:
        """As it goes over the wire."""
        head = _REPLY.pack(
            _ANSWERS, self.status, len(self.shapes), self.slot, self.generation, self.waited_s, self.ran_s, self.depth
        )
        sides = b"".join(struct.pack(f"=B{len(shape)}I", len(shape), *shape) for shape in self.shapes)
        return head + sides + self.fault.encode()[: LONGEST // 2]


def read(message: bytes) -> Request | Reply | dict[str, Any]:
    """A message as it came.

    Raises:
        InferenceError: it is none of ours.
    """
    try:
        if message[:1] == _ASKS:
            _, every, slot, generation, network, *shape = _REQUEST.unpack(message)
            return Request(slot, generation, network, tuple(shape), bool(every))
        if message[:1] == _ANSWERS:
            return _reply(message)
        said = json.loads(message)
    except (struct.error, ValueError) as error:
        raise InferenceError("A message between a camera and the inference process cannot be read.") from error
    if not isinstance(said, dict):
        raise InferenceError("A message between a camera and the inference process cannot be read.")
    return said


def _reply(message: bytes) -> Reply:
    _, status, count, slot, generation, waited_s, ran_s, depth = _REPLY.unpack_from(message)
    at, shapes = _REPLY.size, []
    for _ in range(count):
        axes = message[at] if at < len(message) else 0
        shapes.append(struct.unpack_from(f"={axes}I", message, at + 1))
        at += 1 + 4 * axes
    fault = message[at:].decode(errors="replace")
    return Reply(Status(status), slot, generation, waited_s, ran_s, depth, tuple(shapes), fault)


def said(**words: Any) -> bytes:
    """A message that is said rarely."""
    return json.dumps(words).encode()


def network_name(weights: Path, engine: str = "") -> bytes:
    """Name of a network on the wire: of this very file, so that other weights at the same place are another network.

    Raises:
        OSError: the file is not there.
    """
    file = weights.stat()
    about = f"{weights.resolve()}\0{file.st_mtime_ns}\0{file.st_size}\0{engine}"
    return blake2b(about.encode(), digest_size=16).digest()


def checked_shape(shape: Sequence[int]) -> tuple[int, ...]:
    """The shape of an input as a request bears it.

    Raises:
        InferenceError: it has not four axes.
    """
    if len(shape) != AXES:
        raise InferenceError(f"A network's input has {AXES} axes, not {len(shape)}.")
    return tuple(int(side) for side in shape)
