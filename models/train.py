"""Train a detector: ``python -m models.train road``, ``road_small`` or ``fire``.

Phase 1 learns from real pictures, later phases from real and drawn ones. A checkpoint is kept after each epoch and
a broken run goes on from it; ``--fresh`` starts over. Results lie in ``.cache/models/<model>/``.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import math
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from models.augment import Batches, load_picture
from models.data.places import CACHE, shared
from models.data.prepare import prepared
from models.export import export_onnx
from models.look import look, raw_detector
from models.masked_loss import MaskedDetectionLoss
from models.rare_paste import cut_outs
from models.recipes import RECIPES
from models.start import coco_start, new_network
from qyran.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from models.data.records import Record
    from models.recipes import Phase, Recipe
    from models.torch_shim import DetectionModel

log = logging.getLogger("models.train")

EMA_DECAY: Final = 0.998
EMA_RAMP_STEPS: Final = 300
CLIP_NORM: Final = 10.0
WEIGHT_DECAY: Final = 5e-4
LAST_RATE: Final = 0.05
BACKBONE_LAYERS: Final = 10
CHECK_EVERY: Final = 3


class Average:
    """Exponential moving average of a network's weights and statistics."""

    def __init__(self, network: DetectionModel) -> None:
        self.network = copy.deepcopy(network).eval()
        self.steps = 0
        for parameter in self.network.parameters():
            parameter.requires_grad_(False)

    def update(self, network: DetectionModel) -> None:
        """Move one step towards `network`."""
        self.steps += 1
        decay = EMA_DECAY * (1 - math.exp(-self.steps / EMA_RAMP_STEPS))
        now = network.state_dict()
        with torch.no_grad():
            for key, value in self.network.state_dict().items():
                if value.dtype.is_floating_point:
                    value.mul_(decay).add_(now[key].detach(), alpha=1 - decay)


def optimiser_for(network: DetectionModel, rate: float, backbone_rate: float) -> torch.optim.AdamW:
    """AdamW with a slower backbone and no decay on biases and norms."""
    groups: list[dict[str, Any]] = []
    for backbone in (True, False):
        for decays in (True, False):
            members = [
                parameter
                for name, parameter in network.named_parameters()
                if (int(name.split(".")[1]) < BACKBONE_LAYERS) == backbone and (parameter.ndim > 1) == decays
            ]
            peak = rate * (backbone_rate if backbone else 1.0)
            groups.append(
                {"params": members, "lr": peak, "peak": peak, "weight_decay": WEIGHT_DECAY if decays else 0.0}
            )
    return torch.optim.AdamW(groups, betas=(0.9, 0.999))


def draw_epoch(
    records: Sequence[Record], phase: Phase, rare: Mapping[int, float], rng: np.random.Generator
) -> NDArray[np.intp]:
    """Indices of one epoch: each picture as often as its source says, more often where it shows a rare class.

    The fractional part is drawn by chance; the order is shuffled.
    """
    times = np.array([phase.sources[record.source] for record in records])
    times *= [max((rare.get(int(kind), 1.0) for kind in record.boxes[:, 0]), default=1.0) for record in records]
    counts = np.floor(times + rng.random(len(times))).astype(int)
    order = np.repeat(np.arange(len(records)), counts)
    rng.shuffle(order)
    return order


def step(
    network: DetectionModel, loss_of: MaskedDetectionLoss, batch: dict[str, torch.Tensor], *, half: bool
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Forward one batch; returns the loss to go back through and its parts."""
    pictures = batch["img"].float().div_(255).to(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        raw = network(pictures)
    preds = {"boxes": raw["boxes"].float(), "scores": raw["scores"].float(), "feats": raw["feats"]}
    loss, parts = loss_of(preds, batch)
    return loss.sum(), parts


def check(network: DetectionModel, records: Sequence[Record], recipe: Recipe, folder: Path) -> dict[str, float]:
    """AP50 of each class on `records`, by the product's detector over an export of the network."""
    weights = export_onnx(network, folder / "check.onnx")
    found = look(raw_detector(weights, recipe.classes, recipe.val_side), records)
    return {name: round(found.curve(index).ap, 4) for index, name in enumerate(recipe.classes)}


def run_phase(
    recipe: Recipe, number: int, network: DetectionModel, records: Sequence[Record], folder: Path, *, half: bool
) -> DetectionModel:
    """Train one phase, from its last checkpoint if there is one; returns the averaged network."""
    phase = recipe.phases[number - 1]
    mine = [record for record in records if record.split == "train" and record.source in phase.sources]
    dev = [record for record in records if record.split == "dev" and record.source in phase.sources]
    log.info("phase %d: %s", number, dict(Counter(record.source for record in mine)))
    cache = {record.file: load_picture(record.file, recipe.stored_side) for record in mine}
    augmentation = phase.augmentation or recipe.augmentation
    pool = cut_outs(mine, cache) if augmentation.paste else []
    network.to(memory_format=torch.channels_last)
    average = Average(network)
    optimiser = optimiser_for(network, phase.rate, recipe.backbone_rate)
    for parameter in network.model[: recipe.frozen].parameters():
        parameter.requires_grad_(requires_grad=False)
    loss_of = MaskedDetectionLoss(network)
    checkpoint = folder / f"phase{number}.pt"
    first = 0
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(state["network"])
        average.network.load_state_dict(state["average"])
        average.steps = state["steps"]
        optimiser.load_state_dict(state["optimiser"])
        first = state["epoch"]
        log.info("phase %d goes on after epoch %d", number, first)
    for epoch in range(first, phase.epochs):
        began = time.monotonic()
        rng = np.random.default_rng((number, epoch))
        order = draw_epoch(mine, phase, recipe.rare, rng)
        batches = Batches(mine, cache, order, recipe.batch, augmentation, number * 1000 + epoch, pool)
        loader = torch.utils.data.DataLoader(batches, batch_size=None, num_workers=1, prefetch_factor=4)
        parts = run_epoch(network, average, optimiser, loss_of, loader, phase, epoch, frozen=recipe.frozen, half=half)
        torch.save(
            {
                "network": network.state_dict(),
                "average": average.network.state_dict(),
                "steps": average.steps,
                "optimiser": optimiser.state_dict(),
                "epoch": epoch + 1,
            },
            checkpoint,
        )
        row: dict[str, Any] = {"phase": number, "epoch": epoch + 1, "seconds": round(time.monotonic() - began), **parts}
        if dev and ((epoch + 1) % CHECK_EVERY == 0 or epoch + 1 == phase.epochs):
            row["ap50"] = check(average.network, dev, recipe, folder)
        with (folder / "log.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")
        log.info("%s", json.dumps(row))
    torch.save(average.network.state_dict(), folder / f"phase{number}_average.pt")
    return average.network


def run_epoch(
    network: DetectionModel,
    average: Average,
    optimiser: torch.optim.AdamW,
    loss_of: MaskedDetectionLoss,
    loader: torch.utils.data.DataLoader[dict[str, torch.Tensor]],
    phase: Phase,
    epoch: int,
    *,
    frozen: int,
    half: bool,
) -> dict[str, float]:
    """One pass; returns the mean parts of the loss."""
    network.train()
    network.model[:frozen].eval()
    steps = len(loader)
    warm = min(steps, 100)
    sums: Counter[str] = Counter()
    for number, batch in enumerate(loader):
        done = (epoch * steps + number) / (phase.epochs * steps)
        factor = LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done))
        if epoch == 0 and number < warm:
            factor *= (number + 1) / warm
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * factor
        loss, parts = step(network, loss_of, batch, half=half)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimiser.step()
        average.update(network)
        sums.update({name: float(value) for name, value in parts.items()})
    return {name: round(value / max(steps, 1), 4) for name, value in sums.items()}


def first_network(recipe: Recipe) -> DetectionModel:
    """Where the training of a model begins: the COCO start, or the last phase of the model it descends from."""
    if not recipe.start:
        return coco_start(shared() / "weights" / "yolov8n_coco.safetensors", recipe.classes)
    parent = RECIPES[recipe.start]
    kept = CACHE / parent.name / f"phase{len(parent.phases)}_average.pt"
    if not kept.is_file():
        message = f"{recipe.name} starts from {parent.name}, which is not trained yet; train {parent.name} first"
        raise ConfigError(message)
    network = new_network(len(recipe.classes))
    network.load_state_dict(torch.load(kept, weights_only=True))
    return network


def train(recipe: Recipe, folder: Path, *, phases: Sequence[int], fresh: bool, half: bool) -> DetectionModel:
    """Run the phases asked for and return the last averaged network."""
    folder.mkdir(parents=True, exist_ok=True)
    network = first_network(recipe)
    for number in phases:
        if fresh:
            (folder / f"phase{number}.pt").unlink(missing_ok=True)
        before = folder / f"phase{number - 1}_average.pt"
        if number > 1 and before.is_file():
            network = new_network(len(recipe.classes))
            network.load_state_dict(torch.load(before, weights_only=True))
        network = run_phase(
            recipe, number, copy.deepcopy(network).requires_grad_(requires_grad=True),
            prepared(recipe.task, rendered="rendered" in recipe.phases[number - 1].sources), folder, half=half,
        )  # fmt: skip
    return network


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m models.train", description=__doc__)
    parser.add_argument("model", choices=sorted(RECIPES))
    parser.add_argument("--phase", type=int, help="only this phase (default: all)")
    parser.add_argument("--fresh", action="store_true", help="do not go on from a checkpoint")
    parser.add_argument("--float32", action="store_true", help="no bfloat16 (for processors without it)")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    every = range(1, len(RECIPES[options.model].phases) + 1)
    if options.phase and options.phase not in every:
        parser.error(f"{options.model} has phases 1 to {every[-1]}")
    phases = (options.phase,) if options.phase else tuple(every)
    train(RECIPES[options.model], CACHE / options.model, phases=phases, fresh=options.fresh, half=not options.float32)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
