"""The project's own label files: what the published labels of the road sets miss, completed and committed.

One JSON line a picture: ``{"file", "boxes": [[class, x1, y1, x2, y2], ...], "ignore": [...]}``, ignore regions written
like boxes; ``file`` is relative to the data folder, coordinates are pixels of the picture, a class is one of
ROAD_CLASSES or, to hide a region from every class, ``any``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from models.data.places import CHECKOUT
from models.data.records import ANY_CLASS, array
from qyran.errors import ConfigError
from vision.classes import ROAD_CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Labels = tuple[NDArray[np.float32], NDArray[np.float32]]

LABELS: Final = CHECKOUT / "models" / "labels"
ANY: Final = "any"
_NUMBER: Final = {**{name: number for number, name in enumerate(ROAD_CLASSES)}, ANY: ANY_CLASS}
_NAME: Final = {number: name for name, number in _NUMBER.items()}


def read_labels(path: Path) -> dict[str, Labels]:
    """File of the picture: its boxes [n, 5] and ignore regions [m, 5] (class, x1, y1, x2, y2).

    Raises:
        ConfigError: the file is missing, or a line is none of ours or names an unknown class.
    """
    out: dict[str, Labels] = {}
    for number, row in enumerate(_rows(path), start=1):
        try:
            out[str(row["file"])] = _numbers(row["boxes"]), _numbers(row["ignore"])
        except (KeyError, TypeError, ValueError) as error:
            message = f"line {number} of the label file {path.name} is wrong ({error}); restore it from the release"
            raise ConfigError(message) from error
    return out


def read_decisions(path: Path) -> dict[str, list[tuple[str, tuple[float, ...]]]]:
    """Classes decided by eye for single boxes: file of the picture -> (class, ``none`` or ``unsure``; box)."""
    return {
        str(row["file"]): [(str(name), tuple(float(value) for value in box)) for name, *box in row["decided"]]
        for row in _rows(path)
    }


def write_labels(path: Path, labels: Mapping[str, Labels]) -> None:
    """Write a label file, sorted by picture, coordinates to a tenth of a pixel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as stream:
        for file in sorted(labels):
            boxes, ignore = labels[file]
            row = {"file": file, "boxes": _names(boxes), "ignore": _names(ignore)}
            stream.write(json.dumps(row) + "\n")


def _rows(path: Path) -> Iterable[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"the label file {path.name} is missing from models/labels; restore it from the release"
        raise ConfigError(message) from error
    return [json.loads(line) for line in text.splitlines() if line]


def _numbers(rows: Iterable[list[Any]]) -> NDArray[np.float32]:
    return array([[float(_NUMBER[name]), *(float(value) for value in box)] for name, *box in rows])


def _names(rows: NDArray[np.float32]) -> list[list[Any]]:
    return [[_NAME[int(row[0])], *(round(float(value), 1) for value in row[1:5])] for row in rows]
