"""One labelled picture as training and evaluation see it, and the file that keeps many of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

ANY_CLASS: Final = -1
"""Class of an ignore region that hides every class."""

PICTURES: Final = frozenset({".jpg", ".jpeg", ".png"})


@dataclass(frozen=True, slots=True)
class Record:
    """A picture with its boxes.

    Attributes:
        file: absolute path of the picture.
        source: name of the data set, as in the model card.
        split: ``train``, ``val`` or ``test`` (evaluation only, never trained on).
        width, height: pixels.
        boxes: float32 [n, 5]: class, x1, y1, x2, y2 in pixels.
        ignore: float32 [m, 5]: the same; inside such a region nothing is taught and nothing is counted for that
            class (`ANY_CLASS`: for all).
    """

    file: str
    source: str
    split: str
    width: int
    height: int
    boxes: NDArray[np.float32]
    ignore: NDArray[np.float32]


def array(rows: Sequence[Sequence[float]] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of class, x1, y1, x2, y2 as float32 [n, 5], also when there are none."""
    return np.asarray(rows, np.float32).reshape(-1, 5)


def whole(class_id: int, width: int, height: int) -> tuple[float, float, float, float, float]:
    """An ignore region over the whole picture: this class is not labelled in it."""
    return (float(class_id), 0.0, 0.0, float(width), float(height))


def read_yolo(
    label: Path, width: int, height: int, remap: Mapping[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Read a YOLO label file.

    Args:
        label: text file, one ``class xc yc w h`` (fractions of the picture) a line; absent means empty.
        width: of the picture in pixels.
        height: of the picture in pixels.
        remap: class of the file to our class; a class that is not a key is returned apart.

    Returns:
        boxes [n, 5] of known classes and boxes [m, 5] of the others with the file's own class numbers.
    """
    known: list[list[float]] = []
    other: list[list[float]] = []
    text = label.read_text(encoding="utf-8") if label.is_file() else ""
    for line in text.splitlines():
        fields = [float(word) for word in line.split()]
        if len(fields) != len(("class", "x", "y", "w", "h")):
            continue
        x, y, w, h = fields[1] * width, fields[2] * height, fields[3] * width, fields[4] * height
        box = [max(0.0, x - w / 2), max(0.0, y - h / 2), min(float(width), x + w / 2), min(float(height), y + h / 2)]
        class_id = int(fields[0])
        if class_id in remap:
            known.append([float(remap[class_id]), *box])
        else:
            other.append([float(class_id), *box])
    return array(known), array(other)


def pictures(folder: Path) -> list[Path]:
    """The pictures of a folder, sorted by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of a picture file in pixels."""
    picture = cv2.imread(str(path))
    if picture is None:
        message = f"{path} is no picture"
        raise ValueError(message)
    return picture.shape[1], picture.shape[0]


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Keep records as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as stream:
        for record in records:
            row: dict[str, Any] = {
                "file": record.file,
                "source": record.source,
                "split": record.split,
                "width": record.width,
                "height": record.height,
                "boxes": np.round(record.boxes, 2).astype(float).tolist(),
                "ignore": np.round(record.ignore, 2).astype(float).tolist(),
            }
            stream.write(json.dumps(row) + "\n")


def read_records(path: Path) -> list[Record]:
    """Records written by `write_records`."""
    with path.open(encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    return [Record(**{**row, "boxes": array(row["boxes"]), "ignore": array(row["ignore"])}) for row in rows]
