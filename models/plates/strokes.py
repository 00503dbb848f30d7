"""An alphabet of our own, drawn from strokes: letters and digits as on stamped plates, in any weight and rounding.

Stamped plates everywhere are cut from one idea: one stroke of even width, corners rounded by the tool. So each sign is
a handful of paths on a unit square, with the corners to be rounded marked, and a weight, a rounding and a few variants
(an open or closed 4, a flat 3, a 1 with a foot) give thousands of faces that belong to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIGNS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Everything a plate's text can hold."""

HEIGHT: Final = 80
"""Height of a drawn sign, pixels."""

OVERSAMPLING: Final = 2
"""Signs are drawn this much larger and then shrunk, for smooth edges."""

Point = tuple[float, float] | tuple[float, float, float]
"""x, y on the unit square, y down; the third number is the share of the face's rounding at this corner."""

Path = tuple[Point, ...]

_O: Final[Path] = ((0.5, 0), (1, 0, 1), (1, 1, 1), (0, 1, 1), (0, 0, 1), (0.5, 0))
_SIX: Final[tuple[Path, ...]] = (
    ((0.5, 0.42), (1, 0.42, 1), (1, 1, 1), (0, 1, 1), (0, 0.42, 1), (0.5, 0.42)),
    ((0, 0.75), (0, 0, 1), (1, 0, 1), (1, 0.2)),
)
_SIX_SLANTED: Final[tuple[Path, ...]] = (
    ((0.5, 0.42), (1, 0.42, 1), (1, 1, 1), (0, 1, 1), (0, 0.42, 1), (0.5, 0.42)),
    ((0, 0.72), (0, 0.5, 1), (0.72, 0)),
)
_P: Final[Path] = ((0, 1), (0, 0), (1, 0, 1), (1, 0.52, 1), (0, 0.52))


def _turned(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """The paths turned by half a turn: a 9 is a 6."""
    return tuple(tuple((1 - p[0], 1 - p[1], *p[2:]) for p in path) for path in paths)


SHAPES: Final[dict[str, tuple[tuple[Path, ...], ...]]] = {
    "0": ((_O,),),
    "1": (
        (((0.05, 0.25), (0.6, 0), (0.6, 1)),),
        (((0.05, 0.25), (0.55, 0), (0.55, 1)), ((0.1, 1), (1, 1))),
        (((0, 0), (0.6, 0), (0.6, 1)),),
        (((0.2, 0.3), (0.75, 0), (0.75, 1)),),
    ),
    "2": (
        (((0, 0.28), (0, 0, 1), (1, 0, 1), (1, 0.45, 0.7), (0, 1), (1, 1)),),
        (((0, 0.22), (0, 0, 1), (1, 0, 1), (1, 0.5, 1), (0, 0.62, 1), (0, 1), (1, 1)),),
    ),
    "3": (
        (
            ((0, 0.2), (0, 0, 1), (1, 0, 1), (1, 0.47, 1), (0.4, 0.47)),
            ((0.4, 0.47), (1, 0.47, 1), (1, 1, 1), (0, 1, 1), (0, 0.8)),
        ),
        (((0, 0), (1, 0), (0.45, 0.42), (1, 0.42, 1), (1, 1, 1), (0, 1, 1), (0, 0.8)),),
    ),
    "4": (
        (((0.72, 1), (0.72, 0), (0, 0.72), (1, 0.72)),),
        (((0.55, 0), (0, 0.74), (1, 0.74)), ((0.75, 0.45), (0.75, 1))),
        (((0.3, 0), (0, 0.68), (1, 0.68)), ((0.72, 0.35), (0.72, 1))),
    ),
    "5": (
        (((0.93, 0), (0.08, 0), (0.04, 0.48), (0.2, 0.4), (1, 0.4, 1), (1, 1, 1), (0, 1, 1), (0, 0.8)),),
        (((0.95, 0), (0, 0), (0, 0.44), (1, 0.44, 1), (1, 1, 1), (0, 1, 1), (0, 0.82)),),
    ),
    "6": (_SIX, _SIX_SLANTED),
    "7": (
        (((0, 0), (1, 0), (0.35, 1)),),
        (((0, 0.15), (0, 0), (1, 0), (1, 0.12), (0.4, 0.62, 1), (0.4, 1)),),
        (((0, 0), (1, 0), (0.25, 1)),),
    ),
    "8": (
        (
            ((0.5, 0), (0.94, 0, 1), (0.94, 0.46, 1), (0.06, 0.46, 1), (0.06, 0, 1), (0.5, 0)),
            ((0.5, 0.46), (1, 0.46, 1), (1, 1, 1), (0, 1, 1), (0, 0.46, 1), (0.5, 0.46)),
        ),
    ),
    "9": (_turned(_SIX), _turned(_SIX_SLANTED)),
    "A": (
        (((0, 1), (0.5, 0), (1, 1)), ((0.18, 0.68), (0.82, 0.68))),
        (((0, 1), (0.4, 0), (0.6, 0), (1, 1)), ((0.15, 0.7), (0.85, 0.7))),
    ),
    "B": (
        (
            ((0.5, 0.47), (0, 0.47), (0, 1), (1, 1, 1), (1, 0.47, 1), (0.5, 0.47)),
            ((0, 0.5), (0, 0), (0.92, 0, 1), (0.92, 0.47, 1), (0.4, 0.47)),
        ),
    ),
    "C": ((((1, 0.27), (1, 0, 1), (0, 0, 1), (0, 1, 1), (1, 1, 1), (1, 0.73)),),),
    "D": ((((0, 0.5), (0, 0), (1, 0, 1.3), (1, 1, 1.3), (0, 1), (0, 0.5)),),),
    "E": ((((1, 0), (0, 0), (0, 1), (1, 1)), ((0, 0.48), (0.86, 0.48))),),
    "F": ((((1, 0), (0, 0), (0, 1)), ((0, 0.48), (0.86, 0.48))),),
    "G": (
        (((1, 0.25), (1, 0, 1), (0, 0, 1), (0, 1, 1), (1, 1, 1), (1, 0.55), (0.55, 0.55)),),
        (((1, 0.22), (1, 0, 1), (0, 0, 1), (0, 1, 1), (1, 1), (1, 0.52), (0.6, 0.52)),),
    ),
    "H": ((((0, 0), (0, 1)), ((1, 0), (1, 1)), ((0, 0.48), (1, 0.48))),),
    "I": ((((0.5, 0), (0.5, 1)),), (((0.5, 0), (0.5, 1)), ((0.1, 0), (0.9, 0)), ((0.1, 1), (0.9, 1)))),
    "J": (
        (((1, 0), (1, 1, 1), (0, 1, 1), (0, 0.74)),),
        (((0.3, 0), (1, 0), (1, 1, 1), (0, 1, 1), (0, 0.78)),),
    ),
    "K": (
        (((0, 0), (0, 1)), ((0.95, 0), (0, 0.6)), ((0.32, 0.4), (1, 1))),
        (((0, 0), (0, 1)), ((0.95, 0), (0.1, 0.5)), ((0.1, 0.5), (1, 1))),
    ),
    "L": ((((0, 0), (0, 1), (1, 1)),),),
    "M": (
        (((0, 1), (0, 0), (0.5, 0.62), (1, 0), (1, 1)),),
        (((0, 1), (0, 0), (0.5, 0.95), (1, 0), (1, 1)),),
        (((0, 1), (0.08, 0), (0.5, 0.75), (0.92, 0), (1, 1)),),
    ),
    "N": ((((0, 1), (0, 0), (1, 1), (1, 0)),),),
    "O": ((_O,),),
    "P": ((_P,),),
    "Q": ((_O, ((0.55, 0.7), (1.02, 1.03))), (_O, ((0.65, 0.78), (0.95, 1.1)))),
    "R": ((_P, ((0.45, 0.52), (1, 1))), (_P, ((0.6, 0.52), (0.96, 0.6, 1), (1, 1)))),
    "S": ((((1, 0.22), (1, 0, 1), (0, 0, 1), (0, 0.46, 1), (1, 0.5, 1), (1, 1, 1), (0, 1, 1), (0, 0.78)),),),
    "T": ((((0, 0), (1, 0)), ((0.5, 0), (0.5, 1))),),
    "U": ((((0, 0), (0, 1, 1), (1, 1, 1), (1, 0)),),),
    "V": ((((0, 0), (0.5, 1), (1, 0)),),),
    "W": ((((0, 0), (0.25, 1), (0.5, 0.25), (0.75, 1), (1, 0)),), (((0, 0), (0.22, 1), (0.5, 0), (0.78, 1), (1, 0)),)),
    "X": ((((0, 0), (1, 1)), ((1, 0), (0, 1))),),
    "Y": ((((0, 0), (0.5, 0.52), (1, 0)), ((0.5, 0.52), (0.5, 1))),),
    "Z": ((((0, 0), (1, 0), (0, 1), (1, 1)),),),
}
"""Every sign's variants, each a tuple of paths."""

RELATIVE_WIDTH: Final = {
    "1": 0.72,
    "I": 0.42,
    "M": 1.15,
    "W": 1.22,
    "J": 0.85,
    "L": 0.9,
    "E": 0.92,
    "F": 0.9,
    "Q": 1.05,
}
"""Widths of signs relative to the face's own; the others are 1."""


@dataclass(frozen=True, slots=True)
class Face:
    """What makes one face of the alphabet.

    Attributes:
        stroke: width of the stroke as a share of the height.
        width: width of an ordinary sign as a share of the height.
        rounding: radius of a rounded corner as a share of the sign's width, 0 to 0.5.
        flat: strokes end flat at the top and bottom edge, not round.
        variant: seed of the choice among variants.
    """

    stroke: float
    width: float
    rounding: float
    flat: bool
    variant: int


def random_face(rng: np.random.Generator) -> Face:
    """A face as on plates: stroke 9 to 20 %, width 38 to 75 % of the height."""
    return Face(
        stroke=float(rng.uniform(0.10, 0.19)),
        width=float(rng.uniform(0.44, 0.68)),
        rounding=float(rng.choice([0.5, 0.45, 0.35, 0.25]) * rng.uniform(0.85, 1.0)),
        flat=bool(rng.random() < 0.6),
        variant=int(rng.integers(1 << 30)),
    )


def draw_sign(sign: str, face: Face) -> NDArray[np.uint8]:
    """A sign's ink, uint8 [HEIGHT, width], 255 where the stroke lies."""
    scale = HEIGHT * OVERSAMPLING
    stroke = face.stroke * scale
    width = max(face.width * RELATIVE_WIDTH.get(sign, 1.0) * scale, stroke * 1.05)
    shapes = SHAPES[sign]
    paths = shapes[(face.variant >> (SIGNS.index(sign) % 24)) % len(shapes)]
    canvas = np.zeros((scale, round(width)), np.uint8)
    inner = np.array([max(width - stroke, 1.0), scale - stroke])
    for path in paths:
        corners = [np.array(point[:2]) * inner + stroke / 2 for point in path]
        radius = face.rounding * width
        shares = [point[2] if len(point) > 2 else 0.0 for point in path]
        line = rounded(corners, [share * radius for share in shares])
        if face.flat:
            line = _lengthened(line, stroke, scale)
        points = np.round(line * 8).astype(np.int32)
        cv2.polylines(
            canvas, [points], isClosed=False, color=255, thickness=max(1, round(stroke)), lineType=cv2.LINE_AA, shift=3
        )
    return np.asarray(
        cv2.resize(canvas, (max(2, round(width / OVERSAMPLING)), HEIGHT), interpolation=cv2.INTER_AREA), np.uint8
    )


def rounded(corners: list[NDArray[np.float64]], radii: list[float]) -> NDArray[np.float64]:
    """A path with corners rounded.

    Args:
        corners: points of the path, pixels.
        radii: of each corner, pixels; 0 keeps it sharp.

    Returns:
        float64 [n, 2], pixels.
    """
    line = [corners[0]]
    for before, corner, after, radius in zip(corners, corners[1:], corners[2:], radii[1:-1], strict=False):
        to, fro = before - corner, after - corner
        lengths = float(np.hypot(*to)), float(np.hypot(*fro))
        reach = min(radius, *(length * 0.5 if length > 2 * radius else length * 0.98 for length in lengths))
        if reach < 1.0:
            line.append(corner)
            continue
        first, last = corner + to / lengths[0] * reach, corner + fro / lengths[1] * reach
        for t in np.linspace(0, 1, 7):
            # a cubic with its handles at 0.55 of the way is a quarter of an ellipse
            a, b = first + (corner - first) * 0.55, last + (corner - last) * 0.55
            line.append((1 - t) ** 3 * first + 3 * (1 - t) ** 2 * t * a + 3 * (1 - t) * t**2 * b + t**3 * last)
    line.append(corners[-1])
    return np.array(line)


def _lengthened(line: NDArray[np.float64], stroke: float, height: int) -> NDArray[np.float64]:
    """Ends at the top or bottom edge drawn on beyond it, so that the picture's edge cuts them flat."""
    out = line.copy()
    for end, inner in ((0, 1), (-1, -2)):
        x, y = line[end]
        if y < stroke or y > height - stroke:
            way = line[end] - line[inner]
            if abs(way[1]) > abs(way[0]) * 0.5:
                out[end] = np.array([x, y]) + way / np.hypot(*way) * stroke * 1.5
    return out


def alphabet(face: Face) -> dict[str, NDArray[np.uint8]]:
    """Every sign of a face."""
    return {sign: draw_sign(sign, face) for sign in SIGNS}
