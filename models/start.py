"""The starting network: YOLOv8n with COCO weights, its class outputs cut or widened to our classes.

The COCO weights are the Ultralytics YOLOv8n state dict in half precision. The box branch and the feature layers
of the class branch are kept whole; only the rows of the last class convolution are chosen, so what the network
learned about our six road classes survives the cut.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import torch
from safetensors.torch import load_file

from models.data.places import shared
from models.export import export_onnx
from models.torch_shim import DetectionModel, get_cfg
from vision.classes import ROAD_CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

COCO_ROWS: Final = {"person": 0, "bicycle": 1, "car": 2, "motorcycle": 3, "bus": 5, "truck": 7}
"""Row of each road class among COCO's 80 classes."""

PRIOR: Final = 0.01
"""Initial score of a class without COCO counterpart (focal-loss prior, Lin et al. 2017)."""


def new_network(classes: int) -> DetectionModel:
    """YOLOv8n with random weights, `classes` outputs and a class branch as wide as that of COCO's 80 classes.

    Ultralytics narrows the class branch for few classes; the width of the COCO network is kept so that all of
    its learned features can be loaded.
    """
    network = DetectionModel("yolov8n.yaml", nc=80, verbose=False)
    network.args = get_cfg()
    head = network.model[-1]
    for branch in head.cv3:
        branch[-1] = torch.nn.Conv2d(branch[-1].in_channels, classes, 1)
    head.nc = classes
    head.no = classes + head.reg_max * 4
    network.yaml["nc"] = classes
    network.nc = classes
    network.names = {i: str(i) for i in range(classes)}
    return network


def coco_start(weights: Path, classes: Sequence[str]) -> DetectionModel:
    """YOLOv8n for `classes` that starts from COCO.

    Args:
        weights: safetensors file with the 80-class state dict.
        classes: our class names in output order; a name COCO does not have gets a fresh row with a low prior.
    """
    state = {key: value.float() for key, value in load_file(str(weights)).items()}
    generator = torch.Generator().manual_seed(0)
    for level in range(3):
        key = f"model.22.cv3.{level}.2"
        weight, bias = state[f"{key}.weight"], state[f"{key}.bias"]
        rows = []
        biases = []
        for name in classes:
            if name in COCO_ROWS:
                rows.append(weight[COCO_ROWS[name]])
                biases.append(float(bias[COCO_ROWS[name]]))
            else:
                rows.append(torch.randn(weight.shape[1:], generator=generator) * float(weight.std()) * 0.1)
                biases.append(math.log(PRIOR / (1 - PRIOR)))
        state[f"{key}.weight"] = torch.stack(rows)
        state[f"{key}.bias"] = torch.tensor(biases)
    network = new_network(len(classes))
    network.load_state_dict(state, strict=True)
    return network


def coco_start_onnx(kept: Path) -> Path:
    """The COCO start for the road classes as an ONNX file at `kept`, exported there if it is not yet."""
    if not kept.is_file():
        export_onnx(coco_start(shared() / "weights" / "yolov8n_coco.safetensors", ROAD_CLASSES), kept)
    return kept
