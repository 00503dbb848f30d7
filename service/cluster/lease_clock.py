"""When a silent machine's leases have ended, told by two clocks so that none of them alone can be wrong.

The store's clock says when a lease ends, and may be stepped; the clock of whoever asks cannot be stepped, and may have
begun to look only now. A lease has ended where the store's clock says so and did not jump, or where whoever asks saw
nothing of the machine for as long as its leases last.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

JUMP_S: Final = 1.0
"""Seconds by which two clocks may drift apart between two looks; more is a step of the store's clock."""
SLOWEST: Final = 1.02
"""How much slower than the looker's the clock of a holder may run: it waits so much longer than the lease's term."""


@dataclass(slots=True)
class LeaseClock:
    """What one process knows of machines' words; see the module's docstring. Not safe for several threads at once.

    Attributes:
        monotonic: seconds of a clock that is never stepped.
    """

    monotonic: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)
    _last: tuple[datetime, float] | None = None
    _doubted_since: float | None = None

    def look(self, store_now: datetime) -> None:
        """Compare the store's clock with one's own."""
        own = self.monotonic()
        if self._last is not None:
            passed_s = (store_now - self._last[0]).total_seconds()
            if abs(passed_s - (own - self._last[1])) > JUMP_S:
                self._doubted_since = own
        self._last = (store_now, own)

    def ended(self, holder: str, beats: int, until: datetime, term_s: float, store_now: datetime) -> bool:
        """Whether the leases of a machine have ended.

        Args:
            holder: the machine.
            beats: how often it was heard.
            until: until when its leases last, by the store's clock.
            term_s: how long they last after each word.
            store_now: by the store's clock.
        """
        self.look(store_now)
        own, longest_s = self.monotonic(), term_s * SLOWEST
        known = self._seen.get(holder)
        if known is None or known[0] != beats:
            known = self._seen[holder] = (beats, own)
        if self._doubted_since is not None and own - self._doubted_since > longest_s:
            self._doubted_since = None
        believed = self._doubted_since is None and (until - store_now).total_seconds() <= term_s + JUMP_S
        return (believed and store_now >= until) or own - known[1] >= longest_s
