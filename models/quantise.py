"""Static 8-bit quantisation of an exported network by ONNX Runtime.

QDQ form, activations u8, weights s8 per channel, calibrated on real training pictures with their rarest activations
clipped. The nodes that decode boxes (everything after the last convolutions of the head) stay in floating point: a
box is a difference of numbers up to the width of the picture, and eight bits over that range would cost pixels. So
do the first two convolutions, whose few channels carry everything.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from qyran.errors import MediaError
from vision.letterbox import fit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

HEAD: Final = "/model.22/"
STRIDE: Final = 32
FIRST: Final = ("/model.0/", "/model.1/")
PERCENTILE: Final = 99.997
"""Share of activations, in percent, that the 8-bit range covers; the rest is clipped."""


class _Pictures(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, files: Sequence[str], long_side: int) -> None:
        self._blobs = _blobs(files, long_side)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        blob = next(self._blobs, None)
        return None if blob is None else {"images": blob}


def _blobs(files: Sequence[str], long_side: int) -> Iterator[NDArray[np.float32]]:
    for file in files:
        picture = cv2.imread(file)
        if picture is None:
            raise MediaError(f"The picture {file} cannot be read; prepare the pictures again.")
        # One shape for all: the calibrator stacks what it collects.
        letterbox = fit(long_side, long_side * 9 // 16, long_side, STRIDE)
        scale = min(letterbox.width / picture.shape[1], letterbox.height / picture.shape[0])
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
        canvas = np.full((letterbox.height, letterbox.width, 3), 114, np.uint8)
        canvas[: small.shape[0], : small.shape[1]] = small[: letterbox.height, : letterbox.width]
        yield np.ascontiguousarray(canvas[..., ::-1].transpose(2, 0, 1)[None].astype(np.float32) / 255)


def decoding_nodes(model: onnx.ModelProto) -> list[str]:
    """Names of the head's nodes after its last convolutions, and of the convolution that sums the distances."""
    return [
        node.name
        for node in model.graph.node
        if node.name.startswith(HEAD) and ("/dfl/" in node.name or "/cv" not in node.name)
    ]


def quantise(
    source: Path, target: Path, calibration: Sequence[str], long_side: int, keep: Sequence[str] = FIRST
) -> Path:
    """Write `source` in 8-bit QDQ form to `target`.

    Args:
        source: exported float network.
        target: file to write.
        calibration: picture files.
        long_side: long input side of the calibration pictures.
        keep: beginnings of the names of further nodes that stay in floating point.
    """
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        quant_pre_process(str(source), str(ready), skip_symbolic_shape=True)
        model = onnx.load(str(ready))
        apart = decoding_nodes(model) + [
            node.name for node in model.graph.node if any(node.name.startswith(start) for start in keep)
        ]
        quantize_static(
            str(ready),
            str(target),
            _Pictures(calibration, long_side),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=apart,
            calibrate_method=CalibrationMethod.Percentile,
            extra_options={"CalibPercentile": PERCENTILE},
        )
    return target
