"""Whether two reports are of one and the same happening."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from vision.geometry import iou

OVERLAP: Final = 0.3  # intersection over union from which two boxes are one place


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a report says of where and who: track id, and box in pixels (x1, y1, x2, y2)."""

    track: int | None
    box: Sequence[float] | None = None


def same_happening(one: Sighting, other: Sighting) -> bool:
    """Whether two alerts of one kind by one camera, close in time, mean the same: track, place, or the whole view.

    Reports without track and box (a crowd, congestion) mean the whole view.
    """
    if one.track is not None and one.track == other.track:
        return True
    if one.box is not None and other.box is not None:
        return float(iou(np.array([one.box]), np.array([other.box])).item()) >= OVERLAP
    return one.track is None and other.track is None
