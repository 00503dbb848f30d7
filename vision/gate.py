"""Motion gate: whether anything stirs in a picture since the last look at it, told for a fraction of a look's cost.

Each picture is sampled coarsely and held against the sample of the last real look, cell by cell of a grid, so that what
creeps adds up. A cell stirs when it differs by more than its own usual unrest: noise of the sensor, of the codec, rain.
Unrest is learned quickly downwards and slowly upwards, within a bound, so that traffic does not pass for noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from vision.types import Detections

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.types import Tracks

    F32 = NDArray[np.float32]
    U8 = NDArray[np.uint8]

LEAST_EVERY_S: Final = 1.0
"""A real look comes at least so often, whatever the gate says: what the gate overlooks is late by no more than this."""
SAMPLE: Final = 4
"""Every so many pixels and lines one sample is taken, of green, which is most of the brightness."""
CELL: Final = 8
"""Samples along a side of a cell: 32 pixels of the picture; a person 60 m away fills a third of one."""
TIMES: Final = 2.5
"""A cell stirs when it differs by so many times its unrest..."""
LEVELS: Final = 1.2
"""...and so many grey levels more, as the mean over the cell."""
UP: Final = 0.01
DOWN: Final = 0.2
"""Shares of what is new in a cell's unrest, a picture: what moves for a tenth of the time raises it hardly at all."""
MOST_UNREST: Final = 2.5
"""Grey levels; a difference of `TIMES * MOST_UNREST + LEVELS` always stirs, however wild the cell usually is."""
REST_SIZES_S: Final = 0.08
"""Box sizes a second below which a road user is at rest."""


class MotionGate:
    """Remembers one camera's last real look; see the module's docstring."""

    def __init__(self) -> None:
        self._at_look: U8 | None = None
        self._before: U8 | None = None
        self._unrest: F32 | None = None
        self._looked_s = float("-inf")

    def stirs(self, picture: U8, video_s: float) -> bool:
        """Whether something stirs in a picture (uint8 [H, W, 3], BGR), or a real look is due; call once a picture."""
        now = np.ascontiguousarray(picture[SAMPLE // 2 :: SAMPLE, SAMPLE // 2 :: SAMPLE, 1])
        before, self._before = self._before, now
        if before is None or before.shape != now.shape or self._at_look is None or self._at_look.shape != now.shape:
            self._at_look = self._unrest = None
            return True
        step = _cells(now, before)
        unrest = step if self._unrest is None else self._unrest
        moved = _cells(now, self._at_look)
        stirs = bool((moved > TIMES * unrest + LEVELS).any())
        share = np.where(step < unrest, np.float32(DOWN), np.float32(UP))
        self._unrest = np.minimum(unrest + share * (step - unrest), np.float32(MOST_UNREST))
        return stirs or video_s - self._looked_s >= LEAST_EVERY_S

    def looked(self, video_s: float) -> None:
        """The picture asked about last is being looked at."""
        self._at_look, self._looked_s = self._before, video_s


def at_rest(tracks: Tracks) -> Detections | None:
    """What a look at the same picture would find again of what is followed; None where anything moves or is unseen."""
    if not len(tracks):
        return Detections.empty()
    size = np.sqrt(np.prod(tracks.box[:, 2:] - tracks.box[:, :2], axis=1))
    speed = np.hypot(tracks.velocity_px[:, 0], tracks.velocity_px[:, 1])
    if not tracks.seen.all() or (speed > REST_SIZES_S * np.maximum(size, 1.0)).any():
        return None
    return Detections(tracks.box.copy(), tracks.score.copy(), tracks.class_id.copy())


def _cells(one: U8, other: U8) -> F32:
    """Mean absolute difference of each cell, grey levels, float32 [rows, columns]."""
    rows, columns = max(1, one.shape[0] // CELL), max(1, one.shape[1] // CELL)
    apart = cv2.absdiff(one, other).astype(np.float32)
    return np.asarray(cv2.resize(apart, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
