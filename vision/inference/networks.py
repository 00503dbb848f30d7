"""The networks that an inference process has loaded, each once, and what their runs took."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from qyran.errors import InferenceError, QyranError
from vision.engine import open_engine

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from vision.engine import Engine

    Floats = NDArray[np.float32]

FIRST_COST_S: Final = 0.02
"""What a run is taken to last before the first one has been seen, seconds."""
REMEMBERED: Final = 512
"""Runs over which a network's times are told."""
SLOW: Final = 0.1
"""Share by which one run moves what the next is taken to last."""


@dataclass(slots=True)
class Network:
    """A loaded network.

    Attributes:
        title: file name of its weights.
        engine: runs it; for several threads.
        cost_s: what a run of one input lasts, by experience.
        runs: inputs looked at.
    """

    title: str
    engine: Engine
    cost_s: float = FIRST_COST_S
    runs: int = 0
    _ran: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _waited: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _together: deque[int] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def about(self) -> dict[str, Any]:
        """What whoever opens it must know."""
        shape = [side if isinstance(side, int) else None for side in self.engine.output_shape]
        return {"input_size": self.engine.input_size, "batch": self.engine.batch, "output_shape": shape}

    def note(self, waited_s: Sequence[float], ran_s: float) -> None:
        """A run of so many inputs together ended."""
        self.runs += len(waited_s)
        self._ran.append(ran_s)
        self._waited.extend(waited_s)
        self._together.append(len(waited_s))
        self.cost_s += SLOW * (ran_s / len(waited_s) - self.cost_s)

    def times(self) -> dict[str, Any]:
        """Its runs so far, and the times of the last ones in milliseconds."""
        ran, waited, together = (np.array(list(each) or [0]) for each in (self._ran, self._waited, self._together))
        return {
            "runs": self.runs,
            "ran_ms": _milliseconds(ran.mean()),
            "waited_ms_p50": _milliseconds(np.percentile(waited, 50)),
            "waited_ms_p95": _milliseconds(np.percentile(waited, 95)),
            "together": round(float(together.mean()), 2),
        }


class Networks:
    """Loads networks and keeps them.

    Args:
        engine: one of `vision.engine.ENGINES`.
        at_once: runs of several threads together.
    """

    def __init__(self, engine: str, at_once: int) -> None:
        self._engine, self._at_once = engine, at_once
        self._loaded: dict[bytes, Network] = {}
        self._loading = threading.Lock()

    def get(self, name: bytes) -> Network | None:
        """The network of a name, None where it is not loaded."""
        return self._loaded.get(name)

    def load(self, name: bytes, weights: Path, engine: str = "") -> Network:
        """The network of a name, loaded where it is not yet, on an engine other than usual where one is named.

        Raises:
            ConfigError: its weights cannot be used.
        """
        with self._loading:
            if name not in self._loaded:
                loaded = open_engine(weights, 1, engine or self._engine, self._at_once)
                self._loaded[name] = Network(weights.name, loaded)
            return self._loaded[name]

    def times(self) -> dict[str, dict[str, Any]]:
        """Times of each network by its file's name."""
        return {network.title: network.times() for network in list(self._loaded.values())}


def run_together(engine: Engine, blobs: Sequence[Floats], padded: bool) -> list[list[Floats]]:  # noqa: FBT001
    """All outputs for each of several inputs of one size, run as one.

    Args:
        engine: with a free number of inputs.
        blobs: each [n, channels, height, width].
        padded: fill up to the next power of two, for engines that prepare themselves for every number anew.

    Raises:
        InferenceError: the network does not answer each input by itself.
    """
    if len(blobs) == 1:
        return [engine.run_all(blobs[0])]
    counts = [len(blob) for blob in blobs]
    total = sum(counts)
    room = 1 << (total - 1).bit_length() if padded else total
    together = np.zeros((room, *blobs[0].shape[1:]), np.float32)
    np.concatenate(blobs, out=together[:total])
    outputs = engine.run_all(together)
    if any(len(output) != room for output in outputs):
        raise InferenceError("A network answered several inputs together with one answer; it cannot run them so.")
    edges = np.cumsum(counts)[:-1]
    parts = [np.split(output[:total], edges) for output in outputs]
    return [list(each) for each in zip(*parts, strict=True)]


def fault_of(error: Exception, title: str) -> str:
    """One sentence for whoever asked."""
    return str(error) if isinstance(error, QyranError) else f"The weights {title} fail: {type(error).__name__}."


def _milliseconds(seconds: np.floating[Any] | float) -> float:
    return round(1000 * float(seconds), 3)
