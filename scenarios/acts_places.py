"""Acts that are about places: standing or driving where one may not, and pedestrians on a crossing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.account import VEHICLES
from scenarios.ways import REST_MS, Way, driven, inside, runs
from vision.hours import in_force

if TYPE_CHECKING:
    from scenarios.layout import Layout, Zone
    from scenarios.truth import FrameTruth
    from vision.camera_parts import Hours

TIME_ZONE: Final = "Asia/Almaty"  # of all rendered cameras
STANDING: Final = {
    "no_stopping": "no_stopping", "no_parking": "no_parking", "pavement": "pavement_parking",
    "lawn": "pavement_parking", "parking": "paid_parking",
}  # fmt: skip
"""Kind of zone to the rule that standing in it breaks."""
GRACE_S: Final = {
    "no_stopping": 10.0, "no_parking": 300.0, "pavement_parking": 10.0, "paid_parking": 300.0,
}  # fmt: skip
"""Lawful standing where the zone says nothing: a halt; five minutes, from where the traffic rules speak of parking."""
QUEUES: Final = ("no_stopping", "no_parking")  # kinds of zones in which a queue is lawful
QUEUE_M, ASIDE_M = 5.0, 1.2  # who stands so near ahead, and no further aside, holds up
LEAVES_S: Final = 2.0  # and drives on at most so long before whom it held up
LANE_M: Final = 12.0  # driven so far in a bus lane or a closed street is more than crossing it
ALONG_M: Final = 8.0  # driven so far on a pavement or shoulder
STEP_S: Final = 0.4  # a vehicle whose plan meets a crossing for at least this long drives over it
NEAR_M: Final = 3.5  # a lane's width: a person so near whom one drives towards must be let over
SAFE_MS: Final = 0.5  # below this a vehicle waits
PASSED_MS: Final = 0.3  # a person who moves away faster than this has left the vehicle's way

Told = tuple[str, int, float, float]


def holds(hours: tuple[Hours, ...], start: datetime, t: float) -> bool:
    """Whether something with these hours is in force at second t."""
    return in_force(hours, start + timedelta(seconds=t), TIME_ZONE)


def place_acts(ways: tuple[Way, ...], layout: Layout, frames: tuple[FrameTruth, ...], start: datetime) -> list[Told]:
    """Kind, object, onset and the second from which it is certain."""
    out: list[Told] = []
    vehicles = [way for way in ways if way.cls in VEHICLES]
    for zone in layout.zones:
        for way in vehicles:
            if zone.kind in STANDING and (zone.kind != "parking" or zone.tariff):
                out += _standing(zone, way, frames, start, vehicles)
            if zone.kind in ("bus_lane", "no_vehicles", "pavement", "shoulder"):
                out += _driving(zone, way, start)
            if zone.kind == "crosswalk":
                out += _not_let_over(zone, way, [w for w in ways if w.cls == "person"])
    first: dict[tuple[str, int], Told] = {}
    for told in sorted(out, key=lambda told: told[2]):
        first.setdefault((told[0], told[1]), told)
    return list(first.values())


def _standing(
    zone: Zone, way: Way, frames: tuple[FrameTruth, ...], start: datetime, vehicles: list[Way]
) -> list[Told]:  # fmt: skip
    kind = STANDING[zone.kind]
    grace = GRACE_S[kind] if zone.grace_s is None else zone.grace_s
    waits = np.array([_waits(frames, float(t)) for t in way.t]) if frames[0].signals else np.zeros(len(way.t), bool)
    out: list[Told] = []
    for first, last in runs((way.speed < REST_MS) & inside(zone, way.xy) & ~waits):
        long = way.t[last] - way.t[first] > grace and holds(zone.hours, start, float(way.t[first]))
        if long and (zone.kind not in QUEUES or not _held_up(zone, way, float(way.t[last]), vehicles)):
            out.append((kind, way.id, float(way.t[first]), float(way.t[first] + grace)))
    return out


def _held_up(zone: Zone, way: Way, t: float, vehicles: list[Way]) -> bool:
    """Whether a vehicle stands in a queue at second t: somebody stands close ahead who left no later than it.

    The queue must begin beyond the zone: who stands behind somebody that may not stand there either has no excuse.
    """
    i = int(np.abs(way.t - t).argmin())
    along = np.array([np.cos(way.heading[i]), np.sin(way.heading[i])])
    for other in vehicles:
        k = int(np.abs(other.t - (t - LEAVES_S)).argmin())
        if other.id == way.id or abs(other.t[k] - (t - LEAVES_S)) > LEAVES_S or other.speed[k] > REST_MS:
            continue
        gap = other.xy[k] - way.front[i]
        ahead = float(gap @ along) - other.length / 2
        if -0.5 < ahead < QUEUE_M and abs(float(along[0] * gap[1] - along[1] * gap[0])) < ASIDE_M:
            return not inside(zone, other.xy[k : k + 1])[0] or _held_up(zone, other, float(other.t[k]), vehicles)
    return False


def _waits(frames: tuple[FrameTruth, ...], t: float) -> bool:
    """Whether a signal holds the traffic: then a queue is lawful."""
    times = [frame.video_s for frame in frames]
    return any(
        state in ("red", "red_yellow") for state in frames[int(np.searchsorted(times, t - 1e-6))].signals.values()
    )


def _driving(zone: Zone, way: Way, start: datetime) -> list[Told]:
    if zone.kind == "bus_lane":
        kind, least, free = "bus_lane", LANE_M, way.cls in (zone.classes or ("bus",))
    elif zone.kind == "no_vehicles":
        kind, least, free = "restricted_class", LANE_M, bool(zone.classes) and way.cls not in zone.classes
    else:
        kind, least, free = "pavement_driving", ALONG_M, False
    out: list[Told] = []
    for first, last in runs(inside(zone, way.xy)):
        if not free and driven(way, first, last) >= least and holds(zone.hours, start, float(way.t[first])):
            done = next(i for i in range(first, last + 1) if driven(way, first, i) >= least)
            out.append((kind, way.id, float(way.t[first]), float(way.t[done])))
    return out


def _not_let_over(zone: Zone, way: Way, people: list[Way]) -> list[Told]:
    """Driving over a crossing close before a person who walks towards the vehicle's way, or stands in it."""
    axis = [way.ahead(share * way.length) for share in np.linspace(-0.5, 0.5, 7)]
    meets = np.array(
        [
            bool(inside(zone, np.vstack([way.corners(i), *(points[i : i + 1] for points in axis)])).any())
            for i in range(len(way.t))
        ]
    )
    out: list[Told] = []
    for first, last in runs(meets & (way.speed > SAFE_MS)):
        if way.t[last] - way.t[first] < STEP_S:
            continue
        for person in people:
            if any(_in_the_way(zone, way, i, person) for i in range(first, last + 1)):
                out.append(("pedestrian_priority", way.id, float(way.t[first]), float(way.t[last])))
                break
    return out


def _in_the_way(zone: Zone, way: Way, i: int, person: Way) -> bool:
    k = int(np.abs(person.t - way.t[i]).argmin())
    if abs(person.t[k] - way.t[i]) > 0.2 or not inside(zone, person.xy[k : k + 1])[0]:
        return False
    aside = np.array([-np.sin(way.heading[i]), np.cos(way.heading[i])])
    gap = float((person.xy[k] - way.xy[i]) @ aside)
    pace = float(np.array([np.cos(person.heading[k]), np.sin(person.heading[k])]) @ aside) * float(person.speed[k])
    clear = abs(gap) - way.width / 2
    return clear < 0 or (clear < NEAR_M and pace * np.sign(gap) < PASSED_MS)
