"""Pictures with boxes and lines drawn on them, for pages and decisions.

The files of a package stay as they are: an annotated picture is made from a still and the overlay when it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from evidence.canonical import strict_json
from evidence.package import Package
from qyran.errors import IntegrityError

Colour = tuple[int, int, int]

SUBJECT: Final[Colour] = (0, 200, 255)  # BGR, amber: seen on asphalt by day and night
PART: Final[Colour] = (255, 160, 0)  # BGR, blue: what the camera file draws
JPEG_QUALITY: Final = 88


def annotated(
    picture: NDArray[np.uint8],
    boxes: Iterable[tuple[float, float, float, float]] = (),
    drawn: Mapping[str, Sequence[Sequence[float]]] | None = None,
) -> NDArray[np.uint8]:
    """A copy of a picture with boxes (pixels) and parts of the camera file (fractions) on it.

    Args:
        picture: uint8 [H, W, 3], BGR; not changed.
        boxes: x1, y1, x2, y2 in pixels.
        drawn: points by name, as in `overlay.json`; three and more points close to a polygon.
    """
    canvas = picture.copy()
    height, width = canvas.shape[:2]
    stroke = max(2, round(width / 640))
    for points in (drawn or {}).values():
        pixels = np.round(np.asarray(points, np.float64) * (width, height)).astype(np.int32)
        cv2.polylines(canvas, [pixels], len(pixels) > 2, PART, stroke, cv2.LINE_AA)
    for x1, y1, x2, y2 in boxes:
        cv2.rectangle(canvas, (round(x1), round(y1)), (round(x2), round(y2)), SUBJECT, stroke, cv2.LINE_AA)
    return canvas


def annotated_still(package: Package, name: str) -> bytes:
    """JPEG of a still of the package with its subject's box and the overlay's lines on it.

    Raises:
        IntegrityError: the package lists no such file, or it is no picture.
    """
    path = package.file(name)
    decoded = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise IntegrityError(f"The still {name} of the evidence {package.folder.name} is no picture.")
    picture = np.asarray(decoded, np.uint8)
    entry = package.manifest.named(name)
    if entry is not None and entry.role == "still" and entry.picture is not None:
        layer = strict_json(package.file("overlay.json").read_bytes())
        picture = annotated(picture, [entry.picture.box] if entry.picture.box else [], layer["drawn"])
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
