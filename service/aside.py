"""Work that must not hold up a camera's looks: evidence cut from packets, second looks, pictures of passages.

A live camera has one thread for it, which does the most urgent first; a recording waits for each piece as it comes, so
that an analysis gives the same results in the same order every time.
"""

from __future__ import annotations

import itertools
import queue
import threading
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable


class Urgency(IntEnum):
    """What goes first."""

    ALARM = 0
    CLIP = 1
    PASSAGE = 2
    END = 3


MOST_WAITING: Final = 200
"""Pieces that wait before whoever brings more has to wait: a passage holds two small pictures."""


class Aside:
    """Does pieces of work in a thread of its own, or at once.

    Args:
        name: of the thread.
        threaded: whether there is one; it has the priority of whoever makes it.
    """

    def __init__(self, name: str = "aside", *, threaded: bool = False) -> None:
        self._waiting: queue.PriorityQueue[tuple[Urgency, int, Callable[[], None] | None]] = queue.PriorityQueue(
            MOST_WAITING
        )
        self._number = itertools.count()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True) if threaded else None
        if self._thread is not None:
            self._thread.start()

    def do(self, urgency: Urgency, work: Callable[[], None]) -> None:
        """Do a piece of work, or have it done; raises what an earlier piece raised."""
        self._raise()
        if self._thread is None:
            work()
        else:
            self._waiting.put((urgency, next(self._number), work))

    def settle(self) -> None:
        """Wait until all is done; raises what a piece raised."""
        if self._thread is not None:
            self._waiting.join()
        self._raise()

    def close(self) -> None:
        """Wait until all is done, and end the thread."""
        self.settle()
        if self._thread is not None:
            self._waiting.put((Urgency.END, next(self._number), None))
            self._thread.join()
            self._thread = None

    def _raise(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        while True:
            _, _, work = self._waiting.get()
            try:
                if work is None:
                    return
                if self._failure is None:
                    work()
            except BaseException as error:  # noqa: BLE001 - told to whoever brings the next piece, as if done at once
                self._failure = error
            finally:
                self._waiting.task_done()
