"""Measure a shipped detector: ``python -m models.evaluate road`` or ``fire``.

Runs in the serving environment (ONNX Runtime, no torch) on the validation pictures that
``.venv-train/bin/python -m models.data.prepare`` made ready, through the product's own detector. ``--write`` puts
thresholds and figures into the card beside the weights.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnxruntime

from models.card import WEIGHTS, load_detector_card
from models.data.places import CACHE
from models.data.records import read_records
from models.look import Found, look, raw_detector
from qyran.errors import ConfigError
from vision.classes import CAR, FIRE_CLASSES, ROAD_CLASSES, VEHICLE_IDS

if TYPE_CHECKING:
    from collections.abc import Sequence

TASKS: Final = {"road": ROAD_CLASSES, "fire": FIRE_CLASSES}
TIMED_SIZES: Final = ((640, 384), (416, 256))
"""Width and height of the inputs that are timed."""

TIMED_RUNS: Final = 20
ENOUGH_BOXES: Final = 30
"""Validation boxes from which a class's best threshold means something."""

FEW: Final = {"bicycle": 0.07, "motorcycle": 0.3, "bus": 0.3}
"""Thresholds of the classes that lack boxes, set by eye on clips that are no part of the figures: a bicycle scores
low, as few were there to learn from, and must not lose against the motorcycle it resembles."""

ALARMS_PER_100: Final = 0.5
"""False alarms that the thresholds for fire may give on a hundred validation pictures without fire."""


def summary(task: str, found: Found, thresholds: dict[str, float]) -> dict[str, Any]:
    """All figures of a set of detections; raw-score thresholds by class name."""
    classes = TASKS[task]
    val = found.where(lambda record: record.split == "val")
    per_class: dict[str, Any] = {}
    for index, name in enumerate(classes):
        line = val.curve(index)
        precision, recall = line.at(thresholds[name])
        per_class[name] = {
            "ap50": _round(line.ap), "boxes": line.truths,
            "precision": _round(precision), "recall": _round(recall),
        }  # fmt: skip
    out: dict[str, Any] = {"per_class": per_class, "per_source": {}}
    with_boxes = [entry["ap50"] for entry in per_class.values() if entry["ap50"] is not None]
    out["map50"] = _round(float(np.mean(with_boxes))) if with_boxes else None
    counts = [entry["boxes"] for entry in per_class.values() if entry["ap50"] is not None]
    out["ap50_by_boxes"] = _round(float(np.average(with_boxes, weights=counts))) if with_boxes else None
    for source in sorted({record.source for record in val.records}):
        part = val.where(lambda record, source=source: record.source == source)  # type: ignore[misc]
        rows = {}
        for index, name in enumerate(classes):
            line = part.curve(index)
            if line.truths:
                rows[name] = {"ap50": _round(line.ap), "boxes": line.truths}
        if task == "road":
            one = part.as_one_class(sorted(VEHICLE_IDS), CAR).curve(CAR)
            rows["any vehicle"] = {"ap50": _round(one.ap), "boxes": one.truths}
        if rows:
            out["per_source"][source] = {"pictures": len(part.records), **rows}
    if task == "fire":
        out["false_alarms_per_100"] = _false_alarms(found, classes, thresholds)
    return out


def _false_alarms(found: Found, classes: Sequence[str], thresholds: dict[str, float]) -> dict[str, Any]:
    """Share of pictures without fire and smoke in which something is reported, in percent, by source."""
    level = np.array([thresholds[name] for name in classes])
    out: dict[str, Any] = {}
    quiet = found.where(lambda record: record.split != "train" and not len(record.boxes) and not len(record.ignore))
    for source in sorted({record.source for record in quiet.records}):
        part = quiet.where(lambda record, source=source: record.source == source)  # type: ignore[misc]
        alarms = sum(bool((rows[:, 5] >= level[rows[:, 0].astype(int)]).any()) for rows in part.boxes)
        out[source] = {"pictures": len(part.records), "alarms_per_100": _round(100 * alarms / len(part.records), 1)}
    return out


def best_thresholds(task: str, found: Found) -> dict[str, float]:
    """Raw score of each class with the best F1 on the validation pictures, kept within 0.1 to 0.8.

    A class with too few boxes there takes its threshold from `FEW`. The thresholds for fire rise to the lowest score
    at which the validation pictures without fire give no more than `ALARMS_PER_100`.
    """
    val = found.where(lambda record: record.split == "val")
    least = quiet_threshold(val) if task == "fire" else 0.1
    out = {}
    for index, name in enumerate(TASKS[task]):
        line = val.curve(index)
        best = float(np.clip(line.best_f()[0], least, 0.8))
        out[name] = FEW[name] if line.truths < ENOUGH_BOXES else round(best, 3)
    return out


def quiet_threshold(val: Found) -> float:
    """Lowest score, in hundredths, at which pictures without boxes give no more than `ALARMS_PER_100`."""
    quiet = val.where(lambda record: not len(record.boxes) and not len(record.ignore))
    tops = np.array([rows[:, 5].max(initial=0.0) for rows in quiet.boxes])
    for level in np.arange(0.1, 0.8, 0.01):
        if 100 * np.count_nonzero(tops >= level) <= ALARMS_PER_100 * len(tops):
            return round(float(level), 2)
    return 0.8


def milliseconds(weights: Path) -> dict[str, float]:
    """Median time of one inference, single thread, ms, by input size."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    out = {}
    for width, height in TIMED_SIZES:
        blob = np.random.default_rng(0).random((1, 3, height, width), np.float32)
        times = []
        for _ in range(TIMED_RUNS):
            began = time.perf_counter()
            session.run(None, {"images": blob})
            times.append(time.perf_counter() - began)
        out[f"{width}x{height}"] = round(1000 * float(np.median(times)), 1)
    return out


def _round(value: float, digits: int = 4) -> float | None:
    return None if np.isnan(value) else round(float(value), digits)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m models.evaluate", description=__doc__)
    parser.add_argument("task", choices=sorted(TASKS))
    parser.add_argument("--weights", type=Path, help="other ONNX weights than the shipped ones")
    parser.add_argument("--side", type=int, help="long side of the input (default: the card's)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="put thresholds and figures into the card")
    options = parser.parse_args(arguments)
    path = WEIGHTS / f"{options.task}.json"
    card = load_detector_card(path)
    kept = CACHE / options.task / "records.jsonl"
    if not kept.is_file():
        message = f"no prepared pictures in {kept}; run `.venv-train/bin/python -m models.data.prepare {options.task}`"
        raise ConfigError(message)
    records = [record for record in read_records(kept) if record.split != "train"]
    weights = options.weights or card.path
    detector = raw_detector(weights, card.classes, options.side or card.long_side, options.threads, card.nms_iou)
    found = look(detector, records)
    thresholds = best_thresholds(options.task, found)
    figures = {
        **summary(options.task, found, thresholds if options.write or options.weights else dict(card.threshold)),
        "long_side": options.side or card.long_side,
        "ms_one_thread": milliseconds(weights),
    }
    sys.stdout.write(json.dumps({"threshold": thresholds, "metrics": figures}, indent=1) + "\n")
    if options.write:
        raw = json.loads(path.read_text(encoding="utf-8"))
        raw["threshold"] = thresholds
        raw["metrics"] = {**raw["metrics"], **figures}  # the start and the other precision stay as they were
        path.write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
