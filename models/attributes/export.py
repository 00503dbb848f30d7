"""Ship the attribute network: ``.venv-train/bin/python -m models.attributes.export``, once it is trained."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any, Final

import numpy as np
import torch

from models.attributes.crops import KEPT
from models.attributes.network import AttributeNetwork, WithShares
from models.attributes.train import SIZE
from models.card import WEIGHTS
from models.classifiers import ACCEPT
from models.crop_export import export_crops, write_card
from models.data.places import shared
from models.data.sources import SOURCES
from models.score_attributes import held_out, score
from models.timing import machine
from vision.attributes import COLOURS, KINDS

log = logging.getLogger("models.attributes.export")

VERSION: Final = "1.0"
TEMPERATURES: Final = (1.0, 1.0)
"""Soften the shares of kinds and of colours, chosen on the pictures kept out of the training."""
BELIEVED: Final = 0.55
"""Share from which a name is believed: nearly nine in ten of those believed agree with the lessons kept out."""
MACHINE: Final = "2 CPU cores, no GPU"
COMMANDS: Final = tuple(
    f"python -m models.attributes.{name}" for name in ("crops", "rendered", "train", "train --on", "export")
)


def data_table() -> list[dict[str, Any]]:
    """The data sets behind the weights and the figures, for the card."""
    with np.load(KEPT / "crops.npz") as kept:
        pictures = set(zip(kept["source"].tolist(), kept["picture"].tolist(), strict=True))
    learned = Counter(source for source, _ in pictures)
    judged = {vehicle.file.removeprefix(str(shared() / "data") + "/") for vehicle in held_out(shared() / "data")}
    held = Counter(file.split("/")[0 if file.startswith("road/") else 1] for file in judged)
    rows = []
    for name in sorted({*learned, *held}):
        source, licence, attribution = SOURCES[name]
        used = [word for word, count in (("training", learned[name]), ("evaluation", held[name])) if count]
        rows.append(
            {"name": name, "source": source, "licence": licence, "attribution": attribution,
             "used_for": ", ".join(used), "n": learned[name] + held[name]}
        )  # fmt: skip
    source, licence, attribution = SOURCES["rendered"]
    rows.append(
        {"name": "rendered", "source": source, "licence": licence, "attribution": attribution, "used_for": "training",
         "n": 36}
    )  # fmt: skip
    teacher = "Open Model Zoo vehicle-attributes-recognition-barrier-0039, whose words were learned"
    rows.append(
        {"name": "teacher", "source": teacher, "licence": "Apache-2.0", "attribution": "Intel", "used_for": "training",
         "n": sum(learned.values())}
    )  # fmt: skip
    return rows


def main() -> None:
    """The command."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    network = AttributeNetwork(len(KINDS), len(COLOURS))
    network.load_state_dict(torch.load(KEPT / "trained.pt", weights_only=True))
    export_crops(WithShares(network, TEMPERATURES), WEIGHTS / "attributes.onnx", SIZE, ["kind", "colour"])
    fields: dict[str, Any] = {
        "version": VERSION,
        "heads": {"kind": list(KINDS), "colour": list(COLOURS)},
        "input": {"width": SIZE[0], "height": SIZE[1], "channels": 3},
        "settings": {ACCEPT: BELIEVED},
        "metrics": {},
        "data": data_table(),
        "made_by": "; ".join(COMMANDS),
        "machine": MACHINE,
    }
    write_card("attributes", fields)
    found = score(shared() / "data")
    metrics = {"figures": found["figures"], "tables": found["tables"], "machine": machine()}
    write_card("attributes", {**fields, "metrics": metrics})
    for row in found["figures"]:
        log.info("%s: %s of %s", row["name"], row["value"], row["n"])
    for table in found["tables"]:
        log.info("%s: %s", table["title"], table["rows"])


if __name__ == "__main__":
    main()
