"""Driving on a pavement, a cycleway or a shoulder: a vehicle drives along it, further than it takes to cross.

Code of Administrative Offences of Kazakhstan, article 596 part 1. Who crosses it into a yard drives across it and not
along; who pulls onto a shoulder to stop, or starts from there, stands on it and is innocent.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from violations.accusation import Looks, accuse
from vision.classes import MOTORCYCLE
from vision.finding import Finding, Reason
from vision.footprint import LENGTH_M
from vision.geometry import to_pixels
from vision.hours import in_force
from vision.strip import long_axis
from vision.way_watch import Visit, Way, WayWatch, step_ways, watch_ways

if TYPE_CHECKING:
    from vision.camera import Camera
    from vision.camera_parts import Zone
    from vision.types import Observation

KINDS: Final = ("pavement", "cycleway", "shoulder")
LEAST_S: Final = 0.8
"""Driven along for at least this long,"""
LEAST_LENGTHS: Final = 2.0
"""and so many of its own lengths: 9 m for a car; a pavement is crossed in one."""
SHOULDER_LENGTHS: Final = 4.0
"""On a shoulder, where one may stop: this far before it comes back to the carriageway,"""
SHOULDER_FAR_LENGTHS: Final = 12.0
"""or this far in any case."""
COMPACT_LENGTHS: Final = 4.0
"""The same where the zone is about as wide as long, so that nothing tells along from across."""
ALONG_COS: Final = 0.8
"""Along the zone: within 37 degrees of its long side."""
STOOD_S: Final = 1.5
"""Without driving a third of its length for this long it has stood."""
LEFT_S: Final = 0.6
"""Not clearly inside for this long it has left."""

CYCLES_MS: Final = 25 / 3.6
"""As fast as people cycle, m/s: where the motor of an electric bicycle must stop to help."""

Key = tuple[int, str, float]


@dataclass(frozen=True, slots=True)
class PavementState:
    """The watch over the zones, and the visits already told."""

    watch: WayWatch
    told: frozenset[Key] = frozenset()


class PavementDriving:
    """The rule; see the module's docstring."""

    kind = "pavement_driving"
    version = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A zone where nobody drives."""
        return () if camera.zones_of(*KINDS) else (Reason("missing_pavement_or_shoulder"),)

    def start(self, camera: Camera) -> PavementState:
        """No vehicle seen yet."""
        return PavementState(watch_ways(camera, camera.zones_of(*KINDS)))

    def step(self, state: PavementState, observation: Observation) -> tuple[PavementState, tuple[Finding, ...]]:
        """A finding for each vehicle that has now driven along such a zone for long enough."""
        watch, _ = step_ways(state.watch, observation)
        zones = {zone.id: zone for zone in watch.zones}
        told = {key for key in state.told if key[0] in watch.ways}
        found: list[Finding] = []
        for way in watch.ways.values():
            if way.last.video_s != observation.video_s:
                continue
            for visit in way.visits:
                key = (way.track, visit.zone, visit.first.video_s)
                zone = zones[visit.zone]
                open_ = in_force(zone.hours, observation.time, watch.camera.time_zone)
                if key not in told and open_ and _drove(zone, way, visit, watch):
                    told.add(key)
                    found.append(_finding(zone, way, visit, observation))
        return PavementState(watch, frozenset(told)), tuple(found)

    def finish(self, state: PavementState) -> tuple[Finding, ...]:
        """Who has not driven far enough stays unproven."""
        del state
        return ()


RULE: Final = PavementDriving()


def _drove(zone: Zone, way: Way, visit: Visit, watch: WayWatch) -> bool:
    """Whether it drove along the zone for long enough."""
    if watch.drawn is None or visit.last.video_s - visit.first.video_s < LEAST_S:
        return False
    polygon = to_pixels(zone.points, watch.drawn.width, watch.drawn.height)
    above = np.array([watch.view.vector(polygon[0], corner) for corner in polygon])
    axis = long_axis(above)
    driven = watch.view.vector(visit.first.foot, visit.last.foot)
    length = float(np.hypot(*driven))
    if not length > 0 or (axis is not None and abs(float(driven @ axis)) < ALONG_COS * length):
        return False
    lengths = _lengths(way, visit)
    pace_ms = lengths * LENGTH_M[MOTORCYCLE] / (visit.last.video_s - visit.first.video_s)
    if way.class_id == MOTORCYCLE and pace_ms < CYCLES_MS:
        return False
    if zone.kind != "shoulder":
        return lengths >= (LEAST_LENGTHS if axis is not None else COMPACT_LENGTHS)
    left = way.last.video_s - visit.last.video_s >= LEFT_S
    return not _stood(way, visit) and lengths >= (SHOULDER_LENGTHS if left else SHOULDER_FAR_LENGTHS)


def _lengths(way: Way, visit: Visit) -> float:
    """How far it drove during the visit, its own lengths."""
    beyond = sum(one.video_s > visit.last.video_s for one in way.trail)
    driven = sum(one.video_s > visit.first.video_s for one in way.trail)
    share = (driven - beyond) / driven if driven else 0.0
    return (way.lengths - visit.since_lengths) * share


def _stood(way: Way, visit: Visit) -> bool:
    """Whether it stood during the visit, or just before: its trail is kept only as it drives on."""
    trail = [one.video_s for one in way.trail if one.video_s <= visit.last.video_s]
    legs = pairwise([*trail, visit.last.video_s])
    return any(after - before >= STOOD_S for before, after in legs if after >= visit.first.video_s - STOOD_S)


def _finding(zone: Zone, way: Way, visit: Visit, observation: Observation) -> Finding:
    trace = (
        Reason("on_no_carriageway", (("zone", zone.id), ("from_s", round(visit.first.video_s, 2)))),
        Reason(
            "drove_along_it",
            (
                ("seconds", round(visit.last.video_s - visit.first.video_s, 1)),
                ("lengths", round(_lengths(way, visit), 1)),
            ),
        ),
    )
    inside = [one for one in way.trail if visit.first.video_s < one.video_s <= visit.last.video_s]
    act = inside[len(inside) // 2] if inside else visit.last
    return accuse(
        PavementDriving.kind, PavementDriving.version, observation, track=way.track, class_id=way.class_id,
        onset_s=visit.first.video_s, trace=trace, zone=zone.id,
        looks=Looks(visit.first, act, way.nearest, way.last),
    )  # fmt: skip
