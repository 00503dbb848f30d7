"""Things on the carriageway that are no road users: what the background shows, and tracks too small for their class.

A detector that knows six classes takes a pallet for a car and a dog for a motorcycle. Metres tell: no car is 30 cm
high. What is small for its class, and what stands before the ground without a road user in it, is followed by its place
on the road, so that a thing stays the same whether it shows as the one or as the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import BICYCLE, BUS, CAR, MOTORCYCLE, PERSON, TRUCK
from vision.geometry import cut, in_polygon, intersection, to_pixels
from vision.road_plane import RoadPlane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.sight import Box
    from vision.types import Observation

    Floats = NDArray[np.float64]

FITS_M: Final = {
    PERSON: (0.15, 0.95), BICYCLE: (0.2, 1.2), MOTORCYCLE: (0.3, 1.25), CAR: (1.25, 0.95), BUS: (1.7, 1.7),
    TRUCK: (1.6, 1.6),
}  # fmt: skip
"""A road user of each class shows at least so wide and so high, metres: the smallest in traffic less 20 %."""
COARSE_M: Final = 0.065
"""Metres a pixel beyond which sizes say nothing: a thing of half a metre is then 8 pixels."""
CLEAR_S: Final = 2.0
"""A region that a road user was in or beside so lately may be a part of it."""
SAME_M: Final = (0.8, 1.6)
"""A thing found again is the same this near to where it was, metres, and this near for each second since."""
FORGET_S: Final = 1.5
"""A thing that moves and is not seen for longer is gone,"""
FORGET_RESTING_S: Final = 30.0
"""one that rests only after so long: traffic passes before it."""
STILL_M: Final = 0.5
"""It rests while it keeps within so many metres of where it came to rest, and a pixel more."""
SHARP: Final = 6.0
"""Least gradient along its border, gray levels a pixel: shadows and pools of light end softly."""
UNREST: Final = 10
"""With more regions than these at one look the ground itself is restless (a camera that shakes, leaves, rain on the
lens), and nothing is said of it."""
OVERLAP: Final = 0.1
"""A track this much of which lies in another's box may be a part of what that one hides."""
STOOD_S: Final = 90.0
"""Where a road user was lost while it stood, what shows there for so long is that road user."""
OLD_S: Final = 1.0
"""Seconds that a road user was followed to have stood,"""
SLOW_SIZES: Final = 0.25
"""A track that moved by less than so many of its sizes a second when it was lost stood."""


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing on the road.

    Attributes:
        id: of this watch.
        box: where last seen, pixels.
        first, place, rest: metres on the road: where it was first seen, is, and came to rest.
        since_s, rest_s, last_s: seconds of video of the same.
        width_m, height_m: as it shows, smoothed.
        looks: how often it was seen.
        seen: whether it is seen at this moment.
        track: the track that it is taken for, if any.
    """

    id: int
    box: Box
    first: tuple[float, float]
    place: tuple[float, float]
    rest: tuple[float, float]
    since_s: float
    rest_s: float
    last_s: float
    width_m: float
    height_m: float
    looks: int = 1
    seen: bool = True
    track: int | None = None

    @property
    def moved_m(self) -> float:
        """From where it was first seen, metres."""
        return float(np.hypot(self.place[0] - self.first[0], self.place[1] - self.first[1]))


@dataclass(frozen=True, slots=True)
class ThingsState:
    """The camera, its road plane once known, the things, and where road users were lost while they stood."""

    camera: Camera
    plane: RoadPlane | None = None
    things: tuple[Thing, ...] = ()
    users: tuple[tuple[int, Box, float, bool], ...] = ()
    stood: tuple[tuple[Box, float], ...] = ()
    next_id: int = 1


@dataclass(frozen=True, slots=True)
class _Sight:
    box: Box
    place: tuple[float, float]
    coarse_m: float
    width_m: float
    height_m: float
    track: int | None
    since_s: float
    rest_s: float


def step(state: ThingsState, observation: Observation) -> ThingsState:
    """The things after one more observation; nothing happens where nobody looked at the ground."""
    state = _remembered(state, observation)
    if observation.blobs is None:
        return state
    plane = state.plane
    if plane is None:
        plane = RoadPlane.from_camera(state.camera, observation.width, observation.height)
        if plane is None:
            return state
        state = replace(state, plane=plane)
    now = observation.video_s
    sights = [*_regions(state, observation, plane), *_misfits(state, observation, plane)]
    things = [replace(thing, seen=False) for thing in state.things]
    next_id = state.next_id
    for sight in sights:
        at = _same(things, sight, now)
        if at is None:
            things.append(
                Thing(next_id, sight.box, sight.place, sight.place, sight.place, sight.since_s, sight.rest_s, now,
                      sight.width_m, sight.height_m, track=sight.track)
            )  # fmt: skip
            next_id += 1
        else:
            things[at] = _after(things[at], sight, now)
    kept = tuple(t for t in things if now - t.last_s <= (FORGET_RESTING_S if t.last_s - t.rest_s > 2.0 else FORGET_S))
    return replace(state, things=kept, next_id=next_id)


def on_carriageway(camera: Camera, observation: Observation, thing: Thing) -> bool:
    """Whether it stands on the carriageway and in no place made for standing."""
    foot = np.array([[(thing.box[0] + thing.box[2]) / 2, thing.box[3]]])

    def within(*kinds: str) -> bool:
        zones = [zone for zone in camera.zones if zone.kind in kinds]
        size = observation.width, observation.height
        return any(bool(in_polygon(foot, to_pixels(zone.points, *size))[0]) for zone in zones)

    return within("carriageway") and not within("parking", "shoulder", "closed", "bus_stop", "mask")


def _remembered(state: ThingsState, observation: Observation) -> ThingsState:
    """Remember where road users were lost while they stood."""
    tracks, now = observation.tracks, observation.video_s
    alive = {int(track) for track in tracks.id}
    lost = [(box, now) for track, box, _, slow in state.users if track not in alive and slow]
    stood = (*(one for one in state.stood if now - one[1] <= STOOD_S), *lost)
    known = {track: (box, at, slow) for track, box, at, slow in state.users}
    users: list[tuple[int, Box, float, bool]] = []
    for i, track in enumerate(tracks.id.tolist()):
        if not tracks.seen[i] and track in known:
            users.append((track, *known[track]))
            continue
        x1, y1, x2, y2 = (float(value) for value in tracks.box[i])
        size = max(1.0, (x2 - x1 + y2 - y1) / 2)
        slow = float(np.hypot(*tracks.velocity_px[i])) < SLOW_SIZES * size and float(tracks.age_s[i]) >= OLD_S
        users.append((track, (x1, y1, x2, y2), now, slow))
    return replace(state, users=tuple(users), stood=stood)


def _regions(state: ThingsState, observation: Observation, plane: RoadPlane) -> list[_Sight]:
    """What stands before the ground and touches no road user that fits its class."""
    blobs, now = observation.blobs, observation.video_s
    if blobs is None or not len(blobs) or int(blobs.seen.sum()) > UNREST:
        return []
    users = _fitting(state, observation, plane)
    out: list[_Sight] = []
    for k in np.flatnonzero(blobs.seen & (blobs.sharp >= SHARP) & (now - blobs.touched_s >= CLEAR_S)).tolist():
        box = _box(blobs.box[k])
        middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        if any(_holds(stood, middle) for stood, _ in state.stood) or any(_holds(user, middle) for user in users):
            continue
        sight = _sight(box, plane, None, now)
        if sight is not None:
            rest_s = float(blobs.rest_s[k])
            moved = float(np.abs(blobs.box[k] - blobs.first_box[k]).max()) > STILL_M / sight.coarse_m
            out.append(replace(sight, since_s=now if moved else min(rest_s, float(blobs.since_s[k])), rest_s=rest_s))
    return out


def _misfits(state: ThingsState, observation: Observation, plane: RoadPlane) -> list[_Sight]:
    """Tracks that are too small for what they are taken for."""
    del state
    tracks = observation.tracks
    whole = tracks.seen & ~cut(tracks.box, observation.width, observation.height)
    if not whole.any():
        return []
    boxes = tracks.box.astype(np.float64)
    shared = intersection(boxes, boxes)
    np.fill_diagonal(shared, 0.0)
    area = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1.0)
    whole &= shared.max(axis=1) < OVERLAP * area
    out = []
    for i in np.flatnonzero(whole).tolist():
        sight = _sight(_box(tracks.box[i]), plane, int(tracks.id[i]), observation.video_s)
        if sight is not None and _too_small(sight, int(tracks.class_id[i])):
            out.append(sight)
    return out


def _fitting(state: ThingsState, observation: Observation, plane: RoadPlane) -> list[Box]:
    """Boxes of road users, a little widened, but for those that are things."""
    del state
    tracks = observation.tracks
    out = []
    for i in range(len(tracks)):
        box = _box(tracks.box[i])
        sight = _sight(box, plane, int(tracks.id[i]), observation.video_s)
        if sight is None or not _too_small(sight, int(tracks.class_id[i])):
            wide, tall = 0.2 * (box[2] - box[0]), 0.15 * (box[3] - box[1])
            out.append((box[0] - wide, box[1] - tall, box[2] + wide, box[3] + tall))
    return out


def _too_small(sight: _Sight, class_id: int) -> bool:
    wide, high = FITS_M.get(class_id, (0.0, 0.0))
    slack = 1.5 * sight.coarse_m
    return sight.width_m + slack < wide or sight.height_m + slack < high


def _sight(box: Box, plane: RoadPlane, track: int | None, now: float) -> _Sight | None:
    """A box as it stands on the road; None where metres cannot be told."""
    foot = np.array([(box[0] + box[2]) / 2, box[3]])
    x, y = (float(value) for value in plane.to_ground(foot))
    across = float(np.hypot(*(plane.jacobian(foot) @ (1.0, 0.0))))
    if not np.isfinite([x, y, across]).all() or across > COARSE_M:
        return None
    return _Sight(box, (x, y), across, (box[2] - box[0]) * across, (box[3] - box[1]) * across, track, now, now)


def _same(things: Sequence[Thing], sight: _Sight, now: float) -> int | None:
    """Which thing it is, None for a new one."""
    best, least = None, np.inf
    for k, thing in enumerate(things):
        if thing.seen and thing.last_s == now:
            continue
        apart = float(np.hypot(thing.place[0] - sight.place[0], thing.place[1] - sight.place[1]))
        reach = SAME_M[0] + SAME_M[1] * min(2.0, now - thing.last_s) + 2 * sight.coarse_m
        if apart < min(reach, least):
            best, least = k, apart
    return best


def _after(thing: Thing, sight: _Sight, now: float) -> Thing:
    away = float(np.hypot(thing.rest[0] - sight.place[0], thing.rest[1] - sight.place[1]))
    rests = away <= STILL_M + 3 * sight.coarse_m
    return replace(
        thing, box=sight.box, place=sight.place, last_s=now, seen=True, looks=thing.looks + 1,
        rest=thing.rest if rests else sight.place, rest_s=thing.rest_s if rests else now,
        width_m=thing.width_m + 0.3 * (sight.width_m - thing.width_m),
        height_m=thing.height_m + 0.3 * (sight.height_m - thing.height_m),
        track=sight.track if sight.track is not None else thing.track,
    )  # fmt: skip


def _holds(box: Box, point: tuple[float, float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def _box(row: NDArray[np.floating]) -> Box:
    x1, y1, x2, y2 = (float(value) for value in row)
    return x1, y1, x2, y2
