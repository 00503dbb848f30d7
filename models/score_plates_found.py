"""Plates found in photographs that no training and no choice ever saw."""

from __future__ import annotations

import csv
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from models.ap import iou
from models.card import WEIGHTS, load_detector_card
from models.look import read
from models.spec import spec_of
from vision.detector import Detector

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SETS: Final = {"plates_eu": ("plates", "eu_"), "plates_kz": ("plates_kz", "kz_"), "plates_ru": ("plates_ru", "ru_")}
"""Name of each set of photographs, its folder and the beginning of its files."""
LEAST_PX: Final = 60.0
"""Narrower plates are not counted, pixels."""
OVERLAP: Final = 0.5
GOAL: Final = 0.97


def labelled(data: Path, name: str) -> dict[Path, NDArray[np.float32]]:
    """Photographs of a set with their labelled boxes, float32 [n, 4], x1 y1 x2 y2 pixels."""
    folder, beginning = SETS[name]
    boxes: dict[Path, list[list[float]]] = defaultdict(list)
    with (data / folder / "labels.csv").open(encoding="utf-8") as stream:
        for row in csv.reader(stream):
            if row[0].startswith(beginning):
                x, y, w, h = (float(value) for value in row[1:5])
                boxes[data / folder / row[0]].append([x, y, x + w, y + h])
    return {file: np.array(rows, np.float32) for file, rows in boxes.items()}


def found_figures(data: Path, weights: Path | None = None, threads: int = 1) -> list[dict[str, Any]]:
    """The share of labelled plates found at the shipped threshold, by set and in all, and how many boxes were others.

    Args:
        data: the folder of the data sets.
        weights: card of the finder, by default the shipped one.
        threads: of the processor.

    Raises:
        MediaError: a photograph cannot be read.
    """
    detector = Detector(spec_of(load_detector_card(weights or WEIGHTS / "plates.json")), threads=threads)
    figures: list[dict[str, Any]] = []
    totals = np.zeros(2, int)
    for name in SETS:
        hits = counted = surplus = boxes = 0
        for file, truth in labelled(data, name).items():
            seen = detector.detect(read(str(file)), min_score=0.5)
            overlap = iou(truth, seen.box)
            large = truth[:, 2] - truth[:, 0] >= LEAST_PX
            hits += int((overlap.max(axis=1, initial=0.0)[large] >= OVERLAP).sum())
            counted += int(large.sum())
            boxes += len(seen)
            surplus += int((overlap.max(axis=0, initial=0.0) < OVERLAP).sum())
        totals += (hits, counted)
        figures.append(_figure(f"{name} found at IoU 0.5", hits, counted, GOAL if name == "plates_kz" else None))
        figures.append(_figure(f"{name} boxes that are the labelled plate", boxes - surplus, boxes, None))
    figures.append(_figure("EU, KZ and RU photographs found at IoU 0.5", int(totals[0]), int(totals[1]), GOAL))
    return figures


def _figure(name: str, part: int, n: int, goal: float | None) -> dict[str, Any]:
    return {"name": name, "value": round(part / max(n, 1), 4), "n": n, "goal": goal, "at_most": False}
