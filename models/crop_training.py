"""How the small networks that look at crops are trained: AdamW on a one-cycle rate, the weights averaged on the way."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

log = logging.getLogger("models.crop_training")

DECAY: Final = 0.02
AVERAGED: Final = 0.995
"""Share that the averaged weights keep at each step."""
RISE: Final = 0.15
"""Share of the steps over which the rate rises."""
TOLD_EVERY: Final = 200

Network = TypeVar("Network", bound=torch.nn.Module)


def tensor_of(crops: NDArray[np.uint8]) -> torch.Tensor:
    """BGR crops uint8 [N, H, W, 3] as a network's input."""
    return torch.from_numpy(np.ascontiguousarray(crops[..., ::-1].transpose(0, 3, 1, 2))).float() / 255


def train_averaged(
    network: Network,
    loss_of: Callable[[Network], torch.Tensor],
    steps: int,
    rate: float,
    start: Path | None = None,
) -> Network:
    """The network with the averaged weights, ready to be asked.

    Args:
        network: to be trained.
        loss_of: draws a batch and gives the network's loss on it.
        steps: of the optimiser.
        rate: highest learning rate.
        start: weights to go on from; None trains the network as it is.
    """
    if start is not None:
        network.load_state_dict(torch.load(start, weights_only=True))
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(AVERAGED), use_buffers=True
    )
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=RISE)
    began, running = time.monotonic(), 0.0
    for step in range(1, steps + 1):
        loss = loss_of(network)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        average.update_parameters(network)
        running += 0.02 * (loss.item() - running) if step > 1 else loss.item()
        if step % TOLD_EVERY == 0:
            log.info("step %d: loss %.3f, %.0f s", step, running, time.monotonic() - began)
    trained: Network = average.module
    trained.eval()
    return trained
