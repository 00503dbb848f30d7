"""A calibrated road seen from straight above, 5 cm a pixel, and what may happen on it, made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tests.observations import Box, Scene, Vehicle, observe
from vision.finding import Finding
from vision.types import Blobs, Observation

METRE = 20.0
"""Pixels."""
ROAD = {"id": "road", "kind": "carriageway", "points": [[0.1, 0.0], [0.9, 0.0], [0.9, 1.0], [0.1, 1.0]]}
CALIBRATION = {
    "points": [
        {"picture": [0.0, 1.0], "ground_m": [0.0, 0.0]},
        {"picture": [1.0, 1.0], "ground_m": [50.0, 0.0]},
        {"picture": [1.0, 0.0], "ground_m": [50.0, 50.0]},
        {"picture": [0.0, 0.0], "ground_m": [0.0, 50.0]},
    ]
}
Blob = tuple[int, Callable[[float], Box | None], float]
"""Its id, its box for each second, and the last second at which a road user touched it."""


def found(
    rule: Any, vehicles: Sequence[Vehicle] = (), blobs: Iterable[Blob] = (), *, until_s: float = 25.0,
    zones: Sequence[dict[str, Any]] = (ROAD,), calibrated: bool = True,
) -> list[Finding]:  # fmt: skip
    """What a rule finds."""
    parts: dict[str, Any] = {"zones": list(zones)}
    if calibrated:
        parts["calibration"] = CALIBRATION
    seen = list(blobs)
    return Scene(rule, parts).run(
        replace(_on_the_road(observation) if calibrated else observation, blobs=_blobs(seen, observation.video_s))
        for observation in observe(vehicles, until_s=until_s)
    )


def _on_the_road(observation: Observation) -> Observation:
    """The same with each track's place in metres, as a calibrated camera gives it."""
    x, y = observation.tracks.foot.astype(float).T
    ground = np.stack((x, observation.height - y), axis=1) / METRE
    return replace(observation, tracks=replace(observation.tracks, ground=ground))


def driven(x: float, *speeds: tuple[float, float], y: float = 0.0, size: float = 80.0) -> Callable[[float], Box]:
    """A vehicle that drives down the picture: (from second, metres a second), each held until the next."""
    times = np.array([since for since, _ in speeds] + [1e3])
    ways = np.concatenate([[0.0], np.cumsum(np.diff(times) * [speed for _, speed in speeds])])

    def box(video_s: float) -> Box:
        foot = y + METRE * float(np.interp(video_s, times, ways))
        return (x - size / 2, foot - size, x + size / 2, foot)

    return box


def braked(x: float, speed: float, at_s: float, brake: float, *, size: float = 80.0) -> Callable[[float], Box]:
    """A vehicle that brakes evenly to rest from second `at_s` on."""

    def box(video_s: float) -> Box:
        after = min(max(0.0, video_s - at_s), speed / brake)
        foot = METRE * (speed * min(video_s, at_s) + speed * after - brake * after * after / 2)
        return (x - size / 2, foot - size, x + size / 2, foot)

    return box


def _blobs(blobs: Sequence[Blob], now: float) -> Blobs:
    here = [(id_, box(now), box, touched) for id_, box, touched in blobs]
    shown = [(id_, box, of, touched) for id_, box, of, touched in here if box is not None]
    since = [_since(of, now) for _, _, of, _ in shown]
    boxes = np.array([box for _, box, _, _ in shown], np.float32).reshape(-1, 4)
    first = np.array([of(at) for (_, _, of, _), at in zip(shown, since, strict=True)], np.float32).reshape(-1, 4)
    rests = [at if (a == b).all() else now for at, a, b in zip(since, first, boxes, strict=True)]
    n = len(shown)
    return Blobs(
        np.array([id_ for id_, *_ in shown], np.int64), boxes, first, np.ones(n, np.bool_), np.array(since),
        np.array(rests), np.array([touched if touched <= now else -np.inf for *_, touched in shown]),
        np.ones(n, np.float32), np.full(n, 20.0, np.float32),
    )  # fmt: skip


def _since(box: Callable[[float], Box | None], now: float) -> float:
    times = [k / 8 for k in range(int(now * 8) + 1) if box(k / 8) is not None]
    return times[0]
