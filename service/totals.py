"""What one watch has done so far: frames, events, passages, seconds by stage."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Totals:
    """Running totals of one watch.

    Attributes:
        analysed: frames looked at.
        gated: of these, frames where nothing stirred since the look before, which therefore still held.
        shed: frames of a live stream that the wanted rate asked for and that load forbade.
        events: how many by (type, kind).
        passages: how many by (line, direction, class).
        second_looks: how many fire alerts by (kind, word of the second look); the rejected ones did not leave.
        seconds: time spent by stage (decode, detect, fire, signals, track, rules, evidence), seconds.
    """

    analysed: int = 0
    gated: int = 0
    shed: int = 0
    events: Counter[tuple[str, str]] = field(default_factory=Counter)
    passages: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    second_looks: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.spend(name, time.perf_counter() - start)

    def spend(self, name: str, seconds: float) -> None:
        """Count time spent on a stage."""
        self.seconds[name] += seconds
