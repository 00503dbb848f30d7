"""What stands still keeps its place: hidden by a lorry that passes, it is where it was.

A vehicle behind another shows a part of itself that shrinks, wanders and vanishes. To a filter that is a motion, and a
parked row would come out from behind a lorry under new identities. So a track that stood still for a while remembers
where; as long as only a part of that place is seen, or nothing, it has not moved. A part that comes to light where it
stood is it again, and no new vehicle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from vision.association import KINSHIP
from vision.geometry import area, intersection

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.trail import Trails
    from vision.types import Detections

    Boxes = NDArray[np.floating]
    Bools = NDArray[np.bool_]

REST_S: Final = 1.5
"""How long a track must have stood still, seconds."""
REST_LOOKS: Final = 4
"""Measurements that must say so."""
STILL: Final = 0.12
"""Farthest that any edge of the box may be from its mean meanwhile, box sizes."""
INSIDE: Final = 0.85
"""Share of a box that lies in the place of rest if it is a part of what rests there."""
PART: Final = 0.85
"""Share of the place of rest that such a part fills at most."""
SHOWS: Final = 0.5
"""Affinity of a resting track that is hidden with a part of it that comes to light..."""
EDGES: Final = 3
"""...which has so many edges in common with it..."""
SAME_EDGE: Final = 0.12
"""...to this share of its sides."""
LEFT: Final = 0.7
"""Overlap with the place of rest below which a whole box has left it."""


def places_of_rest(trails: Trails, rows: NDArray[np.intp], video_s: float) -> tuple[NDArray[np.intp], Boxes]:
    """Those of `rows` [n] that stood still until now, and their mean boxes, float64 [m, 4]."""
    lately = trails.video_s[rows] >= video_s - REST_S
    looks = lately.sum(axis=1)
    rows, lately, looks = rows[enough := looks >= REST_LOOKS], lately[enough], looks[enough]
    if not len(rows):
        return rows, np.zeros((0, 4))
    first = int(lately.any(axis=0).argmax())
    lately, boxes = lately[:, first:, None], trails.box[rows, first:]
    middle = np.where(lately, boxes, 0.0).sum(axis=1, dtype=np.float64) / looks[:, None]
    apart = np.abs(np.where(lately, boxes - middle[:, None], 0.0)).max(axis=(1, 2))
    still = apart < STILL * np.sqrt(area(middle))
    return rows[still], middle[still]


def only_part(boxes: Boxes, rest: Boxes) -> Bools:
    """Whether boxes [n, 4] show but a part of what rests at `rest` [n, 4], bool [n]; never where that is NaN."""
    whole = area(boxes)
    inside = _shared(boxes, rest) >= INSIDE * whole
    return np.asarray(inside & (whole < PART * area(rest)))


def has_left(boxes: Boxes, rest: Boxes) -> Bools:
    """Whether boxes [n, 4] are no longer at `rest` [n, 4], bool [n]; never where that is NaN."""
    shared = _shared(boxes, rest)
    return np.asarray((shared < LEFT * (area(boxes) + area(rest) - shared)) & ~only_part(boxes, rest))


def coming_to_light(rest: Boxes, class_id: NDArray[np.int16], seen: Detections) -> NDArray[np.float64]:
    """How well what rested at `rest` [n, 4] and was hidden goes together with M detections, float64 [n, M].

    What passes before it uncovers it from one side: the other three edges of the part are its own.
    """
    if not len(rest) or not len(seen):
        return np.zeros((len(rest), len(seen)))
    whole = area(seen.box)
    part = (intersection(rest, seen.box) >= INSIDE * whole) & (whole < PART * area(rest)[:, None])
    sides = np.tile(rest[:, 2:] - rest[:, :2], 2)
    common = (np.abs(rest[:, None] - seen.box) <= SAME_EDGE * sides[:, None]).sum(axis=2)
    return np.asarray((part & (common >= EDGES)) * SHOWS * KINSHIP[class_id[:, None], seen.class_id])


def _shared(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """Area that each of boxes a [n, 4] shares with the same row of b."""
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    return np.asarray(np.prod(np.maximum(high - low, 0.0), axis=1, dtype=np.float64))
