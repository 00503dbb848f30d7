"""Restricted class: a vehicle of a class that a sign keeps out drives in a `no_vehicles` zone.

Code of Administrative Offences of Kazakhstan, article 601 part 1; signs 3.2, 3.4 and the like. The zone names the
classes and the hours; without classes it is closed to all. Whoever stands there has not driven, and a class that wavers
(a van, a pickup, a bus that looks like a lorry) accuses nobody.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from violations.accusation import Looks, accuse
from vision.bend import along_arrow
from vision.classes import ROAD_CLASSES
from vision.finding import Finding, Reason
from vision.hours import in_force
from vision.naming import counted, share
from vision.way_watch import Visit, Way, WayWatch, step_ways, watch_ways

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vision.camera import Camera
    from vision.camera_parts import Zone
    from vision.naming import Calls
    from vision.types import Observation, VehicleLook

LEAST_S: Final = 1.0
"""Driven in the zone for at least this long,"""
LEAST_LENGTHS: Final = 1.0
"""and so many of its own lengths: who cuts a corner of it does not."""
SETTLED_SHARE: Final = 0.85
"""The tracker's vote must have named the class at this share of the looks,"""
SETTLED_LOOKS: Final = 4
"""of which there are at least so many."""
NEAR_SHARE: Final = 0.5
"""Where it was seen from near, what it was called there decides alone: a forbidden class at no less than this share."""
LOOK_SCORE: Final = 0.6
"""Else a second look (`VehicleLook`) this sure that says otherwise unsettles the class."""
LOOKS_LIKE: Final = MappingProxyType({"car": {"car", "van"}, "bus": {"bus"}, "truck": {"truck"}})
"""Which second looks agree with a class."""
ALONG_COS: Final = 0.3
"""Where the zone has an arrow the ban is for those who drive along it, by this cosine at least."""


@dataclass(frozen=True, slots=True)
class RestrictedState:
    """The watch, how often each track was seen as what, also from near, second looks, and the visits already told."""

    watch: WayWatch
    seen_as: Mapping[int, Mapping[str, int]]
    calls: Mapping[int, Calls]
    looks: Mapping[int, VehicleLook]
    told: frozenset[tuple[int, str, float]] = frozenset()


class RestrictedClass:
    """The rule; see the module's docstring."""

    kind = "restricted_class"
    version = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A zone closed to vehicles."""
        return () if camera.zones_of("no_vehicles") else (Reason("missing_no_vehicles"),)

    def start(self, camera: Camera) -> RestrictedState:
        """No vehicle seen yet."""
        empty: Mapping[int, Mapping[str, int]] = MappingProxyType({})
        watch = watch_ways(camera, camera.zones_of("no_vehicles"))
        return RestrictedState(watch, empty, MappingProxyType({}), MappingProxyType({}))

    def step(self, state: RestrictedState, observation: Observation) -> tuple[RestrictedState, tuple[Finding, ...]]:
        """A finding for each vehicle of a forbidden class that has now driven in a zone for long enough."""
        watch, _ = step_ways(state.watch, observation)
        alive = {*watch.ways, *observation.tracks.id.tolist()}
        looks = {track: look for track, look in state.looks.items() if track in alive}
        looks |= {look.track: look for look in observation.looks}
        seen_as = _counted(state, watch, observation)
        calls = counted(state.calls, observation, alive)
        zones = {zone.id: zone for zone in watch.zones}
        told = {key for key in state.told if key[0] in watch.ways}
        found: list[Finding] = []
        for way in watch.ways.values():
            for visit in way.visits:
                key = (way.track, visit.zone, visit.first.video_s)
                if visit.last is not way.last or way.last.video_s != observation.video_s or key in told:
                    continue
                zone = zones[visit.zone]
                settled = _settled(zone, way, seen_as[way.track], calls.get(way.track), looks.get(way.track))
                open_ = in_force(zone.hours, observation.time, watch.camera.time_zone)
                if settled is not None and open_ and _drove(zone, way, visit, watch):
                    told.add(key)
                    found.append(_finding(zone, way, visit, observation, settled))
        after = RestrictedState(watch, MappingProxyType(seen_as), calls, MappingProxyType(looks), frozenset(told))
        return after, tuple(found)

    def finish(self, state: RestrictedState) -> tuple[Finding, ...]:
        """Who has not driven far enough stays unproven."""
        del state
        return ()


RULE: Final = RestrictedClass()


def _counted(state: RestrictedState, watch: WayWatch, observation: Observation) -> dict[int, Mapping[str, int]]:
    """How often each track was seen as what, this moment included."""
    counts: dict[int, Mapping[str, int]] = {}
    for track, way in watch.ways.items():
        count = Counter(state.seen_as.get(track, {}))
        if way.last.video_s == observation.video_s:
            count[ROAD_CLASSES[way.class_id]] += 1
        counts[track] = MappingProxyType(count)
    return counts


def _settled(
    zone: Zone, way: Way, seen_as: Mapping[str, int], calls: Calls | None, look: VehicleLook | None
) -> float | None:
    """Share of the looks that named a forbidden class; None where the ban does not concern it beyond doubt."""
    if not zone.classes:
        return 1.0
    near = share(calls, [ROAD_CLASSES.index(one) for one in zone.classes])
    if near is not None:
        return near if near >= NEAR_SHARE else None
    name = ROAD_CLASSES[way.class_id]
    total = sum(seen_as.values())
    voted = sum(seen_as.get(one, 0) for one in zone.classes) / max(total, 1)
    if name not in zone.classes or total < SETTLED_LOOKS or voted < SETTLED_SHARE:
        return None
    agrees = {kind for one in zone.classes for kind in LOOKS_LIKE.get(one, ())}
    otherwise = look is not None and look.kind is not None and look.kind not in agrees
    return None if otherwise and look is not None and look.kind_score >= LOOK_SCORE else voted


def _drove(zone: Zone, way: Way, visit: Visit, watch: WayWatch) -> bool:
    long_enough = visit.last.video_s - visit.first.video_s >= (LEAST_S if zone.grace_s is None else zone.grace_s)
    far_enough = way.lengths - visit.since_lengths >= LEAST_LENGTHS
    along = zone.direction is None or along_arrow(watch, way, visit, zone) >= ALONG_COS
    return long_enough and far_enough and along


def _finding(zone: Zone, way: Way, visit: Visit, observation: Observation, settled: float) -> Finding:
    trace = (
        Reason("in_closed_zone", (("zone", zone.id), ("from_s", round(visit.first.video_s, 2)))),
        Reason(
            "drove_in_it",
            (
                ("seconds", round(visit.last.video_s - visit.first.video_s, 1)),
                ("lengths", round(way.lengths - visit.since_lengths, 1)),
            ),
        ),
        Reason("class_settled", (("percent", round(100 * settled)),)) if zone.classes else Reason("closed_to_all"),
    )
    inside = [one for one in way.trail if visit.first.video_s < one.video_s <= visit.last.video_s]
    act = inside[len(inside) // 2] if inside else visit.last
    return accuse(
        RestrictedClass.kind, RestrictedClass.version, observation, track=way.track, class_id=way.class_id,
        onset_s=visit.first.video_s, trace=trace, zone=zone.id, score=settled,
        looks=Looks(visit.first, act, way.nearest, way.last),
    )  # fmt: skip
