"""Impacts: vehicles whose motion changed faster than tyres or engines can, and which then came to rest.

A tyre brakes and steers with at most 8 to 9 m/s2 on dry asphalt, an engine pushes a car with less than 5. Before each
moment the motion of half a second is fitted; where the vehicle is half a second later, against where it would be then,
gives the acceleration between, with its uncertainty from the size of a pixel on the road. A vehicle that is struck and
pushed, one that loses its speed against another, and one that ends turned or on its side, each is a witness of its own.
Only what stays at rest afterwards counts: a box that jumps belongs to somebody who drives on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from incidents.halt import HALTED_FROM_MS, came_to_rest, halted
from incidents.struck import COARSE_M, DRIVES_MS, REST_S, SIGMAS, WINDOW_S, Impact, Rest
from incidents.ways import LEAST_LOOKS, REST_M, Sample, apart, is_whole, rests_since, samples_of
from vision.road_plane import RoadPlane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.sight import Box
    from vision.types import Observation

    Floats = NDArray[np.float64]

HISTORY_S: Final = 7.0
"""Seconds of each vehicle's way that are kept."""
NOISE_PX: Final = 0.8
"""Standard uncertainty of the lower edge of a box, pixels."""
BEYOND_MS2: Final = 10.5
"""More than this no tyre does: friction of dry asphalt is 0.8 to 0.9 g."""
PUSHED_MS2: Final = 8.0
"""More than this no engine does: 0 to 100 km/h in 3.5 s."""
DOUBTFUL_MS2: Final = 5.5
"""What is less than beyond doubt is kept from here on: another witness may stand beside it."""
SLOWED_MS2: Final = 7.0
"""Full braking, about."""
ROLLS_MS: Final = 2.5
"""Who rolled so fast is kept from there on too; who stood only beyond what engines do."""
STOOD_S: Final = 1.5
"""Who kept its place for so long, and was seen for two thirds of it, stood,"""
STOOD_M: Final = 0.3
"""within so many metres, or a pixel: in that time somebody who rolls up to a light goes farther."""
PUSHED_M: Final = 1.5
"""A push moves for good, and by more than two pixels: a box that trembles comes back."""
SOON_S: Final = 5.0
"""Whoever rests later after an impact drove on first."""
JUMP_M: Final = 2.5
"""Who seems to be where another rested before, this near, may be that one."""
TAKEN_UP_S: Final = 0.5
"""So soon after its last look a vehicle may go on under another identity,"""
TAKEN_UP_STRUCK_S: Final = 2.0
"""where it was struck: turned, or on its side, it looks like another to the detector, or for a while like none,"""
TAKEN_UP_SLOWED_S: Final = 1.0
"""or where it lost speed as it does in full braking when it was seen last: that may have been the blow."""
TAKEN_UP_M: Final = 2.5
"""It is then where its speed could bring it, within so many metres."""
GONE_S: Final = (0.5, 1.5)
"""Who rested for the first and was not seen since for the second lies where it was, if it was struck beyond doubt."""
GONE_MS2: Final = 12.5
KNOWN, KNOWN_S = 0.8, 1.5
"""How sure the detector was of it in the seconds before an impact, at least, for what it says after to count."""
REACH_M: Final = 20.0
"""Whoever rests farther from where it was struck drove on."""


@dataclass(frozen=True, slots=True)
class ImpactState:
    """The camera, its plane once known, the ways of the vehicles, and impacts whose outcome is open."""

    camera: Camera
    plane: RoadPlane | None = None
    ways: Mapping[int, tuple[Sample, ...]] = field(default_factory=lambda: MappingProxyType({}))
    open: Mapping[int, Impact] = field(default_factory=lambda: MappingProxyType({}))


def _shape(box: Box) -> float:
    return (box[2] - box[0]) / max(box[3] - box[1], 1.0)


def step(state: ImpactState, observation: Observation) -> tuple[ImpactState, tuple[Rest, ...]]:
    """Take one observation; who has come to rest after an impact, told at each moment while it rests."""
    plane = state.plane or RoadPlane.from_camera(state.camera, observation.width, observation.height)
    if plane is None:
        return state, ()
    now = observation.video_s
    ways = {track: way for track, way in state.ways.items() if now - way[-1].video_s <= HISTORY_S}
    open_ = {track: one for track, one in state.open.items() if now - one.video_s <= SOON_S + 2 * REST_S}
    told: list[Rest] = []
    samples = samples_of(observation, plane)
    seen = {track for track, _, _ in samples}
    for track, class_id, sample in samples:
        if track not in ways and (before := _went_on_as(ways, open_, seen, sample)) is not None:
            ways[track] = ways.pop(before)
            if before in open_:
                open_[track] = replace(open_.pop(before), track=track)
        past = tuple(one for one in ways.get(track, ()) if now - one.video_s <= HISTORY_S)
        way = (*past, replace(sample, whole=is_whole(past, sample)))
        ways[track] = way
        impact = _impact(way, track, class_id)
        if impact is not None:
            jumped = _rested_there(state.ways, impact, sample.at)
            open_[track] = _joined(open_.get(track), replace(impact, jumped=jumped))
        for hard in (None if track in open_ else halted(way, track, class_id), came_to_rest(way, track, class_id)):
            if hard is not None and not _rested_there(state.ways, hard, sample.at):
                open_[track] = _judged_anew(open_.get(track), hard)
        if track in open_:
            rest = _rest(way, open_[track])
            if rest is not None:
                told.append(rest)
    told += [rest for track in open_.keys() - seen if (rest := _gone(ways.get(track, ()), open_[track], now))]
    return ImpactState(state.camera, plane, MappingProxyType(ways), MappingProxyType(open_)), tuple(told)


def _went_on_as(
    ways: Mapping[int, tuple[Sample, ...]], open_: Mapping[int, Impact], seen: Collection[int], sample: Sample
) -> int | None:
    """The identity under which somebody who appears was followed until just now; None where nobody is missing there."""
    nearest: tuple[float, int] | None = None
    for track, way in ways.items():
        last = way[-1]
        gap_s = sample.video_s - last.video_s
        longest_s = TAKEN_UP_STRUCK_S if track in open_ else TAKEN_UP_SLOWED_S if _slowed(way) else TAKEN_UP_S
        if track in seen or not 0 < gap_s <= longest_s:
            continue
        recent = [one for one in way if last.video_s - one.video_s <= WINDOW_S]
        fast = apart(recent[0].at, last.at) / max(last.video_s - recent[0].video_s, 1e-6) if len(recent) > 1 else 0.0
        far = apart(last.at, sample.at)
        if far <= TAKEN_UP_M + fast * gap_s and (nearest is None or far < nearest[0]):
            nearest = far, track
    return None if nearest is None else nearest[1]


def _slowed(way: tuple[Sample, ...]) -> bool:
    """Whether it drove and lost speed as hard as in full braking in its last looks."""
    lately = [one for one in way if way[-1].video_s - one.video_s <= 2 * WINDOW_S]
    late = [one for one in lately if way[-1].video_s - one.video_s <= WINDOW_S]
    early = lately[: len(lately) - len(late) + 1]  # the two share a look
    if min(len(early), len(late)) < LEAST_LOOKS or not all(one.whole and one.feet for one in early):
        return False
    middle_s = (early[-1].video_s - early[0].video_s, late[-1].video_s - late[0].video_s)
    fast, slow = (apart(part[0].at, part[-1].at) / over for part, over in zip((early, late), middle_s, strict=True))
    return fast >= HALTED_FROM_MS and (fast - slow) / (sum(middle_s) / 2) >= SLOWED_MS2


def _gone(way: tuple[Sample, ...], impact: Impact, now: float) -> Rest | None:
    """Its rest, where the detector lost it as it lay."""
    if not way or impact.pushed or impact.ms2 < GONE_MS2 or not way[-1].inside:
        return None
    last, since = way[-1], rests_since(way)
    lay_s, gone_s = last.video_s - since, now - last.video_s
    if lay_s < GONE_S[0] or gone_s < GONE_S[1] or since - impact.video_s > SOON_S:
        return None
    return _resting(way, impact, since)


def _joined(known: Impact | None, now: Impact) -> Impact:
    """Two looks at one impact: it began with the first, and was as hard as the harder."""
    if known is None:
        return now
    ms2, change = max(known.ms2, now.ms2), max(known.change_ms, now.change_ms)
    return replace(known, ms2=ms2, change_ms=change, jumped=known.jumped or now.jumped)


def _judged_anew(known: Impact | None, now: Impact) -> Impact:
    """What all looks up to its rest say beside what those of half a second said."""
    if known is None or (known.halted and now.ms2 >= known.ms2):
        return now
    return known if known.pushed else replace(known, ms2=max(known.ms2, now.ms2))


def _rested_there(ways: Mapping[int, tuple[Sample, ...]], impact: Impact, place: tuple[float, float]) -> bool:
    """Whether somebody else rested at a place before the impact and rests there still."""
    for track, way in ways.items():
        before = [one for one in way if impact.video_s - 2.0 <= one.video_s <= impact.video_s]
        if track == impact.track or len(before) < LEAST_LOOKS:
            continue
        spot, reach = np.array([one.at for one in before]), REST_M + 2 * before[0].coarse_m
        stood = float(np.hypot(*(spot - spot[0]).T).max()) <= reach
        moved = float(np.hypot(way[-1].at[0] - spot[0, 0], way[-1].at[1] - spot[0, 1])) > reach
        if stood and not moved and float(np.hypot(spot[0, 0] - place[0], spot[0, 1] - place[1])) <= JUMP_M:
            return True
    return False


def _impact(way: tuple[Sample, ...], track: int, class_id: int) -> Impact | None:
    """The change of motion half a second before the latest look, where it is beyond what a driver can do."""
    now = way[-1].video_s
    after = [one for one in way if now - one.video_s <= WINDOW_S]
    if not all(one.whole for one in after) or len(after) < LEAST_LOOKS or way[-1].coarse_m > COARSE_M:
        return None
    first = after[0].video_s
    before = [one for one in way if 0 <= first - one.video_s <= WINDOW_S]
    if len(before) < LEAST_LOOKS or not all(one.whole for one in before):
        return None
    t = np.array([one.video_s - first for one in before])
    xy = np.array([one.at for one in before])
    mean_t, mean = float(t.mean()), xy.mean(axis=0)
    spread = float(((t - mean_t) ** 2).sum())
    velocity = ((t - mean_t)[:, None] * (xy - mean)).sum(axis=0) / spread
    later = np.array([one.at for one in after[-2:]]).mean(axis=0)
    tau = float(np.mean([one.video_s for one in after[-2:]])) - first
    noise = NOISE_PX * max(before[0].coarse_m, after[-1].coarse_m)
    if _stood(way, first):
        # Who stands is known to stand until the last look: what pushes it has acted since then only.
        velocity, since, unsure = np.zeros(2), float(t[-1]), 1 / len(t) + 0.5
    else:
        # The fit tells the velocity of the middle of its window: what acts throughout has acted since then.
        since, unsure = mean_t, 1 / len(t) + (tau - mean_t) ** 2 / spread + 0.5
    apart_m = later - (mean + velocity * (tau - mean_t))
    over = (tau - since) ** 2 / 2
    sigma = noise * float(np.sqrt(unsure)) / over
    ms2 = float(np.hypot(*apart_m)) / over - SIGMAS * sigma
    speed = float(np.hypot(*velocity))
    then = (later - xy[-1]) / max(tau, 1e-6)
    pushed = speed < DRIVES_MS
    stood = speed < ROLLS_MS
    if ms2 < (PUSHED_MS2 if stood else DOUBTFUL_MS2) or (not pushed and float(np.hypot(*then)) > speed):
        return None
    last = before[-1]
    clear = [one for one in before if one.feet] or [last]
    shape = (float(np.median([one.wide_m for one in clear])), float(np.median([one.high_m for one in clear])))
    toward = float(velocity[0]), float(velocity[1])
    change = float(apart_m[0]) / over * tau, float(apart_m[1]) / over * tau
    return Impact(track, class_id, last.video_s, last.at, ms2, ms2 * tau, speed, pushed, shape, toward, change)


def _stood(way: tuple[Sample, ...], until_s: float) -> bool:
    """Whether it stood up to a moment."""
    lately = [one for one in way if 0 <= until_s - one.video_s <= STOOD_S]
    if len(lately) < LEAST_LOOKS or lately[-1].video_s - lately[0].video_s < STOOD_S * 2 / 3:
        return False
    at = np.array([one.at for one in lately])
    return float(np.hypot(*(at - at.mean(axis=0)).T).max()) <= max(STOOD_M, lately[-1].coarse_m)


def _rest(way: tuple[Sample, ...], impact: Impact) -> Rest | None:
    """Its rest after an impact; None while it moves, or where it rests too late or too far away."""
    last = way[-1]
    since = rests_since(way)
    if last.video_s - since < REST_S or since - impact.video_s > SOON_S or since < impact.video_s - WINDOW_S:
        return None
    return _resting(way, impact, since)


def _resting(way: tuple[Sample, ...], impact: Impact, since: float) -> Rest | None:
    """Its rest since a moment; None where that is too far away."""
    last = way[-1]
    far = apart(last.at, impact.at)
    if far > REACH_M or (impact.pushed and far < PUSHED_M + 2 * last.coarse_m):
        return None
    clear = [one for one in way if one.video_s >= since and one.whole] or [last]
    now = float(np.median([_shape(one.box) for one in clear]))
    ratio = now * impact.shape[1] / max(impact.shape[0], 1e-6)
    before = [one.score for one in way if one.whole and 0 <= impact.video_s - one.video_s <= KNOWN_S]
    sure = float(np.median(before)) if len(before) >= LEAST_LOOKS else 0.0
    dimmed = float(np.median([one.score for one in clear])) / sure if sure >= KNOWN else 1.0
    return Rest(impact, since, last.at, last.box, max(ratio, 1 / max(ratio, 1e-6)), dimmed)
