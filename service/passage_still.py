"""The still of a passage: the vehicle cut out of the frame it crossed a line in, and a small view around it.

A passage is no accusation, so it has no evidence package: two small pictures, whose hashes the event carries. The view
is so small that no plate of others can be read in it.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

VEHICLE: Final = "vehicle.jpg"
VIEW: Final = "view.jpg"
FOLDER: Final = "passages"
"""Where an analysis keeps them, beside `evidence`."""
MARGIN: Final = 0.12
"""Around the vehicle, share of its box on each side."""
VEHICLE_PX: Final = 640
"""Long side of the vehicle's picture at most; a plate of a fifth of that width is still read."""
VIEW_PX: Final = 480
"""Width of the view at most: a plate has at most some ten pixels there."""
QUALITY: Final = 85
"""Of the JPEG, percent."""


@dataclass(frozen=True, slots=True)
class Still:
    """Pictures held until the passage is reported: uint8 [h, w, 3] BGR, copies of their own."""

    vehicle: NDArray[np.uint8]
    view: NDArray[np.uint8]


def hold(picture: NDArray[np.uint8], box: tuple[float, float, float, float]) -> Still | None:
    """Cut a vehicle's box, pixels, out of a picture uint8 [H, W, 3]; None where the box lies outside of it."""
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = box
    dx, dy = (x2 - x1) * MARGIN, (y2 - y1) * MARGIN
    left, top = max(0, math.floor(x1 - dx)), max(0, math.floor(y1 - dy))
    right, bottom = min(width, math.ceil(x2 + dx)), min(height, math.ceil(y2 + dy))
    if right - left < 2 or bottom - top < 2:
        return None
    return Still(_at_most(picture[top:bottom, left:right], VEHICLE_PX), _at_most(picture, VIEW_PX))


def write(still: Still, folder: Path) -> dict[str, str]:
    """Write both pictures into a folder; their SHA-256 by name.

    Raises:
        OSError: the disk refused.
    """
    folder.mkdir(parents=True, exist_ok=True)
    hashes = {}
    for name, picture in ((VEHICLE, still.vehicle), (VIEW, still.view)):
        made, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        if not made:
            raise OSError(f"The picture {name} could not be written as JPEG.")
        content = data.tobytes()
        (folder / name).write_bytes(content)
        hashes[name] = hashlib.sha256(content).hexdigest()
    return hashes


def _at_most(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A copy whose long side has at most `side` pixels."""
    scale = side / max(picture.shape[:2])
    if scale >= 1:
        return picture.copy()
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype("uint8", copy=False)
