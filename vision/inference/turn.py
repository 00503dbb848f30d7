"""Whose turn it is: the oldest request first, and no camera waits on another's crowd of requests.

Start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996): the clock of the queue stands at the turn of what was taken
last. Who has nothing under way is given the turn of that clock, and of one turn the oldest comes first: cameras that
ask, wait and ask again are served strictly by age. Who asks for more before its answers came gets a turn for each that
is later by what the one before it costs, and so waits on its own account.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Batches:
    """What may run together.

    Attributes:
        most: requests of one network and size; 1 where the device gains nothing from more, as a processor.
        wait_s: how long the oldest waits at most for others like it.
    """

    most: int = 1
    wait_s: float = 0.0


ALONE = Batches()


@dataclass(order=True, slots=True)
class _Waiting(Generic[Thing]):
    turn: float
    number: int
    came: float = field(compare=False)
    kind: Hashable = field(compare=False)
    thing: Thing = field(compare=False)


class Turns(Generic[Thing]):
    """What waits; pure, for one thread at a time. Whoever takes something says `done` for each when it is over.

    Args:
        batches: what may run together.
    """

    def __init__(self, batches: Batches = ALONE) -> None:
        self._batches = batches
        self._heap: list[_Waiting[Thing]] = []
        self._clock = 0.0
        self._until: dict[Hashable, float] = {}
        self._open: Counter[Hashable] = Counter()
        self._numbers = itertools.count()

    def __len__(self) -> int:
        return len(self._heap)

    def put(self, camera: Hashable, kind: Hashable, thing: Thing, now: float, cost_s: float) -> None:
        """A request came.

        Args:
            camera: who asks.
            kind: requests of one kind may run together; None runs alone.
            thing: what is to be done.
            now: this moment, seconds.
            cost_s: how long it takes, by experience.
        """
        turn = max(self._clock, self._until.get(camera, 0.0)) if self._open[camera] else self._clock
        self._open[camera] += 1
        self._until[camera] = turn + cost_s
        heapq.heappush(self._heap, _Waiting(turn, next(self._numbers), now, kind, thing))

    def take(self, now: float) -> tuple[list[Thing], float]:
        """What is to run now, all of one kind, and how long to wait for more where nothing is, seconds.

        Nothing waits while others of its kind fill a batch, and never longer than `Batches.wait_s`.
        """
        if not self._heap:
            return [], float("inf")
        if self._batches.most == 1:
            return self._taken(self._heap[:1]), 0.0
        by_kind: dict[Hashable, list[_Waiting[Thing]]] = {}
        for one in sorted(self._heap):
            by_kind.setdefault(one.number if one.kind is None else one.kind, []).append(one)
        soonest = float("inf")
        for alike in by_kind.values():  # the kind of the oldest first
            left_s = min(one.came for one in alike) + self._batches.wait_s - now
            if alike[0].kind is None or len(alike) >= self._batches.most or left_s <= 0:
                return self._taken(alike[: self._batches.most]), 0.0
            soonest = min(soonest, left_s)
        return [], soonest

    def done(self, camera: Hashable) -> None:
        """One of a camera's requests has been answered, or dropped."""
        self._open[camera] -= 1
        if not self._open[camera]:
            del self._open[camera]
            self._until.pop(camera, None)

    def _taken(self, chosen: list[_Waiting[Thing]]) -> list[Thing]:
        self._clock = max(self._clock, chosen[0].turn)
        if len(chosen) == 1 and chosen[0] is self._heap[0]:
            heapq.heappop(self._heap)
        else:
            gone = {one.number for one in chosen}
            self._heap = [one for one in self._heap if one.number not in gone]
            heapq.heapify(self._heap)
        return [one.thing for one in chosen]
