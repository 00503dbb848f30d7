"""What happened in a clip, reckoned from the truth's own physics: passages, crossings of stop lines, planted events.

Nothing here knows what a scene file planned: `happenings` looks only at where objects were and what the signals
showed, so that a test (and every rendering) can hold the plan against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Pinhole
from scenarios.camera_file import segment_in_picture
from scenarios.layout import Layout, Zone
from scenarios.truth import CrossingTruth, FrameTruth, ObjectTruth, PassageTruth, PlantedEvent

VEHICLES = frozenset({"motorcycle", "car", "bus", "truck"})
REST_KMH = 1.0  # below this a vehicle stands
REST_S = 8.0  # standing this long in a carriageway zone is a stop
AGAINST_M = 8.0  # driven this far against a lane's direction is wrong way
LEAST_PX = 16.0  # a vehicle this large is in plain sight


@dataclass(frozen=True, slots=True)
class _Step:
    before_s: float
    now_s: float
    before: ObjectTruth
    now: ObjectTruth
    frame: FrameTruth


def _steps(frames: tuple[FrameTruth, ...]) -> Iterator[_Step]:
    last: dict[int, tuple[float, ObjectTruth]] = {}
    for frame in frames:
        for o in frame.objects:
            if o.cls in VEHICLES and o.id in last:
                yield _Step(last[o.id][0], frame.video_s, last[o.id][1], o, frame)
            last[o.id] = (frame.video_s, o)


def _front(o: ObjectTruth, length: float) -> NDArray[np.float64]:
    return np.array([o.x_m + np.cos(o.heading) * length / 2, o.y_m + np.sin(o.heading) * length / 2])


def _meet(
    p: NDArray[np.float64], q: NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> tuple[float, float] | None:
    """Where p-q crosses a-b: share of p-q and the side it comes from (sign), or None."""
    d, e = q - p, b - a
    cross = d[0] * e[1] - d[1] * e[0]
    if abs(cross) < 1e-12:
        return None
    t = ((a - p)[0] * e[1] - (a - p)[1] * e[0]) / cross
    u = ((a - p)[0] * d[1] - (a - p)[1] * d[0]) / cross
    return (float(t), float(np.sign(cross))) if 0 <= t < 1 and 0 <= u <= 1 else None


def passages(frames: tuple[FrameTruth, ...], layout: Layout, camera: Pinhole) -> tuple[PassageTruth, ...]:
    """Crossings of control lines in the picture by the bottom centre of the box, once an object and line."""
    out: dict[tuple[str, int], PassageTruth] = {}
    lines = [(line, segment_in_picture(*line.points, camera)) for line in layout.lines if line.kind == "control"]
    for step in _steps(frames):
        p = np.array([(step.before.box[0] + step.before.box[2]) / 2, step.before.box[3]])
        q = np.array([(step.now.box[0] + step.now.box[2]) / 2, step.now.box[3]])
        for line, segment in lines:
            key = (line.id, step.now.id)
            if segment is None or key in out:
                continue
            met = _meet(p, q, segment[0], segment[1])
            if met:
                forward = met[1] < 0
                if line.travel:
                    move = np.array([step.now.x_m - step.before.x_m, step.now.y_m - step.before.y_m])
                    forward = bool(move @ np.array(line.travel) > 0)
                o = step.now
                moment = step.before_s + met[0] * (step.now_s - step.before_s)
                out[key] = PassageTruth(line.id, o.id, o.cls, moment, forward, o.speed_kmh, o.plate)
    return tuple(sorted(out.values(), key=lambda p: (p.video_s, p.object_id)))


def crossings(frames: tuple[FrameTruth, ...], layout: Layout, lengths: dict[str, float]) -> tuple[CrossingTruth, ...]:
    """Fronts over stop lines on the road plane in lawful direction, with the state of the line's head."""
    heads = {h.stop_line: h.id for h in layout.heads if h.stop_line}
    out: list[CrossingTruth] = []
    for step in _steps(frames):
        length = lengths[step.now.kind]
        for line in layout.lines:
            if line.kind != "stop" or line.travel is None:
                continue
            p, q = _front(step.before, length), _front(step.now, length)
            met = _meet(p, q, np.array(line.points[0]), np.array(line.points[1]))
            if met and (q - p) @ np.array(line.travel) > 0:
                moment = step.before_s + met[0] * (step.now_s - step.before_s)
                state = min(frames, key=lambda f: (abs(f.video_s - moment), f.video_s)).signals.get(
                    heads.get(line.id, ""), "unknown"
                )
                out.append(CrossingTruth(line.id, step.now.id, moment, state, step.now.plate))
    return tuple(out)


def _inside(zone: Zone, x: float, y: float) -> bool:
    return cv2.pointPolygonTest(np.array(zone.points, np.float32), (float(x), float(y)), False) >= 0


def happenings(
    frames: tuple[FrameTruth, ...], layout: Layout, crossed: tuple[CrossingTruth, ...]
) -> tuple[PlantedEvent, ...]:
    """Red-light runners, wrong-way drivers, stops on the carriageway, smoke and fire, as physics shows them."""
    out = [
        PlantedEvent("red_light", "violation", c.object_id, c.video_s, c.video_s, (), c.plate)
        for c in crossed
        if c.state == "red"
    ]
    lanes = [z for z in layout.zones if z.kind == "lane" and z.travel]
    roads = [z for z in layout.zones if z.kind == "carriageway"]
    against: dict[int, tuple[float, float]] = {}
    wrong: set[int] = set()
    rests: dict[int, float] = {}
    stopped: set[int] = set()
    for step in _steps(frames):
        o = step.now
        move = np.array([o.x_m - step.before.x_m, o.y_m - step.before.y_m])
        large = min(o.box[2] - o.box[0], o.box[3] - o.box[1]) >= LEAST_PX
        for zone in lanes:
            if large and o.id not in wrong and _inside(zone, o.x_m, o.y_m) and move @ np.array(zone.travel) < -1e-3:
                since, driven = against.get(o.id, (step.before_s, 0.0))
                against[o.id] = (since, driven + float(np.linalg.norm(move)))
                if against[o.id][1] >= AGAINST_M:
                    wrong.add(o.id)
                    out.append(PlantedEvent("wrong_way", "incident", o.id, since, step.now_s, ("violation",), o.plate))
        on_road = any(_inside(z, o.x_m, o.y_m) for z in roads)
        if o.speed_kmh > REST_KMH or not on_road:
            rests.pop(o.id, None)
            continue
        since = rests.setdefault(o.id, step.before_s)
        waits = any(state != "green" for state in step.frame.signals.values())
        if waits:  # a queue at a signal is lawful
            rests[o.id] = step.now_s
        elif o.id not in stopped and step.now_s - since >= REST_S and not o.parked:
            stopped.add(o.id)
            out.append(PlantedEvent("stopped_vehicle", "incident", o.id, since, since, (), o.plate))
    for cls in ("smoke", "fire"):
        first = next((f.video_s for f in frames if any(r.cls == cls for r in f.regions)), None)
        if first is not None:
            out.append(PlantedEvent(cls, "fire_alert", None, first, first))
    return tuple(sorted(out, key=lambda e: e.onset_s))
