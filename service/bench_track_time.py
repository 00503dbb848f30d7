"""How much of one core a frame takes the tracker on seeded tables of detections over a picture of noise.

Looking at the colours of what was detected belongs to it. The clock is that of the thread, and every frame is timed in
several runs of which the least counts: what else runs on the machine, and takes its caches, is not what the tracker
costs.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.appearance import looks_of
from vision.classes import BUS, CAR, PERSON, TRUCK
from vision.road_plane import RoadPlane
from vision.speed import measure
from vision.tracker import Tracker
from vision.types import Detections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LOADS: Final = (10, 100, 300)
"""Objects in view."""
WIDTH, HEIGHT = 1920, 1080
RATE_S: Final = 0.125
WARM_UP, FRAMES = 20, 120
"""Frames before the clock runs, and frames that are timed."""
RUNS: Final = 5
"""How often the same frames are timed."""
MISSED: Final = 0.1
"""Share of the objects that the detector misses at a moment."""
SEED: Final = 5


def tracker_ms(objects: int) -> dict[str, float]:
    """Milliseconds of one core a frame with so many objects in view: of the tracker, and of fitting speeds besides."""
    picture = np.random.default_rng(SEED).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    frames = list(tables(objects, WARM_UP + FRAMES))
    runs = np.array([_seconds(frames, picture) for _ in range(RUNS)])
    track, fit, shown = runs.min(axis=0)[WARM_UP:].T
    return {
        "tracker_ms": 1000 * float(np.mean(track)),
        "tracker_p95_ms": 1000 * float(np.percentile(track, 95)),
        "speeds_ms": 1000 * float(np.mean(fit)),
        "tracks": float(np.mean(shown)),
    }


def _seconds(frames: list[Detections], picture: NDArray[np.uint8]) -> list[tuple[float, float, int]]:
    """Of each frame the tracker's seconds, those of fitting speeds, and the number of tracks."""
    tracker, plane, out = Tracker(WIDTH, HEIGHT), _plane(), []
    for i, seen in enumerate(frames):
        now_s = i * RATE_S
        start = time.thread_time()
        tracks = tracker.step(replace(seen, look=looks_of(picture, seen.box)), now_s)
        middle = time.thread_time()
        if len(tracks):
            measure(tracker.trails(tracks.id), plane, now_s, WIDTH, HEIGHT, tracks.class_id)
        out.append((middle - start, time.thread_time() - middle, len(tracks)))
    return out


def tables(objects: int, frames: int) -> Iterator[Detections]:
    """Detections of objects that drive over the picture at their own speeds and come back on its other side."""
    rng = np.random.default_rng(SEED)
    place = rng.uniform((0, 200), (WIDTH, HEIGHT), (objects, 2))
    speed = rng.normal(0, (120, 40), (objects, 2))
    kind = rng.choice([CAR, CAR, CAR, BUS, TRUCK, PERSON], objects).astype(np.int16)
    tall = (0.03 + 0.10 * place[:, 1] / HEIGHT) * HEIGHT * np.where(kind == PERSON, 0.8, 1.0)
    wide = tall * np.where(kind == PERSON, 0.4, 1.3)
    for _ in range(frames):
        place = place + speed * RATE_S
        place[:, 0] %= WIDTH
        place[:, 1] = 200 + (place[:, 1] - 200) % (HEIGHT - 200)
        foot = place + rng.normal(0, 0.02, place.shape) * tall[:, None]
        box = np.stack((foot[:, 0] - wide / 2, foot[:, 1] - tall, foot[:, 0] + wide / 2, foot[:, 1]), axis=1)
        kept = rng.random(objects) >= MISSED
        score = rng.uniform(0.3, 0.95, objects).astype(np.float32)
        yield Detections(np.clip(box, 0, (WIDTH, HEIGHT, WIDTH, HEIGHT)).astype(np.float32), score, kind).where(kept)


def _plane() -> RoadPlane:
    """A road that is seen from a pole 8 m high."""
    ground = np.array([[-8.0, 15.0], [8.0, 15.0], [12.0, 80.0], [-12.0, 80.0], [0.0, 30.0]])
    down, focal, up = np.radians(18.0), 1500.0, 8.0
    depth = ground[:, 1] * np.cos(down) + up * np.sin(down)
    x = WIDTH / 2 + focal * ground[:, 0] / depth
    y = HEIGHT / 2 + focal * (up * np.cos(down) - ground[:, 1] * np.sin(down)) / depth
    return RoadPlane.from_points(np.stack((x, y), axis=1), ground)
