"""How often a reader may ask: a bucket of asks each, filled again steadily; kept in the process that answers."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from time import monotonic
from typing import Final

from qyran.errors import QyranError


class TooOften(QyranError):
    """Somebody asks oftener than he may.

    Args:
        wait_s: seconds after which the next ask is answered.
    """

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"Too many requests; ask again in {wait_s} s.")
        self.wait_s = wait_s


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Limiter:
    """Lets each asker ask `most` times at once, and `per_minute` times a minute in the long run."""

    def __init__(self, most: int, per_minute: float) -> None:
        self._most, self._per_second = most, per_minute / 60.0
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def ask(self, who: str, now: float | None = None) -> None:
        """Count one ask.

        Args:
            who: the asker's id.
            now: seconds of a clock that only goes forward; None takes the process's.

        Raises:
            TooOften: his bucket is empty.
        """
        moment = monotonic() if now is None else now
        with self._lock:
            bucket = self._buckets.setdefault(who, _Bucket(float(self._most), moment))
            bucket.left = min(float(self._most), bucket.left + (moment - bucket.at) * self._per_second)
            bucket.at = moment
            if bucket.left < 1.0:
                raise TooOften(max(1, int((1.0 - bucket.left) / self._per_second) + 1))
            bucket.left -= 1.0
            if len(self._buckets) > FORGOTTEN_FROM:
                self._forget()

    def _forget(self) -> None:
        """Drop the bucket that was used longest ago: a full one and none are the same."""
        del self._buckets[min(self._buckets, key=lambda who: self._buckets[who].at)]


FORGOTTEN_FROM: Final = 1000
"""Askers that are kept in mind."""
FEED: Final = Limiter(most=120, per_minute=240.0)
"""Catching up a day at 5,000 records an answer takes a minute; polling once a second is allowed."""
ASSISTANT: Final = Limiter(most=30, per_minute=60.0)
