"""What happened in a clip that a situational centre must hear of, reckoned from paths alone, in metres and seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.account import VEHICLES
from scenarios.acts import Act, acts_of
from scenarios.acts_places import holds
from scenarios.ways import REST_MS, Way, inside, runs, ways_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from scenarios.layout import Layout, Zone
    from scenarios.truth import FrameTruth

IMPACT_MS2: Final = 16.0
"""No tyre brakes or steers beyond 10 m/s2 on a dry road; who changes its velocity faster was struck."""
APART_M, APART_S = 16.0, 3.0  # impacts nearer than this in place and time are one crash
OVERTURNED_DEG: Final = 50.0  # a vehicle so far off its wheels lies,
DOWN_DEG: Final = 60.0  # a person so far off his feet
DOWN_S: Final = 5.0  # for so long
DWELL_S: Final = 10.0  # standing on the carriageway so long is a stopped vehicle
INSIDE_S: Final = 2.0  # so long where nobody may be
LIES_S: Final = 3.0  # a thing that lies so long on the carriageway
ASTRAY_S: Final = 1.5  # an animal so long on it
ASIDE: Final = ("parking", "shoulder", "closed", "bus_stop")
CROWD_S, CROWD = 20.0, 20  # a gathering where the zone says nothing
JAM_S, JAM_LEAST, JAM_MS, JAM_SHARE = 60.0, 5, 10 / 3.6, 0.7  # and a congestion


def incident_acts(frames: tuple[FrameTruth, ...], layout: Layout, start: datetime) -> tuple[Act, ...]:
    """Everything of one clip, in the order of its beginning."""
    ways = ways_of(frames)
    found = [act for act in acts_of(frames, layout, start) if act.kind == "wrong_way"]
    found += [*_crashes(ways, frames), *_stopped(ways, layout), *_down(frames), *_astray(ways, layout)]
    found += _where_none_may(ways, layout, start)
    for zone in layout.zones:
        if zone.kind == "public_space":
            found += _crowds(zone, ways, frames)
        if zone.kind == "carriageway":
            found += _jams(zone, ways, frames)
    return tuple(sorted(found, key=lambda act: (act.onset_s, act.object_id)))


def _crashes(ways: list[Way], frames: tuple[FrameTruth, ...]) -> list[Act]:
    """Vehicles that were struck or lie, gathered into happenings."""
    hits: list[tuple[float, int, NDArray[np.float64], float]] = []
    over = {o.id: f.video_s for f in reversed(frames) for o in f.objects
            if o.cls in VEHICLES and o.tilt_deg >= OVERTURNED_DEG}  # fmt: skip
    for way in ways:
        if way.cls not in VEHICLES or len(way.t) < 4:
            continue
        step = np.diff(way.t)
        velocity = np.diff(way.xy, axis=0) / step[:, None]
        hard = np.linalg.norm(np.diff(velocity, axis=0), axis=1) / step[1:]
        if len(hard) and (k := int(hard.argmax())) >= 0 and hard[k] >= IMPACT_MS2:
            hits.append((float(way.t[k + 1]), way.id, way.xy[k + 1], float(hard[k])))
        elif way.id in over:
            at = int(np.abs(way.t - over[way.id]).argmin())
            hits.append((over[way.id], way.id, way.xy[at], 0.0))
    out: list[Act] = []
    groups: list[list[tuple[float, int, NDArray[np.float64], float]]] = []
    for hit in sorted(hits, key=lambda one: one[0]):
        group = next((g for g in groups if any(abs(hit[0] - o[0]) <= APART_S and
                      np.linalg.norm(hit[2] - o[2]) <= APART_M for o in g)), None)  # fmt: skip
        if group is None:
            groups.append([hit])
        else:
            group.append(hit)
    for group in groups:
        first = max(group, key=lambda one: one[3])
        out.append(Act("crash", first[1], group[0][0], group[0][0] + 4.0, tuple(one[1] for one in group)))
    return out


def _stopped(ways: list[Way], layout: Layout) -> list[Act]:
    roads = [z for z in layout.zones if z.kind == "carriageway"]
    aside = [z for z in layout.zones if z.kind in ASIDE]
    out: list[Act] = []
    for way in ways:
        if way.cls not in VEHICLES:
            continue
        still = (way.speed < REST_MS) & _within(roads, way.xy) & ~_within(aside, way.xy)
        if layout.heads:
            continue  # who stands at a junction's lights waits
        for first, last in runs(still):
            if way.t[last] - way.t[first] >= DWELL_S and first > 0:
                begun = float(way.t[first])
                out.append(Act("stopped_vehicle", way.id, begun, begun + DWELL_S))
                break
    return out


def _down(frames: tuple[FrameTruth, ...]) -> list[Act]:
    seen: dict[int, tuple[float, float]] = {}
    for frame in frames:
        for o in frame.objects:
            if o.cls == "person" and o.tilt_deg >= DOWN_DEG:
                seen[o.id] = (seen.get(o.id, (frame.video_s, 0.0))[0], frame.video_s)
    return [Act("person_down", who, first, first + DOWN_S) for who, (first, last) in seen.items()
            if last - first >= DOWN_S]  # fmt: skip


def _astray(ways: list[Way], layout: Layout) -> list[Act]:
    """Animals on the carriageway and things that lie there."""
    roads = [z for z in layout.zones if z.kind == "carriageway"]
    out: list[Act] = []
    for way in ways:
        least = {"animal": ASTRAY_S, "debris": LIES_S}.get(way.cls)
        if least is None:
            continue
        for first, last in runs(_within(roads, way.xy)):
            if way.t[last] - way.t[first] >= least:
                out.append(Act(way.cls, way.id, float(way.t[first]), float(way.t[first] + least)))
                break
    return out


def _where_none_may(ways: list[Way], layout: Layout, start: datetime) -> list[Act]:
    """People, cyclists and anybody where they may not be; all who are there belong to one happening."""
    bans: dict[str, tuple[str, Callable[[Way], bool]]] = {
        "no_pedestrians": ("pedestrian", lambda way: way.cls == "person"),
        "no_cyclists": ("cyclist", lambda way: way.cls == "bicycle"),
        "closed": ("intrusion", lambda way: way.cls not in ("animal", "debris")),
    }
    out: list[Act] = []
    for zone in layout.zones:
        if zone.kind not in bans:
            continue
        kind, concerned = bans[zone.kind]
        there = [
            (float(way.t[first]), way.id)
            for way in ways if concerned(way)
            for first, last in runs(inside(zone, way.xy))
            if way.t[last] - way.t[first] >= INSIDE_S and holds(zone.hours, start, float(way.t[first]))
        ]  # fmt: skip
        if there:
            begun, who = min(there)
            out.append(Act(kind, who, begun, begun + INSIDE_S, tuple({one for _, one in there})))
    return out


def _crowds(zone: Zone, ways: list[Way], frames: tuple[FrameTruth, ...]) -> list[Act]:
    many, hold = zone.people or CROWD, CROWD_S if zone.grace_s is None else zone.grace_s
    number = np.array([count for _, count in _counts(zone, ways, frames, lambda way: way.cls == "person")])
    times = np.array([frame.video_s for frame in frames])
    for first, last in runs(number >= many):
        if times[last] - times[first] >= hold:
            return [Act("crowd", 0, float(times[first]), float(times[first] + hold))]
    return []


def _jams(zone: Zone, ways: list[Way], frames: tuple[FrameTruth, ...]) -> list[Act]:
    hold = JAM_S if zone.grace_s is None else zone.grace_s
    vehicles = [way for way in ways if way.cls in VEHICLES]
    on = np.array([count for _, count in _counts(zone, vehicles, frames)])
    slow = np.array([count for count, _ in _counts(zone, vehicles, frames, slow=True)])
    times = np.array([frame.video_s for frame in frames])
    for first, last in runs((on >= JAM_LEAST) & (slow >= JAM_SHARE * on)):
        if times[last] - times[first] >= hold:
            return [Act("congestion", 0, float(times[first]), float(times[first] + hold))]
    return []


def _counts(
    zone: Zone, ways: Sequence[Way], frames: tuple[FrameTruth, ...],
    concerned: Callable[[Way], bool] | None = None, *, slow: bool = False,
) -> Iterator[tuple[int, int]]:  # fmt: skip
    """How many are in a zone in each frame: those who crawl (where asked for), and all."""
    all_, crawl = np.zeros(len(frames), int), np.zeros(len(frames), int)
    at = {frame.video_s: k for k, frame in enumerate(frames)}
    for way in ways:
        if concerned is None or concerned(way):
            rows = np.array([at[t] for t in way.t.tolist()])
            within = inside(zone, way.xy)
            all_[rows] += within
            if slow:
                crawl[rows] += within & (way.speed < JAM_MS)
    yield from zip(crawl.tolist(), all_.tolist(), strict=True)


def _within(zones: list[Zone], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    there = np.zeros(len(points), bool)
    for zone in zones:
        there |= inside(zone, points)
    return there
