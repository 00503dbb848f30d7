"""What the detector called each vehicle at the looks from near.

From afar a bus is often taken for a lorry, and the vote of a whole track keeps what it heard first. From near the two
are seldom confused, so what a vehicle was called there tells the class that a rule needs to be sure of.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import ROAD_CLASSES, is_vehicle
from vision.geometry import cut

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from vision.types import Observation

NEAR_SHARE: Final = 1 / 6
"""A vehicle is near when its box, not cut by the border, takes this share of the picture's height."""
NEAR_LOOKS: Final = 6
"""So many looks from near are needed to say anything."""

Calls = tuple[int, ...]
"""How often a vehicle was called what, by class index."""


def counted(calls: Mapping[int, Calls], observation: Observation, alive: Collection[int]) -> Mapping[int, Calls]:
    """What each track was called from near so far, this moment included.

    Args:
        calls: before this moment.
        observation: of this moment.
        alive: tracks that are still of interest besides those seen now.
    """
    tracks = observation.tracks
    now = {track: one for track, one in calls.items() if track in alive}
    if tracks.seen_as is None or not len(tracks):
        return MappingProxyType(now)
    high = tracks.box[:, 3] - tracks.box[:, 1] >= NEAR_SHARE * observation.height
    named = is_vehicle(tracks.seen_as)
    for i in np.flatnonzero(high & named & ~cut(tracks.box, observation.width, observation.height)).tolist():
        track = int(tracks.id[i])
        one = list(now.get(track, calls.get(track, (0,) * len(ROAD_CLASSES))))
        one[int(tracks.seen_as[i])] += 1
        now[track] = tuple(one)
    return MappingProxyType(now)


def share(calls: Calls | None, classes: Collection[int]) -> float | None:
    """Share of the looks from near that named one of some classes; None where there are too few."""
    total = sum(calls or ())
    if calls is None or total < NEAR_LOOKS:
        return None
    return sum(calls[one] for one in classes) / total
