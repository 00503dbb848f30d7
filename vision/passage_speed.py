"""The speed of a passage: the best estimate around its line, not the last look before it.

A vehicle that drives away comes into the picture just before its line, and is known well only when it is past it. So a
passage is told at once with the speed known then, and once more when nothing better will come. A speed that is known
too poorly to be of any use is not told at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from vision.speed import GroundMotion
    from vision.types import Passage, Tracks

    SpeedsAt = Callable[[NDArray[np.int64], NDArray[np.float64]], GroundMotion]

SETTLE_S: Final = 0.8
"""Seconds after the crossing until its speed is settled: most of what later looks can add."""
LOST_S: Final = 0.3
"""Seconds unseen after which a vehicle is waited for no longer."""

UNSURE_MS: Final = 1.0
"""Standard uncertainty above which a speed is not told, metres a second (an interval of 7 km/h either way)..."""
UNSURE: Final = 0.05
"""...where it is also more than this share of the speed."""


@dataclass(slots=True)
class _Open:
    """A passage whose speed may still become better."""

    passage: Passage
    seen_s: float
    measured: bool = False


class PassageSpeeds:
    """Speeds of the passages of one camera."""

    def __init__(self) -> None:
        self._open: list[_Open] = []

    def step(
        self, passages: tuple[Passage, ...], tracks: Tracks, video_s: float, speeds_at: SpeedsAt | None
    ) -> tuple[tuple[Passage, ...], tuple[Passage, ...]]:
        """The new passages with the speed at their lines, and older ones whose speed is settled now.

        Args:
            passages: new at this moment.
            tracks: confirmed tracks of this moment, sorted by id.
            video_s: now.
            speeds_at: motions of tracks of this moment [n] at seconds of video [n]; None without a road plane.
        """
        if speeds_at is None:
            settled = tuple(_trusted(replace(one.passage, settled=True)) for one in self._open)
            self._open = []
            return passages, settled
        new = [_Open(replace(passage, settled=False), video_s) for passage in passages]
        self._open += new
        self._measure(tracks, video_s, speeds_at)
        told = tuple(_trusted(one.passage) for one in new)
        return told, tuple(self._settle(video_s))

    def _measure(self, tracks: Tracks, video_s: float, speeds_at: SpeedsAt) -> None:
        """Keep the most certain speed of each open passage."""
        seen = tracks.id[tracks.seen]
        here = [one for one in self._open if one.passage.track in seen]
        if not here:
            return
        ids = np.array([one.passage.track for one in here], np.int64)
        motion = speeds_at(ids, np.array([one.passage.video_s for one in here]))
        for one, velocity, sigma in zip(here, motion.velocity_ms, motion.sigma_ms.tolist(), strict=True):
            one.seen_s = video_s
            # What came with the passage is the speed of the last look.
            if np.isfinite(sigma) and (not one.measured or sigma <= one.passage.speed_sigma_ms):
                one.passage = replace(one.passage, speed_ms=float(np.hypot(*velocity)), speed_sigma_ms=sigma)
                one.measured = True

    def _settle(self, video_s: float) -> Iterator[Passage]:
        waiting, self._open = self._open, []
        for one in waiting:
            if video_s - one.passage.video_s >= SETTLE_S or video_s - one.seen_s > LOST_S:
                yield _trusted(replace(one.passage, settled=True))
            else:
                self._open.append(one)


def _trusted(passage: Passage) -> Passage:
    """The passage without its speed where that is known too poorly."""
    if passage.speed_sigma_ms <= max(UNSURE_MS, UNSURE * passage.speed_ms):
        return passage
    return replace(passage, speed_ms=float("nan"), speed_sigma_ms=float("nan"))
