"""The YOLOv8 detection loss that teaches nothing where labels are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from models.augment import ignore_weight
from models.torch_shim import make_anchors, v8DetectionLoss

if TYPE_CHECKING:
    from models.torch_shim import DetectionModel


class MaskedDetectionLoss(v8DetectionLoss):  # type: ignore[misc]
    """Ultralytics' loss with a weight on the classification term.

    An anchor in an ignore region counts only for a class it is a positive of; elsewhere all classes count.
    """

    def __init__(self, network: DetectionModel) -> None:
        super().__init__(network)
        self._weight: torch.Tensor | None = None
        self.bce = self._weighted_bce

    def _weighted_bce(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
        if self._weight is None:
            return loss
        return loss * torch.where(target > 0, torch.ones_like(target), self._weight)

    def loss(
        self, preds: dict[str, torch.Tensor], batch: dict[str, torch.Tensor]
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """As Ultralytics' loss; ``batch["ignore"]`` as in `models.augment.collate`."""
        points, strides = make_anchors(preds["feats"], self.stride, 0.5)
        self._weight = ignore_weight(batch["ignore"], points * strides, preds["boxes"].shape[0], self.nc)
        loss, parts = super().loss(preds, batch)
        return loss, parts
