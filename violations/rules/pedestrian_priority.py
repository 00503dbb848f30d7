"""Pedestrian priority: a vehicle drives over a crosswalk while a pedestrian walks into its way, or waits on its half.

Code of Administrative Offences of Kazakhstan, article 600 part 1. No offence: a pedestrian still far on the other half,
one who has walked out of the way, one on the pavement, one who stepped down too late to be seen; a vehicle that stops
before him; and a crossing just behind a stop line whose signal does not show red.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from violations.accusation import Looks, accuse
from vision.classes import PERSON, VEHICLE_IDS
from vision.continuity import continues
from vision.crossing import Crossing
from vision.directions import entry_arrow
from vision.finding import Finding, Reason
from vision.footprint import Footprints, footprints
from vision.geometry import cover, in_polygon, to_pixels
from vision.road_plane import RoadPlane
from vision.sight import Sight, sight_of
from vision.turning import GroundView
from vision.types import SignalState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.camera_parts import Zone
    from vision.types import Observation

    Floats = NDArray[np.float64]

ON_S: Final = 0.6
"""The pedestrian must have been on the crosswalk this long before the vehicle reached it,"""
HIDDEN_S: Final = 1.2
"""and seen no longer ago than this: a lorry hides him before its front is there."""
PACE_S: Final = 1.0
"""Over this time his pace is measured."""
WALKS_MS: Final = 0.4
"""He walks when he is at least this fast across the road, metres a second."""
REACHES_S: Final = 3.0
"""Walking on he would be in the vehicle's way within this time."""
PASSED_M: Final = 3.5
"""The vehicle passes closely when he is this near to its side; who comes from the other half must be this near."""
KERB_M: Final = 0.8
"""Who stands waits on the carriageway only when he is this far from the kerb: the drawn edge is rough."""
KERB_SHARE: Final = 0.15
"""The same as a share of the crosswalk's length where no plane is known."""
HALF_M: Final = 0.3
"""He is on the vehicle's half when he is this far beyond the middle."""
MOVES_SIZES_PER_S: Final = 0.4
"""A vehicle drives over the crosswalk when it moves at least this many of its box sizes a second."""
INSIDE_COVER: Final = 0.7
"""A person covered so far by a vehicle, and standing higher than its wheels, sits in it."""
SEATED: Final = 0.1
"""By this share of the vehicle's height."""
RED_SETTLED_S: Final = 1.0
"""A signal must have shown red for this long to give the crossing to pedestrians."""
BEHIND_LINE: Final = 1.5
"""A crosswalk belongs to a stop line when it begins within this many lengths of the line behind it."""
FORGET_S: Final = 3.0
"""Who is unseen this long is forgotten."""
STEPS: Final = np.linspace(0.0, 1.0, 6)
"""Places looked at between two looks, for a vehicle that is over the crosswalk in a blink."""


@dataclass(frozen=True, slots=True)
class _Walker:
    """A pedestrian at one crosswalk: seconds, places from above, whether on it, and his height in the picture."""

    track: int
    seen: tuple[tuple[float, float, float, bool], ...]
    height_px: float


@dataclass(frozen=True, slots=True)
class _Driver:
    """A vehicle near a crosswalk.

    Attributes:
        last, earlier, nearest: its latest look, the one before, its largest box.
        front, middle: picture points of its front and the middle of its plan at the latest look.
        reached: the look at which its front reached the crosswalk.
        before: the look before that.
        told: whether it was judged.
    """

    last: Sight
    nearest: Sight
    front: tuple[float, float]
    middle: tuple[float, float]
    earlier: Sight | None = None
    reached: Sight | None = None
    before: Sight | None = None
    told: bool = False


@dataclass(frozen=True, slots=True)
class _Conflict:
    """A pedestrian in a vehicle's way: metres beside it, seconds until he is there (None where he waits)."""

    metres: float
    seconds: float | None


@dataclass(frozen=True, slots=True)
class CrosswalkState:
    """The camera, its crosswalks, and who is near them by (crosswalk, track)."""

    camera: Camera
    zones: tuple[Zone, ...]
    walkers: Mapping[tuple[int, int], _Walker]
    drivers: Mapping[tuple[int, int], _Driver]
    crossings: tuple[Crossing, ...] = ()
    signals: tuple[frozenset[str], ...] = ()
    size: tuple[int, int] = (0, 0)


class PedestrianPriority:
    """The rule; see the module's docstring."""

    kind = "pedestrian_priority"
    version = "1"

    def missing(self, camera: Camera) -> tuple[Reason, ...]:
        """A crosswalk."""
        return () if camera.zones_of("crosswalk") else (Reason("missing_crosswalk"),)

    def start(self, camera: Camera) -> CrosswalkState:
        """Nobody seen yet."""
        return CrosswalkState(camera, camera.zones_of("crosswalk"), MappingProxyType({}), MappingProxyType({}))

    def step(self, state: CrosswalkState, observation: Observation) -> tuple[CrosswalkState, tuple[Finding, ...]]:
        """Follow pedestrians and vehicles over every crosswalk."""
        state = _at_size(state, observation)
        walkers, drivers = dict[tuple[int, int], _Walker](), dict[tuple[int, int], _Driver]()
        found: list[Finding] = []
        tracks = observation.tracks
        rows = np.flatnonzero(tracks.seen & np.isin(tracks.class_id, list(VEHICLE_IDS)))
        view = state.crossings[0].view if state.crossings else GroundView(None)
        plans = footprints(
            tracks.box[rows], tracks.class_id[rows], tracks.velocity_px[rows].astype(np.float64), view.plane
        )
        for k, zone in enumerate(state.zones):
            polygon = to_pixels(zone.points, observation.width, observation.height)
            on_foot = _walked(state, k, polygon, observation, rows)
            walkers |= on_foot
            for n, i in enumerate(rows.tolist()):
                key = (k, int(tracks.id[i]))
                driver, through = _driven(state.drivers.get(key), observation, i, plans, n, polygon)
                if through and not driver.told:
                    driver = replace(driver, told=True)
                    if _pedestrians_first(state, k, observation):
                        found += _judged(state, k, driver, plans, n, i, list(on_foot.values()), observation)
                drivers[key] = driver
        now = observation.video_s
        drivers |= {
            key: one for key, one in state.drivers.items() if key not in drivers and now - one.last.video_s <= FORGET_S
        }
        after = replace(state, walkers=MappingProxyType(walkers), drivers=MappingProxyType(drivers))
        return after, tuple(found)

    def finish(self, state: CrosswalkState) -> tuple[Finding, ...]:
        """Who has not driven through stays unproven."""
        del state
        return ()


RULE: Final = PedestrianPriority()


def _at_size(state: CrosswalkState, observation: Observation) -> CrosswalkState:
    """The state with its crosswalks at the picture's size."""
    size = observation.width, observation.height
    if state.size == size:
        return state
    view = GroundView(RoadPlane.from_camera(state.camera, *size))
    crossings = tuple(Crossing.of(zone.points, *size, view) for zone in state.zones)
    signals = tuple(_signals_of(state.camera, zone, *size) for zone in state.zones)
    return replace(state, size=size, crossings=crossings, signals=signals)


def _signals_of(camera: Camera, zone: Zone, width: int, height: int) -> frozenset[str]:
    """The signals whose stop line lies just before a crosswalk."""
    middle = to_pixels(zone.points, width, height).mean(axis=0)
    lines = {line.id: line for line in camera.lines}
    found: set[str] = set()
    for signal in camera.signals:
        line = lines.get(signal.stop_line or "")
        arrow = None if line is None else entry_arrow(camera, line, width, height)
        if line is None or arrow is None:
            continue
        ends = to_pixels(line.points, width, height)
        length = float(np.hypot(*(ends[1] - ends[0])))
        away = middle - ends.mean(axis=0)
        ahead, aside = float(away @ arrow), float(abs(away @ np.array((-arrow[1], arrow[0]))))
        if 0 < ahead <= BEHIND_LINE * length and aside <= BEHIND_LINE * length:
            found.add(signal.id)
    return frozenset(found)


def _pedestrians_first(state: CrosswalkState, k: int, observation: Observation) -> bool:
    """Whether pedestrians go first: no signal rules the crosswalk, or it is off or settled red without a lit arrow."""
    for signal in state.camera.signals:
        if signal.id not in state.signals[k]:
            continue
        reading = observation.signals.get(signal.id)
        if reading is None or reading.state not in (SignalState.RED, SignalState.OFF, SignalState.FLASHING):
            return False
        if reading.state is SignalState.RED and observation.video_s - reading.since_s < RED_SETTLED_S:
            return False
        arrows = [observation.signals.get(signal.reading_of(section)) for section in signal.sections]
        if any(arrow is not None and arrow.state is SignalState.GREEN for arrow in arrows):
            return False
    return True


def _walked(
    state: CrosswalkState, k: int, polygon: Floats, observation: Observation, vehicles: NDArray[np.intp]
) -> dict[tuple[int, int], _Walker]:
    """The pedestrians at a crosswalk after one more look."""
    tracks, now, crossing = observation.tracks, observation.video_s, state.crossings[k]
    known = {
        key: walker for key, walker in state.walkers.items() if key[0] == k and now - walker.seen[-1][0] <= FORGET_S
    }
    rows = np.flatnonzero(tracks.seen & (tracks.class_id == PERSON))
    on = in_polygon(tracks.foot[rows], polygon)
    seated = _seated(tracks.box[rows], tracks.box[vehicles])
    for n, i in enumerate(rows.tolist()):
        key = (k, int(tracks.id[i]))
        walker = known.get(key)
        if seated[n] or (walker is None and not on[n]):
            continue
        x, y = (float(value) for value in crossing.place(tracks.foot[i].astype(np.float64)))
        before = () if walker is None else tuple(one for one in walker.seen if now - one[0] <= FORGET_S)
        height = float(tracks.box[i, 3] - tracks.box[i, 1])
        known[key] = _Walker(key[1], (*before, (now, x, y, bool(on[n]))), height)
    return known


def _seated(people: NDArray[np.float32], vehicles: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which persons sit in a vehicle, bool [N]."""
    if not len(people) or not len(vehicles):
        return np.zeros(len(people), np.bool_)
    height = vehicles[:, 3] - vehicles[:, 1]
    higher = people[:, None, 3] < vehicles[None, :, 3] - SEATED * height[None]
    return np.asarray(((cover(people, vehicles) >= INSIDE_COVER) & higher).any(axis=1))


def _driven(
    driver: _Driver | None, observation: Observation, i: int, plans: Footprints, n: int, polygon: Floats
) -> tuple[_Driver, bool]:
    """The vehicle after one more look, and whether it has now driven onto the crosswalk with its middle."""
    sight = sight_of(observation, i)
    speed = float(np.hypot(*observation.tracks.velocity_px[i]))
    front, middle = plans.centre[n] + plans.half_length[n], plans.centre[n]
    ends = (float(front[0]), float(front[1])), (float(middle[0]), float(middle[1]))
    if driver is None or not continues(driver.earlier, driver.last, sight):
        return _Driver(sight, sight, *ends), False
    moves = speed >= MOVES_SIZES_PER_S * sight.size
    reached, before, told = driver.reached, driver.before, driver.told
    front_on = _touches(driver.front, front, polygon)
    middle_on = _touches(driver.middle, middle, polygon)
    if not moves or not (front_on or middle_on or reached is not None):
        reached, before = None, None
    elif reached is None and not told:
        reached, before = (sight, driver.last) if front_on or middle_on else (None, None)
    if told and not front_on and not middle_on and not bool(in_polygon(front[None], polygon)[0]):
        told, reached, before = False, None, None
    nearest = sight if sight.area > driver.nearest.area else driver.nearest
    after = _Driver(sight, nearest, *ends, driver.last, reached, before, told)
    return after, bool(moves and middle_on and reached is not None and before is not None)


def _touches(start: tuple[float, float], end: Floats, polygon: Floats) -> bool:
    """Whether a point was on the crosswalk between two looks."""
    first = np.array(start)
    return bool(in_polygon(first + STEPS[:, None] * (end - first), polygon).any())


def _judged(
    state: CrosswalkState, k: int, driver: _Driver, plans: Footprints, n: int, i: int, walkers: list[_Walker],
    observation: Observation,
) -> list[Finding]:  # fmt: skip
    """A finding where a pedestrian was in the way of a vehicle that drove through."""
    crossing, reached, before = state.crossings[k], driver.reached, driver.before
    if reached is None or before is None:
        return []
    ahead = crossing.view.vector(plans.centre[n], plans.centre[n] + plans.half_length[n])
    axis = crossing.axis(ahead)
    if axis is None:
        return []
    half_width = abs(float(crossing.view.vector(plans.centre[n], plans.centre[n] + plans.half_width[n]) @ axis))
    mine = float(crossing.place(plans.centre[n]) @ axis)
    conflicts = [
        one
        for walker in walkers
        if (one := _conflict(crossing, axis, mine, half_width, walker, reached.video_s, observation.video_s))
        is not None
    ]
    if not conflicts:
        return []
    worst = min(conflicts, key=lambda one: one.metres)
    zone = state.zones[k]
    trace = (
        Reason(
            "pedestrian_on_crossing",
            (("zone", zone.id), ("metres", round(worst.metres, 1)), ("at_s", round(reached.video_s, 1))),
        ),
        Reason("pedestrian_waited")
        if worst.seconds is None
        else Reason("pedestrian_walked_towards", (("seconds", round(worst.seconds, 1)),)),
        Reason("drove_through_crossing", (("at_s", round(observation.video_s, 1)),)),
    )
    return [
        accuse(
            PedestrianPriority.kind, PedestrianPriority.version, observation, track=int(observation.tracks.id[i]),
            class_id=int(observation.tracks.class_id[i]), onset_s=reached.video_s, trace=trace, zone=zone.id,
            score=1.0 if crossing.view.plane is not None else 0.9,
            looks=Looks(before, driver.last, driver.nearest, driver.last),
        )
    ]  # fmt: skip


def _conflict(
    crossing: Crossing, axis: Floats, mine: float, half_width: float, walker: _Walker, reached_s: float, now: float
) -> _Conflict | None:
    """How a pedestrian was in the way of a vehicle that reached the crosswalk at one moment and is on it now."""
    seen = [one for one in walker.seen if one[0] <= reached_s + 1e-6]
    if not seen or not seen[-1][3] or reached_s - seen[-1][0] > HIDDEN_S:
        return None
    on_since = next((one[0] for one in seen if _all_on(seen, one)), reached_s)
    if reached_s - on_since < ON_S - 1e-6:
        return None
    metre = crossing.metre(walker.height_px)
    low, high = crossing.span(axis)
    at = float(np.array(seen[-1][1:3]) @ axis)
    late = [one for one in walker.seen if one[0] <= now]
    at_now = float(np.array(late[-1][1:3]) @ axis)
    pace = _pace([one for one in seen if one[0] >= seen[-1][0] - PACE_S], axis) / metre
    if late[-1] is seen[-1] and reached_s - seen[-1][0] > ON_S:  # hidden by the vehicle itself: he walked on till then
        at_now += pace * metre * (reached_s - seen[-1][0])
    middle = (low + high) / 2
    side = 1.0 if mine >= middle else -1.0
    my_half = not crossing.whole or (at - middle) * side >= HALF_M * metre
    away = at - mine
    gap = max(abs(away) - half_width, 0.0) / metre
    gap_now = max(abs(at_now - mine) - half_width, 0.0) / metre
    towards = -float(np.sign(away)) * pace
    near = my_half or gap <= PASSED_M
    if near and towards >= WALKS_MS and gap / towards <= REACHES_S and gap_now <= PASSED_M:
        return _Conflict(min(gap, gap_now), gap / towards)
    depth = min(at - low, high - at) / metre
    kerb = KERB_M if crossing.view.plane is not None else max(KERB_M, KERB_SHARE * (high - low) / metre)
    fresh = reached_s - seen[-1][0] <= ON_S  # who stood and is hidden may be gone
    if fresh and my_half and abs(pace) < WALKS_MS and depth >= kerb and gap_now <= PASSED_M:
        return _Conflict(min(gap, gap_now), None)
    return None


def _all_on(seen: list[tuple[float, float, float, bool]], start: tuple[float, float, float, bool]) -> bool:
    """Whether he was on the crosswalk at every look from one on."""
    return all(one[3] for one in seen if one[0] >= start[0])


def _pace(seen: list[tuple[float, float, float, bool]], axis: Floats) -> float:
    """Speed along the axis by a straight line through the places, the view's units a second; 0 for a single look."""
    if len(seen) < 2:
        return 0.0
    table = np.array([one[:3] for one in seen])
    seconds = table[:, 0] - table[:, 0].mean()
    spread = float(seconds @ seconds)
    return float(seconds @ (table[:, 1:] @ axis)) / spread if spread > 0 else 0.0
