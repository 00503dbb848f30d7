"""Stopped vehicle: a vehicle stands on the carriageway where traffic flows.

Not raised: whoever waits at a signal (upstream of its stop line while it is not green, and until the queue has
cleared), a standstill of most of the traffic (congestion, another incident), a bus at a bus stop, a place to park,
a vehicle that stood there before the camera began to look, until it has stood far longer, and whoever stands where a
crash was told: it belongs to the crash.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from incidents.rules import crash
from vision.bus_stop import at_bus_stop
from vision.classes import VEHICLE_IDS
from vision.finding import Finding, FindingType, Moment, Reason
from vision.geometry import in_polygon
from vision.sight import ground_of, sight_of
from vision.standing import Standing, index_of, near
from vision.waiting import Until, wait_until, waiting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from incidents.rules.crash import CrashState
    from vision.camera import Camera
    from vision.types import Observation

HOLD_S: Final = 10.0
"""Seconds of standing after a stop that was seen. Published systems need 10 to 120 s."""
HOLD_UNSEEN_S: Final = 60.0
"""Seconds of standing when the arrival was not seen: it may be a parked car at the edge of a rough zone."""
JAM_SHARE: Final = 0.5
"""When at least this share of the vehicles on the carriageway stands, it is congestion."""
SLOW_MS: Final = 10 / 3.6
"""Whoever is slower than this crawls, as for congestion: far away a box that crawls hardly moves."""
JAM_LEAST: Final = 3
"""Fewer standing vehicles than this are no congestion."""
SAME_PLACE_SIZES: Final = 3.0
"""A second vehicle that stops this near belongs to the same happening."""
SAME_PLACE_M: Final = 9.0
"""The same in metres, where the road is calibrated: the car behind, not the one on the other side."""
SAME_PLACE_S: Final = 120.0
"""A happening is remembered this long after the last vehicle stood there."""
QUEUE_SIZES: Final = 4.0
"""Vehicles that stand this near each other may be a queue; they must be driven past, or stand for HOLD_UNSEEN_S."""
QUEUE_M: Final = 15.0
"""The same in metres, where the road is calibrated: who stands across the road or far behind is no queue."""
PAIR_S: Final = 15.0
"""Two alone, one behind the other, are hardly a queue: so long is enough, where each was seen to stop."""
QUEUE_STANDS_S: Final = 3.0
"""A neighbour standing this long makes a queue."""
MOVING_SIZES_PER_S: Final = 0.7
"""A vehicle passes when it moves at least this many of its box sizes a second,"""
PASSES_MS: Final = 15 / 3.6
"""so fast on the road, where metres are known: far away a box that trembles moves by its sizes,"""
PASSES_AGE_S: Final = 1.0
"""followed for so long,"""
PASSES_ALONG: Final = 0.7
"""and along the way on which the other came, by the cosine."""
REJOIN_S: Final = 6.0
"""A standing vehicle lost by the tracker (hidden by passing traffic) is taken up again within this time."""


@dataclass(frozen=True, slots=True)
class _Vehicle:
    """A vehicle, until when its standing is excused, and whether others drove past it since."""

    at: Standing
    excused_until_s: float = 0.0
    passed: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """The vehicle that was told to stand, on the road in metres where they are known, and when somebody last did."""

    vehicle: _Vehicle
    ground: tuple[float, float] | None
    last_s: float

    def holds(self, vehicle: _Vehicle, ground: tuple[float, float] | None) -> bool:
        """Whether who stands there belongs to the same happening; who came the other way does not."""
        if not _one_way(self.vehicle, vehicle):
            return False
        if self.ground is None or ground is None:
            return near(self.vehicle.at.last, vehicle.at.last, SAME_PLACE_SIZES)
        return float(np.hypot(self.ground[0] - ground[0], self.ground[1] - ground[1])) <= SAME_PLACE_M


@dataclass(frozen=True, slots=True)
class StoppedState:
    """The camera, the vehicles, the places already reported, until when each signal lets vehicles wait, and crashes."""

    camera: Camera
    vehicles: tuple[_Vehicle, ...] = ()
    places: tuple[_Place, ...] = ()
    stop_until_s: Until = ()
    crash: CrashState | None = None


class StoppedVehicle:
    """The rule; see the module's docstring."""

    kind = "stopped_vehicle"
    version = "2"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A carriageway zone."""
        return () if camera.zones_of("carriageway") else (Reason("missing_carriageway"),)

    def start(self, camera: Camera) -> StoppedState:
        """No vehicle seen yet."""
        return StoppedState(camera, crash=None if crash.RULE.missing(camera) else crash.RULE.start(camera))

    def step(self, state: StoppedState, observation: Observation) -> tuple[StoppedState, tuple[Finding, ...]]:
        """Follow every vehicle on the carriageway."""
        tracks = observation.tracks
        crashes = None if state.crash is None else crash.RULE.step(state.crash, observation)[0]
        on_road = _on_carriageway(state.camera, observation)
        stop_until = wait_until(state.camera, state.stop_until_s, observation)
        may_wait = waiting(state.camera, observation, dict(stop_until))
        vehicles = list(state.vehicles)
        alive = frozenset(tracks.id[tracks.seen].tolist())
        rows: dict[int, int] = {}
        for i in range(len(tracks)):
            if int(tracks.class_id[i]) in VEHICLE_IDS and tracks.seen[i]:
                at = _take_up(vehicles, observation, i, alive)
                if may_wait[i] or not on_road[i]:
                    vehicles[at] = replace(vehicles[at], excused_until_s=observation.video_s)
                elif at not in rows:
                    rows[at] = i
        _mark_passed(vehicles, rows, observation)
        standing = [at for at in rows if _stands_s(vehicles[at]) >= QUEUE_STANDS_S]
        places = [place for place in state.places if observation.video_s - place.last_s <= SAME_PLACE_S]
        found: list[Finding] = []
        for at in standing:
            vehicle = vehicles[at]
            ground = ground_of(observation, rows[at])
            reported = [k for k, place in enumerate(places) if place.holds(vehicle, ground)]
            for k in reported:
                places[k] = replace(places[k], last_s=observation.video_s)
            if reported or (crashes is not None and crash.belongs(crashes, tracks.ground[rows[at]])):
                continue
            if not vehicle.passed and _in_jam(vehicle, vehicles, {*standing, *_slow(rows, observation)}, rows):
                vehicles[at] = replace(vehicle, excused_until_s=observation.video_s - QUEUE_STANDS_S)
                continue
            others = [vehicles[o] for o in standing if o != at and _in_reach(ground, ground_of(observation, rows[o]))]
            if _stands_s(vehicle) >= _hold_s(vehicle, others):
                places.append(_Place(vehicle, ground, observation.video_s))
                found.append(_finding(vehicle, observation, rows[at]))
        kept = tuple(v for v in vehicles if observation.video_s - v.at.last.video_s <= REJOIN_S)
        return StoppedState(state.camera, kept, tuple(places), stop_until, crashes), tuple(found)

    def finish(self, state: StoppedState) -> tuple[Finding, ...]:
        """A standing shorter than the hold time stays unproven."""
        del state
        return ()


RULE: Final = StoppedVehicle()


def _stands_s(vehicle: _Vehicle) -> float:
    """Seconds it has stood without an excuse."""
    return vehicle.at.last.video_s - max(vehicle.at.anchor.video_s, vehicle.excused_until_s)


def _in_reach(one: tuple[float, float] | None, other: tuple[float, float] | None) -> bool:
    """Whether two may stand in one queue by the metres between them; unknown where there are none."""
    return one is None or other is None or float(np.hypot(one[0] - other[0], one[1] - other[1])) <= QUEUE_M


def _hold_s(vehicle: _Vehicle, others: list[_Vehicle]) -> float:
    """How long this vehicle must stand before it counts."""
    queue = [o for o in others if near(vehicle.at.last, o.at.last, QUEUE_SIZES) and _one_way(vehicle, o)]
    if not vehicle.at.arrived:
        return HOLD_UNSEEN_S
    if vehicle.passed or not queue:
        return HOLD_S
    return PAIR_S if len(queue) == 1 and queue[0].at.arrived else HOLD_UNSEEN_S


def _slow(rows: dict[int, int], observation: Observation) -> list[int]:
    """Which vehicles crawl, where metres tell."""
    speed = np.hypot(observation.tracks.velocity_ms[:, 0], observation.tracks.velocity_ms[:, 1])
    return [at for at, i in rows.items() if speed[i] < SLOW_MS]


def _in_jam(vehicle: _Vehicle, vehicles: list[_Vehicle], held: set[int], rows: dict[int, int]) -> bool:
    """Whether most of the traffic that came its way stands or crawls as well."""
    same = {at for at in rows if _one_way(vehicle, vehicles[at])}
    return len(same & held) >= JAM_LEAST and len(same & held) >= JAM_SHARE * len(same)


def _one_way(vehicle: _Vehicle, other: _Vehicle) -> bool:
    """Whether two may stand in one queue: not if they came from opposite directions."""
    if not (vehicle.at.arrived and other.at.arrived):
        return True
    ours, theirs = (np.subtract(one.at.anchor.foot, one.at.first.foot) for one in (vehicle, other))
    return bool(ours @ theirs > 0)


def _mark_passed(vehicles: list[_Vehicle], rows: dict[int, int], observation: Observation) -> None:
    """Note which standing vehicles others drive past in the direction in which they came."""
    velocity = observation.tracks.velocity_px.astype(float)
    passers = [(other, i) for other, i in rows.items() if _drives(observation, i, vehicles[other].at.last.size)]
    for at in rows:
        vehicle = vehicles[at]
        if vehicle.passed or not vehicle.at.arrived or _stands_s(vehicle) < QUEUE_STANDS_S:
            continue
        came = np.subtract(vehicle.at.anchor.foot, vehicle.at.first.foot)
        for other, i in passers:
            along = velocity[i] @ came >= PASSES_ALONG * np.hypot(*velocity[i]) * np.hypot(*came)
            if other != at and along and near(vehicles[other].at.last, vehicle.at.last, SAME_PLACE_SIZES):
                vehicles[at] = replace(vehicle, passed=True)
                break


def _drives(observation: Observation, i: int, size: float) -> bool:
    """Whether a track moves as somebody does who drives past."""
    tracks = observation.tracks
    if float(np.hypot(*tracks.velocity_px[i])) < MOVING_SIZES_PER_S * size or tracks.age_s[i] < PASSES_AGE_S:
        return False
    speed = float(np.hypot(*tracks.velocity_ms[i]))
    return not np.isfinite(speed) or speed >= PASSES_MS


def _take_up(vehicles: list[_Vehicle], observation: Observation, i: int, alive: frozenset[int]) -> int:
    """Index of the vehicle that track i is, after taking note of its present sight; appended when new."""
    track, class_id = int(observation.tracks.id[i]), int(observation.tracks.class_id[i])
    sight = sight_of(observation, i)
    at = index_of([vehicle.at for vehicle in vehicles], track, sight, alive)
    if at is None:
        vehicles.append(_Vehicle(Standing.new(track, class_id, sight)))
        return len(vehicles) - 1
    before = vehicles[at].at
    now = before.seen_at(sight, track, class_id)
    vehicles[at] = replace(vehicles[at], at=now, passed=vehicles[at].passed and now.anchor is before.anchor)
    return at


def _on_carriageway(camera: Camera, observation: Observation) -> NDArray[np.bool_]:
    """Which tracks stand on the carriageway and in no place made for standing."""
    scale = np.array([observation.width, observation.height], float)
    foot = observation.tracks.foot
    inside = np.zeros(len(foot), bool)
    for zone in camera.zones_of("carriageway"):
        inside |= in_polygon(foot, np.array(zone.points) * scale)
    for zone in camera.zones_of("parking", "shoulder", "closed"):
        inside &= ~in_polygon(foot, np.array(zone.points) * scale)
    return inside & ~at_bus_stop(camera, observation)


def _finding(vehicle: _Vehicle, observation: Observation, i: int) -> Finding:
    now = sight_of(observation, i)
    onset = max(vehicle.at.anchor.video_s, vehicle.excused_until_s)
    trace = (
        Reason("stands_since", (("since_s", round(onset, 1)), ("seconds", round(now.video_s - onset, 1)))),
        Reason("arrival_seen" if vehicle.at.arrived else "arrival_not_seen"),
        Reason("driven_past" if vehicle.passed else "stands_alone"),
    )
    return Finding(
        type=FindingType.INCIDENT, kind=StoppedVehicle.kind, rule_version=StoppedVehicle.version,
        onset_s=onset, video_s=now.video_s, score=1.0 if vehicle.at.arrived else 0.7, trace=trace,
        moments=(
            Moment("onset", onset, vehicle.at.anchor.box),
            Moment("decision", now.video_s, now.box),
            Moment("wide", now.video_s),
        ),
        track=vehicle.at.track, class_id=vehicle.at.class_id, box=now.box, ground=ground_of(observation, i),
    )  # fmt: skip
