"""What a city could download, measured on the same pictures and the same machine as our own.

``.venv-train/bin/python -m models.yardsticks --data DIR --out FILE`` measures them where OpenVINO is installed; the
command `qyran models evaluate` calls it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from models.coco import COCO_CLASSES
from models.data.held_out import held_out
from models.data.places import CACHE
from models.look import FLOOR, NMS_IOU, as_rows, look_with, raw_detector
from models.omz import LABELS, OmzDetector
from models.score_road import ap_figures
from models.timing import machine, time_pictures
from vision.classes import ROAD_CLASSES
from vision.detector import Detector, DetectorSpec
from vision.outputs import OUTPUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from models.data.records import Record

    See = Callable[[NDArray[np.uint8]], NDArray[np.float32]]

COCO_SIDES: Final = (640, 960)
"""Long sides of the input at which the COCO start is measured, pixels."""
YOLOX: Final = "yolox_nano_416.onnx"
SEEN: Final = ("AP50 any vehicle", "AP50 two-wheeler", "AP50 person")
"""Figures of a yardstick that tells no vehicle from another."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """A detector to compare with.

    Attributes:
        name: with its input.
        engine: what runs it.
        see: rows of class, box and score for a picture.
        fastest: the same in the fastest precision that the engine has, for timing alone.
        coarse: whether it tells no vehicle from another.
    """

    name: str
    engine: str
    see: See
    fastest: See
    coarse: bool = False


def yardsticks(weights: Path, threads: int) -> Iterator[Yardstick]:
    """Those that can run here, from the folder of starting points and yardsticks."""
    start = CACHE / "coco_start.onnx"
    if start.is_file():
        for side in COCO_SIDES:
            detector = raw_detector(start, ROAD_CLASSES, side, threads)
            yield _onnx(f"YOLOv8n COCO, {side}", detector)
    if (weights / YOLOX).is_file():
        yield _onnx("YOLOX-nano COCO, 416", _yolox(weights / YOLOX, threads))
    if importlib.util.find_spec("openvino") is None:
        return
    for name in LABELS:
        model = weights / "omz" / f"{name}.xml"
        if model.is_file():
            exact = OmzDetector(model, threads, floor=FLOOR)
            yield Yardstick(
                name, "OpenVINO", exact, OmzDetector(model, threads, floor=0.1, precision=None), coarse=True
            )


def measured(data: Path, weights: Path, threads: int) -> list[dict[str, Any]]:
    """Figures of each yardstick on the held-out road pictures."""
    records = held_out("road", data)
    return [_measured(stick, records) for stick in yardsticks(weights, threads)]


def _measured(stick: Yardstick, records: Sequence[Record]) -> dict[str, Any]:
    figures = ap_figures(look_with(stick.see, records), {})
    files = [record.file for record in records]
    time = time_pictures(stick.see, files)
    fastest = time if stick.fastest is stick.see else time_pictures(stick.fastest, files)
    return {
        "name": stick.name,
        "engine": stick.engine,
        "figures": [row for row in figures if not stick.coarse or row["name"] in SEEN],
        "time": {**time, "fastest_ms": fastest["ms"]},
        "machine": machine(),
    }


def _onnx(name: str, detector: Detector) -> Yardstick:
    def see(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        return as_rows(detector.detect(picture, min_score=FLOOR))

    return Yardstick(name, "ONNX Runtime", see, see)


def _yolox(weights: Path, threads: int) -> Detector:
    spec = DetectorSpec(
        weights=weights, classes=ROAD_CLASSES, long_side=416, stride=32, thresholds=(0.5,) * len(ROAD_CLASSES),
        nms_iou=NMS_IOU, sha256="", output="yolox", pixels=OUTPUTS["yolox"].pixels,
        channels=tuple(ROAD_CLASSES.index(name) if name in ROAD_CLASSES else -1 for name in COCO_CLASSES),
    )  # fmt: skip
    return Detector(spec, threads=threads)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m models.yardsticks", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    rows = measured(options.data, options.weights, options.threads)
    options.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
