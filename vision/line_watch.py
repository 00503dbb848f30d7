"""Vehicles that go over a line drawn along the road: clear of it on one side for a while, then on the other.

The measure is the vehicle's own half width: it is clear of the line when its whole ground plan (`vision.footprint`)
lies beside it. Who rides on the line, trembles at it or comes back was never clear on the other side. Both lower
corners of the box must have moved over with the vehicle, so a shadow or a lorry that widens or hides one side of the
box moves nobody over a line. A track that leaps, swells, or is born on the far side starts anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import VEHICLE_IDS
from vision.continuity import continues
from vision.footprint import Footprints, footprints
from vision.geometry import cut, to_pixels
from vision.road_plane import RoadPlane
from vision.sight import Sight, sight_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.camera_parts import Line
    from vision.types import Observation

    Floats = NDArray[np.float64]

CLEAR: Final = 0.9
"""A vehicle becomes clear of a line when its centre is this many of its half widths beside it: a lorry's plan is told
to within a quarter of its half width,"""
STAYS_CLEAR: Final = 0.75
"""and stays clear down to this many."""
DWELL_S: Final = 0.3
"""Seconds for which it must be clear on each side,"""
DWELL_SIGHTS: Final = 2
"""and looks."""
BIRTH_HALVES: Final = 0.5
"""A vehicle that comes into view while it is changing lanes was on the side where it was first seen, this many half
widths from the line, at no less than DWELL_SIGHTS looks."""
BIRTH_BEYOND_HALVES: Final = 1.5
"""Such a vehicle must go further: into the middle of the other lane, this many half widths beyond the line."""
BOTH_EDGES: Final = 0.9
"""Each lower corner of the box must move over by this many half widths."""
SAME_SHAPE: Final = 1.6
"""Largest factor by which the box's width to height may differ before and after."""
LONGEST_S: Final = 20.0
"""Longest time between being clear on one side and on the other."""
BEYOND_LENGTHS: Final = 2.0
"""A vehicle is followed this many of its lengths beyond the ends of the drawn line; the crossing itself must lie half a
length inside them, since a broken line may begin there."""
FORGET_S: Final = 3.0
"""A track unseen this long is forgotten."""


@dataclass(frozen=True, slots=True)
class LineCrossing:
    """A vehicle has gone over a line.

    Attributes:
        line, track, class_id: of what and who.
        to_right: it went from the left of the drawn segment to its right (first point to second, y down).
        video_s: interpolated second at which its middle passed the line.
        along: where, share of the segment from its first point.
        before: last look at it clear of the line where it came from.
        at: first look with its middle beyond.
        after: look at which it has been clear beyond for long enough: now.
        nearest: its largest box so far.
        before_halves, after_halves: distance of its middle from the line at those looks, half widths.
        half_px: its half width across the line when it is clear beyond, pixels.
    """

    line: Line
    track: int
    class_id: int
    to_right: bool
    video_s: float
    along: float
    before: Sight
    at: Sight
    after: Sight
    nearest: Sight
    before_halves: float
    after_halves: float
    half_px: float


@dataclass(frozen=True, slots=True)
class _Place:
    """Where one vehicle is at one line, in units of the vehicle and of the line."""

    half_px: float
    halves: float
    edges: tuple[float, float]
    along: float
    length: float


@dataclass(frozen=True, slots=True)
class _Clear:
    """A stay clear of the line on one side."""

    side: int
    since_s: float
    sights: int
    sight: Sight
    place: _Place

    @property
    def settled(self) -> bool:
        return self.sights >= DWELL_SIGHTS and self.sight.video_s - self.since_s >= DWELL_S - 1e-6


@dataclass(frozen=True, slots=True)
class _Passed:
    """The last time a vehicle's middle went over the line."""

    side: int
    video_s: float
    along: float
    length: float
    sight: Sight


@dataclass(frozen=True, slots=True)
class _Walk:
    last: Sight
    place: _Place
    nearest: Sight
    earlier: Sight | None = None
    birth: _Clear | None = None
    clear: _Clear | None = None
    origin: _Clear | None = None
    passed: _Passed | None = None


@dataclass(frozen=True, slots=True)
class _Drawn:
    width: int
    height: int
    plane: RoadPlane | None
    segments: Floats


@dataclass(frozen=True, slots=True)
class LineWatch:
    """The lines, and every vehicle near one of them by (line, track)."""

    camera: Camera
    lines: tuple[Line, ...]
    walks: Mapping[tuple[int, int], _Walk]
    drawn: _Drawn | None = None


def watch_lines(camera: Camera, lines: tuple[Line, ...]) -> LineWatch:
    """A watch over some lines of a camera before its first observation."""
    return LineWatch(camera, lines, MappingProxyType({}))


def step_lines(watch: LineWatch, observation: Observation) -> tuple[LineWatch, tuple[LineCrossing, ...]]:
    """Take one observation; give who has now gone over a line, once each time."""
    drawn = _drawn_at(watch, observation)
    tracks, now = observation.tracks, observation.video_s
    walks = {key: walk for key, walk in watch.walks.items() if now - walk.last.video_s <= FORGET_S}
    found: list[LineCrossing] = []
    whole = tracks.seen & ~cut(tracks.box, observation.width, observation.height)
    rows = [i for i in np.flatnonzero(whole).tolist() if int(tracks.class_id[i]) in VEHICLE_IDS]
    if rows:
        for k, line in enumerate(watch.lines):
            along = drawn.segments[k, 1] - drawn.segments[k, 0]
            plans = footprints(tracks.box[rows], tracks.class_id[rows], along, drawn.plane)
            places = _places(plans, tracks.box[rows].astype(np.float64), drawn.segments[k])
            for i, place in zip(rows, places, strict=True):
                key = (k, int(tracks.id[i]))
                if place is None:
                    walks.pop(key, None)
                    continue
                walk = _walked(walks.get(key), sight_of(observation, i), place)
                walks[key], crossing = _over(walk, line, key[1], int(tracks.class_id[i]))
                if crossing is not None:
                    found.append(crossing)
    return replace(watch, walks=MappingProxyType(walks), drawn=drawn), tuple(found)


def _drawn_at(watch: LineWatch, observation: Observation) -> _Drawn:
    width, height = observation.width, observation.height
    if watch.drawn is not None and (watch.drawn.width, watch.drawn.height) == (width, height):
        return watch.drawn
    segments = to_pixels(np.reshape([line.points for line in watch.lines], (-1, 2, 2)), width, height)
    return _Drawn(width, height, RoadPlane.from_camera(watch.camera, width, height), segments)


def _places(plans: Footprints, box: Floats, segment: Floats) -> list[_Place | None]:
    """Where vehicles are at a segment [2, 2], None for who is far beyond its ends."""
    first, along = segment[0], segment[1] - segment[0]
    reach = float(np.hypot(*along))
    unit = along / reach
    normal = np.array([-unit[1], unit[0]])  # to the right of the segment, y down
    half = np.maximum(np.abs(plans.half_width @ normal), 1e-6)
    halves = ((plans.centre - first) @ normal) / half
    edges = np.stack([(box[:, [x, 3]] - first) @ normal for x in (0, 2)], axis=1) / half[:, None]
    at = ((plans.centre - first) @ unit) / reach
    length = 2 * np.abs(plans.half_length @ unit) / reach
    near = (at > -BEYOND_LENGTHS * length) & (at < 1 + BEYOND_LENGTHS * length)
    return [
        _Place(
            float(half[i]), float(halves[i]), (float(edges[i, 0]), float(edges[i, 1])), float(at[i]), float(length[i])
        )
        if near[i]
        else None
        for i in range(len(plans))
    ]


def _walked(walk: _Walk | None, sight: Sight, place: _Place) -> _Walk:
    """The walk after one more look."""
    side = 1 if place.halves >= 0 else -1
    if walk is None or not continues(walk.earlier, walk.last, sight):
        walk = _Walk(sight, place, sight, birth=_Clear(side, sight.video_s, 0, sight, place))
    elif (walk.place.halves >= 0) != (place.halves >= 0):
        share = walk.place.halves / (walk.place.halves - place.halves)
        second = walk.last.video_s + share * (sight.video_s - walk.last.video_s)
        where = walk.place.along + share * (place.along - walk.place.along)
        walk = replace(walk, passed=_Passed(1 if place.halves >= 0 else -1, second, where, place.length, sight))
    stays = walk.clear is not None and walk.clear.side == side
    clear: _Clear | None = None
    if abs(place.halves) >= (STAYS_CLEAR if stays else CLEAR):
        if stays and walk.clear is not None:
            clear = replace(walk.clear, sights=walk.clear.sights + 1, sight=sight, place=place)
        else:
            clear = _Clear(side, sight.video_s, 1, sight, place)
    return replace(
        walk, earlier=walk.last if walk.last is not sight else None, last=sight, place=place, clear=clear,
        birth=_born(walk, side, sight, place),
        nearest=sight if sight.area > walk.nearest.area else walk.nearest,
    )  # fmt: skip


def _born(walk: _Walk, side: int, sight: Sight, place: _Place) -> _Clear | None:
    """The side on which the vehicle came into view, told by its first looks."""
    birth = walk.birth
    if birth is None or walk.passed is not None:
        return birth
    if birth.side == side and abs(place.halves) >= BIRTH_HALVES:
        return replace(birth, sights=birth.sights + 1, sight=sight, place=place)
    return birth if birth.sights >= DWELL_SIGHTS else None


def _over(walk: _Walk, line: Line, track: int, class_id: int) -> tuple[_Walk, LineCrossing | None]:
    """Whether the vehicle has now settled on the other side."""
    clear, origin, passed = walk.clear, walk.origin, walk.passed
    if clear is None or not clear.settled:
        return walk, None
    settled = replace(walk, origin=clear)
    birth = walk.birth
    if origin is None and birth is not None and birth.sights >= DWELL_SIGHTS and birth.side != clear.side:
        if abs(clear.place.halves) < BIRTH_BEYOND_HALVES:
            return walk, None
        origin = birth
    if origin is None or origin.side == clear.side or passed is None or passed.side != clear.side:
        return settled, None
    inside = passed.length / 2 <= passed.along <= 1 - passed.length / 2
    if not inside or walk.last.video_s - origin.sight.video_s > LONGEST_S or not _moved_whole(origin, clear):
        return settled, None
    return settled, LineCrossing(
        line=line, track=track, class_id=class_id, to_right=clear.side > 0, video_s=passed.video_s, along=passed.along,
        before=origin.sight, at=passed.sight, after=walk.last, nearest=walk.nearest,
        before_halves=abs(origin.place.halves), after_halves=abs(clear.place.halves), half_px=clear.place.half_px,
    )  # fmt: skip


def _moved_whole(origin: _Clear, clear: _Clear) -> bool:
    """Whether both sides of the box went over, and the box kept its shape."""
    shift = [(now - then) * clear.side for then, now in zip(origin.place.edges, clear.place.edges, strict=True)]
    shapes = [
        (sight.box[2] - sight.box[0]) / max(sight.box[3] - sight.box[1], 1.0) for sight in (origin.sight, clear.sight)
    ]
    return min(shift) >= BOTH_EDGES and max(shapes) <= SAME_SHAPE * min(shapes)
