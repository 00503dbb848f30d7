"""Stopped vehicle: a vehicle stands on the carriageway where traffic flows.

Not raised: whoever waits at a signal (upstream of its stop line while it is not green, and until the queue has
cleared), a standstill of most of the traffic (congestion, another incident), a bus at a bus stop, a place to park,
and a vehicle that stood there before the camera began to look, until it has stood far longer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import BUS, VEHICLE_IDS
from vision.directions import entry_arrow
from vision.finding import Finding, FindingType, Moment, Reason
from vision.geometry import in_polygon, iou
from vision.sight import Sight, ground_of, sight_of
from vision.types import SignalState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.types import Observation

HOLD_S: Final = 10.0
"""Seconds of standing after a stop that was seen. Published systems need 10 to 120 s."""
HOLD_UNSEEN_S: Final = 60.0
"""Seconds of standing when the arrival was not seen: it may be a parked car at the edge of a rough zone."""
STILL_SIZES: Final = 0.25
"""A vehicle stands while its bottom centre stays within this share of its box's size."""
MOVED_S: Final = 0.7
"""It has moved when it was outside that share for this long: traffic that hides part of it moves only its box."""
ARRIVED_SIZES: Final = 1.5
"""It was seen to arrive when it had moved this many box sizes before it stood."""
QUEUE_CLEARS_S: Final = 20.0
"""A queue is given this long after green before a vehicle in it counts as stopped."""
JAM_SHARE: Final = 0.5
"""When at least this share of the vehicles on the carriageway stands, it is congestion."""
JAM_LEAST: Final = 3
"""Fewer standing vehicles than this are no congestion."""
SAME_PLACE_SIZES: Final = 3.0
"""A second vehicle that stops this near belongs to the same happening."""
SAME_PLACE_S: Final = 120.0
"""A happening is remembered this long after the last vehicle stood there."""
QUEUE_SIZES: Final = 4.0
"""Vehicles that stand this near each other may be a queue; they must be driven past, or stand for HOLD_UNSEEN_S."""
QUEUE_STANDS_S: Final = 3.0
"""A neighbour standing this long makes a queue."""
MOVING_SIZES_PER_S: Final = 0.7
"""A vehicle passes when it moves at least this many of its box sizes a second."""
REJOIN_S: Final = 6.0
"""A standing vehicle lost by the tracker (hidden by passing traffic) is taken up again within this time."""
REJOIN_IOU: Final = 0.4
"""Overlap at which a new track is the old vehicle."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """One vehicle: where it stands (or was last anchored) and since when."""

    track: int
    class_id: int
    first: Sight
    anchor: Sight
    last: Sight
    arrived: bool = False
    excused_until_s: float = 0.0
    passed: bool = False
    moved_since_s: float | None = None
    pause: Sight | None = None


@dataclass(frozen=True, slots=True)
class StoppedState:
    """The camera, the vehicles, the places already reported, and until when each signal lets vehicles wait."""

    camera: Camera
    vehicles: tuple[_Standing, ...] = ()
    places: tuple[Sight, ...] = ()
    stop_until_s: tuple[tuple[str, float], ...] = ()


class StoppedVehicle:
    """The rule; see the module's docstring."""

    kind = "stopped_vehicle"
    version = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A carriageway zone."""
        return () if camera.zones_of("carriageway") else (Reason("missing_carriageway"),)

    def start(self, camera: Camera) -> StoppedState:
        """No vehicle seen yet."""
        return StoppedState(camera)

    def step(self, state: StoppedState, observation: Observation) -> tuple[StoppedState, tuple[Finding, ...]]:
        """Follow every vehicle on the carriageway."""
        tracks = observation.tracks
        on_road = _on_carriageway(state.camera, observation)
        stop_until = _signals(state, observation)
        waiting = _waiting(state.camera, observation, dict(stop_until))
        vehicles = list(state.vehicles)
        rows: dict[int, int] = {}
        for i in range(len(tracks)):
            if int(tracks.class_id[i]) in VEHICLE_IDS and tracks.seen[i]:
                at = _take_up(vehicles, observation, i)
                if waiting[i] or not on_road[i]:
                    vehicles[at] = replace(vehicles[at], excused_until_s=observation.video_s)
                elif at not in rows:
                    rows[at] = i
        _mark_passed(vehicles, rows, observation)
        standing = [at for at in rows if _stands_s(vehicles[at]) >= QUEUE_STANDS_S]
        jam = len(standing) >= JAM_LEAST and len(standing) >= JAM_SHARE * len(rows)
        places = [place for place in state.places if observation.video_s - place.video_s <= SAME_PLACE_S]
        found: list[Finding] = []
        for at in standing:
            vehicle = vehicles[at]
            reported = [k for k, place in enumerate(places) if _near(place, vehicle.last, SAME_PLACE_SIZES)]
            for k in reported:
                places[k] = replace(places[k], video_s=observation.video_s)
            if reported:
                continue
            if jam and not vehicle.passed:
                vehicles[at] = replace(vehicle, excused_until_s=observation.video_s - QUEUE_STANDS_S)
            elif _stands_s(vehicle) >= _hold_s(vehicle, [vehicles[other] for other in standing if other != at]):
                places.append(vehicle.last)
                found.append(_finding(vehicle, observation, rows[at]))
        kept = tuple(v for v in vehicles if observation.video_s - v.last.video_s <= REJOIN_S)
        return StoppedState(state.camera, kept, tuple(places), stop_until), tuple(found)

    def finish(self, state: StoppedState) -> tuple[Finding, ...]:
        """A standing shorter than the hold time stays unproven."""
        del state
        return ()


RULE: Final = StoppedVehicle()


def _stands_s(vehicle: _Standing) -> float:
    """Seconds it has stood without an excuse."""
    return vehicle.last.video_s - max(vehicle.anchor.video_s, vehicle.excused_until_s)


def _hold_s(vehicle: _Standing, others: list[_Standing]) -> float:
    """How long this vehicle must stand before it counts."""
    queue = any(_near(vehicle.last, other.last, QUEUE_SIZES) for other in others)
    return HOLD_S if vehicle.arrived and (vehicle.passed or not queue) else HOLD_UNSEEN_S


def _near(first: Sight, second: Sight, sizes: float) -> bool:
    distance = float(np.hypot(first.foot[0] - second.foot[0], first.foot[1] - second.foot[1]))
    return distance < sizes * max(first.size, second.size)


def _mark_passed(vehicles: list[_Standing], rows: dict[int, int], observation: Observation) -> None:
    """Note which standing vehicles others drive past in the direction in which they came."""
    velocity = observation.tracks.velocity_px.astype(float)
    for at in rows:
        vehicle = vehicles[at]
        if vehicle.passed or not vehicle.arrived or _stands_s(vehicle) < QUEUE_STANDS_S:
            continue
        came = np.subtract(vehicle.anchor.foot, vehicle.first.foot)
        for other, i in rows.items():
            passing = vehicles[other].last
            fast = float(np.hypot(*velocity[i])) >= MOVING_SIZES_PER_S * passing.size
            if other != at and fast and velocity[i] @ came > 0 and _near(passing, vehicle.last, SAME_PLACE_SIZES):
                vehicles[at] = replace(vehicle, passed=True)
                break


def _take_up(vehicles: list[_Standing], observation: Observation, i: int) -> int:
    """Index of the vehicle that track i is, after taking note of its present sight; appended when new."""
    track, class_id = int(observation.tracks.id[i]), int(observation.tracks.class_id[i])
    sight = sight_of(observation, i)
    at = next((k for k, vehicle in enumerate(vehicles) if vehicle.track == track), None)
    if at is None:
        alive = {int(value) for value in observation.tracks.id[observation.tracks.seen]}
        overlap = iou(np.array([sight.box]), np.array([v.last.box for v in vehicles]).reshape(-1, 4))[0]
        lost = [k for k, v in enumerate(vehicles) if v.track not in alive and overlap[k] >= REJOIN_IOU]
        at = max(lost, key=lambda k: float(overlap[k]), default=None)
    if at is None:
        vehicles.append(_Standing(track, class_id, sight, sight, sight))
        return len(vehicles) - 1
    vehicle = vehicles[at]
    vehicle = _anchored(vehicle, sight)
    vehicles[at] = replace(vehicle, track=track, class_id=class_id, last=sight)
    return at


def _anchored(vehicle: _Standing, sight: Sight) -> _Standing:
    """The vehicle with its anchor moved along, if it has really moved."""
    if _stays(sight, vehicle.anchor):
        return replace(vehicle, moved_since_s=None, pause=None)
    since = sight.video_s if vehicle.moved_since_s is None else vehicle.moved_since_s
    pause = vehicle.pause if vehicle.pause is not None and _stays(sight, vehicle.pause) else sight
    if sight.video_s - since < MOVED_S:
        return replace(vehicle, moved_since_s=since, pause=pause)
    came = float(np.hypot(sight.foot[0] - vehicle.first.foot[0], sight.foot[1] - vehicle.first.foot[1]))
    arrived = vehicle.arrived or came > ARRIVED_SIZES * min(sight.size, vehicle.first.size)
    return replace(vehicle, anchor=pause, arrived=arrived, passed=False, moved_since_s=None, pause=None)


def _stays(sight: Sight, place: Sight) -> bool:
    """Whether a vehicle is still where it was."""
    away = float(np.hypot(sight.foot[0] - place.foot[0], sight.foot[1] - place.foot[1]))
    return away <= STILL_SIZES * max(sight.size, place.size)


def _on_carriageway(camera: Camera, observation: Observation) -> NDArray[np.bool_]:
    """Which tracks stand on the carriageway and in no place made for standing."""
    scale = np.array([observation.width, observation.height], float)
    foot = observation.tracks.foot
    inside = np.zeros(len(foot), bool)
    for zone in camera.zones_of("carriageway"):
        inside |= in_polygon(foot, np.array(zone.points) * scale)
    for zone in camera.zones_of("parking", "shoulder", "closed"):
        inside &= ~in_polygon(foot, np.array(zone.points) * scale)
    for zone in camera.zones_of("bus_stop"):
        inside &= ~(in_polygon(foot, np.array(zone.points) * scale) & (observation.tracks.class_id == BUS))
    return inside


def _signals(state: StoppedState, observation: Observation) -> tuple[tuple[str, float], ...]:
    """Until when vehicles may wait at each signal."""
    until = dict(state.stop_until_s)
    for signal in state.camera.signals:
        reading = observation.signals.get(signal.id)
        if reading is None or reading.state is not SignalState.GREEN:
            until[signal.id] = observation.video_s + QUEUE_CLEARS_S
    return tuple(until.items())


def _waiting(camera: Camera, observation: Observation, until: dict[str, float]) -> NDArray[np.bool_]:
    """Which tracks stand upstream of a stop line whose signal lets them wait."""
    scale = np.array([observation.width, observation.height], float)
    foot = observation.tracks.foot.astype(float)
    waiting = np.zeros(len(foot), bool)
    lines = {line.id: line for line in camera.lines}
    for signal in camera.signals:
        if signal.stop_line is None or until.get(signal.id, 0.0) < observation.video_s:
            continue
        line = lines[signal.stop_line]
        arrow = entry_arrow(camera, line, observation.width, observation.height)
        if arrow is None:
            waiting[:] = True
            continue
        middle = np.mean(np.array(line.points) * scale, axis=0)
        tolerance = observation.tracks.box[:, 3] - observation.tracks.box[:, 1]
        waiting |= (foot - middle) @ arrow < tolerance
    return waiting


def _finding(vehicle: _Standing, observation: Observation, i: int) -> Finding:
    now = sight_of(observation, i)
    onset = max(vehicle.anchor.video_s, vehicle.excused_until_s)
    trace = (
        Reason("stands_since", (("since_s", round(onset, 1)), ("seconds", round(now.video_s - onset, 1)))),
        Reason("arrival_seen" if vehicle.arrived else "arrival_not_seen"),
        Reason("driven_past" if vehicle.passed else "stands_alone"),
    )
    return Finding(
        type=FindingType.INCIDENT, kind=StoppedVehicle.kind, rule_version=StoppedVehicle.version,
        onset_s=onset, video_s=now.video_s, score=1.0 if vehicle.arrived else 0.7, trace=trace,
        moments=(
            Moment("onset", onset, vehicle.anchor.box),
            Moment("decision", now.video_s, now.box),
            Moment("wide", now.video_s),
        ),
        track=vehicle.track, class_id=vehicle.class_id, box=now.box, ground=ground_of(observation, i),
    )  # fmt: skip
