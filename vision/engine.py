"""What runs a network: one face for every run-time, chosen by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import onnxruntime

from qyran.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

PROVIDERS: Final = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
"""Engine names and the ONNX Runtime provider behind each."""


class Engine(Protocol):
    """A loaded network with one input and one output."""

    def run(self, blob: NDArray[np.float32]) -> NDArray[np.float32]:
        """The network's output for an input float32 [1, 3, height, width]."""

    @property
    def input_size(self) -> tuple[int, int] | None:
        """Fixed (width, height) of the input, None where any size goes."""


class OnnxEngine:
    """ONNX Runtime, sequential, without the growing memory arena and without threads that spin while idle."""

    def __init__(self, weights: Path, threads: int, provider: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(weights, options, providers=[provider])
        (source,) = self._session.get_inputs()
        self._input: str = source.name
        self._shape: list[Any] = source.shape

    @property
    def input_size(self) -> tuple[int, int] | None:
        """Fixed (width, height) of the input, None where any size goes."""
        height, width = self._shape[2:]
        return (width, height) if isinstance(height, int) and isinstance(width, int) else None

    def run(self, blob: NDArray[np.float32]) -> NDArray[np.float32]:
        """The network's output for an input float32 [1, 3, height, width]."""
        output: NDArray[np.float32] = self._session.run(None, {self._input: blob})[0]
        return output


def open_engine(weights: Path, threads: int = 1, name: str = "cpu") -> Engine:
    """Load a network.

    Raises:
        ConfigError: the weights are missing or no ONNX model, or this installation lacks the engine.
    """
    if not weights.is_file():
        raise ConfigError(f"The weights {weights} are missing; reinstall the package or give their path.")
    if name not in PROVIDERS:
        raise ConfigError(f"The engine {name!r} is unknown; choose one of {', '.join(sorted(PROVIDERS))}.")
    if PROVIDERS[name] not in onnxruntime.get_available_providers():
        raise ConfigError(f"The engine {name!r} is not installed here; install the extra that brings it or use 'cpu'.")
    try:
        return OnnxEngine(weights, threads, PROVIDERS[name])
    except Exception as error:  # the run-time raises a class of its own for every fault of a file
        if not type(error).__module__.startswith("onnxruntime"):
            raise
        raise ConfigError(f"The weights {weights} are no ONNX model that can be loaded.") from error
