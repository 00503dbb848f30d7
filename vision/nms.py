"""Non-maximum suppression: one box an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vision.geometry import iou

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    Boxes = NDArray[np.floating[Any]]


def keep_strongest(boxes: Boxes, limit: NDArray[np.float64]) -> NDArray[np.intp]:
    """Greedy suppression.

    Args:
        boxes: [N, 4], strongest first.
        limit: [N, N], overlap (IoU) from which box j falls when i stands; infinity where the two may stand together.

    Returns:
        Indices of the boxes that stand, in order.
    """
    if not len(boxes):
        return np.zeros(0, np.intp)
    falls = iou(boxes, boxes) > limit
    alive = np.ones(len(boxes), np.bool_)
    for i in range(len(boxes)):
        if alive[i]:
            alive[i + 1 :] &= ~falls[i, i + 1 :]
    return np.flatnonzero(alive)


def suppress(
    boxes: Boxes,
    class_id: NDArray[np.integer[Any]],
    nms_iou: float,
    same_object: Collection[int] = (),
    same_object_iou: float = 0.8,
) -> NDArray[np.intp]:
    """Suppression inside each class, and across the classes that share one object.

    Args:
        boxes: [N, 4], strongest first.
        class_id: [N].
        nms_iou: IoU above which the weaker of two boxes of one class falls.
        same_object: classes which one object may wear at once (a van seen as car and as truck).
        same_object_iou: IoU above which the weaker of two boxes of such classes falls.

    Returns:
        Indices of the boxes that stand, strongest first.
    """
    same = class_id[:, None] == class_id[None]
    shared = np.isin(class_id, list(same_object))
    limit = np.where(same, nms_iou, np.where(shared[:, None] & shared[None], same_object_iou, np.inf))
    return keep_strongest(boxes, limit)
