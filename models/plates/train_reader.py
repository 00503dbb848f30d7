"""Train the reader: ``python -m models.plates.train_reader --steps 12000``; it goes on from its last checkpoint.

The pool of pictures (``python -m models.plates.pool``) may still be growing: new shards are taken in as they appear.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
import torch
from torch.nn import functional

from models.plates.batches import batch
from models.plates.pool import backgrounds, empty_places, photographs, read_shard
from models.plates.reader_net import ReaderNet
from models.plates.rendered_test import free_reading_rate

if TYPE_CHECKING:
    from models.plates.pool import Sample

PEAK: Final = 2.5e-3
"""Highest learning rate of AdamW."""

WARM_UP: Final = 300
"""Steps of rising learning rate."""

CORNER_WEIGHT: Final = 3.0
"""Weight of the corners' error beside the text's."""

PHOTOGRAPHS_EACH: Final = 12
"""How often each real plate counts among the rendered ones, for each 10 000 of those."""

_log = logging.getLogger(__name__)


def learning_rate(step: int, steps: int) -> float:
    """A rise, then half a cosine down to nothing."""
    if step < WARM_UP:
        return PEAK * (step + 1) / WARM_UP
    return PEAK * max(0.01, 0.5 * (1 + math.cos(math.pi * min(1.0, step / steps))))


def losses(output: torch.Tensor, parts: tuple[Any, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """Errors of text and of corners."""
    _, targets, lengths, corners, known = parts
    columns = output[:, :-1].float().log_softmax(2).transpose(0, 1)
    steps = torch.full((len(lengths),), columns.shape[0])
    text = functional.ctc_loss(columns, torch.from_numpy(targets), steps, torch.from_numpy(lengths), zero_infinity=True)
    seen = torch.from_numpy(known)
    found = output[:, -1, :8][seen]
    return text, functional.smooth_l1_loss(found, torch.from_numpy(corners)[seen], beta=0.02) if len(
        found
    ) else text * 0


def train(pool: Path, run: Path, steps: int, size: int, plates: Path, checked: int = 400) -> None:
    """Train until ``steps``, writing ``last.pt`` every 250.

    Args:
        pool: folder of the shards.
        run: folder of the checkpoint; a run found there goes on.
        steps: in all.
        size: of a batch.
        plates: the set of photographs that may partly be trained on.
        checked: rendered development plates of each kind read every 1000 steps and at the end.
    """
    run.mkdir(parents=True, exist_ok=True)
    model = ReaderNet().to(memory_format=torch.channels_last)
    average = copy.deepcopy(model).eval()
    optimiser = torch.optim.AdamW(model.parameters(), lr=PEAK, weight_decay=0.01, betas=(0.9, 0.98))
    step = 0
    if (run / "last.pt").exists():
        state = torch.load(run / "last.pt", weights_only=True)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step = int(state["step"])
    rng = np.random.default_rng([5, step])
    real = photographs(plates)
    samples, taken = _stock(pool, real, empty_places(backgrounds(plates.parent / "plates_ro")), set())
    began, last, seen = time.monotonic(), (0.0, 0.0), 0
    while step < steps:
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, steps)
        parts = batch(rng, samples, size)
        inputs = torch.from_numpy(parts[0]).contiguous(memory_format=torch.channels_last)
        model.train()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            output = model(inputs)
        text, corners = losses(output, parts)
        optimiser.zero_grad()
        (text + CORNER_WEIGHT * corners).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        step += 1
        seen += size
        _follow(average, model, min(0.998, step / (step + 20)))
        last = (0.97 * last[0] + 0.03 * float(text.detach()), 0.97 * last[1] + 0.03 * float(corners.detach()))
        if step % 100 == 0:
            rate = seen / (time.monotonic() - began)
            _log.info("step %d text %.4f corners %.5f, %.0f pictures/s, stock %d", step, *last, rate, len(samples))
        if step % 250 == 0 or step == steps:
            kept = {
                "model": model.state_dict(),
                "average": average.state_dict(),
                "optimiser": optimiser.state_dict(),
                "step": step,
            }
            torch.save(kept, run / "last.part")
            (run / "last.part").rename(run / "last.pt")
            samples, taken = _stock(pool, real, samples, taken)
        if step % 1000 == 0 or step == steps:
            rates = {kind: free_reading_rate(average, kind, checked) for kind in ("clean", "hard", "any")}
            _log.info("step %d reads %s", step, json.dumps(rates))


def _stock(pool: Path, real: list[Sample], samples: list[Sample], taken: set[str]) -> tuple[list[Sample], set[str]]:
    """Shards that have come since, and the real plates once more for every 10 000 rendered ones."""
    for path in sorted(pool.glob("*.npz")):
        if path.name not in taken:
            before = len(samples) // 10000
            samples += read_shard(path)
            taken.add(path.name)
            if real and (len(samples) // 10000 > before or len(taken) == 1):
                samples += real * PHOTOGRAPHS_EACH
    return samples, taken


def _follow(average: torch.nn.Module, model: torch.nn.Module, keep: float) -> None:
    """Move the average a little towards the model."""
    with torch.no_grad():
        for kept, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - keep)
            else:
                kept.copy_(new)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, default=Path(".cache/models/plates/pool"))
    parser.add_argument("--run", type=Path, default=Path(".cache/models/plates/reader"))
    parser.add_argument("--plates", type=Path, default=Path("../shared/data/plates"))
    parser.add_argument("--steps", type=int, default=9000)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    torch.manual_seed(3)
    cv2.setNumThreads(1)
    train(options.pool, options.run, options.steps, options.batch, options.plates)


if __name__ == "__main__":
    main()
