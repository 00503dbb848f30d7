"""What colours a road user wears: a few numbers by which two that walk side by side are told apart.

The colours are sampled on a fixed grid inside the box, where clothes or paint are and the road beside is not: the
upper half (jacket, bonnet) and the lower half (trousers, bumper), each as its mean. Brightness counts for less than
hue, since who walks into the shade grows dark but stays blue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS: Final = np.array([0.4, 0.5, 0.6], np.float32)
"""Where samples lie across a box, shares of its width."""
CELLS: Final = (np.array([5, 7, 9, 11]) / 24, np.array([13, 15, 17, 19]) / 24)
"""Where the samples of each cell lie down a box, shares of its height."""
ROWS: Final = np.concatenate(CELLS, dtype=np.float32)
"""All of them."""
SAMPLES: Final = len(CELLS[0]) * len(COLUMNS)
"""Samples of each cell."""
HUE: Final = 1.5
"""Weight of each colour's difference from grey..."""
BRIGHTNESS: Final = 0.5
"""...and of the grey itself."""
LENGTH: Final = 6 * len(CELLS)
"""Numbers that one look has."""


def looks_of(picture: NDArray[np.uint8], boxes: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """How what stands in boxes [N, 4] looks, float32 [N, LENGTH]; distances of 0.1 and less are the same clothes."""
    height, width = picture.shape[:2]
    left, top, right, bottom = boxes.T[:, :, None].astype(np.float32)
    x = np.clip(left + (right - left) * COLUMNS, 0, width - 1).astype(np.intp)
    y = np.clip(top + (bottom - top) * ROWS, 0, height - 1).astype(np.intp)
    places = (y * width)[:, :, None] + x[:, None, :]
    colours = picture.reshape(-1, 3).take(places.ravel(), axis=0)  # one flat list of pixels: half the time
    cells = colours.reshape(len(boxes), len(CELLS), SAMPLES, 3).sum(axis=2, dtype=np.float32) / (255 * SAMPLES)
    grey = cells.mean(axis=2, keepdims=True)
    hues, brightness = (cells - grey) * HUE, np.repeat(grey * BRIGHTNESS, 3, axis=2)
    return np.asarray(np.concatenate((hues, brightness), axis=2).reshape(len(boxes), LENGTH), np.float32)
