"""Cutting a plate out of a picture for its reader: flat, level, and with two lines laid side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH: Final = 192
"""Width of the reader's input, px: 24 px for each of eight signs."""

HEIGHT: Final = 48
"""Height of the reader's input, px."""

MARGIN: Final = (0.03, 0.07)
"""Room left around a plate on each side, as shares of its width and height; the reader is trained around this."""

OVERLAP: Final = 0.55
"""Share of a two-line plate's height shown for each of its lines: they overlap a little, for plates cut askew."""

FINE: Final = 1.5
"""A plate this much wider than the input is shrunk by area first, so that no stroke falls between sampled pixels."""

UNIT: Final = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
"""Corners of a whole crop, clockwise from its top left."""


def box_quad(box: NDArray[np.float32]) -> NDArray[np.float32]:
    """The corners (4, 2) of a box x1, y1, x2, y2."""
    x1, y1, x2, y2 = (float(value) for value in box)
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float32)


def widened(quad: NDArray[np.float32], across: float, down: float) -> NDArray[np.float32]:
    """A quadrilateral grown along its own sides by shares of its width and height on each side.

    Args:
        quad: (4, 2), clockwise from the top left, px.
        across: share of the width added at the left and at the right.
        down: share of the height added above and below.
    """
    u = np.array([-across, 1 + across, 1 + across, -across], np.float32)[:, None]
    v = np.array([-down, -down, 1 + down, 1 + down], np.float32)[:, None]
    top, bottom = quad[0] + (quad[1] - quad[0]) * u, quad[3] + (quad[2] - quad[3]) * u
    return np.asarray(top + (bottom - top) * v, np.float32)


def flat(
    picture: NDArray[np.uint8], quad: NDArray[np.float32], size: tuple[int, int] = (WIDTH, HEIGHT)
) -> NDArray[np.uint8]:
    """The inside of a quadrilateral stretched to a crop.

    Args:
        picture: uint8 [height, width], grey.
        quad: (4, 2), clockwise from the top left, px; it may reach beyond the picture.
        size: width and height of the crop, px.

    Returns:
        uint8 [size[1], size[0]].
    """
    matrix = cv2.getPerspectiveTransform(np.asarray(quad, np.float32), UNIT * np.array(size, np.float32))
    crop = cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, np.uint8)


def unrolled(picture: NDArray[np.uint8], quad: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A plate of two lines as one: its upper part at the left, its lower part at the right.

    Args:
        picture: uint8 [height, width], grey.
        quad: (4, 2), clockwise from the top left, px.

    Returns:
        uint8 [HEIGHT, WIDTH].
    """
    tall = round(HEIGHT / OVERLAP)
    whole = flat(picture, quad, (WIDTH // 2, tall))
    return np.hstack([whole[:HEIGHT], whole[tall - HEIGHT :]])


def patch(picture: NDArray[np.uint8], quad: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The part of a picture around a quadrilateral in grey, shrunk where the plate is far larger than the input.

    Args:
        picture: uint8 [height, width, 3], BGR, or [height, width], grey.
        quad: (4, 2), px.

    Returns:
        The part, uint8 [h, w], and the quadrilateral in its pixels.
    """
    low, high = quad.min(0), quad.max(0)
    room = (high - low) * 0.5
    height, width = picture.shape[:2]
    x0, y0 = (int(v) for v in np.clip(np.floor(low - room), 0, (max(width - 2, 0), max(height - 2, 0))))
    x1, y1 = (
        int(v) for v in np.clip(np.ceil(high + room), (x0 + 2, y0 + 2), (max(width, x0 + 2), max(height, y0 + 2)))
    )
    part = picture[y0:y1, x0:x1]
    grey = np.asarray(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY) if part.ndim == 3 else part, np.uint8)
    moved = quad - np.array([x0, y0], np.float32)
    scale = float(high[0] - low[0]) / (WIDTH * FINE)
    if scale > 1:
        grey = np.asarray(cv2.resize(grey, None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA), np.uint8)
        moved = moved / np.float32(scale)
    return grey, np.asarray(moved, np.float32)


def placed(points: NDArray[np.float32], quad: NDArray[np.float32]) -> NDArray[np.float32]:
    """Points given in shares of a crop, back in the pixels its quadrilateral was given in.

    Args:
        points: (n, 2), (0, 0) the crop's top left and (1, 1) its bottom right.
        quad: (4, 2), what was cut out.
    """
    matrix = cv2.getPerspectiveTransform(UNIT, np.asarray(quad, np.float32))
    return np.asarray(cv2.perspectiveTransform(points[None].astype(np.float32), matrix)[0], np.float32)


def normalised(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Crops brought to one brightness and contrast each, night or day.

    Args:
        crops: uint8 [n, HEIGHT, WIDTH].

    Returns:
        float32 [n, 1, HEIGHT, WIDTH], mean 0, deviation about 1.
    """
    values = crops.astype(np.float32)
    mean = values.mean((1, 2), keepdims=True)
    spread = values.std((1, 2), keepdims=True)
    return np.asarray(((values - mean) / (spread + 4.0))[:, None], np.float32)
