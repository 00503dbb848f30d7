"""Vehicle number plates of Kazakhstan, one line, form of 2012 (ST RK 986): black on white, 123 ABC 02."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

LETTERS = "ABCDEFGHIJKLMNOPRSTUVWXYZ"
REGIONS = tuple(f"{n:02d}" for n in range(1, 21))
_WEIGHTS = np.array([3.0 if r in ("01", "02", "05") else 1.0 for r in REGIONS])


def random_plate(rng: np.random.Generator) -> str:
    """A plate text such as 123ABC02: three digits, three letters, the region's number."""
    letters = "".join(rng.choice(list(LETTERS), 3))
    return f"{rng.integers(1, 1000):03d}{letters}{rng.choice(REGIONS, p=_WEIGHTS / _WEIGHTS.sum())}"


def _text(canvas: NDArray[np.uint8], text: str, left: int, right: int, height: int, gap: int) -> None:
    """Write text with glyphs stretched to one width each, centred by height, into the columns left..right."""
    width = (right - left - gap * (len(text) - 1)) // len(text)
    top = (canvas.shape[0] - height) // 2
    for k, sign in enumerate(text):
        x = left + k * (width + gap)
        wide = {"1": width // 2, "I": width // 4}.get(sign, width)  # narrow signs keep their shape
        part = canvas[top : top + height, x + (width - wide) // 2 : x + (width - wide) // 2 + wide]
        np.minimum(part, _glyph(sign, wide, height)[..., None], out=part)


@lru_cache(maxsize=128)
def _glyph(sign: str, width: int, height: int) -> NDArray[np.uint8]:
    """One sign, dark on white (height, width); the zero of plates has no slash."""
    stamp = np.full((160, 160), 255, np.uint8)
    cv2.putText(stamp, "O" if sign == "0" else sign, (30, 120), cv2.FONT_HERSHEY_SIMPLEX, 3.4, 0, 12, cv2.LINE_AA)
    rows, cols = np.nonzero(stamp < 128)
    stamp = stamp[rows.min() : rows.max() + 1, cols.min() : cols.max() + 1]
    return np.asarray(cv2.resize(stamp, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


@lru_cache(maxsize=256)
def draw_plate(text: str) -> NDArray[np.uint8]:
    """The plate as a picture (112, 520, 3) BGR, one pixel a millimetre; `text` as of `random_plate`."""
    canvas = np.full((112, 520, 3), 246, np.uint8)
    cv2.rectangle(canvas, (3, 3), (516, 108), (25, 25, 25), 3)
    cv2.rectangle(canvas, (16, 22), (62, 48), (196, 168, 0), -1)  # the flag: sky blue with a golden sun
    cv2.circle(canvas, (39, 34), 7, (40, 210, 255), -1, cv2.LINE_AA)
    _text(canvas[56:96], "KZ", 18, 60, 28, 4)
    _text(canvas, text[:3], 78, 214, 76, 9)
    _text(canvas, text[3:6], 232, 404, 76, 9)
    cv2.line(canvas, (418, 4), (418, 107), (25, 25, 25), 3)
    _text(canvas, text[6:], 432, 504, 62, 8)
    return canvas
