"""The attribute network: five convolutions, and what they find gathered for kind and for colour."""

from __future__ import annotations

from typing import Final

import torch
from torch import nn

CHANNELS: Final = (16, 32, 48, 64, 96)
"""Feature maps of the convolutions."""


class AttributeNetwork(nn.Module):  # type: ignore[misc]
    """Crops float32 [N, 3, 72, 72], RGB 0 to 1, to logits of kinds and of colours."""

    def __init__(self, kinds: int, colours: int) -> None:
        super().__init__()
        c1, c2, c3, c4, c5 = CHANNELS
        self.early = nn.Sequential(*_layer(3, c1), *_layer(c1, c2), *_layer(c2, c3))
        self.late = nn.Sequential(*_layer(c3, c4), *_layer(c4, c5))
        self.drop = nn.Dropout(0.2)
        # Colour is told by the surface, early and everywhere; kind by the form, late.
        self.kind = nn.Linear(2 * c5, kinds)
        self.colour = nn.Linear(2 * c3 + c5, colours)

    def forward(self, crops: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of kinds and of colours."""
        early = self.early(crops - 0.5)
        late = self.late(early)
        form = torch.cat((late.mean(dim=(2, 3)), late.amax(dim=(2, 3))), dim=1)
        inner = early[:, :, 2:7, 2:7]
        surface = torch.cat((early.mean(dim=(2, 3)), inner.mean(dim=(2, 3)), late.mean(dim=(2, 3))), dim=1)
        return self.kind(self.drop(form)), self.colour(self.drop(surface))


class WithShares(nn.Module):  # type: ignore[misc]
    """The network with shares of kinds and of colours, each list softened by a temperature, as it is exported."""

    def __init__(self, network: AttributeNetwork, temperatures: tuple[float, float]) -> None:
        super().__init__()
        self.network = network
        self.temperatures = temperatures

    def forward(self, crops: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Shares [N, kinds] and [N, colours]."""
        kinds, colours = self.network(crops)
        kind_softness, colour_softness = self.temperatures
        return torch.softmax(kinds / kind_softness, dim=1), torch.softmax(colours / colour_softness, dim=1)


def _layer(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
