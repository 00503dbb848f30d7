"""Bus lane: a vehicle that may not use it drives along a bus lane, longer than it takes to cross or to turn off.

Code of Administrative Offences of Kazakhstan, article 601 part 1; traffic rules, sign 5.11 and 5.14. The zone names the
classes that may use it (buses alone where it names none) and its hours. The detector takes many a bus for a lorry, so a
lorry is accused only when it was seldom called a bus from near, or a second look at it (`VehicleLook`) says what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from violations.accusation import Looks, accuse
from vision.bend import along_arrow
from vision.classes import BUS, ROAD_CLASSES, TRUCK
from vision.finding import Finding, Reason
from vision.footprint import LENGTH_M
from vision.hours import in_force
from vision.naming import counted, share
from vision.way_watch import Visit, Way, WayWatch, step_ways, watch_ways

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vision.camera import Camera
    from vision.camera_parts import Zone
    from vision.naming import Calls
    from vision.types import Observation, VehicleLook

LEAST_M: Final = 27.0
"""Driven along the lane, metres by the usual length of its class (six lengths of a car); who turns off or crosses needs
less,"""
MEASURED_M: Final = 20.0
"""or this far where the road is measured,"""
LEAST_S: Final = 2.0
"""and so long; the zone's `grace_s` replaces it."""
WITH_ARROW_COS: Final = 0.7
"""Along the lane: within 45 degrees of its arrow."""
LOOK_SCORE: Final = 0.7
"""How sure a second look must be to say that a lorry is no bus."""
NO_BUS: Final = frozenset({"car", "van", "truck"})
BUS_SHARE: Final = 0.35
"""A lorry was called a bus at no more than this share of the looks from near; a bus nearly always is."""


@dataclass(frozen=True, slots=True)
class BusLaneState:
    """The watch over the bus lanes, the second looks and the calls from near by track, and the visits already told."""

    watch: WayWatch
    looks: Mapping[int, VehicleLook]
    calls: Mapping[int, Calls]
    told: frozenset[tuple[int, str, float]] = frozenset()


class BusLane:
    """The rule; see the module's docstring."""

    kind = "bus_lane"
    version = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A bus lane with a direction."""
        if any(zone.direction is not None for zone in camera.zones_of("bus_lane")):
            return ()
        return (Reason("missing_bus_lane"),)

    def start(self, camera: Camera) -> BusLaneState:
        """No vehicle seen yet."""
        lanes = tuple(zone for zone in camera.zones_of("bus_lane") if zone.direction is not None)
        return BusLaneState(watch_ways(camera, lanes), MappingProxyType({}), MappingProxyType({}))

    def step(self, state: BusLaneState, observation: Observation) -> tuple[BusLaneState, tuple[Finding, ...]]:
        """A finding for each vehicle that has now driven along a bus lane for long enough."""
        watch, _ = step_ways(state.watch, observation)
        alive = {*watch.ways, *observation.tracks.id.tolist()}
        looks = {track: look for track, look in state.looks.items() if track in alive}
        looks |= {look.track: look for look in observation.looks}
        calls = counted(state.calls, observation, alive)
        zones = {zone.id: zone for zone in watch.zones}
        found, told = [], {one for one in state.told if one[0] in watch.ways}
        for way in watch.ways.values():
            for visit in way.visits:
                key = (way.track, visit.zone, visit.first.video_s)
                if way.last is visit.last and key not in told and way.last.video_s == observation.video_s:
                    zone = zones[visit.zone]
                    closed = _concerns(zone, way, looks.get(way.track), calls.get(way.track), observation, watch)
                    if closed and _drove(zone, way, visit, watch):
                        told.add(key)
                        found.append(_finding(zone, way, visit, observation))
        return BusLaneState(watch, MappingProxyType(looks), calls, frozenset(told)), tuple(found)

    def finish(self, state: BusLaneState) -> tuple[Finding, ...]:
        """Who has not driven far enough stays unproven."""
        del state
        return ()


RULE: Final = BusLane()


def _concerns(
    zone: Zone, way: Way, look: VehicleLook | None, calls: Calls | None, observation: Observation, watch: WayWatch
) -> bool:  # fmt: skip
    """Whether the lane is closed to this vehicle now, beyond doubt about what it is."""
    if not in_force(zone.hours, observation.time, watch.camera.time_zone):
        return False
    if way.class_id == BUS or ROAD_CLASSES[way.class_id] in zone.classes:
        return "bus" not in zone.classes and bool(zone.classes) and way.class_id == BUS
    bus_share = share(calls, (BUS,))
    sure = bus_share is not None and bus_share <= BUS_SHARE
    sure = sure or (look is not None and look.kind in NO_BUS and look.kind_score >= LOOK_SCORE)
    taken_for_bus = look is not None and look.kind == "bus"
    return not taken_for_bus and (way.class_id != TRUCK or sure)


def _drove(zone: Zone, way: Way, visit: Visit, watch: WayWatch) -> bool:
    """Whether it drove along the lane for long enough."""
    long_enough = visit.last.video_s - visit.first.video_s >= (LEAST_S if zone.grace_s is None else zone.grace_s)
    far_enough = (way.lengths - visit.since_lengths) * LENGTH_M[way.class_id] >= LEAST_M
    far_enough = far_enough or way.metres - visit.since_m >= MEASURED_M
    return long_enough and bool(far_enough) and along_arrow(watch, way, visit, zone) >= WITH_ARROW_COS


def _finding(zone: Zone, way: Way, visit: Visit, observation: Observation) -> Finding:
    trace = (
        Reason("in_bus_lane", (("zone", zone.id), ("from_s", round(visit.first.video_s, 2)))),
        Reason(
            "along_bus_lane",
            (
                ("seconds", round(visit.last.video_s - visit.first.video_s, 1)),
                ("lengths", round(way.lengths - visit.since_lengths, 1)),
            ),
        ),
        Reason("class_not_allowed"),
    )
    act = next((one for one in way.trail if one.video_s > visit.first.video_s + LEAST_S / 2), visit.last)
    return accuse(
        BusLane.kind, BusLane.version, observation, track=way.track, class_id=way.class_id,
        onset_s=visit.first.video_s, trace=trace, zone=zone.id,
        looks=Looks(visit.first, act, way.nearest, visit.last),
    )  # fmt: skip
