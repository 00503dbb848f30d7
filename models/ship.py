"""Turn a trained network into the shipped file: ``.venv-train/bin/python -m models.ship road`` (road_small, fire).

Exports the averaged weights of the last phase, quantises them, chooses precision and thresholds on the dev pictures,
measures the result on the val pictures, which had no part in any choice, and writes the card.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from models.card import WEIGHTS, file_sha256
from models.data.held_out import held_out
from models.data.places import CACHE, shared
from models.data.prepare import prepared
from models.data.sources import SOURCES, USED_FOR
from models.export import export_onnx
from models.lean_head import lean_file
from models.look import NMS_IOU, STRIDE, look, raw_detector
from models.quantise import quantise
from models.recipes import RECIPES
from models.start import coco_start, new_network
from models.thresholds import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.data.records import Record
    from models.look import Found
    from models.recipes import Recipe
    from models.torch_shim import DetectionModel

log = logging.getLogger("models.ship")

MOST_LOSS: Final = 0.005
"""AP50 on the dev pictures, weighted by boxes, that the 8-bit file may lose; its speed buys more than that."""

CALIBRATION: Final = 64
"""Training pictures shown to the quantiser."""

DRAWN: Final = frozenset({"rendered", "plain", "look_alikes", "pasted_fire", "rendered_plates"})
"""Sources that are no photographs."""

VERSION: Final = "2.1"


def trained_network(recipe: Recipe, phase: int) -> DetectionModel:
    """The averaged network of a phase and those before it, mixed with the COCO start by the recipe's shares."""
    network = new_network(len(recipe.classes))
    state: dict[str, torch.Tensor] = {}
    for count, number in enumerate(range(phase - recipe.averaged + 1, phase + 1), start=1):
        kept = torch.load(CACHE / recipe.name / f"phase{number}_average.pt", weights_only=True)
        state = blend(state, kept, 1 / count) if state else kept
    if recipe.trained_share < 1.0:
        start = coco_start(shared() / "weights" / "yolov8n_coco.safetensors", recipe.classes).state_dict()
        state = blend(start, state, recipe.trained_share)
    network.load_state_dict(state)
    return network


def blend(start: dict[str, torch.Tensor], trained: dict[str, torch.Tensor], share: float) -> dict[str, torch.Tensor]:
    """Weights on the straight line from `start` (share 0) to `trained` (share 1) (WiSE-FT, arXiv 2109.01903)."""
    return {
        key: torch.lerp(value, trained[key], share) if value.dtype.is_floating_point else trained[key]
        for key, value in start.items()
    }


@dataclass(frozen=True, slots=True)
class Packed:
    """Weights under their shipped name, and why these.

    Attributes:
        file: the weights.
        precision: ``fp32`` or ``int8-qdq``.
        found: what they see on the dev pictures.
        ap: AP50 over the dev boxes by precision.
    """

    file: Path
    precision: str
    found: Found
    ap: dict[str, float]


def pack(
    recipe: Recipe, network: DetectionModel, folder: Path, records: Sequence[Record], *,
    nms_iou: float = NMS_IOU, threads: int = 1,
) -> Packed:  # fmt: skip
    """Export and quantise a network and ship the 8-bit file, unless it loses too much on the dev pictures."""
    exact = export_onnx(network, folder / "fp32.onnx")
    small = quantise(exact, folder / "int8.onnx", calibration_files(records), recipe.long_side)
    dev = [record for record in records if record.split == "dev"]
    files = {"fp32": exact, "int8-qdq": small}
    found = {
        precision: look(
            raw_detector(
                file, recipe.classes, recipe.long_side, threads, nms_iou=nms_iou, most_pixels=recipe.most_pixels
            ),
            dev,
        )
        for precision, file in files.items()
    }
    ap = {precision: round(ap_by_boxes(part, len(recipe.classes)), 4) for precision, part in found.items()}
    precision = "int8-qdq" if ap["fp32"] - ap["int8-qdq"] < MOST_LOSS else "fp32"
    log.info("AP50 over dev boxes: fp32 %.4f, 8 bits %.4f: shipping %s", ap["fp32"], ap["int8-qdq"], precision)
    target = WEIGHTS / f"{recipe.name}.onnx"
    shutil.copyfile(files[precision], target)
    lean_file(target)
    return Packed(target, precision, found[precision], ap)


def write_card(
    recipe: Recipe, packed: Packed, *, version: str, threshold: dict[str, float], data: list[dict[str, Any]],
    made_by: str, machine: str, nms_iou: float = NMS_IOU,
) -> dict[str, Any]:  # fmt: skip
    """Write the card beside packed weights; the figures in it are those of `qyran models evaluate --write`."""
    card = {
        "name": recipe.name, "version": version, "file": packed.file.name, "sha256": file_sha256(packed.file),
        "task": "detect", "classes": list(recipe.classes), "long_side": recipe.long_side,
        "most_pixels": recipe.most_pixels, "stride": STRIDE, "nms_iou": nms_iou, "threshold": threshold,
        "precision": packed.precision, "metrics": {"dev_ap50_by_boxes": packed.ap}, "data": data,
        "licence": "AGPL-3.0",
        "made_by": f"models/setup_train.sh; {made_by}; .venv/bin/qyran models evaluate {recipe.name} --write",
        "machine": machine,
    }  # fmt: skip
    text = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    packed.file.with_suffix(".json").write_text(text, encoding="utf-8")
    return card


def calibration_files(records: Sequence[Record]) -> list[str]:
    """Real training pictures, sources mixed, the same on every machine."""
    mine = [record.file for record in records if record.split == "train" and record.source not in DRAWN]
    rng = np.random.default_rng(0)
    return [mine[index] for index in rng.permutation(len(mine))[:CALIBRATION]]


def data_table(recipe: Recipe, records: Sequence[Record]) -> list[dict[str, Any]]:
    """The card's data list."""
    used: dict[str, Counter[str]] = {}
    for record in records:
        used.setdefault(record.source, Counter())[record.split] += 1
    rows = [("coco", "starting weights", 118287)]  # pictures of COCO 2017 train
    for name, splits in used.items():
        trained = name in recipe.phases[-1].sources
        kinds = [kind for kind in USED_FOR if splits[kind] and (trained or kind != "train")]
        rows.append((name, ", ".join(USED_FOR[kind] for kind in kinds), sum(splits[kind] for kind in kinds)))
    out = []
    for name, used_for, n in rows:
        source, licence, attribution = SOURCES[name]
        out.append(
            {"name": name, "source": source, "licence": licence, "attribution": attribution, "used_for": used_for,
             "n": n}
        )  # fmt: skip
    return out


def ap_by_boxes(found: Found, classes: int) -> float:
    """AP50, mean over classes weighted by their boxes."""
    lines = [line for line in map(found.curve, range(classes)) if line.truths]
    return float(np.average([line.ap for line in lines], weights=[line.truths for line in lines]))


def ship(name: str, phase: int, threads: int, machine: str) -> dict[str, Any]:
    """Write weights and card; returns the card."""
    recipe = RECIPES[name]
    records = prepared(recipe.task, rendered=True)
    packed = pack(recipe, trained_network(recipe, phase), CACHE / name, records, threads=threads)
    return write_card(
        recipe, packed, version=VERSION, threshold=choose(recipe.task, recipe.classes, packed.found),
        data=data_table(recipe, [*records, *held_out(recipe.task, shared() / "data")]),
        made_by=f".venv-train/bin/python -m models.train {name}; .venv-train/bin/python -m models.ship {name}",
        machine=machine,
    )  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m models.ship", description=__doc__)
    parser.add_argument("model", choices=sorted(RECIPES))
    parser.add_argument("--phase", type=int, help="ship this phase (default: the last)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--machine", default="2 CPU cores, no GPU", help="what trained it, for the card")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    phase = options.phase or len(RECIPES[options.model].phases)
    card = ship(options.model, phase, options.threads, options.machine)
    sys.stdout.write(json.dumps({key: card[key] for key in ("precision", "threshold", "metrics")}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
