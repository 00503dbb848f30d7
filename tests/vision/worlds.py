"""Synthetic tables of detections for the tracker's tests: objects that move by known laws."""

from __future__ import annotations

import numpy as np

from vision.classes import CAR
from vision.types import Detections


def boxes_at(feet, size=(60.0, 40.0)) -> np.ndarray:
    """Boxes float32 [N, 4] standing on feet [N, 2]."""
    feet = np.asarray(feet, np.float64).reshape(-1, 2)
    w, h = size
    return np.stack((feet[:, 0] - w / 2, feet[:, 1] - h, feet[:, 0] + w / 2, feet[:, 1]), axis=1).astype(np.float32)


def detections(boxes, score=0.9, class_id=CAR) -> Detections:
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    n = len(boxes)
    return Detections(
        boxes, np.broadcast_to(np.float32(score), n).copy(), np.broadcast_to(np.int16(class_id), n).copy()
    )


def straight(start, velocity, seconds):
    """Feet [T, 2] of something that moves steadily."""
    return np.asarray(start, float) + np.asarray(velocity, float) * np.asarray(seconds, float)[:, None]
