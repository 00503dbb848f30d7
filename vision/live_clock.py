"""Seconds and UTC of a live stream's pictures: PTS within a connection, anchored at the wall clock on connecting."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Final

from vision.stream_settings import StreamSettings

_WINDOW_S: Final = 60.0
"""A camera's clock is compared with ours once in so many seconds."""
_SLEW_S: Final = 0.01
"""Largest correction of UTC a window, seconds: 170 ppm, more than any quartz drifts, less than a frame."""
_SETTLE_S: Final = 15.0
"""So long after an anchor the clock settles: the first packets were held back while the stream was being probed, so
that "now" was too late for them (0.3 s on an idle machine, more on a busy one)."""
_SETTLE_SHARE: Final = 0.1
"""Seconds of UTC taken back a second of video meanwhile; UTC goes on rising from picture to picture."""


@dataclass(frozen=True, slots=True)
class WallClock:
    """The world outside, replaceable in tests."""

    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    monotonic: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random


def backoff_s(attempt: int, settings: StreamSettings, draw: float) -> float:
    """Delay before retry number `attempt` (from 0): doubling to a limit, drawn from its upper half by `draw` in [0, 1).

    "Equal jitter" of M. Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015.
    """
    full = min(settings.backoff_max_s, settings.backoff_first_s * 2.0 ** min(attempt, 32))
    return full * (0.5 + 0.5 * draw)


class LiveTimeline:
    """Gives live packets their second of video and their UTC.

    `begin` anchors a connection (or a jump of the camera's clock): its first PTS is now. Between anchors seconds are
    PTS differences, so speeds are as good as the camera's clock; UTC follows our clock by small steps, by the least
    delay between PTS and arrival in each window, so that weeks of connection do not drift. Soon after an anchor the
    steps are larger: what is read first has waited in the connection.

    Attributes:
        run: number of the anchor.
        behind_s: how much later than at best lately the newest packet was read: reading or the network falls behind.
    """

    def __init__(self, clock: WallClock) -> None:
        self._clock = clock
        self._time_base = Fraction(1, 90_000)
        self._first_mono: float | None = None
        self._last_s: float | None = None
        self._index = 0
        self.behind_s = 0.0
        self.run = -1

    @property
    def pictures(self) -> int:
        """Pictures stamped so far."""
        return self._index

    def begin(self, pts: int, time_base: Fraction) -> None:
        """Anchor: `pts` is now."""
        now = self._clock.monotonic()
        if self._first_mono is None:
            self._first_mono = now
        base_s = now - self._first_mono
        if self._last_s is not None and base_s <= self._last_s:
            base_s = self._last_s + float(time_base)
        self._time_base, self._origin, self._base_s = time_base, pts, base_s
        self._anchor_time, self._anchor_mono = self._clock.now(), now
        self._least_late_s: float | None = None
        self._floor_s: float | None = None
        self._window_from = now
        self.behind_s = 0.0
        self._correction_s = 0.0
        self._furthest = pts
        self.run += 1

    def seconds_of(self, pts: int) -> float:
        """Second of video of a PTS in this connection."""
        return self._base_s + float((pts - self._origin) * self._time_base)

    def time_of(self, video_s: float) -> datetime:
        """UTC of a second of video in this connection, before its picture is decoded."""
        return self._anchor_time + timedelta(seconds=video_s - self._base_s + self._correction_s)

    def jumped(self, pts: int, limit_s: float) -> bool:
        """Whether a packet that arrives now bears a PTS that cannot be: far from our clock since the anchor."""
        now = self._clock.monotonic()
        late_s = (now - self._anchor_mono) - float((pts - self._origin) * self._time_base)
        self._follow(late_s, now)
        self._settle(pts, now)
        return abs(late_s - self._correction_s) > limit_s

    def _settle(self, pts: int, now: float) -> None:
        """Soon after the anchor, take UTC back towards the least delay seen: the anchor's own packet was old."""
        ahead, self._furthest = pts - self._furthest, max(self._furthest, pts)
        if ahead <= 0 or now - self._anchor_mono > _SETTLE_S or self._least_late_s is None:
            return
        step_s = _SETTLE_SHARE * float(ahead * self._time_base)
        self._correction_s = max(min(self._correction_s, self._least_late_s), self._correction_s - step_s)

    def stamp(self, video_s: float) -> tuple[int, float, datetime]:
        """Index, second and UTC of the next picture, placed at `video_s` on arrival; seconds always rise."""
        if self._last_s is not None and video_s <= self._last_s:
            video_s = self._last_s + float(self._time_base)
        self._last_s = video_s
        self._index += 1
        return self._index - 1, video_s, self.time_of(video_s)

    def _follow(self, late_s: float, now: float) -> None:
        self._least_late_s = late_s if self._least_late_s is None else min(self._least_late_s, late_s)
        # The least delay of this window and of the last: a queue of packets is longer than the shortest one had.
        self._floor_s = self._least_late_s if self._floor_s is None else min(self._floor_s, self._least_late_s)
        self.behind_s = late_s - self._floor_s
        if now - self._window_from >= _WINDOW_S:
            off_s = self._least_late_s - self._correction_s
            self._correction_s += max(-_SLEW_S, min(_SLEW_S, off_s))
            self._floor_s, self._least_late_s, self._window_from = self._least_late_s, None, now
