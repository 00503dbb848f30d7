"""Signal heads of wawan-pradana/cinta_v2 as training and scoring see them.

The published boxes are kept. The states of the training part were looked at one by one; `models/labels/
signals_train.jsonl` holds them, with the scene that each picture shows (pictures of one scene match by ORB keypoints
under an affine map) and the part, training or development, to which the whole scene belongs. The validation part keeps
its published labels.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import cv2
import numpy as np

from qyran.errors import MediaError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

LABELS: Final = Path(__file__).parents[1] / "labels" / "signals_train.jsonl"
PUBLISHED: Final = ("green", "red", "yellow")
"""Names of the published class ids."""
BOX: Final = (48, 128)
"""Width and height of an upright head in its canvas, pixels."""
EDGE: Final = (12, 32)
"""Width and height of what lies around it there, on each side, pixels."""
CANVAS: Final = (BOX[0] + 2 * EDGE[0], BOX[1] + 2 * EDGE[1])

Part = Literal["train", "dev", "val"]


@dataclass(frozen=True, slots=True)
class Head:
    """One labelled head.

    Attributes:
        picture: stem of the picture's name.
        box: place among the boxes of that picture, from 0.
        state: name of its `SignalState`.
        part: `train` and `dev` are cut out of the published training part by scene.
        file: of the picture.
        place: of the published box, x1, y1, x2, y2 in pixels.
        crop: uint8 [H, W, 3] BGR, that box.
        canvas: uint8 [192, 72, 3] BGR, the box brought upright to 48 x 128 with its surroundings.
    """

    picture: str
    box: int
    state: str
    part: Part
    file: Path
    place: tuple[int, int, int, int]
    crop: Picture
    canvas: Picture


def load_heads(signals: Path, part: Literal["train", "val"]) -> list[Head]:
    """All heads of a published part.

    Args:
        signals: folder with `train` and `val`, each with `images` and `labels` (YOLO rows).
        part: `train` gives the heads of `train` and `dev` with the states seen by eye.

    Raises:
        MediaError: a picture cannot be read.
    """
    seen = _seen() if part == "train" else {}
    heads = []
    for label in sorted((signals / part / "labels").glob("*.txt")):
        file, picture = read_picture(signals, part, label.stem)
        for number, row in enumerate(label.read_text().splitlines()):
            kind, *box = (float(value) for value in row.split()[:5])
            state, own = seen.get((label.stem, number), (PUBLISHED[int(kind)], part))
            heads.append(Head(label.stem, number, state, own, file, *_cut(picture, box)))
    return heads


def read_picture(signals: Path, part: str, stem: str) -> tuple[Path, Picture]:
    """The picture with that stem and its file."""
    found = sorted((signals / part / "images").glob(f"{stem}.*"))
    picture = cv2.imread(str(found[0])) if found else None
    if picture is None:
        raise MediaError(f"The picture {stem} of signals/{part} is missing or no picture; restore the data set.")
    return found[0], np.asarray(picture, np.uint8)


def on_canvas(picture: Picture, box: tuple[float, float, float, float]) -> Picture:
    """What a box (x1, y1, x2, y2 in pixels) and its surroundings show, upright, uint8 [192, 72, 3]."""
    x1, y1, x2, y2 = box
    source = np.array([[x1, y1], [x2, y1], [x1, y2]], np.float32)
    left, top, right, bottom = EDGE[0], EDGE[1], EDGE[0] + BOX[0], EDGE[1] + BOX[1]
    target = [[left, top], [right, top], [left, bottom]]
    if x2 - x1 > y2 - y1:
        target = [[left, top], [left, bottom], [right, top]]
    shrink = max(x2 - x1, y2 - y1) / BOX[1]
    soft = cv2.GaussianBlur(picture, (0, 0), 0.45 * shrink) if shrink > 1.2 else picture
    matrix = cv2.getAffineTransform(source, np.array(target, np.float32))
    flags = cv2.INTER_LINEAR
    return np.asarray(cv2.warpAffine(soft, matrix, CANVAS, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _cut(picture: Picture, box: list[float]) -> tuple[tuple[int, int, int, int], Picture, Picture]:
    """The place in pixels, the crop and the canvas of a YOLO box."""
    height, width = picture.shape[:2]
    x, y, w, h = box
    x1, y1 = max(0, int((x - w / 2) * width)), max(0, int((y - h / 2) * height))
    x2, y2 = min(width, int(np.ceil((x + w / 2) * width))), min(height, int(np.ceil((y + h / 2) * height)))
    return (x1, y1, x2, y2), picture[y1:y2, x1:x2].copy(), on_canvas(picture, (x1, y1, x2, y2))


def _seen() -> dict[tuple[str, int], tuple[str, Part]]:
    rows = (json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines())
    return {(row["picture"], row["box"]): (row["state"], row["part"]) for row in rows}
