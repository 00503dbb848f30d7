"""Static 8-bit quantisation of an exported network by ONNX Runtime.

QDQ form, activations u8, weights s8 per channel, calibrated on real training pictures with their rarest activations
clipped. The nodes that decode boxes (everything after the last convolutions of the head) stay in floating point: a
box is a difference of numbers up to the width of the picture, and eight bits over that range would cost pixels. So
do the first two convolutions, whose few channels carry everything. A network whose nodes do not say where its head
begins (Ultralytics' do) has its convolutions alone in 8 bits.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from qyran.errors import MediaError
from vision.letterbox import PLAIN, Letterbox, Pixels, fit, fit_into

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

STRIDE: Final = 32
LAYER: Final = re.compile(r"/model\.(\d+)/")
"""Beginning of the names of a layer's nodes in an export of Ultralytics."""
BRANCH: Final = re.compile(r"/(one2one_)?cv\d")
"""A convolution of the head."""
FIRST: Final = ("/model.0/", "/model.1/")
PERCENTILE: Final = 99.997
"""Share of activations, in percent, that the 8-bit range covers; the rest is clipped."""


AT_ONCE: Final = 8
"""Pictures whose activations are held in memory together, some 0.2 GB each."""


class _Pictures(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, files: Sequence[str], place: Letterbox, name: str) -> None:
        self._files = files
        self._place = place
        self._name = name
        self.set_range(0, len(files))

    def __len__(self) -> int:
        """Number of pictures, up to whole portions: the calibrator takes no broken ones."""
        return -(-len(self._files) // AT_ONCE) * AT_ONCE

    def set_range(self, start_index: int, end_index: int) -> None:
        """Give these pictures next; the calibrator calls it for each portion."""
        self._blobs = _blobs(self._files[start_index:end_index], self._place)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        blob = next(self._blobs, None)
        return None if blob is None else {self._name: blob}


def _blobs(files: Sequence[str], place: Letterbox) -> Iterator[NDArray[np.float32]]:
    for file in files:
        picture = cv2.imread(file)
        if picture is None:
            raise MediaError(f"The picture {file} cannot be read; prepare the pictures again.")
        letterbox = fit_into(picture.shape[1], picture.shape[0], place.width, place.height, place.pixels)
        blob = letterbox.blank()
        letterbox.fill(np.asarray(picture, np.uint8), blob)
        yield blob


def _input(model: onnx.ModelProto, long_side: int, pixels: Pixels) -> tuple[str, Letterbox]:
    """Name of the network's input and one shape for all pictures: the calibrator stacks what it collects."""
    source = model.graph.input[0]
    height, width = (axis.dim_value for axis in source.type.tensor_type.shape.dim[2:])
    if width and height:
        return source.name, fit_into(width, height, width, height, pixels)
    return source.name, fit(long_side, long_side * 9 // 16, long_side, STRIDE, pixels=pixels)


def decoding_nodes(model: onnx.ModelProto) -> list[str]:
    """Names of the head's nodes after its last convolutions, and of the convolution that sums the distances.

    None where the nodes' names do not tell layers.
    """
    layers = [int(found[1]) for node in model.graph.node if (found := LAYER.match(node.name))]
    if not layers:
        return []
    head = f"/model.{max(layers)}/"
    return [
        node.name
        for node in model.graph.node
        if node.name.startswith(head) and ("/dfl/" in node.name or not BRANCH.search(node.name))
    ]


def first_nodes(model: onnx.ModelProto, keep: Sequence[str]) -> list[str]:
    """Names of the nodes that begin like one of `keep`; of the first two convolutions where none does."""
    named = [node.name for node in model.graph.node if any(node.name.startswith(start) for start in keep)]
    return named or [node.name for node in model.graph.node if node.op_type == "Conv"][:2]


def quantise(
    source: Path,
    target: Path,
    calibration: Sequence[str],
    long_side: int,
    keep: Sequence[str] = FIRST,
    pixels: Pixels = PLAIN,
) -> Path:
    """Write `source` in 8-bit QDQ form to `target`.

    Args:
        source: exported float network.
        target: file to write.
        calibration: picture files.
        long_side: long input side of the calibration pictures.
        keep: beginnings of the names of further nodes that stay in floating point.
        pixels: how pictures go into the network.
    """
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        model = onnx.load(str(ready))
        decoding = decoding_nodes(model)
        name, place = _input(model, long_side, pixels)
        for method in (CalibrationMethod.Percentile, CalibrationMethod.MinMax):
            try:
                quantize_static(
                    str(ready),
                    str(target),
                    _Pictures(calibration, place, name),
                    quant_format=QuantFormat.QDQ,
                    per_channel=True,
                    activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8,
                    nodes_to_exclude=decoding + first_nodes(model, keep),
                    op_types_to_quantize=None if decoding else ["Conv"],
                    calibrate_method=method,
                    extra_options={"CalibPercentile": PERCENTILE, "CalibStridedMinMax": AT_ONCE},
                )
            except ValueError:
                # An activation that never changes has no histogram: its least and largest value are enough.
                if method is CalibrationMethod.MinMax:
                    raise
            else:
                break
    return target
