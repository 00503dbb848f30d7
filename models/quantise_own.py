"""An 8-bit copy of a detector beside it, its card, and what it loses: ``qyran models quantise CARD.json``.

Half of the pictures calibrate; on the other half the boxes of the original stand as truth for the copy, so that the
loss is known without any label.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from models.card import DetectorCard, file_sha256, load_detector_card
from models.data.places import shared
from models.data.records import Record, array, pictures
from models.look import as_rows, look_with, read
from models.quantise import quantise
from models.spec import spec_of
from models.timing import time_pictures
from qyran.errors import ConfigError, InputError, QyranError
from vision.classes import FIRE_CLASSES, PLATE_CLASSES
from vision.detector import Detector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.look import Found

MOST_PICTURES: Final = 128
FLOOR: Final = 0.02
"""Calibrated score from which boxes of the copy are compared."""
FOLDERS: Final = {FIRE_CLASSES: "fire/train/images", PLATE_CLASSES: "plates_ro/images"}
"""Pictures that go with a model unless others are named; all other models get those of the roads."""


def quantise_card(path: Path, out: Path, folder: Path) -> dict[str, Any]:
    """Write ``<name>_int8.onnx`` and its card to `out`; returns what was lost.

    Raises:
        ConfigError: the card cannot be used, or is of 8 bits already.
        InputError: there are too few pictures.
    """
    card = load_detector_card(path)
    if card.precision != "fp32":
        raise ConfigError(f"The model {card.name} is in 8 bits already; give the card of its 32-bit form.")
    files = [str(file) for file in pictures(folder)] if folder.is_dir() else []
    if len(files) < 4:
        raise InputError(f"The folder {folder} holds {len(files)} pictures; name one with more by --pictures.")
    chosen = [files[index] for index in np.unique(np.linspace(0, len(files) - 1, MOST_PICTURES).astype(int))]
    out.mkdir(parents=True, exist_ok=True)
    with contextlib.redirect_stdout(sys.stderr):  # the quantiser talks while it works
        weights = quantise(
            card.path, out / f"{card.name}_int8.onnx", chosen[::2], card.long_side, pixels=card.pixels
        )  # fmt: skip
    lost = compare(card, weights, chosen[1::2])
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw |= {
        "name": f"{card.name}_int8", "file": weights.name, "sha256": file_sha256(weights), "precision": "int8-qdq",
        "metrics": {"against_fp32": lost}, "made_by": f"{card.made_by}; qyran models quantise {path.name}".strip("; "),
    }  # fmt: skip
    target = out / f"{card.name}_int8.json"
    target.write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    load_detector_card(target)
    return {"card": str(target), "bytes": weights.stat().st_size, "bytes_before": card.path.stat().st_size, **lost}


def compare(card: DetectorCard, weights: Path, files: Sequence[str]) -> dict[str, Any]:
    """How far the copy agrees with the original: AP50 with the original's boxes as truth, and both times."""
    exact, small = Detector(spec_of(card)), Detector(replace(spec_of(card), weights=weights))
    records = []
    for file in files:
        picture = read(file)
        boxes = as_rows(exact.detect(picture, min_score=0.5))[:, :5]
        records.append(Record(file, "", "val", picture.shape[1], picture.shape[0], boxes, array([])))
    found = look_with(lambda picture: as_rows(small.detect(picture, min_score=FLOOR)), records)
    return {
        "boxes": sum(len(record.boxes) for record in records),
        "pictures": len(records),
        **_agreement(found, len(card.finds)),
        "ms_before": time_pictures(exact.detect, files)["ms"],
        "ms": time_pictures(small.detect, files)["ms"],
    }


def _agreement(found: Found, classes: int) -> dict[str, Any]:
    lines = [line for line in map(found.curve, range(classes)) if line.truths]
    if not lines:
        return {"ap50": None, "found_again": None, "new": None}
    at = [line.at(0.5) for line in lines]
    truths = sum(line.truths for line in lines)
    said = sum(int(np.count_nonzero(line.score >= 0.5)) for line in lines)
    again = sum(recall * line.truths for (_, recall), line in zip(at, lines, strict=True))
    return {
        "ap50": round(float(np.average([line.ap for line in lines], weights=[line.truths for line in lines])), 4),
        "found_again": round(again / truths, 4),
        "new": round((said - again) / max(said, 1), 4),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="qyran models quantise", description=__doc__)
    parser.add_argument("card", type=Path)
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: beside the card")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="default: training pictures of the data folder")
    options = parser.parse_args(arguments)
    try:
        folder = options.pictures or shared() / "data" / _folder(options.card)
        lost = quantise_card(options.card, options.out or options.card.parent, folder)
    except QyranError as error:
        sys.stderr.write(f"qyran: {error}\n")
        return 2
    sys.stdout.write(json.dumps(lost, indent=1, ensure_ascii=False) + "\n")
    return 0


def _folder(card: Path) -> str:
    finds = load_detector_card(card).finds
    return next((folder for classes, folder in FOLDERS.items() if set(finds) & set(classes)), "road/train/images")


if __name__ == "__main__":
    raise SystemExit(main())
