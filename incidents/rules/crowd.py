"""Crowd: many people gather in a public space, or their number surges.

How many are many is the zone's `people`. The number is smoothed over some seconds, since people hide each other and a
detector's count trembles; a surge is a rise within a minute, as when people run together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import PERSON
from vision.finding import Finding, FindingType, Moment, Reason
from vision.geometry import in_polygon, to_pixels
from vision.hours import in_force

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.camera_parts import Zone
    from vision.types import Observation

PEOPLE: Final = 20
"""A gathering, where the zone does not say how many."""
HOLD_S: Final = 20.0
"""Seconds that many are there before it is told; the zone's `grace_s` replaces it."""
SMOOTH_S: Final = 5.0
SURGE_S: Final = 60.0
"""A surge is held against the number so long before,"""
SURGE_TIMES: Final = 1.0 + 1.0 / 3.0
"""is so many times it,"""
SURGE_SHARE: Final = 0.5
"""and at least this share of a gathering: three friends who meet two are none,"""
SURGE_PEOPLE: Final = 10
"""and so many at all, however few the zone calls many: four who come to an empty corner are no panic."""
SETTLED_S: Final = 10.0
"""What was counted so soon after the first look is no number to hold it against: tracks have yet to be confirmed."""
OVER_SHARE: Final = 0.7
"""The happening is over when the number has fallen to this share of what it was told at,"""
OVER_S: Final = 30.0
"""for so long."""


@dataclass(frozen=True, slots=True)
class _Gathering:
    """One zone: the smoothed number, its recent course, the second of the first look, what was told."""

    number: float = 0.0
    begun_s: float | None = None
    at_s: float = 0.0
    course: tuple[tuple[float, float], ...] = ()
    told_at: float | None = None
    low_since_s: float | None = None


@dataclass(frozen=True, slots=True)
class CrowdState:
    """The camera and its public spaces."""

    camera: Camera
    zones: tuple[Zone, ...]
    gatherings: tuple[_Gathering, ...]


class Crowd:
    """The rule; see the module's docstring."""

    kind = "crowd"
    version = "2"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A public space."""
        return () if camera.zones_of("public_space") else (Reason("missing_public_space"),)

    def start(self, camera: Camera) -> CrowdState:
        """Nobody there."""
        zones = camera.zones_of("public_space")
        return CrowdState(camera, zones, tuple(_Gathering() for _ in zones))

    def step(self, state: CrowdState, observation: Observation) -> tuple[CrowdState, tuple[Finding, ...]]:
        """Count the people in each space."""
        found: list[Finding] = []
        after: list[_Gathering] = []
        people = observation.tracks.class_id == PERSON
        for zone, before in zip(state.zones, state.gatherings, strict=True):
            ring = to_pixels(zone.points, observation.width, observation.height)
            there = people & in_polygon(observation.tracks.foot, ring)
            one = _counted(before, float(there.sum()), observation.video_s)
            why = _why(zone, one, observation.video_s)
            open_ = in_force(zone.hours, observation.time, state.camera.time_zone)
            if why is not None and open_ and one.told_at is None:
                one = replace(one, told_at=one.number)
                found.append(_finding(zone, one, why, observation, there))
            after.append(one)
        return replace(state, gatherings=tuple(after)), tuple(found)

    def finish(self, state: CrowdState) -> tuple[Finding, ...]:
        """What has not lasted long enough is none."""
        del state
        return ()


RULE: Final = Crowd()


def _counted(before: _Gathering, number: float, now: float) -> _Gathering:
    """A gathering after one more count; over, once the number has fallen for long enough."""
    weight = 1.0 - float(np.exp(-(now - before.at_s) / SMOOTH_S)) if before.course else 1.0
    smoothed = before.number + weight * (number - before.number)
    course = (*(one for one in before.course if now - one[0] <= SURGE_S), (now, smoothed))
    begun = now if before.begun_s is None else before.begun_s
    one = replace(before, number=smoothed, begun_s=begun, at_s=now, course=course)
    if one.told_at is None or smoothed > OVER_SHARE * one.told_at:
        return replace(one, low_since_s=None)
    low = now if one.low_since_s is None else one.low_since_s
    if now - low >= OVER_S:
        return replace(one, low_since_s=None, told_at=None)
    return replace(one, low_since_s=low)


def _why(zone: Zone, one: _Gathering, now: float) -> tuple[Reason, float] | None:
    """What makes it a crowd and since when; None where nothing does."""
    many = PEOPLE if zone.people is None else zone.people
    hold = HOLD_S if zone.grace_s is None else zone.grace_s
    first = next((at for at, number in _high(one, many)), None)
    if first is not None and now - first >= hold:
        return Reason("gathered", (("number", round(one.number)), ("many", many))), first
    settled = now if one.begun_s is None else one.begun_s + SETTLED_S
    before = next((told for told in one.course if told[0] >= settled), None)
    if before is None or now - before[0] < SURGE_S / 2 or one.number < max(SURGE_SHARE * many, SURGE_PEOPLE):
        return None
    if one.number < SURGE_TIMES * before[1]:
        return None
    return Reason("surged", (("before", round(before[1])), ("number", round(one.number)))), before[0]


def _high(one: _Gathering, many: int) -> tuple[tuple[float, float], ...]:
    """The latest stretch of the course in which the number was high throughout."""
    low = next((k for k in range(len(one.course) - 1, -1, -1) if one.course[k][1] < many), -1)
    return one.course[low + 1 :]


def _finding(
    zone: Zone, one: _Gathering, why: tuple[Reason, float], observation: Observation, there: NDArray[np.bool_]
) -> Finding:
    reason, since = why
    boxes = observation.tracks.box[there]
    box = None
    if len(boxes):
        x1, y1 = (float(value) for value in boxes[:, :2].min(axis=0))
        x2, y2 = (float(value) for value in boxes[:, 2:].max(axis=0))
        box = (x1, y1, x2, y2)
    now = observation.video_s
    return Finding(
        type=FindingType.INCIDENT, kind=Crowd.kind, rule_version=Crowd.version, onset_s=since, video_s=now,
        score=min(1.0, one.number / (PEOPLE if zone.people is None else zone.people)),
        trace=(reason, Reason("gathering_since", (("since_s", round(since, 1)), ("seconds", round(now - since, 1))))),
        moments=(Moment("onset", since), Moment("decision", now, box), Moment("wide", now)), zone=zone.id, box=box,
    )  # fmt: skip
