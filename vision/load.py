"""How often a live camera is looked at: as often as is wanted while the machine keeps up, less when it falls behind.

The delay from a picture's arrival to the end of its look steers the rate: a late look lowers it at once by a share,
looks in good time raise it slowly by steps (additive increase, multiplicative decrease). Cameras of one machine wait
for the same processors and so see like delays, and this rule leads such neighbours to like rates without a word
between them (Chiu and Jain, Analysis of the increase and decrease algorithms, Computer Networks and ISDN Systems 17,
1989). It never goes below what the rules in force need. Only live streams are steered: a recording waits.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

EARLY_S: Final = 2e-3
"""A picture this much before its turn is on time: cameras round their time stamps."""
MARGIN: Final = 1.25
"""Times what the rules need that is asked for at least."""
ROOMY: Final = 1.7
"""Times the least rate at which looks may be dear again: whole looks cost less than so many times thrifty ones."""
LASTING_S: Final = 30.0
"""Seconds over which is told what was had."""


class Thrift(IntEnum):
    """What a look may cost.

    NONE: all that is wanted. SOME: fewer looks are had than wanted, so what can wait does. MOST: not even the least
    rate is had in good time, so each look is smaller. UTMOST: smaller still.
    """

    NONE = 0
    SOME = 1
    MOST = 2
    UTMOST = 3


@dataclass(frozen=True, slots=True)
class LoadTerms:
    """Between which rates a camera is looked at, and by which delays that is steered.

    Attributes:
        wanted_hz: looks a second while the machine keeps up.
        least_hz: looks a second that the rules in force need; never fewer are asked for.
        late_s: delay from which the rate falls, seconds.
        soon_s: delay below which it may rise; between the two it stays.
        fall: share of the rate that is left after a late look.
        fall_every_s: at most one fall in so many seconds: the next look shows what the last fall did.
        rise_hz: one step up, looks a second,
        rise_every_s: after so many seconds of looks in good time.
    """

    wanted_hz: float = 8.0
    least_hz: float = 3.0
    late_s: float = 0.6
    soon_s: float = 0.4
    fall: float = 0.75
    fall_every_s: float = 0.5
    rise_hz: float = 0.5
    rise_every_s: float = 2.0

    def __post_init__(self) -> None:
        if not 0 < self.least_hz <= self.wanted_hz:
            raise ValueError("least_hz must be above 0 and at most wanted_hz")
        if not 0 < self.soon_s <= self.late_s:
            raise ValueError("soon_s must be above 0 and at most late_s")

    @property
    def floor_hz(self) -> float:
        """The least rate asked for: a little more than needed, since looks fall onto pictures and not between them."""
        return min(self.wanted_hz, self.least_hz * MARGIN)


@dataclass(frozen=True, slots=True)
class Had:
    """What was had in the last `LASTING_S` seconds.

    Attributes:
        rate_hz: looks a second.
        delay_p50_s, delay_p95_s: from a picture's arrival to the end of its look, seconds; None before the first.
        longest_gap_s: longest time between two looks, the one since the last look among them, seconds.
    """

    rate_hz: float
    delay_p50_s: float | None
    delay_p95_s: float | None
    longest_gap_s: float


class Pace:
    """The rate of one camera; asked by its stream before each look and told after it.

    Args:
        terms: between which rates, by which delays.
        clock: monotonic seconds.
    """

    def __init__(self, terms: LoadTerms | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._terms = terms or LoadTerms()
        self._clock = clock
        self.rate_hz = self._terms.wanted_hz
        self._due_s = float("-inf")
        self._began = self._fell_at = self._late_at = clock()
        self._done: deque[tuple[float, float]] = deque()
        self._short, self._shortened_at = Thrift.NONE, float("-inf")

    @property
    def terms(self) -> LoadTerms:
        """Between which rates, by which delays; may be set while it runs, as when other rules come into force."""
        return self._terms

    @terms.setter
    def terms(self, terms: LoadTerms) -> None:
        self._terms = terms
        self.rate_hz = min(max(self.rate_hz, terms.floor_hz), terms.wanted_hz)

    @property
    def thrift(self) -> Thrift:
        """How thriftily each look is to be done."""
        if self._short is not Thrift.NONE:
            return self._short
        return Thrift.SOME if self.rate_hz < self._terms.wanted_hz else Thrift.NONE

    def ready(self, video_s: float) -> bool:
        """Whether it is time for a look at the picture of this second."""
        return video_s >= self._due_s - EARLY_S

    def took(self, video_s: float) -> None:
        """A look at the picture of this second begins."""
        step_s = 1.0 / self.rate_hz
        # A turn that came late does not push back those after it, but what was missed is not caught up.
        self._due_s = max(self._due_s + step_s, video_s + step_s / 2)

    def done(self, delay_s: float) -> None:
        """A look ended so many seconds after its picture had arrived."""
        now, terms = self._clock(), self._terms
        self._done.append((now, delay_s))
        self._forget(now)
        if delay_s > terms.soon_s:
            self._late_at = now
        if delay_s > terms.late_s:
            if now - self._fell_at >= terms.fall_every_s:
                if self.rate_hz <= terms.floor_hz and now - self._shortened_at >= terms.rise_every_s:
                    self._short = Thrift.MOST if self._short is Thrift.NONE else Thrift.UTMOST
                    self._shortened_at = now
                self.rate_hz = max(terms.floor_hz, self.rate_hz * terms.fall)
                self._fell_at = now
        elif now - self._late_at >= terms.rise_every_s:
            self.rate_hz = min(terms.wanted_hz, self.rate_hz + terms.rise_hz)
            if self.rate_hz >= terms.least_hz * ROOMY:
                self._short = Thrift.NONE
            self._late_at = now

    def had(self) -> Had:
        """What was had lately; may be asked from another thread."""
        now = self._clock()
        done = [(at, delay) for at, delay in tuple(self._done) if now - at <= LASTING_S]
        span_s = min(LASTING_S, max(now - self._began, 1e-3))
        delays = sorted(delay for _, delay in done)
        moments = [max(self._began, now - LASTING_S), *(at for at, _ in done), now]
        return Had(
            rate_hz=len(done) / span_s,
            delay_p50_s=delays[len(delays) // 2] if delays else None,
            delay_p95_s=delays[int(0.95 * (len(delays) - 1))] if delays else None,
            longest_gap_s=max(later - earlier for earlier, later in pairwise(moments)),
        )

    def _forget(self, now: float) -> None:
        while self._done and now - self._done[0][0] > LASTING_S:
            self._done.popleft()
