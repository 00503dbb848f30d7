"""How often kind and colour of held-out vehicles are told right: what `qyran models evaluate attributes` reports.

The vehicles of `models/labels/attributes_val.jsonl` were judged by eye; where two names are fair both count, and where
a person cannot tell a name none is asked for. A doubt (`unknown`) where a person can tell counts as wrong in the share
that is right, and is counted beside it.
"""

from __future__ import annotations

import importlib.util
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from models.classifiers import open_classifier
from models.data.labels import LABELS
from models.measure import figure
from qyran.errors import MediaError
from vision.attributes import COLOURS, KINDS, AttributeReader, named

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Said = tuple[str | None, float]

VAL: Final = LABELS / "attributes_val.jsonl"
TIMED: Final = 100


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One held-out vehicle.

    Attributes:
        file: of the picture.
        box: x1, y1, x2, y2 in pixels.
        kinds, colours: names that are right; none where a person cannot tell.
        dark: lamp light or night hides the paint.
        crop: uint8 [H, W, 3] BGR.
    """

    file: str
    box: tuple[float, float, float, float]
    kinds: tuple[str, ...]
    colours: tuple[str, ...]
    dark: bool
    crop: Picture


def held_out(data: Path) -> list[Vehicle]:
    """The vehicles judged by eye, from the folder of the data sets.

    Raises:
        MediaError: a picture cannot be read.
    """
    vehicles = []
    for line in VAL.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        file = data / row["picture"]
        picture = cv2.imread(str(file))
        if picture is None:
            raise MediaError(f"The picture {file} is missing or no picture; restore the data set.")
        x1, y1, x2, y2 = row["box"]
        crop = np.asarray(picture[max(0, round(y1)) : round(y2), max(0, round(x1)) : round(x2)], np.uint8)
        kinds, colours = tuple(row["kind"]), tuple(row["colour"])
        vehicles.append(Vehicle(str(file), (x1, y1, x2, y2), kinds, colours, bool(row.get("dark")), crop))
    return vehicles


def score(data: Path, weights: Path | None = None, threads: int = 1) -> dict[str, Any]:
    """Shares right of kind and colour, what is said in the dark, the teacher's beside them, confusions, mistakes.

    Args:
        data: the folder of the data sets.
        weights: card of the attribute network, by default the shipped one.
        threads: of the processor.

    Raises:
        ConfigError: the card is wrong.
        MediaError: a picture cannot be read.
    """
    reader = AttributeReader(open_classifier("attributes", weights, threads=threads))
    vehicles = held_out(data)
    spent = []
    for vehicle in vehicles[:TIMED]:
        used = time.process_time()
        reader.read([vehicle.crop])
        spent.append(1000 * (time.process_time() - used))
    kinds, colours = reader.read([vehicle.crop for vehicle in vehicles])
    said_kinds = [named(row, KINDS, reader.accept) for row in kinds]
    said_colours = [named(row, COLOURS, reader.accept) for row in colours]
    counts = np.zeros((len(COLOURS), len(COLOURS)), int)
    mistakes = []
    for vehicle, (kind, sure), (colour, clear) in zip(vehicles, said_kinds, said_colours, strict=True):
        if len(vehicle.colours) == 1:
            counts[COLOURS.index(vehicle.colours[0]), COLOURS.index(colour or COLOURS[-1])] += 1
        if kind and vehicle.kinds and kind not in vehicle.kinds:
            mistakes.append(_mistake("wrong kind", vehicle, f"{' or '.join(vehicle.kinds)} called {kind}", sure))
        if colour and vehicle.colours and colour not in vehicle.colours:
            mistakes.append(_mistake("wrong colour", vehicle, f"{' or '.join(vehicle.colours)} called {colour}", clear))
    return {
        "figures": figures_of(vehicles, said_kinds, said_colours),
        "tables": _teacher_table(data, vehicles),
        "confusion": {"classes": list(COLOURS), "counts": counts.tolist()},
        "mistakes": mistakes,
        "time": {"ms": round(float(np.median(spent)), 3), "pictures": len(spent)},
    }


def figures_of(vehicles: Sequence[Vehicle], kinds: Sequence[Said], colours: Sequence[Said]) -> list[dict[str, Any]]:
    """The figures for what was said of each vehicle."""
    by_kind = _counts([(vehicle.kinds, name) for vehicle, (name, _) in zip(vehicles, kinds, strict=True)])
    by_colour = _counts([(vehicle.colours, name) for vehicle, (name, _) in zip(vehicles, colours, strict=True)])
    dark = [name for vehicle, (name, _) in zip(vehicles, colours, strict=True) if vehicle.dark]
    claimed = sum(name is not None for name in dark)
    figures = []
    for what, (right, doubted, n) in (("kind", by_kind), ("colour", by_colour)):
        figures += [
            figure(f"{what} right", right / n, n, None),
            figure(f"{what} right of those said", right / max(1, n - doubted), n - doubted, None),
        ]
    return [*figures, figure("colour said in the dark", claimed / max(1, len(dark)), len(dark), None, at_most=True)]


def _counts(pairs: Sequence[tuple[tuple[str, ...], str | None]]) -> tuple[int, int, int]:
    """How many are right, left in doubt, and judged at all."""
    judged = [(right, said) for right, said in pairs if right]
    return sum(said in right for right, said in judged), sum(said is None for _, said in judged), len(judged)


def _mistake(kind: str, vehicle: Vehicle, text: str, weight: float) -> dict[str, Any]:
    return {"kind": kind, "file": vehicle.file, "box": list(vehicle.box), "text": f"{text}, {weight:.2f}",
            "weight": weight}  # fmt: skip


def _teacher_table(data: Path, vehicles: Sequence[Vehicle]) -> list[dict[str, Any]]:
    """The teacher's figures on the same crops, where it and OpenVINO are at hand."""
    if importlib.util.find_spec("openvino") is None:
        return []
    from models.attributes.teacher import TEACHER, Teacher  # noqa: PLC0415  (OpenVINO is an extra)

    if not (weights := data.parent / TEACHER).is_file():
        return []
    teacher = Teacher(weights)
    said = [teacher.say(vehicle.crop) for vehicle in vehicles]
    kinds = [named(kind, KINDS, 0.0) for kind, _ in said]
    colours = [named(colour, COLOURS, 0.0) for _, colour in said]
    rows = [[row["name"], row["value"], row["n"]] for row in figures_of(vehicles, kinds, colours)]
    return [{"title": "The teacher on the same crops", "head": ["figure", "value", "vehicles"], "rows": rows}]
