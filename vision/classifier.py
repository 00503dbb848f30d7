"""Naming what a crop shows: a small network with one or more lists of classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qyran.errors import ConfigError
from vision.engine import open_engine

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]
    Shares = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ClassifierSpec:
    """What a classifier must know about its weights.

    Attributes:
        weights: ONNX file; input [n, 3, height, width] RGB 0 to 1, one output [n, classes] of shares a list.
        lists: names of the classes, a list for each output in order.
        width, height: of the input, pixels.
        accept: share from which a class is believed.
        sha256: of the weights, lower-case hex.
    """

    weights: Path
    lists: tuple[tuple[str, ...], ...]
    width: int
    height: int
    accept: float
    sha256: str


class Classifier:
    """Runs a classifying network on crops brought to its size."""

    def __init__(self, spec: ClassifierSpec, threads: int = 1, engine: str = "cpu") -> None:
        self.spec = spec
        self._engine = open_engine(spec.weights, threads, engine)

    def shares(self, crops: NDArray[np.uint8]) -> list[Shares]:
        """Shares of the classes, float32 [N, classes] a list.

        Args:
            crops: uint8 [N, height, width, 3], BGR.

        Raises:
            ConfigError: the weights do not fit their card.
        """
        spec = self.spec
        if not len(crops):
            return [np.zeros((0, len(names)), np.float32) for names in spec.lists]
        blob = np.multiply(crops[..., ::-1].transpose(0, 3, 1, 2), np.float32(1 / 255), dtype=np.float32)
        found = self._engine.run_all(np.ascontiguousarray(blob))
        wanted = [(len(crops), len(names)) for names in spec.lists]
        if [one.shape for one in found] != wanted:
            shapes = ", ".join(str(one.shape) for one in found)
            raise ConfigError(
                f"The weights {spec.weights.name} give outputs of shape {shapes}, which do not fit the classes of "
                "their card; give the card that belongs to them."
            )
        return found
