"""Who is where nobody of his kind may be: the watch that the rules about people and closed zones share.

A subject counts once it has kept its feet inside a zone by a margin, and it must have been seen to move: a poster, a
statue or a bin that the detector takes for a person stands where it is from the first look to the last. All who come
while somebody is there belong to the same happening.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import BICYCLE, PERSON, ROAD_CLASSES
from vision.finding import Finding, FindingType, Moment, Reason
from vision.geometry import cut, edge_distance, in_polygon, to_pixels
from vision.hours import in_force
from vision.sight import ground_of, sight_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.camera_parts import Zone
    from vision.sight import Sight
    from vision.types import Observation

    ZonesOf = Callable[[Camera], Sequence[Zone]]

HOLD_S: Final = 2.0
"""Seconds inside before it counts; a zone's `grace_s` replaces it. A single wrong look lasts no second."""
MARGIN_SIZES: Final = 0.1
"""Feet count as inside, or outside, this share of the box's size beyond the edge: a box trembles by less."""
MOVED_SIZES: Final = 0.5
"""It was seen to move when it came this many of its sizes away from where it was first seen."""
GAP_S: Final = 1.5
"""A subject not seen for longer is gone; shorter gaps are the detector's."""
QUIET_S: Final = 30.0
"""A zone empty for so long: whoever comes next is another happening."""
LOOKS: Final = 3
"""Detections inside, at least."""
RIDES_MS: Final = 2.4
"""A person who moves faster than this rides: a brisk walk is 1.8 m/s; a bicycle from behind is easily overlooked."""
RIDES_SHARE: Final = 0.5
"""Share of the looks inside in which he does."""
CYCLES_MS: Final = 8.5
"""Who is called a person, or was before and a motorcycle now, cycles where he rides no faster than this, 30 km/h..."""
CYCLES_SHARE: Final = 0.8
"""...in this share of the looks: a bicycle from the front looks like a motorcycle, both from afar like a person."""
PERSON_M: Final = 1.7
"""Height of a person on a road without a calibration, metres."""


@dataclass(frozen=True, slots=True)
class _Subject:
    """One track: where it was first seen, since when it is inside, how often it was seen there."""

    first: Sight
    last: Sight
    entered: Sight | None = None
    zone: str | None = None
    looks: int = 0
    moved: bool = False
    from_outside: bool = False
    fast: int = 0
    slow: int = 0
    light: int = 0

    @property
    def rides(self) -> bool:
        """Whether it moves faster than anybody walks."""
        return self.fast >= RIDES_SHARE * self.looks

    @property
    def cycles(self) -> bool:
        """Whether it was at least now and then taken for a person or a bicycle and never rides as motorcycles do."""
        return self.rides and self.light >= LOOKS and self.slow >= CYCLES_SHARE * self.looks


@dataclass(frozen=True, slots=True)
class PresenceState:
    """The camera, its zones in pixels once known, the subjects, and until when each zone's happening lasts."""

    camera: Camera
    zones: tuple[Zone, ...]
    subjects: Mapping[int, _Subject]
    occupied_s: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Presence:
    """A rule: subjects of some classes inside zones.

    Attributes:
        kind: of the incident.
        classes: road class ids that are watched; None watches all.
        zones_of: the zones in question of a camera; none means that the rule is off.
        lacks: trace code that says what is missing then.
        version: of the rule's logic.
        riding: whether who moves faster than anybody walks counts: only such, but nobody as fast as motorcycles (True),
            none such (False).
    """

    kind: str
    classes: frozenset[int] | None
    zones_of: ZonesOf
    lacks: str
    version: str = "1"
    riding: bool | None = None

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A zone."""
        return () if self.zones_of(camera) else (Reason(self.lacks),)

    def start(self, camera: Camera) -> PresenceState:
        """Nobody seen yet."""
        return PresenceState(camera, tuple(self.zones_of(camera)), MappingProxyType({}), MappingProxyType({}))

    def step(self, state: PresenceState, observation: Observation) -> tuple[PresenceState, tuple[Finding, ...]]:
        """Follow everyone of the classes; a finding when the first of a happening has been inside long enough."""
        inside, outside = _sides(state, observation)
        kept = {track: one for track, one in state.subjects.items() if observation.video_s - one.last.video_s <= GAP_S}
        occupied = {zone: until for zone, until in state.occupied_s.items() if until >= observation.video_s}
        open_ = [in_force(zone.hours, observation.time, state.camera.time_zone) for zone in state.zones]
        found: list[Finding] = []
        for i in np.flatnonzero(self._watched(observation)):
            track = int(observation.tracks.id[i])
            one = _seen(kept.get(track), sight_of(observation, int(i)), inside[:, i], outside[:, i], state.zones)
            class_id = int(observation.tracks.class_id[i])
            kept[track] = one = _ridden(one, _speed_ms(observation, int(i)), class_id)
            if one.zone is None or one.entered is None or one.looks < LOOKS:
                continue
            at = next(k for k, zone in enumerate(state.zones) if zone.id == one.zone)
            zone = state.zones[at]
            hold = HOLD_S if zone.grace_s is None else zone.grace_s
            if zone.classes and ROAD_CLASSES[class_id] not in zone.classes:
                continue
            if not self._meant(one, class_id):
                continue
            if not open_[at] or not _is_alive(one) or one.last.video_s - one.entered.video_s < hold:
                continue
            if zone.id not in occupied:
                found.append(self._finding(one, zone, observation, int(i)))
            occupied[zone.id] = observation.video_s + QUIET_S
        return replace(state, subjects=MappingProxyType(kept), occupied_s=MappingProxyType(occupied)), tuple(found)

    def finish(self, state: PresenceState) -> tuple[Finding, ...]:
        """Who has not been there long enough stays unproven."""
        del state
        return ()

    def _meant(self, one: _Subject, class_id: int) -> bool:
        """Whether it is of those in question by how it moves."""
        if self.riding is None or class_id == BICYCLE:
            return True
        return one.cycles if self.riding else not one.rides

    def _watched(self, observation: Observation) -> NDArray[np.bool_]:
        tracks = observation.tracks
        rows = tracks.seen & ~cut(tracks.box, observation.width, observation.height)
        if self.classes is None:
            return rows
        return np.asarray(rows & np.isin(tracks.class_id, list(self.classes)), np.bool_)

    def _finding(self, one: _Subject, zone: Zone, observation: Observation, i: int) -> Finding:
        entered = one.entered or one.last
        trace = (
            Reason("inside_zone", (("zone", zone.id), ("since_s", round(entered.video_s, 1)))),
            Reason("stayed_inside", (("seconds", round(one.last.video_s - entered.video_s, 1)),)),
            Reason("came_from_outside" if one.from_outside else "seen_to_move"),
        )
        return Finding(
            type=FindingType.INCIDENT, kind=self.kind, rule_version=self.version, onset_s=entered.video_s,
            video_s=observation.video_s, score=float(observation.tracks.score[i]), trace=trace,
            moments=(
                Moment("onset", entered.video_s, entered.box),
                Moment("decision", one.last.video_s, one.last.box),
                Moment("wide", one.last.video_s),
            ),
            track=int(observation.tracks.id[i]), class_id=int(observation.tracks.class_id[i]), zone=zone.id,
            box=one.last.box, ground=ground_of(observation, i),
        )  # fmt: skip


def _seen(
    before: _Subject | None, sight: Sight, inside: NDArray[np.bool_], outside: NDArray[np.bool_], zones: Sequence[Zone]
) -> _Subject:
    """A subject after one more look; between the margins it stays what it was."""
    one = _Subject(sight, sight) if before is None else replace(before, last=sight)
    away = np.hypot(sight.foot[0] - one.first.foot[0], sight.foot[1] - one.first.foot[1])
    one = replace(one, moved=one.moved or bool(away >= MOVED_SIZES * min(sight.size, one.first.size)))
    if one.zone is not None:
        at = next(k for k, zone in enumerate(zones) if zone.id == one.zone)
        if not outside[at]:
            return replace(one, looks=one.looks + 1)
        one = replace(one, zone=None, entered=None, looks=0, from_outside=True)
    if not inside.any():
        return replace(one, from_outside=one.from_outside or bool(outside.all()))
    return replace(one, zone=zones[int(inside.argmax())].id, entered=sight, looks=1)


def _ridden(one: _Subject, speed_ms: float, class_id: int) -> _Subject:
    """A subject with how fast it is, and as what it is seen, while it is inside."""
    if one.zone is None:
        return replace(one, fast=0, slow=0, light=0)
    return replace(
        one, fast=one.fast + (speed_ms >= RIDES_MS), slow=one.slow + (speed_ms <= CYCLES_MS),
        light=one.light + (class_id in (PERSON, BICYCLE)),
    )  # fmt: skip


def _speed_ms(observation: Observation, i: int) -> float:
    """Speed of the i-th track; without metres by its height, as if it were a person."""
    tracks = observation.tracks
    speed = float(np.hypot(*tracks.velocity_ms[i]))
    if not np.isfinite(speed):
        tall = max(1.0, float(tracks.box[i, 3] - tracks.box[i, 1]))
        speed = float(np.hypot(*tracks.velocity_px[i])) / tall * PERSON_M
    return speed


def _is_alive(one: _Subject) -> bool:
    return one.moved or one.from_outside


def _sides(state: PresenceState, observation: Observation) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whose feet are surely inside and whose surely outside of each zone, both bool [zones, tracks]."""
    tracks = observation.tracks
    foot = tracks.foot.astype(np.float64)
    size = (tracks.box[:, 2:] - tracks.box[:, :2]).mean(axis=1)
    inside = np.zeros((len(state.zones), len(tracks)), np.bool_)
    outside = np.zeros_like(inside)
    for k, zone in enumerate(state.zones):
        ring = to_pixels(zone.points, observation.width, observation.height)
        within = in_polygon(foot, ring)
        far = edge_distance(foot, ring) >= MARGIN_SIZES * size
        inside[k], outside[k] = within & far, ~within & far
    return inside, outside
