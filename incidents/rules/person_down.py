"""Person down: somebody who was on his feet lies, and does not get up.

A lying person may still be seen as a person, lower and wider than before, or as nobody at all: then the background
shows something low where the person was lost. Either must keep low at that place for seconds. Who stoops gets up
sooner; whom a vehicle hides is not judged; a bag that is set down is none, since its owner walks on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from incidents.trial import not_asked_for
from vision.classes import PERSON, VEHICLE_IDS
from vision.finding import Finding, FindingType, Moment, Reason
from vision.geometry import area, cut, intersection
from vision.sight import Sight, ground_of, sight_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vision.camera import Camera
    from vision.sight import Box
    from vision.types import Observation

HOLD_S: Final = 5.0
"""Seconds of lying when it is told: to tie a shoe takes 3 to 4 s."""
UPRIGHT: Final = 0.75
"""Width to height of a box up to which somebody stands or walks,"""
UPRIGHT_LOOKS: Final = 6
"""seen so often before."""
LOW: Final = 0.78
"""Height of who lies, share of the height on his feet: lying towards the camera shows the most."""
WIDER: Final = 1.1
"""His box is then so many times as wide, if it is his own track that shows it."""
ASIDE: Final = 0.8
"""He lies this near to where he stood, shares of his height,"""
BELOW: Final = (-0.35, 0.5)
"""with his lower edge so far below where his feet were: a box whose lower part is hidden ends higher."""
LARGEST: Final = 1.7
"""What shows of him is no larger than this,"""
SMALLEST: Final = 0.22
"""nor smaller, shares of his height."""
HIDES: Final = 0.15
"""A vehicle that takes this share of his box may hide the rest of it."""
GAP_S: Final = 2.5
"""He may be unseen for so long before it counts as gone."""
NEW_S: Final = 0.5
"""What stood before the ground longer than this before he was lost is something else."""
STILL: Final = 0.45
"""He keeps within this share of his height while he lies."""
LEAST_PX: Final = 18.0
"""Whoever shows smaller on his feet is too far to be judged, pixels of height."""
SAME_PLACE: Final = 1.5
"""Who lies this near to somebody told, shares of his height, is the same,"""
SAME_PLACE_S: Final = 120.0
"""for so long."""
BRISK: Final = 0.8
"""Weight of the last upright looks against a new one,"""
SAME_HEIGHT: Final = 0.88
"""which counts if its height is this share of theirs; or once he has walked on."""


@dataclass(frozen=True, slots=True)
class _Person:
    """Somebody: last seen on his feet, his height and width then, and since when and where he is low."""

    upright: Sight
    high: float
    wide: float
    looks: int
    last_s: float
    low: Sight | None = None
    low_last: Sight | None = None
    void: bool = False


@dataclass(frozen=True, slots=True)
class DownState:
    """Everybody, and where somebody was told to lie."""

    people: Mapping[int, _Person]
    told: tuple[Sight, ...] = ()


class PersonDown:
    """The rule; see the module's docstring."""

    kind = "person_down"
    version = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """The wish for it alone: without zones on the ground only who is still seen as a person is found."""
        return not_asked_for(camera, self.kind)

    def start(self, camera: Camera) -> DownState:
        """Nobody seen yet."""
        del camera
        return DownState(MappingProxyType({}))

    def step(self, state: DownState, observation: Observation) -> tuple[DownState, tuple[Finding, ...]]:
        """Follow everybody; a finding when somebody has lain long enough."""
        now = observation.video_s
        people = {track: one for track, one in state.people.items() if now - one.last_s <= GAP_S}
        _look_at_people(people, observation)
        _look_for_lost(people, observation)
        told = tuple(one for one in state.told if now - one.video_s <= SAME_PLACE_S)
        found: list[Finding] = []
        for track, one in people.items():
            if one.low is None or one.low_last is None or one.low_last.video_s != now or one.void:
                continue
            if now - one.low.video_s < HOLD_S:
                continue
            near = [k for k, place in enumerate(told) if _apart(place, one.low_last) <= SAME_PLACE * one.high]
            if near:
                told = (*told[: near[0]], replace(told[near[0]], video_s=now), *told[near[0] + 1 :])
            else:
                told = (*told, one.low_last)
                found.append(_finding(one, track, observation))
        return DownState(MappingProxyType(people), told), tuple(found)

    def finish(self, state: DownState) -> tuple[Finding, ...]:
        """Who has not lain long enough may get up."""
        del state
        return ()


RULE: Final = PersonDown()


def _look_at_people(people: dict[int, _Person], observation: Observation) -> None:
    """Take note of everybody who is seen as a person."""
    tracks = observation.tracks
    hidden = _hidden(observation)
    for i in np.flatnonzero((tracks.class_id == PERSON) & tracks.seen).tolist():
        track, sight = int(tracks.id[i]), sight_of(observation, i)
        high, wide = sight.box[3] - sight.box[1], sight.box[2] - sight.box[0]
        one = people.get(track)
        if one is not None and one.looks >= UPRIGHT_LOOKS and _is_low(one, sight, wider=True):
            people[track] = one if hidden[i] else _lain(one, sight)
        elif wide <= UPRIGHT * high:
            if one is None:
                people[track] = _Person(sight, high, wide, 1, sight.video_s, void=bool(hidden[i]))
            elif high >= SAME_HEIGHT * one.high or _apart(one.upright, sight) > STILL * one.high:
                high, wide = (BRISK * old + (1 - BRISK) * new for old, new in ((one.high, high), (one.wide, wide)))
                people[track] = _Person(sight, high, wide, one.looks + 1, sight.video_s, void=bool(hidden[i]))
            else:
                people[track] = replace(one, last_s=sight.video_s)
        elif one is not None:
            people[track] = replace(one, last_s=sight.video_s, low=None, low_last=None)


def _look_for_lost(people: dict[int, _Person], observation: Observation) -> None:
    """Where somebody on his feet was lost, something low may show: a new track, or what stands before the ground."""
    now = observation.video_s
    for track, one in people.items():
        lost = one.upright.video_s < now and (one.low_last is None or one.low_last.video_s < now)
        if not lost or one.void or one.looks < UPRIGHT_LOOKS or one.high < LEAST_PX:
            continue
        seen = _own(track, observation)
        if seen:
            continue
        sight = next((sight for sight in _others(track, people, observation) if _is_low(one, sight, wider=False)), None)
        if sight is not None:
            people[track] = _lain(one, sight)


def _own(track: int, observation: Observation) -> bool:
    rows = np.flatnonzero(observation.tracks.id == track)
    return bool(len(rows)) and bool(observation.tracks.seen[rows[0]])


def _others(track: int, people: Mapping[int, _Person], observation: Observation) -> Iterator[Sight]:
    """What may be the lost one: young tracks of people, and what stands before the ground."""
    tracks = observation.tracks
    for i in np.flatnonzero((tracks.class_id == PERSON) & tracks.seen & (tracks.id != track)).tolist():
        other = people.get(int(tracks.id[i]))
        if other is None or other.looks < UPRIGHT_LOOKS:
            yield sight_of(observation, i)
    blobs = observation.blobs
    if blobs is not None:
        new = blobs.since_s >= people[track].upright.video_s - NEW_S
        for k in np.flatnonzero(blobs.seen & new).tolist():
            x1, y1, x2, y2 = (float(value) for value in blobs.box[k])
            yield Sight(observation.video_s, ((x1 + x2) / 2, y2), (x1, y1, x2, y2))


def _is_low(one: _Person, sight: Sight, *, wider: bool) -> bool:
    """Whether a box shows somebody lying where he stood."""
    x1, y1, x2, y2 = sight.box
    high, wide = y2 - y1, x2 - x1
    aside = abs(sight.foot[0] - one.upright.foot[0])
    below = y2 - one.upright.foot[1]
    shape = high <= LOW * one.high and SMALLEST * one.high <= max(high, wide) <= LARGEST * one.high
    place = aside <= ASIDE * one.high and BELOW[0] * one.high <= below <= BELOW[1] * one.high
    return shape and place and (not wider or wide >= WIDER * one.wide) and one.high >= LEAST_PX


def _lain(one: _Person, sight: Sight) -> _Person:
    """He lies, since now or since before; moving on he does not."""
    if one.low is None or _apart(one.low, sight) > STILL * one.high:
        return replace(one, low=sight, low_last=sight, last_s=sight.video_s)
    return replace(one, low_last=sight, last_s=sight.video_s)


def _hidden(observation: Observation) -> np.ndarray:
    """Whose box lies partly in a vehicle's or ends at the picture's edge, bool [N]."""
    tracks = observation.tracks
    out = cut(tracks.box, observation.width, observation.height)
    vehicles = np.isin(tracks.class_id, list(VEHICLE_IDS))
    if vehicles.any() and len(tracks):
        shared = intersection(tracks.box, tracks.box[vehicles]).max(axis=1)
        out = out | ((shared > HIDES * area(tracks.box)) & ~vehicles)
    return np.asarray(out, np.bool_)


def _apart(first: Sight, second: Sight) -> float:
    a, b = first.box, second.box
    return float(np.hypot(a[0] + a[2] - b[0] - b[2], a[1] + a[3] - b[1] - b[3])) / 2


def _finding(one: _Person, track: int, observation: Observation) -> Finding:
    now, low = observation.video_s, one.low or one.upright
    box: Box = (one.low_last or low).box
    rows = np.flatnonzero(observation.tracks.id == track)
    share = (box[3] - box[1]) / max(1.0, one.high)
    return Finding(
        type=FindingType.INCIDENT, kind=PersonDown.kind, rule_version=PersonDown.version, onset_s=low.video_s,
        video_s=now, score=0.8,
        trace=(
            Reason("lies_since", (("since_s", round(low.video_s, 1)), ("seconds", round(now - low.video_s, 1)))),
            Reason("lies_lower", (("percent", round(100 * share)),)),
            Reason("stood_before", (("at_s", round(one.upright.video_s, 1)),)),
        ),
        moments=(
            Moment("onset", one.upright.video_s, one.upright.box), Moment("decision", now, box), Moment("wide", now),
        ),
        track=track, class_id=PERSON, box=box, ground=ground_of(observation, int(rows[0])) if len(rows) else None,
    )  # fmt: skip
