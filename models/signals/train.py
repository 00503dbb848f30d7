"""Train the signal network: ``.venv-train/bin/python -m models.signals.train``.

It learns from the training scenes alone and prints what it reads on the development scenes, by which every choice was
made. ``--all`` goes on from there with the scenes of both for a while, and writes the weights that
`models.signals.export` ships.
"""

from __future__ import annotations

import argparse
import logging
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
import torch

from models.crop_training import tensor_of, train_averaged
from models.data.places import CACHE, shared
from models.signals.backgrounds import background_patches
from models.signals.heads import load_heads
from models.signals.mix import Mixer
from models.signals.network import SignalNetwork
from vision.signal_input import SIZE, STATES, head_input

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.signals.heads import Head

log = logging.getLogger("models.signals.train")

KEPT: Final = CACHE / "signals"
STEPS: Final = 1800
BATCH: Final = 96
RATE: Final = 4e-3
ON_STEPS: Final = 850
"""Steps of the second part,"""
ON_SHARE: Final = 0.3
"""and its learning rate as a share of the first part's."""
SMOOTHING: Final = 0.04
DRAWS: Final = 1500
"""Made crops of the development scenes."""


def train(heads: Sequence[Head], signals: Path, steps: int, seed: int, start: Path | None = None) -> SignalNetwork:
    """A network trained on these heads and what is made from them.

    Args:
        heads: photographed heads.
        signals: folder of their pictures, for backgrounds.
        steps: of the optimiser.
        seed: of the start and the draws.
        start: weights to go on from, more gently; None starts anew.
    """
    torch.manual_seed(seed)
    mixer = Mixer(heads, background_patches(signals, [head.picture for head in heads], seed), SIZE, seed)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=SMOOTHING)

    def loss(network: SignalNetwork) -> torch.Tensor:
        crops, states = mixer.batch(BATCH)
        value: torch.Tensor = loss_of(network(tensor_of(crops)), torch.from_numpy(states))
        return value

    rate = RATE if start is None else RATE * ON_SHARE
    return train_averaged(SignalNetwork(len(STATES)), loss, steps, rate, start)


def logits_of(network: SignalNetwork, crops: NDArray[np.uint8]) -> torch.Tensor:
    """Logits of many crops."""
    with torch.no_grad():
        return network(tensor_of(crops))


def report(network: SignalNetwork, heads: Sequence[Head], signals: Path, seed: int) -> dict[str, Any]:
    """What a network reads on heads: photographed as they are, and made crops; shares right and confusions."""
    found: dict[str, Any] = {}
    crops = np.stack([head_input(head.crop) for head in heads])
    truth = np.array([STATES.index(type(STATES[0])(head.state)) for head in heads])
    made, made_truth = Mixer(heads, background_patches(signals, [h.picture for h in heads], seed), SIZE, seed).batch(
        DRAWS
    )
    for name, pictures, states in (("photographed", crops, truth), ("made", made, made_truth)):
        said = logits_of(network, pictures).argmax(dim=1).numpy()
        confusion = np.zeros((len(STATES), len(STATES)), int)
        np.add.at(confusion, (states, said), 1)
        found[name] = {"right": float((said == states).mean()), "n": len(states), "confusion": confusion.tolist()}
        if name == "photographed":
            found["wrong"] = [
                f"{head.picture}.{head.box} {head.state} read {STATES[index]}"
                for head, index, true in zip(heads, said, states, strict=True) if index != true
            ]  # fmt: skip
    return found


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="go on with the development scenes too")
    parser.add_argument("--steps", type=int, help=f"by default {STEPS}, and {ON_STEPS} with --all")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    signals = shared() / "data" / "signals"
    heads = load_heads(signals, "train")
    dev = [head for head in heads if head.part == "dev"]
    if given.all:
        network = train(heads, signals, given.steps or ON_STEPS, given.seed + 1, KEPT / "train.pt")
    else:
        own = [head for head in heads if head.part == "train"]
        network = train(own, signals, given.steps or STEPS, given.seed)
    found = report(network, dev, signals, seed=99)
    for name in ("photographed", "made"):
        log.info("%s: %.4f of %d right", name, found[name]["right"], found[name]["n"])
        for state, row in zip(STATES, found[name]["confusion"], strict=True):
            log.info("  %-10s %s", state, row)
    log.info("wrong: %s", "; ".join(found["wrong"]))
    KEPT.mkdir(parents=True, exist_ok=True)
    torch.save(network.state_dict(), KEPT / ("all.pt" if given.all else "train.pt"))


if __name__ == "__main__":
    main()
