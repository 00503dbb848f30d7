"""How parts of a picture of edges have moved against another: tile by tile, then as one turn, zoom and shift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TILES: Final = (3, 4)
"""Rows and columns of tiles."""
REACH: Final = 0.1
"""A tile is looked for this far around, share of the picture's width."""
SPREAD: Final = 1.5
"""A tile has something to hold on to when its edges scatter by this, gray levels a pixel."""
NEAR_PX: Final = 1
"""A tile is in its old place when it fits within so many pixels of it: a mast sways in the wind."""
FIT: Final = 0.35
"""Correlation below which a tile is no longer in its old place."""
SURE: Final = 0.45
"""Correlation from which its shift counts."""
GAIN: Final = 0.08
"""A shift counts when the tile fits there better than in its old place by this much correlation."""
TOGETHER_PX: Final = 1.5
"""Tiles that move as one agree this well."""
LEAST_TILES: Final = 4
"""Tiles that must agree, and no fewer than half of those that count."""


@dataclass(frozen=True, slots=True)
class Shifts:
    """N tiles with something to hold on to.

    Attributes:
        tile: float64 [N, 2], middle of the tile, pixels.
        shift: float64 [N, 2], where it is now less where it was, pixels.
        best: float64 [N], correlation there.
        stays: float64 [N], correlation in its old place, within `NEAR_PX`.
    """

    tile: Floats
    shift: Floats
    best: Floats
    stays: Floats

    @property
    def sure(self) -> NDArray[np.bool_]:
        """Which tiles were found again, bool [N]."""
        return self.best >= SURE

    @property
    def better(self) -> NDArray[np.bool_]:
        """Which fit clearly better elsewhere than in their old place, bool [N]."""
        return self.best - self.stays >= GAIN

    @property
    def lost(self) -> NDArray[np.bool_]:
        """Which are no longer in their old place, bool [N]."""
        return self.stays < FIT


def local_shifts(before: NDArray[np.float32], now: NDArray[np.float32]) -> Shifts:
    """Where each tile of edges [h, w] `before` is `now`."""
    height, width = before.shape
    rows, columns = TILES
    reach = round(REACH * width)
    h, w = (height - 2 * reach) // rows, (width - 2 * reach) // columns
    found: list[tuple[float, float, float, float, float, float]] = []
    for row in range(rows):
        for column in range(columns):
            y, x = reach + row * h, reach + column * w
            tile = before[y : y + h, x : x + w]
            if tile.std() < SPREAD:
                continue
            window = now[y - reach : y + h + reach, x - reach : x + w + reach]
            if window.std() < 1e-3:
                found.append((x + w / 2, y + h / 2, 0, 0, 0, 0))
                continue
            fit = cv2.matchTemplate(window, tile, cv2.TM_CCOEFF_NORMED)
            peak_y, peak_x = np.unravel_index(int(fit.argmax()), fit.shape)
            dx, dy = _between(fit[peak_y], int(peak_x)), _between(fit[:, peak_x], int(peak_y))
            near = slice(reach - NEAR_PX, reach + NEAR_PX + 1)
            best, stays = float(fit[peak_y, peak_x]), float(fit[near, near].max())
            found.append((x + w / 2, y + h / 2, dx - reach, dy - reach, best, stays))
    table = np.array(found, np.float64).reshape(-1, 6)
    return Shifts(table[:, :2], table[:, 2:4], table[:, 4], table[:, 5])


def corner_shift(shifts: Shifts, size: tuple[int, int]) -> float:
    """Largest shift of the corners of a picture (width, height) by the motion that most tiles share, pixels.

    0 where too few agree, or where they fit their old places as well.
    """
    tile, shift = shifts.tile[shifts.sure], shifts.shift[shifts.sure]
    agreeing = max(LEAST_TILES, len(tile) / 2)
    # Of the tiles that agree half must fit better elsewhere: mostly not even so many do at all.
    if len(tile) < LEAST_TILES or shifts.better[shifts.sure].sum() < agreeing / 2:
        return 0.0
    middle = np.array(size) / 2
    best: tuple[int, Floats] = (0, np.zeros(4))
    for i in range(len(tile)):
        for j in range(i):
            motion = _similarity(tile[[i, j]] - middle, shift[[i, j]])
            agree = int(_apart(motion, tile - middle, shift).sum())
            if agree > best[0]:
                best = (agree, motion)
    agrees = _apart(best[1], tile - middle, shift)
    if best[0] < agreeing or shifts.better[shifts.sure][agrees].mean() < 0.5:
        return 0.0
    motion = _similarity(tile[agrees] - middle, shift[agrees])
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * middle
    return float(np.hypot(*_moved(motion, corners).T).max())


def _between(values: NDArray[Any], at: int) -> float:
    """The peak of a row between its samples, by a parabola."""
    if not 0 < at < len(values) - 1:
        return float(at)
    left, here, right = (float(value) for value in values[at - 1 : at + 2])
    bend = left - 2 * here + right
    return at if bend >= 0 else at + (left - right) / (2 * bend)


def _similarity(tile: Floats, shift: Floats) -> Floats:
    """Least-squares zoom, turn and shift (a, b, x, y): shift = a p + b rot(p) + (x, y)."""
    rows = np.zeros((2 * len(tile), 4))
    rows[0::2] = np.stack((tile[:, 0], -tile[:, 1], np.ones(len(tile)), np.zeros(len(tile))), axis=1)
    rows[1::2] = np.stack((tile[:, 1], tile[:, 0], np.zeros(len(tile)), np.ones(len(tile))), axis=1)
    return np.asarray(np.linalg.lstsq(rows, shift.ravel(), rcond=None)[0])


def _moved(motion: Floats, points: Floats) -> Floats:
    a, b, x, y = motion
    return np.stack((a * points[:, 0] - b * points[:, 1] + x, b * points[:, 0] + a * points[:, 1] + y), axis=1)


def _apart(motion: Floats, tile: Floats, shift: Floats) -> NDArray[np.bool_]:
    return np.asarray(np.hypot(*(_moved(motion, tile) - shift).T) <= TOGETHER_PX)
