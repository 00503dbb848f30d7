"""How much stays to be seen after masking, on labelled real pictures: ``python -m service.evidence_mask_bench``.

Prints JSON. Persons are those of the held-out road pictures (`models/labels/road/*_val.jsonl`), plates those of
photographs that no detector was trained on (`plates_kz`, `plates_ru`, the European part of `plates`). No vehicle is
taken for the subject: every plate has to be hidden.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from evidence.masks import Box, hidden
from models.data.labels import LABELS, read_labels
from models.data.places import shared
from models.look import read
from models.score_plates_found import SETS, labelled
from service.detectors import SHIPPED
from service.evidence_copies import eyes
from vision.classes import PERSON

if TYPE_CHECKING:
    from pathlib import Path

    from evidence.masker import Masker

HIDDEN: Final = 0.9
"""A head or a plate of which less is masked counts as visible."""
HEAD: Final = (0.2, 0.25)
"""Where a person's face is: without so much of the width on each side, and so much of the height from the top."""
PERSON_SIZES: Final = (0, 40, 80)
"""Heights of persons, pixels, from which they are counted."""
PLATE_SIZES: Final = (0, 28, 60)
"""Widths of plates, pixels; our reader reads none narrower than 28."""


@dataclass(slots=True)
class _Count:
    shares: list[tuple[float, float]] = field(default_factory=list)

    def figures(self, sizes: tuple[int, ...]) -> dict[str, dict[str, float | int]]:
        found: dict[str, dict[str, float | int]] = {}
        for least in sizes:
            held = [share for size, share in self.shares if size >= least]
            seen = sum(share < HIDDEN for share in held)
            found[f"from_{least}_px"] = {
                "n": len(held), "visible": seen, "share": round(seen / len(held), 4) if held else 0.0,
            }  # fmt: skip
        return found


def measure(data: Path, masker: Masker) -> dict[str, Any]:
    """The figures.

    Args:
        data: the folder of the data sets.
        masker: finds what to mask.

    Raises:
        MediaError: a picture cannot be read.
    """
    counts: dict[str, _Count] = defaultdict(_Count)
    areas: dict[str, list[float]] = defaultdict(list)
    began = time.perf_counter()
    pictures = 0
    for file, heads, plates in _labelled(data):
        picture = read(str(file))
        height, width = picture.shape[:2]
        masks = masker.look(picture).rectangles
        pictures += 1
        for size, box in heads:
            counts["persons"].shares.append((size, hidden(box, masks, (width, height))))
        for size, box in plates:
            counts["plates"].shares.append((size, hidden(box, masks, (width, height))))
        areas["photographs" if plates else "road"].append(_area(masks, width, height))
    return {
        "pictures": pictures,
        "persons": counts["persons"].figures(PERSON_SIZES),
        "plates": counts["plates"].figures(PLATE_SIZES),
        "masked_area": {name: round(float(np.mean(held)), 3) for name, held in areas.items()},
        "seconds_per_picture": round((time.perf_counter() - began) / max(1, pictures), 3),
    }


Sized = list[tuple[float, Box]]


def _labelled(data: Path) -> list[tuple[Path, Sized, Sized]]:
    """Each picture with the heads and plates in it, and the size they are told by."""
    found: list[tuple[Path, Sized, Sized]] = []
    for path in sorted((LABELS / "road").glob("*_val.jsonl")):
        for name, (boxes, _) in read_labels(path).items():
            people = [tuple(float(value) for value in row[1:]) for row in boxes if int(row[0]) == PERSON]
            if people:
                found.append((data / name, [(y2 - y1, _face(x1, y1, x2, y2)) for x1, y1, x2, y2 in people], []))
    for kind in SETS:
        for file, rows in labelled(data, kind).items():
            plates: Sized = [(float(x2 - x1), (float(x1), float(y1), float(x2), float(y2))) for x1, y1, x2, y2 in rows]
            found.append((file, [], plates))
    return found


def _face(x1: float, y1: float, x2: float, y2: float) -> Box:
    side = HEAD[0] * (x2 - x1)
    return x1 + side, y1, x2 - side, y1 + HEAD[1] * (y2 - y1)


def _area(masks: tuple[tuple[int, int, int, int], ...], width: int, height: int) -> float:
    covered = np.zeros((height, width), np.bool_)
    for left, top, right, bottom in masks:
        covered[top:bottom, left:right] = True
    return float(covered.mean())


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(shared() / "data", eyes(SHIPPED)[0]), indent=2) + "\n")
