"""Frames decoded and looked at ahead of whoever follows them, on every core.

Decoding and the detectors know nothing of what was followed before (`Pipeline.plan`, `Pipeline.look`), so they run
ahead in threads: one reads and plans in the order of the frames, several look, and the frames come out in their order
again. Both kinds of work leave the interpreter's lock alone nearly all of the time. What is followed sees exactly what
it would see without.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Self

import cv2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from vision.detector import Detector
    from vision.pipeline import Looked, Pipeline, Wanted
    from vision.types import Frame

    Eyes = tuple[Detector, Detector | None]

SPARE: Final = 3
"""Frames that wait looked at, beside one in every looking thread: more hide longer pauses of whoever follows, and hold
more pictures."""

SWITCH_S: Final = 0.0005
"""Longest time a thread keeps the interpreter while others wait for it, seconds; Python's own is ten times as long."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """A frame and what the detectors found in it.

    Attributes:
        frame: the frame.
        looked: as `Pipeline.look` gave it.
        decode_s: processor time of reading and decoding up to this frame, seconds.
    """

    frame: Frame
    looked: Looked
    decode_s: float


@dataclass(frozen=True, slots=True)
class _Due:
    frame: Frame
    decode_s: float
    looked: Future[Looked]


class Lookahead:
    """Iterates over frames in their order, each already looked at; one pass.

    An error of the frames (`BrokenMedia`) is raised after every frame before it, one of a detector in its frame's
    place. At most `threads + SPARE` frames are held.

    Args:
        pipeline: plans and looks.
        frames: in the order of their time; asked in a thread of its own.
        eyes: for each looking thread the detectors of road users and of fire (`Detector.twin`).
        wake: ends a wait for the next frame when the iteration is left early: a live stream's `close`.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        frames: Iterator[Frame],
        eyes: Sequence[Eyes],
        wake: Callable[[], None] | None = None,
    ) -> None:
        if not eyes:
            raise ValueError("at least one thread must look")
        self._pipeline, self._frames, self._wake = pipeline, frames, wake
        self._free: SimpleQueue[Eyes] = SimpleQueue()
        for pair in eyes:
            self._free.put(pair)
        self._pool = ThreadPoolExecutor(len(eyes), "look")
        self._room = threading.Semaphore(len(eyes) + SPARE)
        self._changed = threading.Condition()
        self._due: deque[_Due] = deque()
        self._over = False
        self._stopped = False
        self._error: BaseException | None = None
        self._before = (0, 0.0)
        self._reader = threading.Thread(target=self._read, name="decode", daemon=True)

    def __enter__(self) -> Self:
        # Every core has a thread of ours: threads of OpenCV's own would only wait for each other, and whoever comes
        # back from a network must not wait long for the interpreter. What was loaded so far stays to the end: the
        # collector need not walk through it again and again.
        self._before = (cv2.getNumThreads(), sys.getswitchinterval())
        cv2.setNumThreads(1)
        sys.setswitchinterval(SWITCH_S)
        gc.freeze()
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the threads; frames that were not taken are dropped."""
        self._stopped = True
        self._room.release()
        if self._wake is not None and not self._over:
            self._wake()
        self._reader.join()
        self._pool.shutdown(wait=True, cancel_futures=True)
        gc.unfreeze()
        cv2.setNumThreads(self._before[0])
        sys.setswitchinterval(self._before[1])

    def __iter__(self) -> Iterator[Ahead]:
        """Give frame after frame.

        Raises:
            BrokenMedia: as the frames raise it, after the last good one.
        """
        while (due := self._next()) is not None:
            yield Ahead(due.frame, due.looked.result(), due.decode_s)
            self._room.release()  # only now: whoever follows still held the frame
        if self._error is not None:
            raise self._error

    def _next(self) -> _Due | None:
        with self._changed:
            while not self._due and not self._over:
                self._changed.wait()
            return self._due.popleft() if self._due else None

    def _read(self) -> None:
        """Read, plan and hand on frame after frame; runs in a thread of its own."""
        error: BaseException | None = None
        try:
            while True:
                self._room.acquire()
                if self._stopped:
                    break
                begun = time.thread_time()
                frame = next(self._frames, None)
                if frame is None:
                    break
                wanted = self._pipeline.plan(frame)
                decode_s = time.thread_time() - begun
                looked = self._pool.submit(self._look, frame, wanted)
                self._tell(_Due(frame, decode_s, looked))
        except BaseException as fault:  # noqa: BLE001 - it is raised where the frames are taken
            error = fault
        with self._changed:
            self._error, self._over = error, True
            self._changed.notify()

    def _tell(self, due: _Due) -> None:
        with self._changed:
            self._due.append(due)
            self._changed.notify()

    def _look(self, frame: Frame, wanted: Wanted) -> Looked:
        """Look at a frame with a pair of eyes that nobody uses; runs in the pool."""
        eyes = self._free.get()
        try:
            return self._pipeline.look(frame, wanted, *eyes)
        finally:
            self._free.put(eyes)
