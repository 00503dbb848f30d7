"""OpenVINO as an engine: faster than ONNX Runtime on Intel processors that multiply matrices of bfloat16 (AMX)."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import openvino
from openvino.passes import ConstantFolding, Manager

from qyran.errors import ConfigError
from vision.engine import _Local

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Shape = tuple[int, ...]

SHAPES: Final = 8
"""Sizes of one picture for which a network is compiled apart, which makes it a fifth faster; a camera has one to three
(under load it takes smaller ones), and each takes a quarter of a second once and some 30 MB. The rest share one."""
OFTEN: Final = 100
"""Runs of one size after which it is worth that."""
UNQUANTISED: Final = frozenset({"Convert", "Subtract"})
"""What stands between rounding to 8 bits and the multiplication by the step that ends it."""


class OpenvinoEngine(_Local):
    """On the processor, in a precision that is told and not guessed; each thread has a request of its own.

    8-bit weights are used as they are, but what flows between the layers is not rounded to 8 bits: OpenVINO reads
    those roundings of ours into other numbers than ONNX Runtime does, and bfloat16 is faster without them.
    """

    def __init__(self, weights: Path, threads: int, precision: str, at_once: int = 1) -> None:
        self._options = {
            "INFERENCE_NUM_THREADS": threads * at_once,
            "INFERENCE_PRECISION_HINT": precision,
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": at_once,
            "ENABLE_CPU_PINNING": False,  # several processes would be pinned to the same cores
        }
        self._weights = weights
        try:
            self._core = openvino.Core()
            model = self._core.read_model(str(weights))
            _without_rounding(model, weights)
            self._any = self._core.compile_model(model, "CPU", self._options)
        except RuntimeError as error:
            raise ConfigError(f"The weights {weights} are no model that OpenVINO can load.") from error
        if len(model.inputs) != 1 or len(model.inputs[0].partial_shape) != 4:
            raise ConfigError(f"The weights {weights} need an input other than one picture in 32-bit numbers.")
        self._model = model
        self._free = model.inputs[0].partial_shape.is_dynamic
        self._sized: dict[Shape, Any] = {}
        self._met: dict[Shape, int] = {}
        self._compiling = threading.Lock()
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

    def prepare(self, shape: Sequence[int]) -> None:
        """Compile the network for inputs of a shape at once, and not after `OFTEN` runs of it."""
        if self._free and tuple(shape) not in self._sized and len(self._sized) < SHAPES:
            with self._compiling:
                self._compile(tuple(shape))

    def _inferred(self, blob: NDArray[np.float32]) -> Any:
        """This thread's request after it has run."""
        compiled = self._sized.get(blob.shape) or self._compiled(blob.shape)
        if any(isinstance(fixed, int) and fixed != side for fixed, side in zip(self._source, blob.shape, strict=True)):
            raise self._misfit(blob)  # the run-time would read past the end of what it was given
        requests = self._own.__dict__.setdefault("requests", {})
        request = requests.get(id(compiled))
        if request is None:
            request = requests[id(compiled)] = compiled.create_infer_request()
        try:
            request.set_input_tensor(openvino.Tensor(blob, shared_memory=True))
            request.start_async()
            request.wait()
        except RuntimeError as error:
            raise self._misfit(blob) from error
        return request

    def _misfit(self, blob: NDArray[np.float32]) -> ConfigError:
        size = "x".join(str(side) for side in blob.shape)
        return ConfigError(f"The weights {self._weights.name} fail on an input of {size}; correct the card.")

    def _compiled(self, shape: Shape) -> Any:
        """The network for inputs of a size that has not been compiled apart yet."""
        if not self._free or shape[0] != 1 or len(self._sized) >= SHAPES:
            return self._any
        with self._compiling:
            self._met[shape] = self._met.get(shape, 0) + 1
            if self._met[shape] < OFTEN or len(self._sized) >= SHAPES:
                return self._any
            self._compile(shape)
            return self._sized.get(shape, self._any)

    def _compile(self, shape: Shape) -> None:
        if shape in self._sized:
            return
        model = self._model.clone()
        with contextlib.suppress(RuntimeError):  # it does not take this size: the run says so
            model.reshape(list(shape))
            self._sized[shape] = self._core.compile_model(model, "CPU", self._options)


def _without_rounding(model: Any, weights: Path) -> None:
    """Let pass unrounded what the network rounds to 8 bits between its layers."""
    for node in model.get_ordered_ops():
        if node.get_type_name() != "FakeQuantize":
            continue
        source = node.input(0).get_source_output()
        end = node.output(0)
        while (after := _only(end)) is not None and after.get_type_name() in UNQUANTISED:
            end = after.output(0)
        if after is None or after.get_type_name() != "Multiply":
            raise ConfigError(f"OpenVINO gives other boxes for the 8-bit weights {weights}; use the engine cpu.")
        after.output(0).replace(source)
    model.validate_nodes_and_infer_types()
    # Weights become plain numbers here, once: the streams of one network do it at the same time otherwise, and now and
    # then (4 loads of 12) into no numbers at all.
    folding = Manager()
    folding.register_pass(ConstantFolding())
    folding.run_passes(model)


def _only(output: Any) -> Any:
    """The one node that takes an output, None where several do."""
    taken = list(output.get_target_inputs())
    return taken[0].get_node() if len(taken) == 1 else None


def _output(request: Any, index: int) -> NDArray[np.float32]:
    # A copy: the request writes the next output into the same place.
    return np.array(request.get_output_tensor(index).data, np.float32)


def _known(shape: Any) -> Sequence[Any]:
    """A partial shape with ints where it is fixed and None where not."""
    return [axis.get_length() if axis.is_static else None for axis in shape]
