"""What runs a network: one face for every run-time, chosen by name."""

from __future__ import annotations

import functools
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import onnxruntime

from qyran.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CUDA: Final = ("CUDAExecutionProvider", {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"})
"""Full 32-bit arithmetic; the exhaustive search would begin anew with every size of picture."""
PROVIDERS: Final[dict[str, list[tuple[str, dict[str, str]]]]] = {
    "cpu": [("CPUExecutionProvider", {})],
    "cuda": [CUDA],
    "tensorrt": [("TensorrtExecutionProvider", {"trt_engine_cache_enable": "1"}), CUDA],
}
"""Engine names and the ONNX Runtime providers behind each, the one that must be there first."""
OPENVINO: Final = {"openvino": "f32", "openvino-bf16": "bf16"}
"""Engine names and the precision that OpenVINO is held to: left alone, it chooses by the processor."""
AUTO: Final = "auto"
"""The engine that `suiting` finds for a network and this processor."""
ENGINES: Final = (AUTO, *PROVIDERS, *OPENVINO)
EXTRAS: Final = {"cuda": "gpu", "tensorrt": "gpu", "openvino": "openvino", "openvino-bf16": "openvino"}
"""The extra of the distribution that brings an engine."""
CPUINFO: Final = Path("/proc/cpuinfo")
BFLOAT16: Final = "amx_bf16"
"""What Linux calls a processor's unit that multiplies matrices of bfloat16 (Intel Xeon from 2023 on)."""


class Engine(Protocol):
    """A loaded network with one input; several threads may run it at once."""

    def run(self, blob: NDArray[np.float32]) -> NDArray[np.float32]:
        """The network's first output for an input float32 [n, channels, height, width]."""

    def run_all(self, blob: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """All outputs of the network, in order."""

    def memory(self, shape: Sequence[int]) -> NDArray[np.float32]:
        """Memory in which an input is best written: the caller's for as long as he keeps it, with any content."""

    def prepare(self, shape: Sequence[int]) -> None:
        """Make ready for inputs of a shape, where the engine gains by it; otherwise that comes with the first runs."""

    @property
    def waited_s(self) -> float:
        """Seconds for which the last run waited for its turn; 0 where the network runs at once."""

    @property
    def input_size(self) -> tuple[int, int] | None:
        """Fixed (width, height) of the input, None where any size goes."""

    @property
    def batch(self) -> int | None:
        """Fixed number of pictures in the input, None where any number goes."""

    @property
    def output_shape(self) -> Sequence[Any]:
        """Shape of the first output as far as it is fixed; other axes are no int."""


class EngineRoom(Protocol):
    """Where networks run, if not in this very process."""

    def open(self, weights: Path, engine: str = "") -> Engine:
        """A network, loaded there on an engine, by default its own."""


class _Local:
    """A network in this very process, and what the shapes of its input and first output say."""

    waited_s = 0.0

    def __init__(self, source: Sequence[Any], target: Sequence[Any]) -> None:
        self._source = source
        self._target = target

    def memory(self, shape: Sequence[int]) -> NDArray[np.float32]:
        """Memory of an input."""
        return np.empty(shape, np.float32)

    def prepare(self, shape: Sequence[int]) -> None:
        """Nothing is gained."""

    @property
    def input_size(self) -> tuple[int, int] | None:
        """Fixed (width, height) of the input, None where any size goes."""
        height, width = self._source[2:]
        return (width, height) if isinstance(height, int) and isinstance(width, int) else None

    @property
    def batch(self) -> int | None:
        """Fixed number of pictures in the input, None where any number goes."""
        return self._source[0] if isinstance(self._source[0], int) else None

    @property
    def output_shape(self) -> Sequence[Any]:
        """Shape of the first output as far as it is fixed; other axes are no int."""
        return self._target


class OnnxEngine(_Local):
    """ONNX Runtime, sequential, without the growing memory arena and without threads that spin while idle."""

    def __init__(self, weights: Path, threads: int, providers: Sequence[tuple[str, dict[str, str]]]) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(weights, options, providers=list(providers))
        sources = self._session.get_inputs()
        if len(sources) != 1 or len(sources[0].shape) != 4 or sources[0].type != "tensor(float)":
            raise ConfigError(f"The weights {weights} need an input other than one picture in 32-bit numbers.")
        self._input: str = sources[0].name
        self._weights = weights.name
        super().__init__(sources[0].shape, self._session.get_outputs()[0].shape)

    @property
    def providers(self) -> list[str]:
        """Providers that the session really got, the first first."""
        names: list[str] = self._session.get_providers()
        return names

    def run(self, blob: NDArray[np.float32]) -> NDArray[np.float32]:
        """The network's first output for an input float32 [n, channels, height, width]."""
        return self.run_all(blob)[0]

    def run_all(self, blob: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """All outputs of the network, in order."""
        try:
            outputs: list[NDArray[np.float32]] = self._session.run(None, {self._input: blob})
        except Exception as error:
            if not _of_the_run_time(error):
                raise
            size = "x".join(str(side) for side in blob.shape)
            raise ConfigError(f"The weights {self._weights} fail on an input of {size}; correct the card.") from error
        return outputs


def _of_the_run_time(error: Exception) -> bool:
    """ONNX Runtime raises a class of its own for every fault."""
    return type(error).__module__.startswith("onnxruntime")


def open_engine(weights: Path, threads: int = 1, name: str = "cpu", at_once: int = 1) -> Engine:
    """Load a network.

    Args:
        weights: the ONNX file.
        threads: of the processor for each run; engines on a graphics card have their own.
        name: one of `ENGINES`.
        at_once: runs of several threads that OpenVINO works on together; further ones wait. ONNX Runtime needs no
            number: with one thread a run, each runs where it is called.

    Raises:
        ConfigError: the weights are missing, no ONNX model or one of another shape, or this installation lacks the
            engine.
    """
    if not weights.is_file():
        raise ConfigError(f"The weights {weights} are missing; reinstall the package or give their path.")
    if name not in ENGINES:
        raise ConfigError(f"The engine {name!r} is unknown; choose one of {', '.join(ENGINES)}.")
    if name == AUTO:
        name = suiting(bfloat16=False)
    if not available(name):
        raise ConfigError(
            f"The engine {name!r} is not installed here; install the extra {EXTRAS[name]!r}, which brings it, or use "
            "'cpu'."
        )
    if name in OPENVINO:
        # Parts of it that nobody asks for would tell its makers that they are used; without this module they do not.
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
        from vision.openvino_engine import OpenvinoEngine  # noqa: PLC0415 - an extra that need not be there

        return OpenvinoEngine(weights, threads, OPENVINO[name], at_once)
    try:
        engine = OnnxEngine(weights, threads, PROVIDERS[name])
    except Exception as error:
        if not _of_the_run_time(error):
            raise
        raise ConfigError(f"The weights {weights} are no ONNX model that can be loaded.") from error
    if engine.providers[0] != PROVIDERS[name][0][0]:  # the run-time falls back without a word
        raise ConfigError(f"The engine {name!r} is installed but does not start on this machine; use 'cpu'.")
    return engine


def suiting(*, bfloat16: bool) -> str:
    """The engine that is fastest on this processor among those that keep a network's figures.

    Args:
        bfloat16: whether the network's figures hold in that arithmetic, see its card.
    """
    return "openvino-bf16" if bfloat16 and available("openvino-bf16") and _multiplies_bfloat16() else "cpu"


@functools.cache
def _multiplies_bfloat16() -> bool:
    return CPUINFO.is_file() and BFLOAT16 in CPUINFO.read_text(encoding="utf-8", errors="replace").split()


def available(name: str) -> bool:
    """Whether an engine is installed."""
    if name == AUTO:
        return True
    if name in OPENVINO:
        return importlib.util.find_spec("openvino") is not None
    return PROVIDERS[name][0][0] in onnxruntime.get_available_providers()
