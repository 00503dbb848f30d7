"""Plates read: photographs that no training ever saw, and rendered Kazakhstan plates, clean and hard.

``python -m models.score_plates`` writes the figures as JSON.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from models.ap import iou
from models.card import WEIGHTS, load_detector_card
from models.plates.open_reader import open_reader
from models.plates.rendered_test import rendered
from models.score_plates_found import OVERLAP, found_figures
from models.spec import spec_of
from qyran.errors import ConfigError, MediaError
from vision.detector import Detector

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from vision.plate_reader import PlateReader, Reading

PHOTOGRAPHS: Final = {
    "plates_kz": ("plates_kz", "kz_", 0.92),
    "plates_eu": ("plates", "eu_", 0.88),
    "plates_ru": ("plates_ru", "ru_", 0.85),
}
"""Sets of photographs: folder, beginning of the file names, and the goal for reading them exactly."""

RENDERED: Final = {"clean": 0.995, "hard": 0.95}
"""Sets of rendered Kazakhstan plates and the goals for reading them exactly."""

RENDERED_N: Final = 2000
"""Rendered plates of each set."""

BOX_SHAKE: Final = 0.03
"""Rendered plates are given to the reader in boxes whose sides are off by this much (standard deviation, share of the
side), as a finder's are."""

WRONG_GOAL: Final = 0.001
"""Of the readings above the accept threshold at most this share may be wrong."""


def score(data: Path, weights: Path | None = None, threads: int = 1) -> dict[str, Any]:
    """Figures of plates found and read.

    Args:
        data: the folder of the data sets.
        weights: card of the reader, by default the shipped one.
        threads: of the engine.

    Returns:
        ``figures`` as a list of name, value, n, goal and at_most; ``misread`` with every photograph read wrongly.
    """
    reader = open_reader(weights, threads=threads)
    figures, misread = read_figures(reader, data)
    return {"figures": [*_found(reader, data, threads), *figures], "misread": misread}


def read_figures(
    reader: PlateReader, data: Path, n: int = RENDERED_N
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """How much is read exactly, of photographs in their labelled boxes and of rendered plates, and how scores hold.

    Args:
        reader: the reader.
        data: the folder of the data sets; sets that are not there are left out.
        n: rendered plates of each set.
    """
    figures: list[dict[str, Any]] = []
    misread: list[dict[str, Any]] = []
    judged: list[tuple[float, bool]] = []
    for name, (folder, beginning, goal) in PHOTOGRAPHS.items():
        if not (data / folder / "labels.csv").is_file():
            continue
        right = []
        for file, truths in labelled(data / folder, beginning).items():
            picture = cv2.imread(str(file))
            if picture is None:
                raise MediaError(f"The picture {file} cannot be read; fetch the data again.")
            boxes = np.array([box for box, _ in truths], np.float32)
            for reading, (_, text) in zip(reader.read(np.asarray(picture, np.uint8), boxes), truths, strict=True):
                right.append(reading.text == text)
                judged.append((reading.score, reading.text == text))
                if reading.text != text:
                    misread.append(
                        {"file": file.name, "text": text, "read": reading.text, "score": round(reading.score, 4)}
                    )
        figures.append(_figure(f"{name} read exactly in the labelled box", right, goal))
    for kind, goal in RENDERED.items():
        results = rendered_readings(reader, kind, n)
        figures.append(
            _figure(f"rendered Kazakhstan plates, {kind}, read exactly", [right for _, right in results], goal)
        )
        accepted = [not right for reading, right in results if reading.score >= reader.calibration.accept]
        figures.append(
            _figure(
                f"rendered Kazakhstan plates, {kind}, accepted",
                [r.score >= reader.calibration.accept for r, _ in results],
                None,
            )
        )
        figures.append(
            _figure(f"rendered Kazakhstan plates, {kind}, wrong among the accepted", accepted, WRONG_GOAL, at_most=True)
        )
    wrong = [not right for value, right in judged if value >= reader.calibration.accept]
    figures.append(_figure("photographs, wrong among the accepted", wrong, None, at_most=True))
    return figures, misread


def end_to_end_figures(
    reader: PlateReader, data: Path, finder: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
) -> list[dict[str, Any]]:
    """Share of the photographs' plates that are found and read exactly in the box that was found.

    Args:
        reader: the reader.
        data: the folder of the data sets; sets that are not there are left out.
        finder: boxes [n, 4] of plates in a BGR picture, x1 y1 x2 y2 px.
    """
    figures = []
    for name, (folder, beginning, goal) in PHOTOGRAPHS.items():
        if not (data / folder / "labels.csv").is_file():
            continue
        right = []
        for file, truths in labelled(data / folder, beginning).items():
            picture = np.asarray(cv2.imread(str(file)), np.uint8)
            boxes = finder(picture)
            texts = [reading.text for reading in reader.read(picture, boxes)]
            overlap = iou(np.array([box for box, _ in truths], np.float32), boxes)
            for (_, text), row in zip(truths, overlap, strict=True):
                best = int(row.argmax()) if len(boxes) else -1
                right.append(best >= 0 and bool(row[best] >= OVERLAP) and texts[best] == text)
        figures.append(_figure(f"{name} found and read exactly", right, goal))
    return figures


def rendered_readings(reader: PlateReader, kind: str, n: int, *, test: bool = True) -> list[tuple[Reading, bool]]:
    """Readings of rendered plates in shaken boxes, and whether each is exactly right."""
    out = []
    for i, seen in enumerate(rendered(kind, n, test=test)):
        rng = np.random.default_rng([77, test, i])
        low, high = seen.corners.min(0), seen.corners.max(0)
        sides = rng.normal(0, BOX_SHAKE, 4) * np.tile(high - low, 2)
        box = np.concatenate([low, high]) + sides
        (reading,) = reader.read(seen.picture, box[None].astype(np.float32))
        out.append((reading, reading.text == seen.text))
    return out


def labelled(folder: Path, beginning: str) -> dict[Path, list[tuple[tuple[float, float, float, float], str]]]:
    """Photographs with the boxes (x1, y1, x2, y2, px) and texts of their plates.

    Raises:
        ConfigError: there is no such photograph.
    """
    out: dict[Path, list[tuple[tuple[float, float, float, float], str]]] = defaultdict(list)
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.reader(stream):
            if row[0].startswith(beginning):
                x, y, w, h = (float(value) for value in row[1:5])
                out[folder / row[0]].append(((x, y, x + w, y + h), row[5]))
    if not out:
        raise ConfigError(f"The set {folder} has no pictures that begin with {beginning}; fetch the data again.")
    return dict(out)


def _found(reader: PlateReader, data: Path, threads: int) -> list[dict[str, Any]]:
    """Figures of the finder, and of finder and reader together."""
    detector = Detector(spec_of(load_detector_card(WEIGHTS / "plates.json")), threads=threads)

    def finder(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(detector.detect(picture, min_score=0.5).box, np.float32)

    return [*found_figures(data, threads=threads), *end_to_end_figures(reader, data, finder)]


def _figure(name: str, hits: Sequence[bool], goal: float | None, *, at_most: bool = False) -> dict[str, Any]:
    value = round(float(np.mean(hits)), 4) if hits else None
    return {"name": name, "value": value, "n": len(hits), "goal": goal, "at_most": at_most}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, default=None, help="card of the reader")
    parser.add_argument("--reading-only", action="store_true", help="leave out the finder")
    parser.add_argument("--n", type=int, default=RENDERED_N, help="rendered plates of each set")
    options = parser.parse_args()
    reader = open_reader(options.weights)
    figures, misread = read_figures(reader, options.data, options.n)
    found = [] if options.reading_only else _found(reader, options.data, 1)
    json.dump({"figures": [*found, *figures], "misread": misread}, sys.stdout, indent=1)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
