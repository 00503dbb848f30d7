"""Detections that say the same thing twice, taken out before anything is followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from vision.association import KINSHIP
from vision.classes import PERSON, is_vehicle
from vision.geometry import area, intersection
from vision.types import Detections

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.tracker import TrackerSettings

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]

PEOPLE_IOU: Final = 0.45
"""Overlap from which two boxes of people are of one, whatever they wear: two people side by side share less."""
ALIKE_IOU: Final = 0.4
"""The same for two that wear the same..."""
ALIKE: Final = 0.2
"""...which are nearer than this by what they look like."""
VEHICLES_IOU: Final = 0.5
"""Overlap from which two boxes of vehicles are of one if they look the same..."""
ALIKE_VEHICLES: Final = 0.08
"""...which are nearer than this."""


def one_each(seen: Detections, s: TrackerSettings) -> Detections:
    """One detection an object where a detector gave several.

    Weak ones that only repeat, in whole or in part, a much stronger one of their kind fall. Of two people or vehicles
    that share too much place to be two, or wear the same besides, the weaker falls; a person's box is then the mean of
    both by score, since the width of a walker follows the legs and each box has its own idea of it.

    Args:
        seen: strongest first.
        s: what counts as an echo.
    """
    i, j, shared, overlap = _touching(seen.box)
    weaker = (seen.score[i] <= s.echo_score * seen.score[j]) & (seen.score[i] < s.strong_score)
    repeats = (overlap >= s.echo_iou) | (shared >= s.echo_cover)
    kin = KINSHIP[seen.class_id[i], seen.class_id[j]] > 0
    alive = np.ones(len(seen), np.bool_)
    alive[i[weaker & repeats & kin]] = False
    box = seen.box.copy()
    for weak, strong in _doubles(seen, i, j, overlap):
        if alive[weak] and alive[strong]:
            alive[weak] = False
            if seen.class_id[strong] == PERSON:
                box[strong] = np.average(box[[strong, weak]], axis=0, weights=seen.score[[strong, weak]])
    return Detections(box, seen.score, seen.class_id, seen.look).where(alive)


def _touching(box: NDArray[np.floating[Any]]) -> tuple[Rows, Rows, Floats, Floats]:
    """Ordered pairs (i, j) of boxes [N, 4] that touch: the share of i that lies in j, and their overlap (IoU)."""
    both = intersection(box, box)
    np.fill_diagonal(both, 0.0)
    i, j = np.nonzero(both)
    sizes, shared = area(box), both[i, j]
    return i, j, shared / sizes[i], shared / (sizes[i] + sizes[j] - shared)


def _doubles(seen: Detections, strong: Rows, weak: Rows, overlap: Floats) -> list[tuple[int, int]]:
    """Those of the touching pairs, as (weaker, stronger), that are of one person or of one vehicle.

    None where nobody looked.
    """
    if seen.look is None:
        return []
    near = (strong < weak) & (overlap >= ALIKE_IOU)
    strong, weak, overlap = strong[near], weak[near], overlap[near]
    unlike = np.sqrt(((seen.look[strong] - seen.look[weak]) ** 2).sum(axis=1))
    person, vehicle = seen.class_id == PERSON, is_vehicle(seen.class_id)
    same = person[strong] & person[weak] & ((overlap >= PEOPLE_IOU) | (unlike < ALIKE))
    same |= vehicle[strong] & vehicle[weak] & (overlap >= VEHICLES_IOU) & (unlike < ALIKE_VEHICLES)
    return list(zip(weak[same].tolist(), strong[same].tolist(), strict=True))
