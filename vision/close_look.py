"""A place looked at once more in the last seconds of video, at the picture's own pixels and in every picture there is.

The first look sees the whole picture made small, twice a second. Here the place and a little around it is cut out of
some pictures that are decoded again: the detector sees it large, and motion is measured from picture to picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.plume import PlumeWatch
from vision.types import Detections, Tracks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vision.detector import Detector
    from vision.sight import Box
    from vision.types import Frame, Plume

AROUND: Final = 1.8
"""The cut is so many times as wide and high as the place,"""
LEAST_PX: Final = 160
"""and no smaller than this, pixels: the detector wants to see what is around."""
LOOKS: Final = 4
"""Cuts that the detector sees, evenly spread."""
LEAST_PICTURES: Final = 4
"""Fewer pictures tell nothing of motion."""


@dataclass(frozen=True, slots=True)
class CloseLook:
    """What was seen of a place.

    Attributes:
        pictures: looked at.
        near: mean of the detector's best score for the class among its looks.
        other: the same for the other class: flame under smoke, smoke over flame.
        stir: median over the pictures of how much the place changes beyond what is around it, levels.
        flame: mean share of the place in the colours of flames.
        flicker: mean change of these from picture to picture, 0..1.
        rise: mean upward flow, heights of the place a picture.
    """

    pictures: int
    near: float
    other: float
    stir: float
    flame: float
    flicker: float
    rise: float


def close_look(pictures: Sequence[Frame], box: Box, class_id: int, detector: Detector) -> CloseLook | None:
    """Look at a place in some pictures, oldest first; None where there are too few of them."""
    if len(pictures) < LEAST_PICTURES:
        return None
    height, width = pictures[0].picture.shape[:2]
    x0, y0, x1, y1 = cut_of(box, width, height)
    inner = np.array([[box[0] - x0, box[1] - y0, box[2] - x0, box[3] - y0]], np.float32)
    inner = np.clip(inner, 0, [x1 - x0, y1 - y0, x1 - x0, y1 - y0]).astype(np.float32)
    place = Detections(inner, np.ones(1, np.float32), np.array([class_id], np.int16))
    watch = PlumeWatch()
    plumes: list[Plume] = []
    seen: list[Detections] = []
    every = max(1, len(pictures) // LOOKS)
    for k, frame in enumerate(pictures):
        cut = np.ascontiguousarray(frame.picture[y0:y1, x0:x1])
        watch.see(cut, frame.video_s)
        if k:
            plumes.append(watch.measure(place, Tracks.empty())[0])
        if k % every == every - 1 and len(seen) < LOOKS:
            seen.append(detector.detect(cut))
    return CloseLook(
        pictures=len(pictures),
        near=float(np.mean([_best(one, class_id) for one in seen])),
        other=float(np.mean([_best(one, 1 - class_id) for one in seen])),
        stir=float(np.median([plume.stir - plume.around for plume in plumes])),
        flame=float(np.mean([plume.flame for plume in plumes])),
        flicker=float(np.mean([plume.flicker for plume in plumes])),
        rise=float(np.mean([plume.rise for plume in plumes])),
    )


def cut_of(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """The part of a picture around a place, x1, y1, x2, y2 in whole pixels."""
    out = []
    for low, high, most in ((box[0], box[2], width), (box[1], box[3], height)):
        side = min(max((high - low) * AROUND, LEAST_PX), most)
        start = float(np.clip((low + high) / 2 - side / 2, 0, most - side))
        out.append((int(start), int(start + side)))
    (x0, x1), (y0, y1) = out
    return x0, y0, x1, y1


def _best(seen: Detections, class_id: int) -> float:
    scores: NDArray[np.float32] = seen.score[seen.class_id == class_id]
    return float(scores.max()) if len(scores) else 0.0
