"""Pictures made smaller, and the median of several: on every look of every camera, so by what OpenCV does fastest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

EXCHANGES: Final[Mapping[int, tuple[tuple[int, int], ...]]] = {
    5: ((0, 1), (3, 4), (0, 3), (1, 4), (1, 2), (2, 3), (1, 2)),
    9: ((1, 2), (4, 5), (7, 8), (0, 1), (3, 4), (6, 7), (1, 2), (4, 5), (7, 8), (0, 3), (5, 8), (4, 7), (3, 6), (1, 4),
        (2, 5), (4, 7), (4, 2), (6, 4), (4, 2)),
}  # fmt: skip
"""Pairs put in order one after the other, after which the middle one is the median (Paeth, Graphics Gems, 1990)."""

MUCH: Final = 4
"""From so many times the wanted side a picture is halved first."""


def shrunk(picture: Picture, size: tuple[int, int]) -> Picture:
    """A picture of `size` (width, height) whose pixels are the means of those they cover.

    Much larger ones are halved first: OpenCV takes that six times faster than any other share, and of what is left
    every pixel still has a small part in one of the new ones.
    """
    width, height = size
    if _is_much(picture.shape[1], width) and _is_much(picture.shape[0], height):
        half = picture.shape[1] // 2, picture.shape[0] // 2
        picture = np.asarray(cv2.resize(picture, half, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def median_of(pictures: Sequence[Picture], count: int) -> Picture:
    """The median of five or nine (`count`) pictures, pixel by pixel; where there are fewer, they are repeated."""
    p = [pictures[k % len(pictures)] for k in range(count)]
    for i, j in EXCHANGES[count]:
        p[i], p[j] = np.asarray(cv2.min(p[i], p[j]), np.uint8), np.asarray(cv2.max(p[i], p[j]), np.uint8)
    return p[count // 2]


def _is_much(side: int, wanted: int) -> bool:
    return side % 2 == 0 and side >= MUCH * wanted
