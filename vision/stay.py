"""Stays: vehicles that rest in zones of the camera file, from when, until when, and who may not help it.

A stay begins when a vehicle has come to rest with its lower strip inside the zone (hysteresis at the edge, see
`vision.strip`). It goes on through flicker, occlusion, a new track id, a driver who moves up by half a metre, and
ends when the vehicle has left its place. Standing that nobody can help is told apart: a red light, a queue, a jam.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.bus_stop import at_bus_stop
from vision.classes import is_vehicle
from vision.geometry import cut, iou, to_pixels
from vision.hours import in_force
from vision.queue import Neighbours, heading_of
from vision.road_plane import RoadPlane
from vision.sight import Sight, sight_of
from vision.standing import Standing, index_of, stays
from vision.strip import ENTER_SHARE, LEAVE_SHARE, plan_share, strip_share
from vision.types import SignalState
from vision.waiting import Until, upstream, wait_until, waiting

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.camera_parts import Zone
    from vision.types import Observation

SETTLED_S: Final = 1.0
"""A vehicle that kept its place for this long has come to rest."""
SHARE_MEMORY_S: Final = 1.0
"""Time constant with which the share of the strip inside a zone is smoothed, seconds."""
SAME_BOX: Final = 0.6
"""Overlap with its box at rest at which a vehicle is still there, whatever its bottom does."""
LEFT_SIZES: Final = 0.8
"""A vehicle has left its place when it is further away than this, box sizes."""
MOVED_UP_S: Final = 10.0
"""A vehicle off its place by less than that has moved up after this long, and its stay begins anew there."""
LOST_S: Final = 60.0
"""A resting vehicle that is not seen (a bus stands before it) is waited for this long; others for LOST_MOVING_S."""
LOST_MOVING_S: Final = 3.0
STOLEN_S: Final = 5.0
"""Within this time after a track went off, a new one in the very same place is the old vehicle: the track was taken
over by somebody who drove past."""
ARRIVES_SIZES_PER_S: Final = 0.7
"""A vehicle that is first seen at this speed, box sizes a second, was seen to arrive."""
QUEUE_LONGEST_S: Final = 120.0
"""Nobody is held up without moving for longer than this where others could be in the same plight."""
PASSED_LEAST: Final = 2
"""So many others must drive past before those who stand in line count as parked."""
PARKS_S: Final = 1.0
"""Who stands in a zone for this long with nobody ahead of it holds up nobody behind it: they stand together."""
GREEN_LEAST_S: Final = 5.0
"""A vehicle that stands through a green of this length, passed by others, does not wait for the signal."""
CLEAREST_S: Final = 40.0
"""The largest box is looked for within this time, since older pictures are no longer held."""
LAWFUL_SHARE: Final = 0.5
"""Share of the strip in a place made for standing from which the stay is lawful."""


@dataclass(frozen=True, slots=True)
class StayTerms:
    """Which stays are looked for.

    Attributes:
        zones: ids of the zones.
        excuses: whether a red light, a queue and a jam excuse standing there, and lawful places within count.
    """

    zones: frozenset[str]
    excuses: bool = True


@dataclass(frozen=True, slots=True)
class Stay:
    """One vehicle at rest in one zone.

    Attributes:
        number: of the stay, the same at every step.
        zone: id.
        track, class_id: its latest track and class.
        home: where it came to rest, and when.
        since_s: from when its standing counts: not before it rested, was in the zone, and had no excuse.
        at: its latest sight there.
        clearest: its largest whole box of the last `CLEAREST_S`, for the plate.
        arrived: whether it was seen to arrive.
        passed: how many others drove past it.
        row: index of its track in the observation, None when it was not seen at this moment.
        driven_off: for a stay that is over: whether the vehicle was seen to leave.
    """

    number: int
    zone: str
    track: int
    class_id: int
    home: Sight
    since_s: float
    at: Sight
    clearest: Sight
    arrived: bool
    passed: int
    row: int | None = None
    driven_off: bool = False

    @property
    def seconds(self) -> float:
        """How long it has stood without an excuse, as far as it was seen."""
        return self.at.video_s - self.since_s


@dataclass(frozen=True, slots=True)
class _Guest:
    """A vehicle that touches a zone."""

    standing: Standing
    shares: tuple[float, ...]
    number: int = 0
    zone: int | None = None
    home: Sight | None = None
    at_home: Sight | None = None
    entered_s: float = 0.0
    excused_until_s: float = 0.0
    clearest: Sight | None = None
    arrived: bool = False
    heading: tuple[float, float] | None = None
    passers: frozenset[int] = frozenset()
    proved: bool = False


@dataclass(frozen=True, slots=True)
class StayState:
    """The camera, its zones, and the vehicles that touch one of them."""

    camera: Camera
    terms: StayTerms
    zones: tuple[Zone, ...]
    plane: RoadPlane | None = None
    size: tuple[int, int] = (0, 0)
    guests: tuple[_Guest, ...] = ()
    until: Until = ()
    green_since_s: tuple[tuple[str, float], ...] = ()
    next_number: int = 1


def start_stays(camera: Camera, terms: StayTerms) -> StayState:
    """Nothing seen yet."""
    return StayState(camera, terms, tuple(zone for zone in camera.zones if zone.id in terms.zones))


def step_stays(state: StayState, observation: Observation) -> tuple[StayState, tuple[Stay, ...], tuple[Stay, ...]]:
    """Take one observation.

    Returns:
        The next state; the stays that go on, seen at this moment or not; and those that have ended.
    """
    state, rows, ended = _follow(_at_size(state, observation), observation)
    until = wait_until(state.camera, state.until, observation)
    greens = _greens(state, observation) if state.terms.excuses else ()
    guests = list(state.guests)
    if state.terms.excuses:
        _excuse(state, guests, rows, observation, dict(until), greens)
    closed = [not in_force(zone.hours, observation.time, state.camera.time_zone) for zone in state.zones]
    kept: list[_Guest] = []
    staying: list[Stay] = []
    for at, known in enumerate(guests):
        shut = known.zone is not None and closed[known.zone]
        guest = replace(known, excused_until_s=observation.video_s) if shut else known
        stay = _stay(state, guest, rows.get(at))
        patience = LOST_MOVING_S if stay is None else LOST_S
        if observation.video_s - guest.standing.last.video_s <= patience:
            kept.append(guest)
            staying += [] if stay is None else [stay]
        elif stay is not None:
            ended.append(stay)
    return replace(state, guests=tuple(kept), until=until, green_since_s=greens), tuple(staying), tuple(ended)


def _at_size(state: StayState, observation: Observation) -> StayState:
    """The state with the road plane at the picture's size."""
    size = observation.width, observation.height
    return state if state.size == size else replace(state, size=size, plane=RoadPlane.from_camera(state.camera, *size))


def _follow(state: StayState, observation: Observation) -> tuple[StayState, dict[int, int], list[Stay]]:
    """The guests after their sights of this moment, the row of each that was seen, and the stays that were left."""
    tracks = observation.tracks
    shares = _shares(state, observation)
    is_cut = cut(tracks.box, observation.width, observation.height)
    alive = frozenset(tracks.id[tracks.seen].tolist())
    guests, left, rows, number = list(state.guests), list[Stay](), dict[int, int](), state.next_number
    for i in np.flatnonzero(tracks.seen & is_vehicle(tracks.class_id)).tolist():
        sight = sight_of(observation, i)
        at = _known(guests, int(tracks.id[i]), sight, alive)
        if at is None and not shares[i].any():
            continue
        if at is None:
            guests.append(_arriving(observation, i, sight, shares[i]))
            at = len(guests) - 1
        guest = guests[at]
        now = _seen(guest, observation, i, sight, shares[i], whole=not bool(is_cut[i]))
        was, is_ = _stay(state, guest, None), _stay(state, now, i)
        moved = now.home is not guest.home
        if was is not None and (is_ is None or moved):
            left.append(replace(was, driven_off=moved))
        if is_ is not None and (was is None or moved):
            now, number = replace(now, number=number), number + 1
        guests[at], rows[at] = now, i
    return replace(state, guests=tuple(guests), next_number=number), rows, left


def _shares(state: StayState, observation: Observation) -> NDArray[np.float64]:
    """Share of each track's contact with the road inside each zone, float64 [N, zones]."""
    tracks = observation.tracks
    heading = {guest.standing.track: guest.heading for guest in state.guests if guest.heading is not None}
    rows = [i for i, track in enumerate(tracks.id.tolist()) if track in heading]
    headings = np.array([heading[int(tracks.id[i])] for i in rows]).reshape(-1, 2)
    shares = np.empty((len(tracks), len(state.zones)))
    for k, zone in enumerate(state.zones):
        polygon = to_pixels(zone.points, observation.width, observation.height)
        shares[:, k] = strip_share(tracks.box, polygon)
        if rows:
            box, class_id = tracks.box[rows], tracks.class_id[rows]
            shares[rows, k] = plan_share(box, class_id, headings, polygon, state.plane)
    return shares


def _known(guests: list[_Guest], track: int, sight: Sight, alive: frozenset[int]) -> int | None:
    """Index of the guest that a track is; a new track where a resting vehicle's own was carried off is that vehicle."""
    at = index_of([guest.standing for guest in guests], track, sight, alive)
    if at is not None:
        return at
    for k, guest in enumerate(guests):
        if guest.home is None or guest.at_home is None or guest.standing.last is guest.at_home:
            continue
        lately = sight.video_s - guest.at_home.video_s <= STOLEN_S
        if lately and _overlap(sight, guest.at_home) >= SAME_BOX:
            mine = replace(guest.standing, track=track, anchor=guest.home, moved_since_s=None, pause=None)
            carried = _Guest(guest.standing, guest.shares, arrived=True)
            guests[k] = replace(guest, standing=mine)
            guests.append(carried)
            return k
    return None


def _overlap(sight: Sight, place: Sight) -> float:
    return float(iou(np.array([sight.box]), np.array([place.box]))[0, 0])


def _arriving(observation: Observation, i: int, sight: Sight, shares: NDArray[np.float64]) -> _Guest:
    tracks = observation.tracks
    speed = float(np.hypot(*tracks.velocity_px[i]))
    return _Guest(
        Standing.new(int(tracks.id[i]), int(tracks.class_id[i]), sight),
        tuple(float(share) for share in shares),
        arrived=speed >= ARRIVES_SIZES_PER_S * sight.size,
    )


def _seen(
    guest: _Guest, observation: Observation, i: int, sight: Sight, shares: NDArray[np.float64], *, whole: bool
) -> _Guest:
    """The guest after one more sight."""
    tracks = observation.tracks
    seconds = sight.video_s - guest.standing.last.video_s
    standing = guest.standing.seen_at(sight, int(tracks.id[i]), int(tracks.class_id[i]))
    home, at_home = _home(guest, standing, sight)
    moved = home is not guest.home
    now = tuple(float(share) for share in shares)
    smooth = guest.shares
    if moved or home is None:
        smooth = now
    elif at_home is sight and whole:
        keep = float(np.exp(-seconds / SHARE_MEMORY_S))
        smooth = tuple(keep * old + (1 - keep) * new for old, new in zip(guest.shares, now, strict=True))
    zone = None if home is None else _zone(None if moved else guest.zone, smooth)
    entered_s = guest.entered_s if zone == guest.zone else sight.video_s
    if moved and home is not None:
        entered_s = home.video_s
    clearest = guest.clearest
    if whole and (clearest is None or sight.area > clearest.area or sight.video_s - clearest.video_s > CLEAREST_S):
        clearest = sight
    return replace(
        guest, standing=standing, shares=smooth, zone=zone, home=home, at_home=at_home, entered_s=entered_s,
        clearest=clearest, arrived=guest.arrived or standing.arrived,
        heading=heading_of(observation, i, sight) or guest.heading,
        passers=frozenset() if moved else guest.passers, proved=guest.proved and not moved,
    )  # fmt: skip


def _home(guest: _Guest, standing: Standing, sight: Sight) -> tuple[Sight | None, Sight | None]:
    """Where it came to rest, if it rests, and its latest sight there."""
    home = guest.home
    if home is not None and guest.at_home is not None:
        if stays(sight, home) or _overlap(sight, home) >= SAME_BOX:
            return home, sight
        away = float(np.hypot(sight.foot[0] - home.foot[0], sight.foot[1] - home.foot[1]))
        far = away > LEFT_SIZES * max(sight.size, home.size) and standing.anchor is not guest.standing.anchor
        long = sight.video_s - guest.at_home.video_s > MOVED_UP_S
        if not far and not long:
            return home, guest.at_home
    rests = standing.stands_s >= SETTLED_S and standing.moved_since_s is None
    return (standing.anchor, sight) if rests else (None, None)


def _zone(zone: int | None, shares: tuple[float, ...]) -> int | None:
    """Index of the zone it rests in."""
    if zone is not None and shares[zone] >= LEAVE_SHARE:
        return zone
    best = int(np.argmax(shares))
    return best if shares[best] >= ENTER_SHARE else None


def _greens(state: StayState, observation: Observation) -> tuple[tuple[str, float], ...]:
    """Since when each signal that is green has been."""
    green = dict(state.green_since_s)
    for signal in state.camera.signals:
        reading = observation.signals.get(signal.id)
        if reading is not None and reading.state is SignalState.GREEN:
            green.setdefault(signal.id, observation.video_s)
        else:
            green.pop(signal.id, None)
    return tuple(green.items())


def _excuse(
    state: StayState, guests: list[_Guest], rows: dict[int, int], observation: Observation,
    until: dict[str, float], greens: tuple[tuple[str, float], ...],
) -> None:  # fmt: skip
    """Note who may stand at this moment: at a red light, in a queue or a jam, or where standing is lawful."""
    may_wait = waiting(state.camera, observation, until)
    bound = upstream(state.camera, observation)
    lawful = _lawful(state.camera, observation)
    neighbours = Neighbours.of(observation, state.plane)
    parked = frozenset(np.flatnonzero(lawful).tolist()) | {
        i for at, i in rows.items() if guests[at].zone is not None and _unexcused_s(guests[at]) >= PARKS_S
    }
    over = {name: since for name, since in state.green_since_s if name not in dict(greens)}
    for at, i in rows.items():
        guest = guests[at]
        if guest.home is None:
            continue
        passers = guest.passers | neighbours.passing(i, guest.heading)
        stood_s = observation.video_s - guest.home.video_s
        stood_green = any(
            bound[name][i] and since >= guest.home.video_s and observation.video_s - since >= GREEN_LEAST_S
            for name, since in over.items()
        )
        waited_out = not may_wait[i] and bool(bound) and any(bound[name][i] for name in bound)
        proved = guest.proved or waited_out or (stood_green and len(passers) >= PASSED_LEAST)
        held_up = (
            len(passers) < PASSED_LEAST
            and stood_s < QUEUE_LONGEST_S
            and neighbours.blocked(i, guest.heading, observation.width, observation.height, parked)
        )
        excused = bool(lawful[i]) or (bool(may_wait[i]) and not proved) or held_up
        guests[at] = replace(
            guest, passers=passers, proved=proved,
            excused_until_s=observation.video_s if excused else guest.excused_until_s,
        )  # fmt: skip


def _unexcused_s(guest: _Guest) -> float:
    """For how long a guest has stood without an excuse."""
    if guest.home is None or guest.at_home is None:
        return 0.0
    return guest.at_home.video_s - max(guest.home.video_s, guest.excused_until_s)


def _lawful(camera: Camera, observation: Observation) -> NDArray[np.bool_]:
    """Which tracks stand in a place made for it: a parking bay, or a bus at its stop."""
    box = observation.tracks.box
    fine = at_bus_stop(camera, observation)
    for zone in camera.zones_of("parking"):
        bay = to_pixels(zone.points, observation.width, observation.height)
        fine |= strip_share(box, bay) >= LAWFUL_SHARE
    return fine


def _stay(state: StayState, guest: _Guest, row: int | None) -> Stay | None:
    if guest.zone is None or guest.home is None or guest.at_home is None:
        return None
    return Stay(
        number=guest.number, zone=state.zones[guest.zone].id, track=guest.standing.track,
        class_id=guest.standing.class_id, home=guest.home,
        since_s=max(guest.home.video_s, guest.entered_s, guest.excused_until_s), at=guest.at_home,
        clearest=guest.clearest or guest.home, arrived=guest.arrived, passed=len(guest.passers), row=row,
    )  # fmt: skip
