"""The ring: memory that a camera's process shares with the inference process, in slots with generation counters.

::

    slot n:  one page: generation, 64 bits | input | outputs

A slot's generation is odd while its owner writes the input, and even while a request for it is under way; it only ever
grows. A request names the generation it was made for, and whoever reads the input compares it before and after: an
input that was torn or overwritten meanwhile is never taken for good.

The memory is an anonymous file (memfd) that no folder lists: it is gone with the last process that has it open,
however that process ended. It is sealed, so its owner cannot shorten it under the reader. Pages that were never
touched take no memory, so slots are as large as the largest input may be.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import weakref
from collections import deque
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from qyran.errors import InferenceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

PAGE: Final = 4096
ALIGN: Final = 64
"""Outputs begin at multiples of it, bytes: a cache line."""
SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
GENERATION: Final = struct.Struct("=Q")
LAST: Final = 2**64
"""Generations are counted up to this and from 0 again, which at a thousand a second takes half a million years."""
RESERVED: Final = 4
"""Slots that nobody keeps for long, for inputs that are copied into the ring."""
ITEM: Final = 4
"""Bytes of a 32-bit number."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a ring is laid out.

    Attributes:
        slots: their number.
        input_bytes: largest input, a multiple of a page.
        output_bytes: most bytes of all outputs of one run, a multiple of a page.
    """

    slots: int = 16
    input_bytes: int = 64 * 2**20
    output_bytes: int = 48 * 2**20

    def __post_init__(self) -> None:
        if self.slots <= RESERVED or self.input_bytes % PAGE or self.output_bytes % PAGE or self.input_bytes < PAGE:
            raise InferenceError(f"A ring needs more than {RESERVED} slots, of whole pages.")

    @property
    def slot_bytes(self) -> int:
        """Bytes of one slot."""
        return PAGE + self.input_bytes + self.output_bytes

    @property
    def total_bytes(self) -> int:
        """Bytes of the ring, most of them never touched."""
        return self.slots * self.slot_bytes

    def input_at(self, slot: int) -> int:
        """Where a slot's input begins."""
        return slot * self.slot_bytes + PAGE

    def outputs_at(self, slot: int) -> int:
        """Where a slot's outputs begin."""
        return self.input_at(slot) + self.input_bytes


USUAL: Final = Shape()
"""Inputs of up to 5.6 million pixels; touched are a few MiB."""


class Torn(InferenceError):
    """The input of a request is not, or no longer, the one that the request was made for."""


class Slot:
    """A slot on loan; it goes back to its ring when nothing refers to it any more, its arrays included."""

    __slots__ = ("__array_interface__", "__weakref__", "number", "ring")

    def __init__(self, ring: Ring, number: int, address: int, count: int) -> None:
        self.ring, self.number = ring, number
        self.__array_interface__ = {"shape": (count,), "typestr": "<f4", "data": (address, False), "version": 3}


class Ring:
    """The owner's side; for several threads, each with slots of its own."""

    def __init__(self, shape: Shape = USUAL) -> None:
        self.shape = shape
        self.file = os.memfd_create("qyran-ring", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        weakref.finalize(self, os.close, self.file)
        os.ftruncate(self.file, shape.total_bytes)
        fcntl.fcntl(self.file, fcntl.F_ADD_SEALS, SEALS)
        self._memory = mmap.mmap(self.file, shape.total_bytes)
        self._address = np.frombuffer(self._memory, np.uint8).ctypes.data
        # The slot that came back last goes out first: its pages are touched already, and warm. Taken in turn, every
        # slot would grow to the largest input there ever was. Slots come back from finalisers, which may interrupt
        # whoever takes one: a deque and this queue allow it, `LifoQueue` does not.
        self._free: deque[int] = deque()
        self._count: SimpleQueue[None] = SimpleQueue()
        for number in reversed(range(shape.slots)):
            self._set(number, 1)
            self._put(number)

    def keep(self, shape: Sequence[int]) -> Floats | None:
        """Memory of an input that is its caller's for as long as he keeps it; None where too few slots are left."""
        if self._count.qsize() <= RESERVED or _bytes(shape) > self.shape.input_bytes:
            return None
        try:
            return self._array(self._get(0.0), shape)
        except Empty:
            return None

    def take(self, blob: Floats, wait_s: float) -> Floats:
        """A copy of an input in the ring.

        Raises:
            InferenceError: the input is larger than a slot, or no slot came free in time.
        """
        if blob.nbytes > self.shape.input_bytes:
            raise InferenceError(
                f"An input of {'x'.join(map(str, blob.shape))} is too large for the inference process; choose a "
                "smaller input or QYRAN_INFERENCE=local."
            )
        try:
            copy = self._array(self._get(wait_s), blob.shape)
        except Empty:
            raise InferenceError("No slot of the ring came free: too many threads look at once.") from None
        np.copyto(copy, blob)
        return copy

    def slot_of(self, blob: Floats) -> int | None:
        """The slot whose input an array is, None where it lies elsewhere."""
        place, within = divmod(blob.ctypes.data - self._address, self.shape.slot_bytes)
        if not 0 <= place < self.shape.slots or within != PAGE or not blob.flags.c_contiguous:
            return None
        return place

    def publish(self, slot: int) -> int:
        """Let the input of a slot be read; its generation from now on.

        Raises:
            InferenceError: a request for it is under way.
        """
        generation = self.generation(slot)
        if generation % 2 == 0:
            raise InferenceError("An input is still looked at; give each thread that looks a twin of the detector.")
        return self._set(slot, generation + 1)

    def reclaim(self, slot: int) -> None:
        """Take a published slot back for writing: no request for it is under way any more."""
        self._set(slot, self.generation(slot) + 1)

    def outputs(self, slot: int, shapes: Sequence[Sequence[int]]) -> list[Floats]:
        """Copies of the outputs in a slot."""
        return [_floats(self._memory, at, shape).copy() for at, shape in _places(self.shape, slot, shapes)]

    def generation(self, slot: int) -> int:
        """Generation of a slot."""
        value: int = GENERATION.unpack_from(self._memory, slot * self.shape.slot_bytes)[0]
        return value

    def _get(self, wait_s: float) -> int:
        """A free slot, the one that came back last.

        Raises:
            Empty: none came free in time.
        """
        self._count.get(timeout=wait_s)
        return self._free.pop()

    def _put(self, slot: int) -> None:
        self._free.append(slot)
        self._count.put(None)  # after the slot lies there: who counts it finds it

    def _set(self, slot: int, generation: int) -> int:
        GENERATION.pack_into(self._memory, slot * self.shape.slot_bytes, generation % LAST)
        return generation % LAST

    def _array(self, number: int, shape: Sequence[int]) -> Floats:
        count = _bytes(shape) // ITEM
        slot = Slot(self, number, self._address + self.shape.input_at(number), count)
        weakref.finalize(slot, self._put, number).atexit = False
        # numpy makes the slot the base of this array and of every view of it.
        return np.asarray(slot).reshape(shape)


class Inputs:
    """The reader's side of a ring.

    Args:
        file: descriptor of the ring's memory; may be closed afterwards.
        shape: as its owner says it is laid out.

    Raises:
        InferenceError: the memory is smaller than that, or not sealed.
    """

    def __init__(self, file: int, shape: Shape) -> None:
        if fcntl.fcntl(file, fcntl.F_GET_SEALS) & SEALS != SEALS or os.fstat(file).st_size < shape.total_bytes:
            raise InferenceError("The memory of a ring is not sealed or not as large as its owner says.")
        self.shape = shape
        self._memory = mmap.mmap(file, shape.total_bytes)

    def input(self, slot: int, generation: int, shape: Sequence[int]) -> Floats:
        """The input of a request; it lies in the ring itself.

        Raises:
            Torn: it is another one by now.
            InferenceError: there is no such slot or it holds no input of this shape.
        """
        if not 0 <= slot < self.shape.slots or not 0 < _bytes(shape) <= self.shape.input_bytes:
            raise InferenceError("A request names a slot or a shape that its ring does not have.")
        self.check(slot, generation)
        return _floats(self._memory, self.shape.input_at(slot), shape)

    def check(self, slot: int, generation: int) -> None:
        """Hold the input that was read to be the one that was asked for.

        Raises:
            Torn: it is another one by now.
        """
        found = GENERATION.unpack_from(self._memory, slot * self.shape.slot_bytes)[0]
        if found != generation or generation % 2:
            raise Torn("An input was overwritten while it was looked at; the answer is thrown away.")

    def answer(self, slot: int, generation: int, outputs: Sequence[Floats]) -> list[tuple[int, ...]]:
        """Write the outputs for a request into its slot; their shapes.

        Raises:
            Torn: the input is another one by now; nothing was written.
            InferenceError: they are more than a slot holds.
        """
        shapes = [output.shape for output in outputs]
        places = _places(self.shape, slot, shapes)
        if places and places[-1][0] + _bytes(shapes[-1]) > (slot + 1) * self.shape.slot_bytes:
            raise InferenceError("The outputs of a network are more than a slot of the ring holds.")
        self.check(slot, generation)
        for output, (at, shape) in zip(outputs, places, strict=True):
            np.copyto(_floats(self._memory, at, shape), output)
        return shapes


def _places(shape: Shape, slot: int, outputs: Sequence[Sequence[int]]) -> list[tuple[int, Sequence[int]]]:
    """Where each output of a slot begins, with its shape."""
    places, at = [], shape.outputs_at(slot)
    for output in outputs:
        places.append((at, output))
        at += -(-_bytes(output) // ALIGN) * ALIGN
    return places


def _bytes(shape: Sequence[int]) -> int:
    """Bytes of an array of 32-bit numbers; below 0 for a shape that none has."""
    count = ITEM
    for side in shape:
        if side < 0:
            return -1
        count *= side
    return count


def _floats(memory: mmap.mmap, at: int, shape: Sequence[int]) -> Floats:
    count = _bytes(shape) // ITEM
    found: NDArray[Any] = np.frombuffer(memory, np.float32, count, at)
    return found.reshape(shape)
