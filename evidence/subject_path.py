"""Where the subject of a package was at any second of its video, between the moments at which it was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from evidence.masks import Box
from evidence.overlay import TrackPoint

REACH_S: Final = 0.25
"""Before the first and after the last look the subject is taken to stand where it was for so long."""


class SubjectPath:
    """The boxes of a track over time."""

    def __init__(self, points: Sequence[TrackPoint]) -> None:
        self._seconds = np.array([point.video_s for point in points], np.float64)
        self._boxes = np.array([point.box for point in points], np.float64).reshape(-1, 4)

    def at(self, video_s: float) -> Box | None:
        """The subject's box at a second of video, pixels; None where it was not followed."""
        if not len(self._seconds) or not self._seconds[0] - REACH_S <= video_s <= self._seconds[-1] + REACH_S:
            return None
        x1, y1, x2, y2 = (float(np.interp(video_s, self._seconds, self._boxes[:, side])) for side in range(4))
        return x1, y1, x2, y2
