"""Ultralytics' parts, importable also where a CUDA-built torchvision lies beside a CPU-only torch.

The torchvision wheel registers its operators for CUDA builds of torch; beside a CPU build every use of
``torchvision.ops.nms`` fails with ``operator torchvision::nms does not exist``. Before
``ultralytics`` is imported here, the two operators its code touches are defined with a plain CPU version, so all
modules take these parts from this one. With a CUDA build of torch nothing is changed.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
from pathlib import Path

import torch

os.environ.setdefault("YOLO_AUTOINSTALL", "false")
os.environ.setdefault("YOLO_OFFLINE", "true")
os.environ.setdefault("YOLO_CONFIG_DIR", str(Path(tempfile.gettempdir()) / "qyran-yolo-config"))
Path(os.environ["YOLO_CONFIG_DIR"]).mkdir(parents=True, exist_ok=True)


def _nms(boxes: torch.Tensor, scores: torch.Tensor, iou_threshold: float) -> torch.Tensor:
    """Greedy non-maximum suppression; boxes [n, 4] xyxy, returns kept indices, best score first."""
    order = scores.argsort(descending=True)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    keep: list[torch.Tensor] = []
    while order.numel() > 0:
        best, rest = order[0], order[1:]
        keep.append(best)
        corner_min = torch.maximum(boxes[best, :2], boxes[rest, :2])
        corner_max = torch.minimum(boxes[best, 2:], boxes[rest, 2:])
        inter = (corner_max - corner_min).clamp(min=0).prod(dim=1)
        order = rest[inter <= iou_threshold * (area[best] + area[rest] - inter)]
    return torch.stack(keep) if keep else torch.empty(0, dtype=torch.int64, device=boxes.device)


def _install() -> None:
    if torch.cuda.is_available() or "torchvision" in sys.modules:
        return
    if importlib.util.find_spec("torchvision") is None:
        return
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.impl("nms", _nms, "CPU")
    library.impl("qnms", _nms, "CPU")
    globals()["_library"] = library  # the registration lives as long as this object

    import torchvision.extension  # noqa: PLC0415  (only now that its operators exist)
    import torchvision.ops.boxes  # noqa: PLC0415

    for module in (torchvision.extension, torchvision.ops.boxes):  # the second keeps a copy of the first's
        module._assert_has_ops = lambda: None  # noqa: SLF001


_install()

from ultralytics.cfg import get_cfg  # noqa: E402
from ultralytics.nn.tasks import DetectionModel  # noqa: E402
from ultralytics.utils.loss import v8DetectionLoss  # noqa: E402
from ultralytics.utils.tal import make_anchors  # noqa: E402

__all__ = ["DetectionModel", "get_cfg", "make_anchors", "v8DetectionLoss"]
