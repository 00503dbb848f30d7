"""OpenVINO as an engine: faster than ONNX Runtime on many Intel processors; the extra ``openvino`` brings it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import openvino

from qyran.errors import ConfigError
from vision.engine import _Local

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


class OpenvinoEngine(_Local):
    """On the processor, in a precision that is told and not guessed; each thread has a request of its own."""

    def __init__(self, weights: Path, threads: int, precision: str, at_once: int = 1) -> None:
        options = {
            "INFERENCE_NUM_THREADS": threads * at_once,
            "INFERENCE_PRECISION_HINT": precision,
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": at_once,
        }
        try:
            core = openvino.Core()
            model = core.read_model(str(weights))
            compiled = core.compile_model(model, "CPU", options)
        except RuntimeError as error:
            raise ConfigError(f"The weights {weights} are no model that OpenVINO can load.") from error
        if any(node.get_type_name() == "FakeQuantize" for node in model.get_ops()):
            # It reads our 8-bit graphs into other numbers than ONNX Runtime, sure boxes vanish: never silently.
            raise ConfigError(
                f"OpenVINO gives other boxes for the 8-bit weights {weights}; use the engine cpu, or float weights."
            )
        if len(model.inputs) != 1 or len(model.inputs[0].partial_shape) != 4:
            raise ConfigError(f"The weights {weights} need an input other than one picture in 32-bit numbers.")
        self._compiled = compiled
        self._own = threading.local()
        self._outputs = len(model.outputs)
        super().__init__(_known(model.inputs[0].partial_shape), _known(model.outputs[0].partial_shape))

    def run(self, blob: NDArray[np.float32]) -> NDArray[np.float32]:
        """The network's first output for an input float32 [n, channels, height, width]."""
        return _output(self._inferred(blob), 0)

    def run_all(self, blob: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """All outputs of the network, in order."""
        request = self._inferred(blob)
        return [_output(request, index) for index in range(self._outputs)]

    def _inferred(self, blob: NDArray[np.float32]) -> Any:
        """This thread's request after it has run."""
        request = getattr(self._own, "request", None)
        if request is None:
            request = self._own.request = self._compiled.create_infer_request()
        request.infer([blob])
        return request


def _output(request: Any, index: int) -> NDArray[np.float32]:
    # A copy: the request writes the next output into the same place.
    return np.array(request.get_output_tensor(index).data, np.float32)


def _known(shape: Any) -> Sequence[Any]:
    """A partial shape with ints where it is fixed and None where not."""
    return [axis.get_length() if axis.is_static else None for axis in shape]
