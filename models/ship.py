"""Turn a trained network into the shipped file: ``.venv-train/bin/python -m models.ship road`` or ``fire``.

Exports the averaged weights of the last phase, quantises them, measures both on the validation pictures, ships the
8-bit file where it loses less than 0.005 of AP50 (mean over classes, weighted by their boxes) and the float file
otherwise, and writes the card.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from models.card import WEIGHTS, file_sha256
from models.data.places import CACHE, shared
from models.data.prepare import prepared
from models.data.sources import SOURCES, USED_FOR
from models.evaluate import best_thresholds, milliseconds, summary
from models.export import export_onnx
from models.look import NMS_IOU, STRIDE, look, raw_detector
from models.quantise import quantise
from models.recipes import RECIPES
from models.start import coco_start, new_network

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.data.records import Record
    from models.recipes import Recipe
    from models.torch_shim import DetectionModel

log = logging.getLogger("models.ship")

LEAST_LOSS: Final = 0.005
"""AP50, weighted by boxes, that the 8-bit file may lose."""

CALIBRATION: Final = 48
"""Training pictures shown to the quantiser."""

DRAWN: Final = frozenset({"rendered", "plain"})
"""Sources that are no photographs."""

VERSION: Final = "1.0"


def trained_network(recipe: Recipe, phase: int) -> DetectionModel:
    """The averaged network of a phase, mixed with the COCO start by the recipe's share."""
    network = new_network(len(recipe.classes))
    state = torch.load(CACHE / recipe.task / f"phase{phase}_average.pt", weights_only=True)
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


def ship(task: str, phase: int, threads: int) -> dict[str, Any]:
    """Write weights and card; returns the card."""
    recipe = RECIPES[task]
    folder = CACHE / task
    records = prepared(task, rendered="rendered" in recipe.phases[phase - 1].sources)
    held_out = [record for record in records if record.split != "train"]
    exact = export_onnx(trained_network(recipe, phase), folder / "fp32.onnx")
    small = quantise(exact, folder / "int8.onnx", calibration_files(records), recipe.long_side)

    def measure(weights: Path, classes: Sequence[str] = recipe.classes) -> tuple[dict[str, float], dict[str, Any]]:
        found = look(raw_detector(weights, classes, recipe.long_side, threads), held_out)
        level = best_thresholds(task, found)
        return level, {**summary(task, found, level), "ms_one_thread": milliseconds(weights)}

    results = {"fp32": (exact, *measure(exact)), "int8-qdq": (small, *measure(small))}
    loss = results["fp32"][2]["ap50_by_boxes"] - results["int8-qdq"][2]["ap50_by_boxes"]
    precision = "int8-qdq" if loss < LEAST_LOSS else "fp32"
    other = "fp32" if precision == "int8-qdq" else "int8-qdq"
    log.info("8 bits lose %.4f of AP50: shipping %s", loss, precision)
    weights, level, figures = results[precision]
    figures["long_side"] = recipe.long_side
    figures[other] = {key: results[other][2][key] for key in ("map50", "ap50_by_boxes", "per_class", "ms_one_thread")}
    if task == "road":
        start = measure(CACHE / "coco_start.onnx")[1]
        figures["start"] = {key: start[key] for key in ("map50", "ap50_by_boxes", "per_class", "per_source")}
    target = WEIGHTS / f"{task}.onnx"
    shutil.copyfile(weights, target)
    card = {
        "name": task, "version": VERSION, "file": target.name, "sha256": file_sha256(target),
        "classes": list(recipe.classes), "long_side": recipe.long_side, "stride": STRIDE, "nms_iou": NMS_IOU,
        "threshold": level, "precision": precision, "metrics": figures, "data": data_table(recipe, records),
        "licence": "AGPL-3.0",
        "made_by": f"models/setup_train.sh; .venv-train/bin/python -m models.train {task}; "
        f".venv-train/bin/python -m models.ship {task}; .venv/bin/python -m models.cards",
    }  # fmt: skip
    (WEIGHTS / f"{task}.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return card


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m models.ship", description=__doc__)
    parser.add_argument("task", choices=sorted(RECIPES))
    parser.add_argument("--phase", type=int, help="ship this phase (default: the last)")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    card = ship(options.task, options.phase or len(RECIPES[options.task].phases), options.threads)
    sys.stdout.write(json.dumps({key: card[key] for key in ("precision", "threshold", "metrics")}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
