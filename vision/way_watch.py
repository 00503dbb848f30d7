"""Which drawn zones each vehicle was in, in order: clearly inside, for long enough, without losing sight of it.

A vehicle is inside a zone when the middle of its ground plan is (`vision.footprint`), clearly inside when half of its
width to either side is too. A visit counts once it was clear for a while; a trembling box, a corner of a lorry or the
shadow of a neighbour makes none. A track that leaps or swells has changed its owner and starts with an empty list.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import VEHICLE_IDS
from vision.continuity import continues
from vision.footprint import Footprints, footprints
from vision.geometry import cut, in_polygon, to_pixels
from vision.road_plane import RoadPlane
from vision.sight import Sight, sight_of
from vision.turning import GroundView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.camera_parts import Zone
    from vision.types import Observation

    Floats = NDArray[np.float64]

CLEAR_HALVES: Final = 0.5
"""Clearly inside: so many half widths to either side of the middle are inside too."""
VISIT_S: Final = 0.3
"""A visit counts once the vehicle was clearly inside for this long,"""
VISIT_SIGHTS: Final = 2
"""and seen there this often."""
LEFT_S: Final = 0.5
"""A visit ends when the vehicle was not clearly inside for this long."""
DRIVES_SIZES_PER_S: Final = 0.3
"""Above this speed its motion tells how the box is turned; below, how it last drove."""
STEP_LENGTHS: Final = 0.3
"""Its way is kept in steps of this share of its length: a box that trembles goes nowhere."""
LONGEST_S: Final = 120.0
"""What a vehicle did longer ago is forgotten."""
FORGET_S: Final = 3.0
"""A track unseen this long is forgotten."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay of a vehicle in a zone.

    Attributes:
        zone: id.
        first, last: first and latest look at which it was clearly inside.
        sights: looks at which it was.
        since_lengths: how far its vehicle had driven when it began, its own lengths,
        since_m: and metres.
        told: whether it was long enough to count.
    """

    zone: str
    first: Sight
    last: Sight
    sights: int = 1
    since_lengths: float = 0.0
    since_m: float = 0.0
    told: bool = False


@dataclass(frozen=True, slots=True)
class Touch:
    """A stay with the middle inside a zone, clearly or not: its first second, its last look, how many there were."""

    first_s: float
    last: Sight
    sights: int = 1


@dataclass(frozen=True, slots=True)
class Way:
    """What one vehicle did.

    Attributes:
        track, class_id: who.
        last, earlier, nearest: its latest look, the one before, its largest box.
        visits: in the order of entering.
        trail: where it drove, thinned to steps of a share of its length.
        touched: its last stay with its middle inside each zone, clearly or not.
        heading: where it last drove to in the picture.
        lengths: how far it drove altogether, its own lengths,
        metres: and metres; 0 where the road is not measured.
    """

    track: int
    class_id: int
    last: Sight
    nearest: Sight
    earlier: Sight | None = None
    visits: tuple[Visit, ...] = ()
    trail: tuple[Sight, ...] = ()
    touched: Mapping[str, Touch] = field(default_factory=lambda: MappingProxyType({}))
    heading: tuple[float, float] = (0.0, 0.0)
    lengths: float = 0.0
    metres: float = 0.0

    def latest(self, zone: str, before_s: float = np.inf) -> Visit | None:
        """Its latest visit to a zone that counts and ended before a second."""
        return next(
            (one for one in reversed(self.visits) if one.zone == zone and one.told and one.last.video_s < before_s),
            None,
        )


@dataclass(frozen=True, slots=True)
class _Drawn:
    width: int
    height: int
    view: GroundView
    polygons: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class WayWatch:
    """The zones of a camera that are watched, and what each vehicle did, by track."""

    camera: Camera
    zones: tuple[Zone, ...]
    ways: Mapping[int, Way]
    drawn: _Drawn | None = None

    @property
    def view(self) -> GroundView:
        """The road from above; without metres before the first observation."""
        return GroundView(None) if self.drawn is None else self.drawn.view


def watch_ways(camera: Camera, zones: tuple[Zone, ...]) -> WayWatch:
    """A watch over some zones of a camera before its first observation."""
    return WayWatch(camera, zones, MappingProxyType({}))


def step_ways(watch: WayWatch, observation: Observation) -> tuple[WayWatch, tuple[tuple[Way, Visit], ...]]:
    """Take one observation; give each visit that counts from now on, with the way of its vehicle."""
    drawn = _drawn_at(watch, observation)
    tracks, now = observation.tracks, observation.video_s
    ways = {key: way for key, way in watch.ways.items() if now - way.last.video_s <= FORGET_S}
    whole = tracks.seen & ~cut(tracks.box, observation.width, observation.height)
    rows = [i for i in np.flatnonzero(whole).tolist() if int(tracks.class_id[i]) in VEHICLE_IDS]
    told: list[tuple[Way, Visit]] = []
    if rows:
        heading = np.array([_heading(ways.get(int(tracks.id[i])), observation, i) for i in rows])
        plans = footprints(tracks.box[rows], tracks.class_id[rows], heading, drawn.view.plane)
        inside, clear = _inside(plans, drawn.polygons)
        for k, i in enumerate(rows):
            track = int(tracks.id[i])
            sight = sight_of(observation, i)
            way = _driven(ways.get(track), track, int(tracks.class_id[i]), sight, plans, k, drawn.view)
            way = replace(way, heading=(float(heading[k, 0]), float(heading[k, 1])))
            here = [zone for zone in drawn.polygons if inside[zone][k]]
            if here:
                touched = {zone: _touched(way.touched.get(zone), sight) for zone in here}
                way = replace(way, touched=MappingProxyType({**way.touched, **touched}))
            for zone in here:
                if clear[zone][k]:
                    way, visit = _visited(way, zone, sight)
                    if visit is not None:
                        told.append((way, visit))
            ways[track] = way
    told = [(ways[way.track], visit) for way, visit in told]
    return replace(watch, ways=MappingProxyType(ways), drawn=drawn), tuple(told)


def _drawn_at(watch: WayWatch, observation: Observation) -> _Drawn:
    width, height = observation.width, observation.height
    if watch.drawn is not None and (watch.drawn.width, watch.drawn.height) == (width, height):
        return watch.drawn
    polygons = {zone.id: to_pixels(zone.points, width, height) for zone in watch.zones}
    return _Drawn(width, height, GroundView(RoadPlane.from_camera(watch.camera, width, height)), polygons)


def _heading(way: Way | None, observation: Observation, i: int) -> tuple[float, float]:
    """Where a vehicle drives to in the picture: now, or when it last drove; zeros when it never did."""
    x1, y1, x2, y2 = (float(value) for value in observation.tracks.box[i])
    x, y = (float(value) for value in observation.tracks.velocity_px[i])
    if np.hypot(x, y) >= DRIVES_SIZES_PER_S * (x2 - x1 + y2 - y1) / 2:
        return x, y
    return (0.0, 0.0) if way is None else way.heading


def _inside(
    plans: Footprints, polygons: Mapping[str, Floats]
) -> tuple[dict[str, NDArray[np.bool_]], dict[str, NDArray[np.bool_]]]:
    """Whose middle is inside each zone, and who is clearly inside."""
    aside = CLEAR_HALVES * plans.half_width
    inside = {zone: in_polygon(plans.centre, polygon) for zone, polygon in polygons.items()}
    clear = {
        zone: inside[zone] & in_polygon(plans.centre - aside, polygon) & in_polygon(plans.centre + aside, polygon)
        for zone, polygon in polygons.items()
    }
    return inside, clear


def _driven(
    way: Way | None, track: int, class_id: int, sight: Sight, plans: Footprints, k: int, view: GroundView
) -> Way:
    """The way after one more look, without the zones."""
    if way is None or not continues(way.earlier, way.last, sight):
        return Way(track, class_id, sight, sight, trail=(sight,))
    length = float(
        np.hypot(*view.vector(plans.centre[k] - plans.half_length[k], plans.centre[k] + plans.half_length[k]))
    )
    driven = float(np.hypot(*view.vector(way.trail[-1].foot, sight.foot)))
    step = driven / max(length, 1e-6)
    nearest = sight if sight.area > way.nearest.area else way.nearest
    moved = replace(way, class_id=class_id, last=sight, earlier=way.last, nearest=nearest)
    if not step >= STEP_LENGTHS:
        return moved
    oldest = sight.video_s - LONGEST_S
    return replace(
        moved,
        trail=(*(one for one in way.trail if one.video_s >= oldest), sight),
        visits=tuple(one for one in way.visits if one.last.video_s >= oldest),
        lengths=way.lengths + step,
        metres=way.metres + (0.0 if view.plane is None else driven),
    )


def _touched(touch: Touch | None, sight: Sight) -> Touch:
    """A stay in a zone after one more look."""
    if touch is None or sight.video_s - touch.last.video_s > LEFT_S:
        return Touch(sight.video_s, sight)
    return Touch(touch.first_s, sight, touch.sights + 1)


def _visited(way: Way, zone: str, sight: Sight) -> tuple[Way, Visit | None]:
    """The way after a look at which the vehicle was clearly in a zone; the visit if it counts from now on."""
    at = next((k for k in reversed(range(len(way.visits))) if way.visits[k].zone == zone), None)
    if at is None or sight.video_s - way.visits[at].last.video_s > LEFT_S:
        begun = Visit(zone, sight, sight, since_lengths=way.lengths, since_m=way.metres)
        return replace(way, visits=(*way.visits, begun)), None
    visit = way.visits[at]
    enough = sight.video_s - visit.first.video_s >= VISIT_S - 1e-6 and visit.sights + 1 >= VISIT_SIGHTS
    now = replace(visit, last=sight, sights=visit.sights + 1, told=visit.told or enough)
    way = replace(way, visits=(*way.visits[:at], now, *way.visits[at + 1 :]))
    return way, now if enough and not visit.told else None
