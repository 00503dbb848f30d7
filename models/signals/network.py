"""The signal network: five small convolutions that look at a head's colours as they are and stretched."""

from __future__ import annotations

from typing import Final

import torch
from torch import nn

CHANNELS: Final = (12, 16, 24, 32, 32)
"""Feature maps of the convolutions."""
HIDDEN: Final = 28
"""Width of the layer before the classes."""
FLOOR: Final = 0.02
"""Contrast below which stretching stops, so that noise in the dark is not blown up fully; 1 is white."""


class SignalNetwork(nn.Module):  # type: ignore[misc]
    """Crops float32 [N, 3, 64, 24], RGB 0 to 1, to logits [N, classes]."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        c1, c2, c3, c4, c5 = CHANNELS
        self.features = nn.Sequential(
            *_layer(6, c1, 1), *_layer(c1, c2, 2), *_layer(c2, c3, 2), *_layer(c3, c4, 2), *_layer(c4, c5, 1)
        )
        self.head = nn.Sequential(
            nn.Flatten(), nn.Dropout(0.2), nn.Linear(c5 * 8, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, classes)
        )

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Logits."""
        soft = nn.functional.avg_pool2d(crops, 3, 1)
        low = soft.amin(dim=(1, 2, 3), keepdim=True)
        high = soft.amax(dim=(1, 2, 3), keepdim=True)
        stretched = (crops - low) / (high - low + FLOOR)
        found = self.features(torch.cat((crops, stretched), dim=1) - 0.5)
        return self.head(found.mean(dim=3))


class WithShares(nn.Module):  # type: ignore[misc]
    """The network with its classes' shares, softened by a temperature, as it is exported."""

    def __init__(self, network: SignalNetwork, temperature: float) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Shares [N, classes], summing to 1."""
        return torch.softmax(self.network(crops) / self.temperature, dim=1)


def _layer(inputs: int, outputs: int, stride: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
