"""Ship the signal network: ``.venv-train/bin/python -m models.signals.export``, once it is trained with ``--all``."""

from __future__ import annotations

import logging
from typing import Any, Final

import torch

from models.card import WEIGHTS
from models.classifiers import ACCEPT
from models.crop_export import export_crops, write_card
from models.data.places import shared
from models.score_signals import score
from models.signals.network import SignalNetwork, WithShares
from models.signals.train import KEPT
from models.timing import machine
from vision.signal_input import SIZE, STATES

log = logging.getLogger("models.signals.export")

VERSION: Final = "1.0"
TEMPERATURE: Final = 0.85
"""Sharpens the shares: least cross entropy on the development scenes, before the network learned from them."""
BELIEVED: Final = 0.5
"""Share from which a state is believed: most of those scenes right, none that shows nothing read as lit."""
MACHINE: Final = "2 CPU cores, no GPU"
COMMANDS: Final = (
    "python -m models.signals.train", "python -m models.signals.train --all", "python -m models.signals.export",
)  # fmt: skip
DATA: Final = (
    {
        "name": "cinta_v2", "source": "Roboflow Universe wawan-pradana/cinta_v2 v1", "licence": "CC BY 4.0",
        "attribution": "wawan-pradana on Roboflow", "used_for": "training, evaluation", "n": 440,
    },
    {
        "name": "drawn heads", "source": "drawn by `models/signals/drawn.py`", "licence": "AGPL-3.0-or-later",
        "attribution": "Qyran", "used_for": "training", "n": 900,
    },
)  # fmt: skip


def main() -> None:
    """The command."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    network = SignalNetwork(len(STATES))
    network.load_state_dict(torch.load(KEPT / "all.pt", weights_only=True))
    export_crops(WithShares(network, TEMPERATURE), WEIGHTS / "signals.onnx", SIZE, ["state"])
    fields: dict[str, Any] = {
        "version": VERSION,
        "classes": [state.value for state in STATES],
        "input": {"width": SIZE[0], "height": SIZE[1], "channels": 3},
        "settings": {ACCEPT: BELIEVED},
        "metrics": {},
        "data": DATA,
        "made_by": "; ".join(COMMANDS),
        "machine": MACHINE,
    }
    write_card("signals", fields)
    found = score(shared() / "data")
    write_card("signals", {**fields, "metrics": {"figures": found["figures"], "machine": machine()}})
    for row in found["figures"]:
        log.info("%s: %s of %s", row["name"], row["value"], row["n"])


if __name__ == "__main__":
    main()
