"""From a trained torch network for crops to an ONNX file for any number of crops at once, and its card."""

from __future__ import annotations

import copy
import json
import warnings
from typing import TYPE_CHECKING, Any, Final

import onnx
import onnxslim
import torch

from models.card import WEIGHTS, file_sha256

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

OPSET: Final = 17


def export_crops(network: torch.nn.Module, path: Path, size: tuple[int, int], outputs: Sequence[str]) -> Path:
    """Write `network` as ONNX: input ``crops`` float32 [n, 3, height, width], RGB 0 to 1, outputs [n, classes].

    Args:
        network: gives one tensor, or a tuple in the order of `outputs`.
        path: of the file.
        size: width and height of the input.
        outputs: their names.
    """
    plain = copy.deepcopy(network).float().eval()
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the tracing exporter announces its successor
        torch.onnx.export(
            plain,
            (torch.zeros(2, 3, size[1], size[0]),),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=["crops"],
            output_names=list(outputs),
            dynamic_axes={name: {0: "n"} for name in ("crops", *outputs)},
        )
    slim = onnxslim.slim(onnx.load(str(path)))
    slim.producer_name = "qyran"
    slim.doc_string = ""
    onnx.save(slim, str(path))
    return path


def write_card(name: str, fields: Mapping[str, Any]) -> Path:
    """Write the card of ``<name>.onnx`` beside it; `fields` are those that only its maker knows."""
    weights = WEIGHTS / f"{name}.onnx"
    card = {
        "name": name, "file": weights.name, "sha256": file_sha256(weights), "task": "classify", "precision": "fp32",
        "licence": "AGPL-3.0-or-later", **fields,
    }  # fmt: skip
    path = WEIGHTS / f"{name}.json"
    path.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
