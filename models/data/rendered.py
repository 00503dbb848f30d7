"""Training pictures from the rendered scenes of `scenarios`, with exact boxes.

``.venv/bin/python -m models.data.rendered road`` (or ``fire``) writes them into the cache. It needs the serving
environment, in which the scenes are drawn; training calls it there and reads only what it wrote.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final, Literal, cast

import cv2
import numpy as np

from models.data.places import CACHE, CHECKOUT
from models.data.records import Record, array, read_records, write_records

if TYPE_CHECKING:
    from pathlib import Path

SERVING_PYTHON: Final = CHECKOUT / ".venv" / "bin" / "python"
SOURCE: Final = "rendered"
COUNT: Final = {"road": 180, "fire": 260}
"""Pictures of each task; of those for fire about half show look-alikes only."""

SEED: Final = {"road": 7001, "fire": 7002}
SIZE: Final = (960, 544)
QUALITY: Final = 90
"""Of the JPEG files; the pictures went through stronger compression before, as a camera's do."""


def rendered_records(task: str) -> list[Record]:
    """Rendered pictures labelled for `task`; renders them if they are not there yet."""
    kept = _folder(task) / "records.jsonl"
    if not kept.is_file():
        subprocess.run([str(SERVING_PYTHON), "-m", "models.data.rendered", task], cwd=CHECKOUT, check=True)  # noqa: S603
    return read_records(kept)


def _folder(task: str) -> Path:
    return CACHE / "rendered" / task


def draw(task: Literal["road", "fire"]) -> None:
    """Draw the pictures of a task and keep them with their boxes."""
    from scenarios.pictures import sample  # noqa: PLC0415  (needs the serving environment)

    folder = _folder(task)
    folder.mkdir(parents=True, exist_ok=True)
    records = []
    for number, (picture, boxes, classes) in enumerate(sample(COUNT[task], SEED[task], task, SIZE)):
        path = folder / f"{number:04d}.jpg"
        cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        rows = np.concatenate([classes[:, None].astype(np.float32), boxes], axis=1)
        records.append(Record(str(path), SOURCE, "train", *SIZE, array(rows.tolist()), array([])))
    write_records(folder / "records.jsonl", records)


if __name__ == "__main__":
    draw(cast('Literal["road", "fire"]', sys.argv[1]))
