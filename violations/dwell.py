"""The rule "stands where it must not", which no stopping, no parking and parking on pavements share.

A vehicle that rests in a zone of the rule longer than the zone's grace is found once, however long it stays, whatever
ids its track takes, and also when it moves up within the zone. How a stay is told, and what excuses one, stands in
`vision.stay`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.finding import Finding, FindingType, Moment, Reason
from vision.geometry import iou
from vision.sight import ground_of
from vision.stay import CLEAREST_S, Stay, StayState, StayTerms, start_stays, step_stays

if TYPE_CHECKING:
    from vision.camera import Camera
    from vision.camera_parts import ZoneKind
    from vision.sight import Sight
    from vision.types import Observation

UNSEEN_S: Final = 60.0
"""A vehicle whose arrival was not seen must stand this long at least: it may be no vehicle but a poster of one."""
REMEMBERED_S: Final = 120.0
"""A stay that was told is remembered this long after it was last seen."""
SAME_PLACE_IOU: Final = 0.5
"""Overlap with the place of a stay that was told at which another one is the same vehicle seen twice."""


@dataclass(frozen=True, slots=True)
class Told:
    """A stay that became a finding.

    Attributes:
        zone, track: where and who.
        home: its place; None once it was seen to leave.
        last_s: when it was last there.
    """

    zone: str
    track: int
    home: Sight | None
    last_s: float


@dataclass(frozen=True, slots=True)
class DwellState:
    """The camera, the stays, and what was told."""

    camera: Camera
    stays: StayState
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class DwellRule:
    """The rule for some kinds of zones (`vision.finding.Rule`).

    Attributes:
        kind: name of the rule.
        zones: kinds of zones.
        grace_s: how long a vehicle may stand where the zone says nothing, seconds.
        lacks: code of the reason where no such zone is drawn.
        excuses: whether a red light, a queue or a jam excuses.
    """

    kind: str
    zones: tuple[ZoneKind, ...]
    grace_s: float
    lacks: str
    excuses: bool = True
    version: str = "2"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A zone of the rule."""
        return () if camera.zones_of(*self.zones) else (Reason(self.lacks),)

    def start(self, camera: Camera) -> DwellState:
        """No vehicle seen yet."""
        terms = StayTerms(frozenset(zone.id for zone in camera.zones_of(*self.zones)), self.excuses)
        return DwellState(camera, start_stays(camera, terms))

    def step(self, state: DwellState, observation: Observation) -> tuple[DwellState, tuple[Finding, ...]]:
        """A finding for each vehicle that has now stood for longer than the grace."""
        stays, staying, ended = step_stays(state.stays, observation)
        told = remembered(state.told, staying, ended, observation.video_s)
        graces = {zone.id: zone.grace_s for zone in state.camera.zones}
        found: list[Finding] = []
        for stay in staying:
            own = graces[stay.zone]
            grace_s = self.grace_s if own is None else own
            hold_s = grace_s if stay.arrived else max(grace_s, UNSEEN_S)
            if stay.row is None or stay.seconds < hold_s or is_told(told, stay):
                continue
            told = (*told, Told(stay.zone, stay.track, stay.home, observation.video_s))
            found.append(self._finding(stay, observation, grace_s))
        return replace(state, stays=stays, told=told), tuple(found)

    def finish(self, state: DwellState) -> tuple[Finding, ...]:
        """A stay shorter than the grace stays lawful."""
        del state
        return ()

    def _finding(self, stay: Stay, observation: Observation, grace_s: float) -> Finding:
        return Finding(
            type=FindingType.VIOLATION, kind=self.kind, rule_version=self.version,
            onset_s=stay.since_s, video_s=stay.at.video_s, score=1.0 if stay.arrived else 0.8,
            trace=(
                Reason("rests_in_zone", (("zone", stay.zone), ("since_s", round(stay.since_s, 1)))),
                Reason("rested_beyond_grace", (("seconds", round(stay.seconds, 1)), ("grace_s", round(grace_s, 1)))),
                *facts_of(stay),
            ),
            moments=moments_of(stay), track=stay.track, class_id=stay.class_id, zone=stay.zone, box=stay.at.box,
            ground=None if stay.row is None else ground_of(observation, stay.row),
        )  # fmt: skip


def facts_of(stay: Stay) -> tuple[Reason, ...]:
    """The trace's lines about how it came to stand there."""
    arrival = Reason("seen_to_stop" if stay.arrived else "stood_from_first")
    return (arrival, Reason("others_drove_past", (("count", stay.passed),))) if stay.passed else (arrival,)


def moments_of(stay: Stay) -> tuple[Moment, ...]:
    """Its onset, two looks as far apart as pictures are held, the plate, and the view."""
    now = stay.at
    earlier = max(stay.since_s, now.video_s - CLEAREST_S)
    return (
        Moment("onset", stay.since_s, stay.home.box),
        Moment("in_act", earlier, stay.home.box),
        Moment("in_act", now.video_s, now.box),
        Moment("plate", stay.clearest.video_s, stay.clearest.box),
        Moment("wide", now.video_s),
    )


def remembered(
    told: tuple[Told, ...], staying: tuple[Stay, ...], ended: tuple[Stay, ...], now: float
) -> tuple[Told, ...]:
    """What was told, after taking note of who is still there and who drove off."""
    kept: list[Told] = []
    for one in told:
        if any(_same(one, stay) for stay in staying):
            kept.append(replace(one, last_s=now))
        elif any(_same(one, stay) and stay.driven_off for stay in ended):
            kept.append(replace(one, home=None))
        elif now - one.last_s <= REMEMBERED_S:
            kept.append(one)
    return tuple(kept)


def is_told(told: tuple[Told, ...], stay: Stay) -> bool:
    """Whether a stay became a finding before, perhaps under another number or track."""
    return any(_same(one, stay) for one in told)


def _same(one: Told, stay: Stay) -> bool:
    if one.zone != stay.zone:
        return False
    if one.track == stay.track:
        return True
    box = np.array([stay.home.box])
    return one.home is not None and bool(iou(box, np.array([one.home.box]))[0, 0] >= SAME_PLACE_IOU)
