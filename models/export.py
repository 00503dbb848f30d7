"""From a trained torch network to an ONNX file that plain ONNX Runtime runs at any multiple of 32."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Final

import onnx
import onnxslim
import torch

if TYPE_CHECKING:
    from pathlib import Path

    from models.torch_shim import DetectionModel


OPSET: Final = 17


def export_onnx(network: DetectionModel, path: Path) -> Path:
    """Write `network` as ONNX.

    Input ``images`` float32 [N, 3, H, W], RGB 0 to 1, H and W multiples of 32. Output ``output0`` float32
    [N, 4 + classes, anchors]: centre x, centre y, width, height in input pixels, then scores after the sigmoid.
    Non-maximum suppression is left to the caller.
    """
    plain = copy.deepcopy(network).float().to(memory_format=torch.contiguous_format).eval().fuse(verbose=False)
    for parameter in plain.parameters():
        parameter.requires_grad_(False)
    head = plain.model[-1]
    head.export = True
    head.dynamic = True
    head.format = "onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # The tracing exporter keeps node names, by which quantisation finds the head; it announces its successor.
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", torch.jit.TracerWarning)
        torch.onnx.export(
            plain,
            (torch.zeros(1, 3, 384, 640),),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=["images"],
            output_names=["output0"],
            dynamic_axes={"images": {0: "batch", 2: "height", 3: "width"}, "output0": {0: "batch", 2: "anchors"}},
        )
    slim = onnxslim.slim(onnx.load(str(path)))
    slim.producer_name = "qyran"
    slim.doc_string = ""
    onnx.save(slim, str(path))
    return path
