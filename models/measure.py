"""All figures of a detector on labelled pictures, in the shape that every model's score has.

A score is JSON: ``figures`` (name, value, number of objects, goal, whether the goal is a ceiling), ``tables``,
``curves``, ``confusion``, ``mistakes`` and ``time``; `models.report` draws whatever of it is there. AP is the area
under the precision envelope with every recall step; AP50-95 is its mean over the overlaps 0.50, 0.55 ... 0.95.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from models.ap import AREAS, curve, curves
from models.confusion import as_json, confusion
from vision.classes import BICYCLE, BUS, CAR, FIRE_CLASSES, MOTORCYCLE, ROAD_CLASSES, TRUCK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from models.ap import Curve
    from models.look import Found

STRICTER: Final = tuple(np.arange(0.5, 1.0, 0.05).round(2).tolist())
"""Overlaps over which AP50-95 is taken."""
GROUPS: Final[Mapping[tuple[str, ...], Mapping[str, tuple[int, ...]]]] = {
    ROAD_CLASSES: {"any vehicle": (CAR, BUS, TRUCK), "two-wheeler": (BICYCLE, MOTORCYCLE)},
    FIRE_CLASSES: {},
}
"""Classes counted as one: a detection of any on a box of any is a hit."""
POINTS: Final = 120
"""Points of a drawn curve."""


def figure(name: str, value: float | None, n: int, goal: float | None, *, at_most: bool = False) -> dict[str, Any]:
    """One figure of a score; a value that is NaN is none."""
    value = None if value is None or np.isnan(value) else round(float(value), 4)
    return {"name": name, "value": value, "n": n, "goal": goal, "at_most": at_most}


def rounded(value: float, digits: int = 3) -> float | None:
    """A number for a table, None for NaN."""
    return None if np.isnan(value) else round(float(value), digits)


def lines(found: Found, classes: tuple[str, ...]) -> dict[str, Curve]:
    """Precision and recall at an overlap of 0.5 by class and by group of classes."""
    out = {name: found.curve(index) for index, name in enumerate(classes)}
    for name, members in GROUPS.get(classes, {}).items():
        out[name] = found.as_one_class(members, members[0]).curve(members[0])
    return out


def measure(found: Found, classes: tuple[str, ...], thresholds: Sequence[float]) -> dict[str, Any]:
    """Tables, curves, confusion and worst mistakes of raw-score detections.

    Args:
        found: detections on the pictures.
        classes: names by class number.
        thresholds: raw score of each class from which a detection counts.
    """
    by_class = lines(found, classes)
    mixed = confusion(found, classes, thresholds)
    return {
        "pictures": len(found.records),
        "tables": [
            _class_table(found, classes, thresholds, by_class),
            _size_table(found, classes),
            _source_table(found, classes),
        ],
        "curves": [
            {
                "title": "Precision and recall at an overlap of 0.5",
                "x": "recall",
                "y": "precision",
                "lines": {f"{name} ({line.truths})": _points(line) for name, line in by_class.items() if line.truths},
            }
        ],
        "confusion": as_json(mixed, classes),
        "mistakes": [
            {"kind": m.kind, "file": m.file, "box": list(m.box), "text": m.text} for m in mixed.worst()
        ],
    }  # fmt: skip


def _class_table(
    found: Found, classes: tuple[str, ...], thresholds: Sequence[float], by_class: Mapping[str, Curve]
) -> dict[str, Any]:
    rows: list[list[Any]] = []
    for name, line in by_class.items():
        if name in classes:
            index = classes.index(name)
            precision, recall = line.at(thresholds[index])
            at: list[Any] = [rounded(thresholds[index]), rounded(precision), rounded(recall)]
            part, class_id = found, index
        else:
            members = GROUPS[classes][name]
            part, class_id, at = found.as_one_class(members, members[0]), members[0], [None, None, None]
        strict = curves(part.boxes, *part.truth, class_id, STRICTER)
        mean = float(np.mean([each.ap for each in strict])) if line.truths else float("nan")
        rows.append([name, line.truths, rounded(line.ap), rounded(mean), *at])
    head = ["class", "objects", "AP50", "AP50-95", "threshold", "precision", "recall"]
    return {"title": "By class", "head": head, "rows": rows}


def _size_table(found: Found, classes: tuple[str, ...]) -> dict[str, Any]:
    parts = [(name, found, index) for index, name in enumerate(classes)]
    parts += [
        (name, found.as_one_class(members, members[0]), members[0])
        for name, members in GROUPS.get(classes, {}).items()
    ]  # fmt: skip
    rows = []
    for name, part, class_id in parts:
        row: list[Any] = [name]
        for area in AREAS.values():
            line = curve(part.boxes, *part.truth, class_id, area=area)
            row += [line.truths, rounded(line.ap)]
        rows.append(row)
    head = ["class", *(word for size in AREAS for word in (f"{size}: objects", "AP50"))]
    title = "By size, as COCO divides it: small below 32 x 32 px of the picture, large from 96 x 96 px"
    return {"title": title, "head": head, "rows": rows}


def _source_table(found: Found, classes: tuple[str, ...]) -> dict[str, Any]:
    rows = []
    for source in sorted({record.source for record in found.records}):
        part = found.where(lambda record, source=source: record.source == source)  # type: ignore[misc]
        rows += [
            [source, len(part.records), name, line.truths, rounded(line.ap)]
            for name, line in lines(part, classes).items()
            if line.truths
        ]
    return {"title": "By source", "head": ["source", "pictures", "class", "objects", "AP50"], "rows": rows}


def _points(line: Curve) -> list[list[float]]:
    """The curve's envelope as recall and precision."""
    if not len(line.hit):
        return []
    envelope = np.maximum.accumulate(line.precision[::-1])[::-1]
    chosen = np.unique(np.linspace(0, len(line.hit) - 1, POINTS).astype(int))
    return [[round(float(line.recall[i]), 4), round(float(envelope[i]), 4)] for i in chosen]
