"""A road in metres seen by a camera: blocks that drive become boxes, lines and zones become fractions.

The world has x to the right, y away and z up; every scene can be mirrored, enlarged, shifted in time and looked at
oftener or more seldom, which must change no verdict.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache, cached_property
from typing import Any

import numpy as np

from scenarios.camera import Pinhole
from tests.observations import START, Timeline
from vision.camera import Camera, parse_camera
from vision.classes import BUS, CAR, MOTORCYCLE, TRUCK
from vision.finding import Finding
from vision.types import Observation, Tracks, VehicleLook

SIZES = {CAR: (4.5, 1.8, 1.5), BUS: (11.5, 2.5, 3.2), TRUCK: (9.0, 2.5, 3.4), MOTORCYCLE: (2.2, 0.8, 1.6)}
Way = Callable[[float], tuple[float, float] | None]


def via(*points: tuple[float, float, float]) -> Way:
    """A way straight between (second, x, y) points; nowhere outside them."""
    seconds = [point[0] for point in points]

    def at(video_s: float) -> tuple[float, float] | None:
        if not seconds[0] <= video_s <= seconds[-1]:
            return None
        k = min(max(bisect_right(seconds, video_s), 1), len(points) - 1)
        (t0, x0, y0), (t1, x1, y1) = points[k - 1], points[k]
        share = (video_s - t0) / (t1 - t0) if t1 > t0 else 1.0
        return x0 + share * (x1 - x0), y0 + share * (y1 - y0)

    return at


def curve(*points: tuple[float, float], speed: float, start_s: float = 0.0) -> Way:
    """A way along a smoothed polyline of (x, y) corners at a steady speed in m/s."""
    path = np.array(points, float)
    for _ in range(4):  # corners cut as Chaikin does
        path = np.concatenate(
            [
                path[:1],
                np.stack([0.75 * path[:-1] + 0.25 * path[1:], 0.25 * path[:-1] + 0.75 * path[1:]], 1).reshape(-1, 2),
                path[-1:],
            ]
        )
    s = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])

    def at(video_s: float) -> tuple[float, float] | None:
        gone = (video_s - start_s) * speed
        if not 0 <= gone <= s[-1]:
            return None
        return float(np.interp(gone, s, path[:, 0])), float(np.interp(gone, s, path[:, 1]))

    return at


@dataclass(frozen=True)
class Mover:
    """A block that drives; `ids` gives its track id at a moment, None where the detector misses it.

    `called` gives what the detector calls it at a moment; without it only the vote `class_id` is known.
    """

    track: int
    way: Way
    class_id: int = CAR
    size: tuple[float, float, float] | None = None
    ids: Callable[[float], int | None] | None = None
    bend: Callable[[float, np.ndarray], np.ndarray] | None = None
    heading: tuple[float, float] = (0.0, 1.0)
    called: Callable[[float], int] | None = None


@cache
def _pinhole(position: Any, look_at: Any, fov_deg: float, size: tuple[int, int]) -> Pinhole:
    return Pinhole.look_at(position, look_at, fov_deg, size)


@dataclass(frozen=True)
class View:
    """A camera over a road; `mirrored` swaps left and right of the whole world."""

    position: tuple[float, float, float] = (0.0, -18.0, 8.0)
    look_at: tuple[float, float, float] = (0.0, 12.0, 0.0)
    fov_deg: float = 62.0
    size: tuple[int, int] = (1280, 720)
    calibrated: bool = True
    mirrored: bool = False
    parts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def pinhole(self) -> Pinhole:
        return Pinhole.look_at(self.position, self.look_at, self.fov_deg, self.size)

    def point(self, x: float, y: float) -> list[float]:
        pixel, _ = self.pinhole.project(np.array([[x, y, 0.0]]))
        u = float(pixel[0, 0]) / self.size[0]
        return [
            min(max(1 - u if self.mirrored else u, 0.0), 1.0),
            min(max(float(pixel[0, 1]) / self.size[1], 0.0), 1.0),
        ]

    def arrow(self, x: float, y: float, dx: float, dy: float) -> list[list[float]]:
        return [self.point(x - dx, y - dy), self.point(x + dx, y + dy)]

    def _with(self, kind: str, part: dict[str, Any]) -> View:
        return replace(self, parts={**self.parts, kind: [*self.parts.get(kind, []), part]})

    def line(self, name: str, kind: str, a: tuple[float, float], b: tuple[float, float], travel: Any = None) -> View:
        part: dict[str, Any] = {"id": name, "kind": kind, "points": [self.point(*a), self.point(*b)]}
        if travel is not None:
            middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
            part["direction"] = self.arrow(*middle, *travel)
        return self._with("lines", part)

    def zone(
        self, name: str, kind: str, x: tuple[float, float], y: tuple[float, float], travel: Any = None, **more: Any
    ) -> View:
        corners = [(x[0], y[0]), (x[1], y[0]), (x[1], y[1]), (x[0], y[1])]
        part: dict[str, Any] = {"id": name, "kind": kind, "points": [self.point(*c) for c in corners], **more}
        if self.mirrored and "turns" in part:
            swap = {"left": "right", "right": "left"}
            part["turns"] = [swap.get(turn, turn) for turn in part["turns"]]
        if travel is not None:
            part["direction"] = self.arrow(sum(x) / 2, sum(y) / 2, *travel)
        return self._with("zones", part)

    def signal(self, name: str, stop_line: str, *arrows: str) -> View:
        swap = {"left": "right", "right": "left"} if self.mirrored else {}
        sections = [
            {"arrow": swap.get(arrow, arrow), "box": [0.95, 0.1 + 0.1 * k, 0.96, 0.15 + 0.1 * k]}
            for k, arrow in enumerate(arrows)
        ]
        return self._with(
            "signals", {"id": name, "box": [0.9, 0.1, 0.92, 0.2], "stop_line": stop_line, "sections": sections}
        )

    def forbid(self, name: str, kind: str, start: str, end: str, **more: Any) -> View:
        return self._with("forbidden", {"id": name, "kind": kind, "start": start, "end": end, **more})

    @property
    def camera(self) -> Camera:
        raw: dict[str, Any] = {"id": "test", "name": "test", "stream": "x.mp4", **self.parts, **self.extra}
        if self.calibrated:
            every = [(x, y) for x in (-8.0, -3.0, 0.0, 3.0, 8.0) for y in (0.0, 6.0, 12.0, 30.0, 60.0)]
            places = [place for place in every if all(0 < value < 1 for value in self.point(*place))]
            sign = -1.0 if self.mirrored else 1.0
            raw["calibration"] = {
                "points": [{"picture": self.point(x, y), "ground_m": [sign * x, y]} for x, y in places]
            }
        return parse_camera(raw, source="test")

    def box(self, mover: Mover, video_s: float) -> np.ndarray | None:
        here, ahead = mover.way(video_s), mover.way(video_s + 0.05)
        if here is None:
            return None
        back = mover.way(video_s - 0.05)
        heading = np.subtract(ahead or here, back or here)
        if np.hypot(*heading) < 0.02:  # it stands: as it came
            came = (mover.way(video_s - 0.25 * k) for k in range(1, 240))
            moved = next(
                (np.subtract(here, c) for c in came if c is not None and np.hypot(*np.subtract(here, c)) > 0.3), None
            )
            heading = np.array(mover.heading) if moved is None else moved
        heading = heading / np.hypot(*heading)
        length, width, height = mover.size or SIZES[mover.class_id]
        right = np.array([heading[1], -heading[0]])
        corners = [
            [*(np.array(here) + a * heading * length / 2 + b * right * width / 2), z]
            for a in (-1, 1) for b in (-1, 1) for z in (0.0, height)
        ]  # fmt: skip
        pixel, depth = self.pinhole.project(np.array(corners))
        if (depth < 1.0).any():
            return None
        if self.mirrored:
            pixel[:, 0] = self.size[0] - pixel[:, 0]
        box = np.array([*pixel.min(axis=0), *pixel.max(axis=0)])
        if mover.bend is not None:
            box = mover.bend(video_s, box)
        clipped = np.clip(box, 0, np.array([*self.size, *self.size]))
        shown = (clipped[2] - clipped[0]) * (clipped[3] - clipped[1])
        return clipped if shown > 0.3 * (box[2] - box[0]) * (box[3] - box[1]) else None

    def observe(
        self, *movers: Mover, until_s: float, rate_hz: float = 8.0, signals: dict[str, Timeline] | None = None,
        shift_s: float = 0.0, looks: dict[int, str] | None = None, start: Any = START,
    ) -> list[Observation]:  # fmt: skip
        found = []
        for k in range(int(until_s * rate_hz) + 1):
            now = k / rate_hz
            rows = []
            for mover in movers:
                track = mover.ids(now) if mover.ids is not None else mover.track
                box = self.box(mover, now)
                if box is not None and track is not None:
                    rows.append((track, mover, box))
            rows.sort(key=lambda row: row[0])
            n = len(rows)
            velocity = np.zeros((n, 2), np.float32)
            for i, (_, mover, box) in enumerate(rows):
                was = self.box(mover, now - 0.125)
                if was is not None:
                    velocity[i] = ((box[0] + box[2] - was[0] - was[2]) / 0.25, (box[3] - was[3]) / 0.125)
            readings = {
                name: replace(reading, since_s=reading.since_s + shift_s)
                for name, line in (signals or {}).items()
                for reading in [line.at(now)]
            }
            found.append(
                Observation(
                    camera="test", index=k, pts=k, video_s=now + shift_s, time=start + timedelta(seconds=now),
                    width=self.size[0], height=self.size[1], signals=readings,
                    tracks=Tracks(
                        id=np.array([track for track, _, _ in rows], np.int64),
                        class_id=np.array([mover.class_id for _, mover, _ in rows], np.int16),
                        score=np.full(n, 0.9, np.float32),
                        box=np.array([box for _, _, box in rows], np.float32).reshape(-1, 4),
                        seen=np.ones(n, bool), age_s=np.ones(n, np.float32), velocity_px=velocity,
                        ground=np.full((n, 2), np.nan), velocity_ms=np.full((n, 2), np.nan),
                        speed_sigma_ms=np.full(n, np.nan),
                        seen_as=np.array([-1 if m.called is None else m.called(now) for _, m, _ in rows], np.int16),
                    ),
                    looks=tuple(VehicleLook(t, kind, 0.9, None, 0.0) for t, kind in (looks or {}).items())
                    if k == 3 else (),
                )
            )  # fmt: skip
        return found


def judge(rule: Any, view: View, observations: Sequence[Observation]) -> list[Finding]:
    """What a rule finds in a scene."""
    state = rule.start(view.camera)
    found: list[Finding] = []
    for observation in observations:
        state, findings = rule.step(state, observation)
        found += findings
    return [*found, *rule.finish(state)]
