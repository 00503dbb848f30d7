"""Junction block: a vehicle enters a junction or a crosswalk whose exit is jammed, and is left standing in it.

Code of Administrative Offences of Kazakhstan, article 594 part 1; marking 1.26. The queue must have stood beyond the
exit when the vehicle entered: whoever is surprised inside by others who stop later, waits to turn, or lets a pedestrian
pass has nobody standing beyond the exit then, and is innocent.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from violations.accusation import Looks, accuse
from vision.classes import VEHICLE_IDS
from vision.finding import Finding, Reason
from vision.geometry import cut, to_pixels
from vision.hours import in_force
from vision.queue import Heading, Neighbours, heading_of
from vision.road_plane import RoadPlane
from vision.sight import Sight, sight_of
from vision.standing import Standing, index_of, near
from vision.strip import plan_share, strip_share

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.camera_parts import Zone
    from vision.types import Observation

DWELL_S: Final = 5.0
"""Standing inside for this long; the zone's `grace_s` replaces it."""
STARTS_SHARE: Final = 0.3
"""A vehicle enters when this share of its ground plan is inside,"""
OUTSIDE_SHARE: Final = 0.1
"""after less than this was: its entry was seen."""
BEYOND_SHARE: Final = 0.6
"""Less than this of the vehicle ahead is inside when it stands beyond the exit: the end of a queue may reach in."""
INSIDE_SHARE: Final = MappingProxyType({"junction": 0.6, "crosswalk": 0.45})
"""Share of its ground plan inside at which it blocks the zone; a crosswalk is shorter than a car."""
QUEUE_STOOD_S: Final = 1.0
"""The vehicle beyond the exit must have stood for this long when the other entered."""
CREEPS_SIZES: Final = 2.0
"""It may have crept on by this much since."""
LONGEST_QUEUE: Final = 6
"""So many vehicles ahead are looked at for one beyond the exit."""
FORGET_S: Final = 4.0
"""A vehicle unseen this long is forgotten."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry into a zone: the look at it, the look before, and who stood anywhere at that moment."""

    at: Sight
    before: Sight
    queue: Mapping[int, Sight]


@dataclass(frozen=True, slots=True)
class _Vehicle:
    standing: Standing
    nearest: Sight
    heading: Heading | None = None
    shares: tuple[float, ...] = ()
    entries: Mapping[str, _Entry] = field(default_factory=lambda: MappingProxyType({}))
    outside: Mapping[str, Sight] = field(default_factory=lambda: MappingProxyType({}))
    told: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class BlockState:
    """The camera, its zones, and the vehicles in view."""

    camera: Camera
    zones: tuple[Zone, ...]
    vehicles: tuple[_Vehicle, ...] = ()
    plane: RoadPlane | None = None
    size: tuple[int, int] = (0, 0)


class JunctionBlock:
    """The rule; see the module's docstring."""

    kind = "junction_block"
    version = "2"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A junction or a crosswalk."""
        return () if camera.zones_of("junction", "crosswalk") else (Reason("missing_junction_or_crosswalk"),)

    def start(self, camera: Camera) -> BlockState:
        """No vehicle seen yet."""
        return BlockState(camera, camera.zones_of("junction", "crosswalk"))

    def step(self, state: BlockState, observation: Observation) -> tuple[BlockState, tuple[Finding, ...]]:
        """A finding for each vehicle that stands in a zone which it entered although its exit was jammed."""
        size = observation.width, observation.height
        if state.size != size:
            state = replace(state, size=size, plane=RoadPlane.from_camera(state.camera, *size))
        vehicles, rows = _followed(state, observation)
        shares = _shares(state, observation, vehicles, rows)
        standing = {at: row for at, row in rows.items() if vehicles[at].standing.stands_s >= QUEUE_STOOD_S}
        for at, row in rows.items():
            vehicles[at] = _entering(state, vehicles, at, shares[row], standing)
        found: list[Finding] = []
        neighbours = Neighbours.of(observation, state.plane)
        for at, row in standing.items():
            vehicle = vehicles[at]
            for k, zone in enumerate(state.zones):
                entry = vehicle.entries.get(zone.id)
                if entry is None or zone.id in vehicle.told or vehicle.heading is None:
                    continue
                if not vehicle.standing.arrived:
                    continue  # stood on the edge from the first: only its box has changed
                stood_s = vehicle.standing.last.video_s - max(vehicle.standing.anchor.video_s, entry.at.video_s)
                dwell_s = DWELL_S if zone.grace_s is None else zone.grace_s
                inside = shares[row, k] >= INSIDE_SHARE[zone.kind]
                if not inside or stood_s < dwell_s:
                    continue
                if not in_force(zone.hours, observation.time, state.camera.time_zone):
                    continue
                inside_of = _laid(state, observation, zone, vehicle.heading, vehicles, rows, shares[:, k])
                queue_s = _jammed_since(vehicle, entry, vehicles, rows, neighbours, inside_of, row)
                if queue_s is not None:
                    vehicles[at] = vehicle = replace(vehicle, told=vehicle.told | {zone.id})
                    found.append(_finding(zone, vehicle, entry, observation, stood_s, queue_s))
        kept = tuple(v for v in vehicles if observation.video_s - v.standing.last.video_s <= FORGET_S)
        return replace(state, vehicles=kept), tuple(found)

    def finish(self, state: BlockState) -> tuple[Finding, ...]:
        """Who has not stood long enough stays unproven."""
        del state
        return ()


RULE: Final = JunctionBlock()


def _followed(state: BlockState, observation: Observation) -> tuple[list[_Vehicle], dict[int, int]]:
    """The vehicles after their sights of this moment, and the row of each that was seen."""
    tracks = observation.tracks
    alive = frozenset(tracks.id[tracks.seen].tolist())
    vehicles, rows = list(state.vehicles), dict[int, int]()
    for i in np.flatnonzero(tracks.seen & np.isin(tracks.class_id, list(VEHICLE_IDS))).tolist():
        sight, track, class_id = sight_of(observation, i), int(tracks.id[i]), int(tracks.class_id[i])
        at = index_of([vehicle.standing for vehicle in vehicles], track, sight, alive)
        if at is None:
            vehicles.append(_Vehicle(Standing.new(track, class_id, sight), sight))
            at = len(vehicles) - 1
        vehicle = vehicles[at]
        vehicles[at] = replace(
            vehicle, standing=vehicle.standing.seen_at(sight, track, class_id),
            nearest=sight if sight.area > vehicle.nearest.area else vehicle.nearest,
            heading=heading_of(observation, i, sight) or vehicle.heading,
        )  # fmt: skip
        rows[at] = i
    return vehicles, rows


def _shares(
    state: BlockState, observation: Observation, vehicles: list[_Vehicle], rows: dict[int, int]
) -> NDArray[np.float64]:
    """Share of each track's ground plan inside each zone, float64 [N, zones]; NaN where its box is cut.

    Who never moved is taken to point where the nearest one drove to that did.
    """
    tracks = observation.tracks
    known = {row: way for at, row in rows.items() if (way := vehicles[at].heading) is not None}
    foot = tracks.foot.astype(np.float64)
    heading: dict[int, Heading] = {}
    for row in rows.values() if known else ():
        away = {other: float(np.hypot(*(foot[other] - foot[row]))) for other in known}
        heading[row] = known[min(away, key=away.__getitem__)]
    turned = list(heading)
    headings = np.array([heading[row] for row in turned], np.float64).reshape(-1, 2)
    shares = np.empty((len(tracks), len(state.zones)))
    for k, zone in enumerate(state.zones):
        polygon = to_pixels(zone.points, observation.width, observation.height)
        shares[:, k] = strip_share(tracks.box, polygon)
        if turned:
            shares[turned, k] = plan_share(tracks.box[turned], tracks.class_id[turned], headings, polygon, state.plane)
    shares[cut(tracks.box, observation.width, observation.height)] = np.nan
    return shares


def _entering(
    state: BlockState, vehicles: list[_Vehicle], at: int, own: NDArray[np.float64], standing: dict[int, int]
) -> _Vehicle:  # fmt: skip
    """The vehicle with its entries into zones noted, and forgotten where it has left."""
    vehicle = vehicles[at]
    outside, entries, told = dict(vehicle.outside), dict(vehicle.entries), set(vehicle.told)
    last = vehicle.standing.last
    for k, zone in enumerate(state.zones):
        if own[k] < OUTSIDE_SHARE:
            outside[zone.id] = last
            entries.pop(zone.id, None)
            told.discard(zone.id)
        elif own[k] >= STARTS_SHARE and zone.id in outside and zone.id not in entries:
            queue = {vehicles[other].standing.track: vehicles[other].standing.last for other in standing if other != at}
            entries[zone.id] = _Entry(last, outside[zone.id], MappingProxyType(queue))
    return replace(
        vehicle, outside=MappingProxyType(outside), entries=MappingProxyType(entries), told=frozenset(told)
    )  # fmt: skip


def _jammed_since(
    vehicle: _Vehicle, entry: _Entry, vehicles: list[_Vehicle], rows: dict[int, int], neighbours: Neighbours,
    shares: NDArray[np.float64], row: int,
) -> float | None:  # fmt: skip
    """Since when the vehicle beyond the exit has stood that stood there at the entry; None where there is none."""
    if vehicle.heading is None:
        return None
    at_row = {other_row: at for at, other_row in rows.items()}
    for _ in range(LONGEST_QUEUE):
        ahead = neighbours.standing_ahead(row, vehicle.heading)
        if not len(ahead):
            return None
        row = int(ahead[0])
        other = vehicles[at_row[row]] if row in at_row else None
        if other is None or shares[row] >= BEYOND_SHARE:
            continue  # stands inside too: whoever stands before it decides
        then = entry.queue.get(other.standing.track)
        same = then is not None and near(then, other.standing.last, CREEPS_SIZES)
        return min(other.standing.anchor.video_s, entry.at.video_s) if same else None
    return None


def _laid(
    state: BlockState, observation: Observation, zone: Zone, heading: Heading, vehicles: list[_Vehicle],
    rows: dict[int, int], shares: NDArray[np.float64],
) -> NDArray[np.float64]:  # fmt: skip
    """Share of each track inside a zone, those that never moved laid as the accused drove: it ended behind them."""
    still = [row for at, row in rows.items() if vehicles[at].heading is None]
    if not still:
        return shares
    laid, box = shares.copy(), observation.tracks.box[still]
    polygon = to_pixels(zone.points, observation.width, observation.height)
    headings = np.broadcast_to(np.array(heading), (len(still), 2))
    laid[still] = plan_share(box, observation.tracks.class_id[still], headings, polygon, state.plane)
    return laid


def _finding(
    zone: Zone, vehicle: _Vehicle, entry: _Entry, observation: Observation, stood_s: float, queue_s: float
) -> Finding:
    now = vehicle.standing.last
    trace = (
        Reason(
            "entered_jammed_junction" if zone.kind == "junction" else "entered_jammed_crosswalk",
            (("zone", zone.id), ("at_s", round(entry.at.video_s, 1))),
        ),
        Reason("queue_stood_beyond", (("count", len(entry.queue)), ("since_s", round(queue_s, 1)))),
        Reason("left_standing_inside", (("seconds", round(stood_s, 1)),)),
    )
    return accuse(
        JunctionBlock.kind, JunctionBlock.version, observation, track=vehicle.standing.track,
        class_id=vehicle.standing.class_id, onset_s=entry.at.video_s, trace=trace, zone=zone.id,
        looks=Looks(entry.before, now, vehicle.nearest, now),
    )  # fmt: skip
