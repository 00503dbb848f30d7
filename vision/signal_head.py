"""The state of one signal head from its pixels.

A lit lamp is a spot of strong red, yellow or green against a housing that has no colour of its own. The crop is
brought to one small size and split into opponent colours (red minus green, yellow minus blue); the housing's own tint
is taken away up to a limit, so that haze and camera tint vanish but a head drowned in its own glow keeps its colour.
Evidence is summed over spots of a lamp's size. Red and yellow overlap in hue once a lamp outshines the sensor, so
their border depends on the place: an orange spot at the end of a head is red, in its middle yellow. The numbers were
tuned on the train part of wawan-pradana/cinta_v2 (CC BY 4.0) and measured on its val part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from vision.types import SignalState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

LEAST_PX: Final = (4, 8)
"""Heads with a shorter side or a longer side below these cannot be read, pixels."""
WIDTH: Final = 16
HEIGHT: Final = 48
"""Size to which every head is brought, upright; a lamp is then about 14 pixels across."""
SPOT: Final = (7, 9)
"""Width and height over which evidence is averaged: the inner part of a lamp."""
TINT: Final = 0.10
"""Chroma of the housing that is taken away at most; 1 is full colour."""
WARM: Final = (-35.0, 105.0)
GREEN: Final = (115.0, 218.0)
"""Hues of red and yellow, and of green to turquoise, degrees in the plane of the opponent colours; blue sky is
neither."""
YELLOW_FROM: Final = 47.0
"""Hue that parts red from yellow halfway between the middle and the end of a head, degrees."""
PLACE_DEG: Final = 15.0
"""How far the place in the head moves that border, degrees."""
MARGIN: Final = 3
"""Columns at each side of the upright head where the background may show; they count a third."""
LIT: Final = 0.03
"""Mean chroma of a spot from which a lamp is lit."""
SURE: Final = 0.10
"""Mean chroma of a spot that leaves no doubt."""
BOTH: Final = 0.5
"""A second warm spot this strong beside the first, of the other colour, makes red and yellow together."""
TINTED: Final = 0.5
"""Coloured glasses show their own colour by daylight: no lamp is lit where the weakest of red, yellow and green, each
in its place, has this share of the strongest,"""
TINTED_AT_MOST: Final = 0.12
"""and the strongest is no stronger than this."""
HUE_SCALE_DEG: Final = 8.0
"""Distance from the red-yellow border at which the decision is 73 % sure, degrees."""
DARK: Final = 0.12
"""Brightness of the brightest twentieth below which nothing can be seen; 1 is white."""
GLARE: Final = 0.96
"""Brightness of the darkest twentieth above which the head is blinded."""
FLAT: Final = 0.02
"""Spread of brightness below which something covers the head."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """The strongest spot of a colour range: mean chroma, row, mean hue in degrees."""

    strength: float
    row: int
    hue: float


def read_head(crop: NDArray[np.uint8]) -> tuple[SignalState, float]:
    """State of a signal head and how sure it is (0 to 1).

    `off` means that the head can be seen and no lamp is lit at this moment; `unknown` that it cannot be seen (too
    small, covered, blinded, dark). Whether a signal flashes shows only over time, see `SignalReader`.

    Args:
        crop: uint8 [H, W, 3], BGR, of one head; red on top, or left in a head that lies.
    """
    height, width = crop.shape[:2]
    if min(height, width) < LEAST_PX[0] or max(height, width) < LEAST_PX[1]:
        return SignalState.UNKNOWN, 0.0
    upright = cv2.transpose(crop) if width > height else crop
    shrink = upright.shape[0] > HEIGHT
    small = cv2.resize(upright, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR)
    picture = np.multiply(small, np.float32(1 / 255), dtype=np.float32)
    chroma, hue = _opponents(picture)
    warm, green = _spot(chroma, hue, WARM), _spot(chroma, hue, GREEN)
    best, other = (warm, green) if warm.strength >= green.strength else (green, warm)
    if best.strength < LIT or _only_glass(chroma, hue, best.strength):
        return _unlit(picture)
    clear = min(1.0, best.strength / SURE) * (1 - other.strength / best.strength)
    if best is green:
        return SignalState.GREEN, clear
    if _red_and_yellow(chroma, hue):
        return SignalState.RED_YELLOW, clear
    beyond = best.hue - _border(best.row)
    sure = 1 / (1 + math.exp(-abs(beyond) / HUE_SCALE_DEG))
    return SignalState.YELLOW if beyond > 0 else SignalState.RED, clear * (2 * sure - 1)


def _opponents(picture: Plane) -> tuple[Plane, Plane]:
    """Chroma and hue in degrees of each pixel, less the housing's tint, both [HEIGHT, WIDTH]."""
    blue, green, red = picture[..., 0], picture[..., 1], picture[..., 2]
    red_green, yellow_blue = red - green, (red + green) / 2 - blue
    inner = np.s_[:, WIDTH // 4 : -WIDTH // 4]
    tint = float(np.median(red_green[inner])), float(np.median(yellow_blue[inner]))
    share = min(1.0, TINT / max(math.hypot(*tint), 1e-6))
    red_green, yellow_blue = red_green - tint[0] * share, yellow_blue - tint[1] * share
    hue = np.degrees(np.arctan2(yellow_blue, red_green))
    return np.hypot(red_green, yellow_blue), np.where(hue < -120, hue + 360, hue)


def _spot(chroma: Plane, hue: Plane, hues: tuple[float, float], rows: slice = np.s_[:]) -> _Spot:
    """The strongest spot with a hue in the range, in some rows."""
    evidence = np.where((hue >= hues[0]) & (hue < hues[1]), chroma, 0).astype(np.float32)
    evidence[:, :MARGIN] *= 1 / 3
    evidence[:, -MARGIN:] *= 1 / 3
    mean = np.asarray(cv2.blur(evidence, SPOT, borderType=cv2.BORDER_CONSTANT))[rows]
    row, column = (int(i) for i in np.unravel_index(mean.argmax(), mean.shape))
    strength = float(mean[row, column])
    row += rows.start or 0
    half_w, half_h = SPOT[0] // 2 + 2, SPOT[1] // 2 + 2
    around = np.s_[max(0, row - half_h) : row + half_h + 1, max(0, column - half_w) : column + half_w + 1]
    weight = evidence[around]
    total = float(weight.sum())
    return _Spot(strength, row, float((weight * hue[around]).sum()) / total if total > 0 else 0.0)


def _border(row: int) -> float:
    """Hue between red and yellow for a spot at this row: lower in the middle of the head, higher at its ends."""
    from_middle = abs(row / (HEIGHT - 1) - 0.5)
    return YELLOW_FROM - PLACE_DEG * max(-1.0, min(1.0, (0.25 - from_middle) / 0.1))


def _only_glass(chroma: Plane, hue: Plane, strongest: float) -> bool:
    """Whether all three lamps show their colour alike, which is their glass and not their light."""
    if strongest > TINTED_AT_MOST:
        return False
    third = HEIGHT // 3
    places = ((WARM, 0), (WARM, third), (GREEN, 2 * third))
    weakest = min(_spot(chroma, hue, hues, slice(start + 2, start + third - 2)).strength for hues, start in places)
    return weakest >= TINTED * strongest


def _red_and_yellow(chroma: Plane, hue: Plane) -> bool:
    """Whether the first lamp is red and the second yellow at once."""
    third = HEIGHT // 3
    first = _spot(chroma, hue, WARM, np.s_[2 : third - 2])
    second = _spot(chroma, hue, WARM, np.s_[third + 4 : 2 * third - 2])
    weaker, stronger = sorted((first.strength, second.strength))
    return (
        weaker >= max(LIT, BOTH * stronger) and first.hue < YELLOW_FROM and second.hue > YELLOW_FROM - PLACE_DEG
        and second.hue - first.hue > HUE_SCALE_DEG
    )  # fmt: skip


def _unlit(picture: Plane) -> tuple[SignalState, float]:
    """Off where the head can be seen, unknown where it cannot."""
    value = picture.max(axis=2)
    low, high = (float(v) for v in np.percentile(value, (5, 95)))
    if high < DARK or low > GLARE or float(value.std()) < FLAT:
        return SignalState.UNKNOWN, 0.0
    return SignalState.OFF, min(1.0, float(value.std()) / (4 * FLAT))
