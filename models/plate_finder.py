"""Train and ship the plate finder: ``.venv-train/bin/python -m models.plate_finder``.

A YOLOv8n with one class that starts from COCO and is trained as the other detectors are (`models.train`) on the
pictures of `models.data.plates`. A checkpoint is kept after each epoch in ``.cache/models/plates/finder`` and a broken
run goes on from it. At the end the 8-bit file and its card are written; ``--ship`` does that alone.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from models.augment import Augmentation
from models.data.places import CACHE, shared
from models.data.plates import data_table, plates_records
from models.recipes import Phase, Recipe
from models.ship import pack, write_card
from models.start import coco_start, new_network
from models.train import run_phase
from vision.classes import PLATE_CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.look import Found

log = logging.getLogger("models.plate_finder")

VERSION: Final = "1.1"
NMS_IOU: Final = 0.45
"""Overlap above which the weaker box falls: two plates never overlap."""
LEAST_PRECISION: Final = 0.9
"""Share of boxes at the threshold that must be plates on the dev pictures: a plate overlooked is lost, and what is none
the reader's score tells."""
LIMITS: Final = (0.1, 0.5)
"""A threshold outside these would be an accident of few pictures."""

_SOURCES: Final = {
    "plates_us_br": 2.0, "plates_us_br_repainted": 0.6, "dashcam_ro": 0.8, "dashcam_ro_repainted": 0.5,
    "vehicles_pasted": 0.5, "without_plates": 0.6, "rendered_plates": 1.0,
}  # fmt: skip

PLATES: Final = Recipe(
    name="plates",
    task="plates",
    classes=PLATE_CLASSES,
    phases=(
        Phase(
            epochs=5,
            rate=1e-3,
            sources=MappingProxyType(_SOURCES),
        ),
    ),
    batch=16,
    stored_side=640,
    frozen=2,
    backbone_rate=0.5,
    augmentation=Augmentation(
        canvases=((416, 416), (384, 512), (320, 416)),
        mosaic=0.3,
        zoom=(0.55, 1.5),
        hue=0.03,
        saturation=0.6,
        value=0.4,
        night=0.12,
        spoil=0.35,
    ),
    val_side=640,
    long_side=640,
    most_pixels=640 * 640,
    trained_share=1.0,
)


def train(folder: Path) -> None:
    """Run the recipe's phase, going on from its last checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    network = coco_start(shared() / "weights" / "yolov8n_coco.safetensors", PLATES.classes)
    network = copy.deepcopy(network).requires_grad_(requires_grad=True)
    run_phase(PLATES, 1, network, plates_records(), folder, half=True)


def ship(folder: Path, machine: str) -> dict[str, Any]:
    """Write weights and card; returns the card."""
    records = plates_records()
    network = new_network(len(PLATES.classes))
    network.load_state_dict(torch.load(folder / "phase1_average.pt", weights_only=True))
    packed = pack(PLATES, network, folder, records, nms_iou=NMS_IOU)
    return write_card(
        PLATES, packed, version=VERSION, threshold={PLATES.classes[0]: threshold(packed.found)}, nms_iou=NMS_IOU,
        data=data_table(records), made_by=".venv-train/bin/python -m models.plate_finder", machine=machine,
    )  # fmt: skip


def threshold(dev: Found) -> float:
    """The lowest raw score at which `LEAST_PRECISION` of the boxes on the dev pictures are plates."""
    line = dev.curve(0)
    good = np.flatnonzero(line.precision >= LEAST_PRECISION)
    return round(float(np.clip(line.score[good[-1]] if len(good) else LIMITS[1], *LIMITS)), 3)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m models.plate_finder", description=__doc__)
    parser.add_argument("--ship", action="store_true", help="only write weights and card of what is trained")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--machine", default="2 CPU cores, no GPU", help="what trained it, for the card")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    folder = CACHE / "plates" / "finder"
    if not options.ship:
        train(folder)
    card = ship(folder, options.machine)
    sys.stdout.write(json.dumps({key: card[key] for key in ("precision", "threshold", "metrics")}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
