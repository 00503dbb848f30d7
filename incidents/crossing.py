"""Who was struck in the side: somebody else drove across its way to where it was, and went no farther.

The one that strikes is often hidden by the one that it strikes, and the detector loses it for a while. That it came,
from the side, and did not drive on is seen all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from incidents.impact import ROLLS_MS
from incidents.ways import LEAST_LOOKS, apart, rests_since

if TYPE_CHECKING:
    from incidents.impact import ImpactState
    from incidents.struck import Rest
    from incidents.ways import Sample

BEFORE_S: Final = 1.5
"""It is looked at for so long before the impact,"""
AFTER_S: Final = 0.25
"""and as it happens."""
DRIVES_MS: Final = 4.0
"""It drove at least so fast,"""
ACROSS: Final = 0.77
"""its way and the other's at 40 to 140 degrees, by the cosine,"""
MEETS_M: Final = 7.0
"""to within so many metres of the other,"""
ONWARD_S, ONWARD_M = 1.0, 9.0
"""and a second later it is nowhere farther off than this."""
RESTS_S: Final = 0.5
"""Where it was lost, somebody is seen to rest there for so long."""
SEEN_S: Final = 1.0


def crossed(watch: ImpactState, rest: Rest, now: float) -> bool:
    """Whether somebody came across and stayed, for who rests after an impact."""
    one = rest.impact
    if float(np.hypot(*one.toward)) < ROLLS_MS:
        return False
    others = {track: way for track, way in watch.ways.items() if track != one.track}
    for way in others.values():
        came = [s for s in way if -BEFORE_S <= s.video_s - one.video_s <= AFTER_S]
        if not _across(came, one.toward) or apart(came[-1].at, one.at) > MEETS_M:
            continue
        later = [s for s in way if s.video_s > one.video_s + ONWARD_S]
        if any(apart(s.at, one.at) > ONWARD_M for s in later):
            continue
        if later or any(_rests_by(other, rest, now) for other in others.values()):
            return True
    return False


def _across(came: list[Sample], toward: tuple[float, float]) -> bool:
    """Whether somebody drove across a way."""
    if len(came) < LEAST_LOOKS:
        return False
    step = np.subtract(came[-1].at, came[0].at)
    way, took = float(np.hypot(*step)), came[-1].video_s - came[0].video_s
    if way < DRIVES_MS * took:
        return False
    return abs(float(step @ np.array(toward))) <= ACROSS * way * float(np.hypot(*toward))


def _rests_by(way: tuple[Sample, ...], rest: Rest, now: float) -> bool:
    """Whether somebody rests beside another now."""
    last = way[-1]
    return (
        now - last.video_s <= SEEN_S
        and last.video_s - rests_since(way) >= RESTS_S
        and apart(last.at, rest.at) <= MEETS_M
    )
