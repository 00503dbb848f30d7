"""Observations made by hand: vehicles as paths of boxes, signal heads as timelines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from vision.camera import Camera, parse_camera
from vision.classes import CAR
from vision.finding import Finding
from vision.types import Detections, Observation, SignalReading, SignalState, Tracks

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
WIDTH, HEIGHT = 1000, 1000
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Vehicle:
    """A box for each second of video, or None where the vehicle is not in view."""

    track: int
    box: Callable[[float], Box | None]
    class_id: int = CAR
    score: float = 0.9


@dataclass(frozen=True)
class Timeline:
    """States of a signal head: (from second, state), ascending; the reading lags by `lag_s` as a real one does."""

    states: Sequence[tuple[float, SignalState]]
    lag_s: float = 0.3

    def at(self, video_s: float) -> SignalReading:
        since, state = max((entry for entry in self.states if entry[0] + self.lag_s <= video_s), default=self.states[0])
        return SignalReading(state, since, 0.95)


def driving(x: float, y: float, speed: float, *, start_s: float = 0.0, size: float = 100.0) -> Callable[[float], Box]:
    """A box whose bottom centre is at (x, y) at `start_s` and moves down the picture at `speed` pixels a second."""

    def box(video_s: float) -> Box:
        foot = y + speed * (video_s - start_s)
        return (x - size / 2, foot - size, x + size / 2, foot)

    return box


def along(*points: tuple[float, float, float], size: float = 100.0) -> Callable[[float], Box | None]:
    """A box whose bottom centre goes straight between (second, x, y) points; not in view outside them."""
    seconds, xs, ys = (np.array(column) for column in zip(*points, strict=True))

    def box(video_s: float) -> Box | None:
        if not seconds[0] <= video_s <= seconds[-1]:
            return None
        x, y = float(np.interp(video_s, seconds, xs)), float(np.interp(video_s, seconds, ys))
        return (x - size / 2, y - size, x + size / 2, y)

    return box


def observe(
    vehicles: Sequence[Vehicle],
    *,
    until_s: float,
    rate_hz: float = 8.0,
    signals: Mapping[str, Timeline] | None = None,
    fire: Callable[[float], Iterable[tuple[int, float, Box]]] | None = None,
) -> Iterator[Observation]:
    """Observations at a steady rate."""
    for k in range(int(until_s * rate_hz) + 1):
        now = k / rate_hz
        boxes = [(vehicle, vehicle.box(now)) for vehicle in vehicles]
        seen = [(vehicle, box) for vehicle, box in boxes if box is not None]
        yield Observation(
            camera="test",
            index=k,
            pts=k,
            video_s=now,
            time=START + timedelta(seconds=now),
            width=WIDTH,
            height=HEIGHT,
            tracks=_tracks(seen, now),
            fire=None if fire is None else _detections(list(fire(now))),
            signals={key: line.at(now) for key, line in (signals or {}).items()},
        )


def _tracks(seen: Sequence[tuple[Vehicle, Box]], now: float) -> Tracks:
    n = len(seen)
    velocity = np.zeros((n, 2), np.float32)
    for i, (vehicle, box) in enumerate(seen):
        before = vehicle.box(now - 0.125) or box
        velocity[i] = ((box[0] + box[2] - before[0] - before[2]) / 2 / 0.125, (box[3] - before[3]) / 0.125)
    return Tracks(
        id=np.array([vehicle.track for vehicle, _ in seen], np.int64),
        class_id=np.array([vehicle.class_id for vehicle, _ in seen], np.int16),
        score=np.array([vehicle.score for vehicle, _ in seen], np.float32),
        box=np.array([box for _, box in seen], np.float32).reshape(-1, 4),
        seen=np.ones(n, bool),
        age_s=np.ones(n, np.float32),
        velocity_px=velocity,
        ground=np.full((n, 2), np.nan),
        velocity_ms=np.full((n, 2), np.nan),
        speed_sigma_ms=np.full(n, np.nan),
    )


def _detections(found: list[tuple[int, float, Box]]) -> Detections:
    return Detections(
        np.array([box for _, _, box in found], np.float32).reshape(-1, 4),
        np.array([score for _, score, _ in found], np.float32),
        np.array([class_id for class_id, _, _ in found], np.int16),
    )


@dataclass
class Scene:
    """A camera and a rule run over observations."""

    rule: Any
    parts: dict[str, Any] = field(default_factory=dict)

    @property
    def camera(self) -> Camera:
        return parse_camera({"id": "test", "name": "test", "stream": "x.mp4", **self.parts}, source="test")

    def run(self, observations: Iterable[Observation]) -> list[Finding]:
        state = self.rule.start(self.camera)
        found: list[Finding] = []
        for observation in observations:
            state, findings = self.rule.step(state, observation)
            found += findings
        return [*found, *self.rule.finish(state)]
