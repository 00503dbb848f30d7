"""What the signal network is shown: a head upright, or a single section in the middle of black."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from vision.types import SignalState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

STATES: Final = (
    SignalState.RED, SignalState.RED_YELLOW, SignalState.YELLOW, SignalState.GREEN, SignalState.OFF,
    SignalState.UNKNOWN,
)  # fmt: skip
"""What a single picture can show, in the order of the network's classes."""
SIZE: Final = (24, 64)
"""Width and height of the network's input, pixels."""


def head_input(crop: Picture, size: tuple[int, int] = SIZE) -> Picture:
    """A crop of a whole head, red on top or left, as uint8 [height, width, 3] of `size` (width, height)."""
    upright = np.asarray(cv2.transpose(crop), np.uint8) if crop.shape[1] > crop.shape[0] else crop
    return _resized(upright, size)


def section_input(crop: Picture, size: tuple[int, int] = SIZE) -> Picture:
    """A crop of one lamp alone as uint8 [height, width, 3] of `size` (width, height)."""
    return put_section(_resized(crop, section_size(size)), size)


def section_size(size: tuple[int, int] = SIZE) -> tuple[int, int]:
    """Width and height of a section inside an input of `size`."""
    return size[0], size[0]


def put_section(lamp: Picture, size: tuple[int, int] = SIZE) -> Picture:
    """A lamp of `section_size` in its place."""
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    top = (size[1] - lamp.shape[0]) // 2
    picture[top : top + lamp.shape[0]] = lamp
    return picture


def _resized(crop: Picture, size: tuple[int, int]) -> Picture:
    shrinks = crop.shape[0] > size[1] or crop.shape[1] > size[0]
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop, size, interpolation=interpolation), np.uint8)
