"""Whether two looks at a track may be of one vehicle: a track that changes its owner leaps or swells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from vision.sight import Sight

GAP_S: Final = 1.2
"""Longest time without a look across which a vehicle is believed to be the same, seconds."""
LEAP_SIZES: Final = 0.7
"""A vehicle is found where its own motion leads it, but for this many of its box sizes,"""
LEAP_SIZES_PER_S: Final = 1.2
"""and this many more for each second in between."""
UNKNOWN_SIZES_PER_S: Final = 6.0
"""Where its motion is not known yet, it goes no further than this many box sizes a second: a car at 60 km/h goes 7 of
its widths, and half that at once is allowed in any case."""
OWN_MOTION_S: Final = 0.1
"""Shortest time between two looks that tells a motion, seconds."""
SWELLS: Final = 3.0
"""Largest factor between the areas of two boxes one after the other."""


def continues(before: Sight | None, last: Sight, now: Sight) -> bool:
    """Whether `now` may be the vehicle seen at `last`, and at `before` a little earlier."""
    seconds = now.video_s - last.video_s
    if not 0 < seconds <= GAP_S:
        return False
    small, large = sorted((max(last.area, 1.0), max(now.area, 1.0)))
    if large > SWELLS * small:
        return False
    size = max(last.size, now.size, 1.0)
    x, y = last.foot
    elapsed = 0.0 if before is None else last.video_s - before.video_s
    if before is None or elapsed < OWN_MOTION_S:
        allowed = UNKNOWN_SIZES_PER_S * max(seconds, 0.25)
    else:
        x += (last.foot[0] - before.foot[0]) * seconds / elapsed
        y += (last.foot[1] - before.foot[1]) * seconds / elapsed
        allowed = LEAP_SIZES + LEAP_SIZES_PER_S * seconds
    return bool((now.foot[0] - x) ** 2 + (now.foot[1] - y) ** 2 <= (allowed * size) ** 2)
