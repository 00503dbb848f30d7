"""How a vehicle's way bends between two moments, and whether it bent as a vehicle does.

Two tracks that exchange their owners bend at once; a vehicle passes through the directions in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.geometry import to_pixels

if TYPE_CHECKING:
    from vision.camera_parts import Zone
    from vision.sight import Sight
    from vision.turning import GroundView
    from vision.way_watch import Visit, Way, WayWatch

BETWEEN: Final = (0.15, 0.85)
"""A vehicle that turns is seen driving in a direction between these shares of the whole change."""


@dataclass(frozen=True, slots=True)
class Bend:
    """A change of direction.

    Attributes:
        degrees: summed over the way, right positive, so that turning about by the left is -180 and not 180.
        gentle: whether the directions in between were seen.
    """

    degrees: float
    gentle: bool


def bend(way: Way, start_s: float, end_s: float, view: GroundView) -> Bend | None:
    """How a way bends from the direction driven at one moment to that at a later one; None where it is not known."""
    trail = [one for one in way.trail if one.video_s <= end_s]
    first = next((k for k in reversed(range(len(trail))) if trail[k].video_s <= start_s), None)
    if first is None:
        return None
    legs = list(pairwise(trail[max(first - 1, 0) :]))
    if len(legs) < 2:
        return None
    turns = [_turn(a, b, view) for a, b in pairwise(legs)]
    if not np.isfinite(turns).all():
        return None
    sums = np.cumsum(turns)
    whole = float(sums[-1])
    low, high = sorted((BETWEEN[0] * whole, BETWEEN[1] * whole))
    return Bend(whole, bool(((sums[:-1] >= low) & (sums[:-1] <= high)).any()))


def _turn(leg: tuple[Sight, Sight], after: tuple[Sight, Sight], view: GroundView) -> float:
    return view.turn_deg(leg[0].foot, leg[1].foot, after[0].foot, after[1].foot)


def along_arrow(watch: WayWatch, way: Way, visit: Visit, zone: Zone) -> float:
    """Cosine between a vehicle's way during a visit and the zone's arrow; NaN where there is no arrow."""
    if zone.direction is None or watch.drawn is None:
        return float("nan")
    inside = [one for one in way.trail if visit.first.video_s <= one.video_s <= visit.last.video_s]
    start, end = (inside[0], inside[-1]) if len(inside) > 1 else (visit.first, visit.last)
    tail, head = to_pixels(zone.direction, watch.drawn.width, watch.drawn.height)
    return watch.view.cosine(tail, head, start.foot, end.foot)
