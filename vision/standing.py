"""Who stands where, and since when: vehicles followed through flicker, occlusion and new track ids."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.geometry import iou

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from vision.sight import Sight

STILL_SIZES: Final = 0.25
"""A vehicle stands while its bottom centre stays within this share of its box's size."""
MOVED_S: Final = 0.7
"""It has moved when it was outside that share for this long: traffic that hides part of it moves only its box."""
ARRIVED_SIZES: Final = 1.5
"""It was seen to arrive when it had moved this many box sizes before it stood."""
ENTERED_SIZES: Final = 0.5
"""Or when its whole box had, both edges, without a jump: who comes in beside the camera stops after a few metres, and
what hides a part of somebody who stands moves one edge of his box only."""
JUMP_SIZES: Final = 0.5
"""Farther than this from one sight to the next it may have become somebody else's box."""
REJOIN_IOU: Final = 0.4
"""Overlap at which a new track is the old vehicle."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One vehicle: where it stands (or was last anchored) and since when.

    Attributes:
        track: its latest track id.
        class_id: its class.
        first: where it was first seen.
        anchor: where and when it came to rest, if it rests.
        last: its latest sight.
        steady: where it was first seen, or after its box last jumped.
        arrived: whether it was seen to drive before.
        moved_since_s: second since which it is away from its anchor, None while it is there.
        pause: where it has kept since it left the anchor.
    """

    track: int
    class_id: int
    first: Sight
    anchor: Sight
    last: Sight
    steady: Sight
    arrived: bool = False
    moved_since_s: float | None = None
    pause: Sight | None = None

    @staticmethod
    def new(track: int, class_id: int, sight: Sight) -> Standing:
        """A vehicle seen for the first time."""
        return Standing(track, class_id, sight, sight, sight, sight)

    @property
    def stands_s(self) -> float:
        """Seconds between coming to rest and the latest sight."""
        return self.last.video_s - self.anchor.video_s

    def seen_at(self, sight: Sight, track: int, class_id: int) -> Standing:
        """The vehicle after one more sight, its anchor moved along if it has really moved."""
        jumped = not near(sight, self.last, JUMP_SIZES)
        now = replace(self, track=track, class_id=class_id, last=sight, steady=sight if jumped else self.steady)
        if stays(sight, self.anchor):
            return replace(now, moved_since_s=None, pause=None)
        since = sight.video_s if self.moved_since_s is None else self.moved_since_s
        pause = self.pause if self.pause is not None and stays(sight, self.pause) else sight
        if sight.video_s - since < MOVED_S:
            return replace(now, moved_since_s=since, pause=pause)
        came = _away(sight, self.first) > ARRIVED_SIZES * min(sight.size, self.first.size)
        entered = _shifted(sight, now.steady) > ENTERED_SIZES * min(sight.size, now.steady.size)
        arrived = self.arrived or came or entered
        return replace(now, anchor=pause, arrived=arrived, moved_since_s=None, pause=None)


def stays(sight: Sight, place: Sight) -> bool:
    """Whether a vehicle is still where it was."""
    return _away(sight, place) <= STILL_SIZES * max(sight.size, place.size)


def near(first: Sight, second: Sight, sizes: float) -> bool:
    """Whether two stand less than this many of the larger one's sizes apart."""
    return _away(first, second) < sizes * max(first.size, second.size)


def index_of(
    vehicles: Sequence[Standing], track: int, sight: Sight, alive: Collection[int], least_iou: float = REJOIN_IOU
) -> int | None:
    """Which of the known vehicles a track is, None for a new one.

    Args:
        vehicles: known so far.
        track: id of the track.
        sight: where it is.
        alive: ids of all tracks seen at this moment; a vehicle whose track is among them is no other.
        least_iou: overlap with its last place, or with where it came to rest, at which a lost vehicle is found again
            under a new id.
    """
    at = next((k for k, vehicle in enumerate(vehicles) if vehicle.track == track), None)
    if at is not None:
        return at
    lost = [k for k, vehicle in enumerate(vehicles) if vehicle.track not in alive]
    if not lost:
        return None
    box = np.array([sight.box])
    overlap = np.maximum(
        iou(box, np.array([vehicles[k].last.box for k in lost])),
        iou(box, np.array([vehicles[k].anchor.box for k in lost])),
    )[0]
    best = int(overlap.argmax())
    return lost[best] if overlap[best] >= least_iou else None


def _away(first: Sight, second: Sight) -> float:
    return float(np.hypot(first.foot[0] - second.foot[0], first.foot[1] - second.foot[1]))


def _shifted(sight: Sight, before: Sight) -> float:
    """How far a box has moved as a whole, pixels: along each axis as far as both of its edges went the same way."""
    left, top, right, bottom = (now - then for now, then in zip(sight.box, before.box, strict=True))
    return math.hypot(_both(left, right), _both(top, bottom))


def _both(one: float, other: float) -> float:
    return min(abs(one), abs(other)) if one * other > 0 else 0.0
