"""The prepared pictures of a task, made once and kept under ``.cache/models``.

``.venv-train/bin/python -m models.data.prepare road`` (or ``fire``) makes them ahead of training.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from models.data.fire import fire_records
from models.data.places import CACHE, shared
from models.data.plain import plain_records
from models.data.records import read_records, write_records
from models.data.rendered import rendered_records
from models.data.road import road_records
from vision.classes import ROAD_CLASSES

if TYPE_CHECKING:
    from models.data.records import Record

TEACHER_THREADS: Final = 1


def prepared(task: str, *, rendered: bool) -> list[Record]:
    """All real pictures of `task` and, if asked for, the rendered ones."""
    kept = CACHE / task / "records.jsonl"
    if not kept.is_file():
        write_records(kept, _real(task))
    records = read_records(kept)
    if not rendered:
        return records
    return [*records, *rendered_records(task), *(plain_records() if task == "fire" else [])]


def _real(task: str) -> list[Record]:
    folder = shared()
    if task == "fire":
        return fire_records(folder / "data")
    # Teachers and torch are needed only when labels are completed, not where prepared pictures are read.
    from models.data.teachers import CocoTeacher, CrossroadTeacher  # noqa: PLC0415
    from models.export import export_onnx  # noqa: PLC0415
    from models.start import coco_start  # noqa: PLC0415

    start = CACHE / "coco_start.onnx"
    if not start.is_file():
        export_onnx(coco_start(folder / "weights" / "yolov8n_coco.safetensors", ROAD_CLASSES), start)
    omz = folder / "weights" / "omz" / "person-vehicle-bike-detection-crossroad-0078.xml"
    return road_records(folder / "data", CocoTeacher(start, TEACHER_THREADS), CrossroadTeacher(omz, TEACHER_THREADS))


if __name__ == "__main__":
    prepared(sys.argv[1], rendered=True)
