"""How a vehicle is cut out of a picture for training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

CROP: Final = 96
"""Side of a kept crop: the box squeezed to a square of 80 with a tenth of it around, pixels."""
EDGE: Final = 8


def cut(picture: Picture, box: Sequence[float]) -> Picture:
    """A box (x1, y1, x2, y2 in pixels) and a little around it as uint8 [96, 96, 3]."""
    x1, y1, x2, y2 = box
    inner = CROP - 2 * EDGE
    around = EDGE / inner * np.array([x2 - x1, y2 - y1]) + 2
    left, top = (max(0, int(value)) for value in (x1 - around[0], y1 - around[1]))
    part = picture[top : int(y2 + around[1]) + 1, left : int(x2 + around[0]) + 1]
    shrink = max(x2 - x1, y2 - y1) / inner
    soft = cv2.GaussianBlur(part, (0, 0), 0.45 * shrink) if shrink > 1.2 else part
    source = np.array([[x1, y1], [x2, y1], [x1, y2]], np.float32) - np.array([left, top], np.float32)
    target = np.array([[EDGE, EDGE], [EDGE + inner, EDGE], [EDGE, EDGE + inner]], np.float32)
    matrix = cv2.getAffineTransform(source, target)
    return np.asarray(cv2.warpAffine(soft, matrix, (CROP, CROP), borderMode=cv2.BORDER_REPLICATE), np.uint8)
