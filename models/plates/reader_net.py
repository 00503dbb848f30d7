"""The reader: a small convolutional network that names the sign under each of 48 columns and the plate's corners."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.plates.strokes import SIGNS
from vision.plate_crop import WIDTH

STEPS: Final = WIDTH // 4
"""Columns of the output."""

CLASSES: Final = 1 + len(SIGNS)
"""The CTC blank, then the signs."""

CHANNELS: Final = (32, 64, 96, 128, 192)
"""Of the four stages and of the line."""


class Residual(nn.Module):  # type: ignore[misc]
    """Two 3x3 convolutions around which the input passes."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Shapes stay."""
        return functional.relu(x + self.norm(self.second(self.first(x))))


def conv(
    inputs: int,
    outputs: int,
    kernel: int | tuple[int, int] = 3,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 1,
) -> nn.Sequential:
    """Convolution, normalisation, rectifier."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class ReaderNet(nn.Module):  # type: ignore[misc]
    """Crop in, columns and corners out.

    Input float32 [n, 1, 48, 192] as made by ``vision.plate_crop.normalised``. Output float32 [n, STEPS + 1, CLASSES]:
    STEPS rows of logits (blank first), and one last row whose first eight numbers are the corners x, y of the plate in
    shares of the crop, clockwise from the top left. One tensor, so that every engine runs it as it runs a detector.
    """

    def __init__(self) -> None:
        super().__init__()
        c1, c2, c3, c4, line = CHANNELS
        self.low = nn.Sequential(
            conv(1, c1, 3, 2), conv(c1, c2, 3, 2), Residual(c2), conv(c2, c3, 3, (2, 1)), Residual(c3), Residual(c3)
        )
        self.high = nn.Sequential(
            conv(c3, c4, 3, (2, 1)),
            Residual(c4),
            conv(c4, line, (3, 1), 1, 0),
            conv(line, line, (1, 3), 1, (0, 1)),
            conv(line, line, (1, 3), 1, (0, 1)),
            nn.Dropout(0.1),
            nn.Conv2d(line, CLASSES, 1),
        )
        self.corners = nn.Sequential(
            nn.Conv2d(c3, 32, 1),
            nn.ReLU(),
            nn.AvgPool2d((2, 4)),
            nn.Flatten(),
            nn.Linear(32 * 36, 64),
            nn.ReLU(),
            nn.Linear(64, 8),
        )

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        features = self.low(x)
        columns = self.high(features).squeeze(2).transpose(1, 2)
        corners = self.corners(features)
        last = functional.pad(corners, (0, CLASSES - 8)).unsqueeze(1)
        return torch.cat([columns.float(), last.float()], 1)
