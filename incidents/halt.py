"""Who came to rest harder than a driver can brake: by its speed before and the room there was, or by all its looks."""

from __future__ import annotations

from typing import Final

import numpy as np

from incidents.braking import Braking, braking_of
from incidents.struck import COARSE_M, DRIVES_MS, REST_S, SIGMAS, WINDOW_S, Impact
from incidents.ways import LEAST_LOOKS, Sample, apart, rests_since

HALTED_MS2: Final = 12.0
"""Who drove and rests so near that it must have braked harder than this was stopped by something;"""
HALTED_DOUBTFUL_MS2: Final = 8.0
"""from here on it may have been: as hard as tyres can or a little harder, another witness may stand beside it.
Between the last look at its whole box and its rest others may hide it: a struck vehicle stands against the other."""
HALTED_PX: Final = 1.5
"""Of so few looks, and near the end of sight, a box's edge is no surer than this: what is wrong with it stays so for
some of them."""
HALTED_COARSE_M: Final = 0.35
"""Metres a pixel beyond which it is not told at all."""
BRAKED_MS2: Final = 9.0
"""Who must have braked at least so hard by all its looks (`incidents/braking.py`) is kept: most tyres do no more,"""
BRAKING_S: Final = 0.4
"""judged anew at each look for so long after it has rested long enough."""
HALTED_S: Final = 2.0
"""It rests so soon,"""
HALTED_FROM_MS: Final = 7.0
"""and drove so fast before, 25 km/h: below that metres are too few."""


def halted(way: tuple[Sample, ...], track: int, class_id: int) -> Impact | None:
    """Somebody who has just rested long enough, where its speed before leaves no room to brake."""
    last = way[-1]
    since = rests_since(way)
    if last.video_s - since < REST_S or not last.inside or last.coarse_m > HALTED_COARSE_M:
        return None
    drove = [one for one in way if since - HALTED_S <= one.video_s <= since]
    best: Impact | None = None
    for k in range(LEAST_LOOKS, len(drove) + 1):
        before = [one for one in drove[:k] if drove[k - 1].video_s - one.video_s <= WINDOW_S]
        if len(before) < LEAST_LOOKS or not all(one.whole and one.feet for one in before):
            continue
        found = _stopped_short(before, last, track, class_id)
        if found is not None and (best is None or found.ms2 > best.ms2):
            best = found
    return best


def _stopped_short(before: list[Sample], last: Sample, track: int, class_id: int) -> Impact | None:
    """What must have braked it between a while of steady driving and its rest."""
    at = before[-1]
    t = np.array([one.video_s - at.video_s for one in before])
    xy = np.array([one.at for one in before])
    spread = float(((t - t.mean()) ** 2).sum())
    velocity = ((t - t.mean())[:, None] * (xy - xy.mean(axis=0))).sum(axis=0) / spread
    off = xy - (xy.mean(axis=0) + (t - t.mean())[:, None] * velocity)
    noise = HALTED_PX * max(at.coarse_m, last.coarse_m)
    speed = float(np.hypot(*velocity)) - SIGMAS * noise / float(np.sqrt(spread))
    if speed < HALTED_FROM_MS or float(np.hypot(*off.T).max()) > 2 * noise:
        return None
    usual = float(np.median([one.high_m for one in before]))
    hidden = max(0.0, usual - last.high_m) / last.across_m * last.coarse_m
    room = apart(last.at, at.at) + hidden + SIGMAS * noise
    ms2 = speed * speed / (2 * room)
    if ms2 < HALTED_DOUBTFUL_MS2:
        return None
    shape = (float(np.median([one.wide_m for one in before])), usual)
    toward = float(velocity[0]), float(velocity[1])
    change = -toward[0], -toward[1]
    return Impact(track, class_id, at.video_s, at.at, ms2, speed, speed, False, shape, toward, change, halted=True)


def came_to_rest(way: tuple[Sample, ...], track: int, class_id: int) -> Impact | None:
    """Somebody who has just rested long enough, where no driver can have braked as hard as it must have."""
    last = way[-1]
    rested_s = last.video_s - rests_since(way)
    if not REST_S <= rested_s < REST_S + BRAKING_S or not last.inside or last.coarse_m > COARSE_M:
        return None
    braking = braking_of(way)
    if braking is None or braking.ms2 < BRAKED_MS2 or float(np.hypot(*braking.velocity)) < DRIVES_MS:
        return None
    before = [one for one in way if one.video_s <= braking.began_s and one.whole and one.feet][-LEAST_LOOKS:]
    return _of_braking(braking, before, track, class_id) if before else None


def _of_braking(braking: Braking, before: list[Sample], track: int, class_id: int) -> Impact:
    at, speed = before[-1], float(np.hypot(*braking.velocity))
    shape = (float(np.median([one.wide_m for one in before])), float(np.median([one.high_m for one in before])))
    change = -braking.velocity[0], -braking.velocity[1]
    return Impact(track, class_id, at.video_s, at.at, braking.ms2, speed, speed, False, shape, braking.velocity, change)
