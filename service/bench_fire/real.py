"""Real films and pictures: a house on fire, ordinary traffic, and held-out pictures of fire brought to life.

There is one film of a fire and there are four of traffic. The pictures of the fire detector's held-out part are many
and look as real fires do, but stand still, and what stands still is no fire to the rule. In a *brought-to-life* picture
what its labels call fire or smoke is made to flow upwards and flicker; nothing else moves but the sensor's noise. This
measures how the detector's eye for real fires and the rule go together, and not how real fires move.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from models.data.fire import fire_records
from qyran.errors import InputError
from qyran.wilson import wilson
from scenarios.textures import TILE, noise_tile
from service.bench_fire.happenings import findings
from service.bench_fire.looks import EVERY_S, MIN_SCORE, Given, Look, Looked, draw, look
from service.detectors import SHIPPED
from vision.classes import FIRE
from vision.pipeline import PipelineSettings
from vision.plume import PlumeWatch
from vision.stream import Stream
from vision.types import Tracks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from fire_alerts.confirm import Confirm
    from models.data.records import Record

HOUSE: Final = "house_fire.mp4"
STARTS_S: Final = (0.0, 5.0, 10.0, 15.0, 20.0)
"""The house burns from the first picture on: each start is a camera that is switched on then."""
TRAFFIC: Final = ("street.mp4", "car_park.mp4", "junction_cyclist.mp4", "junction_truck.mp4")
STILL_FPS: Final = 6.0
STILL_S: Final = 8.0
"""Length of a brought-to-life picture,"""
STILL_SIDE: Final = 640
"""and its longest side, pixels."""
NOISE: Final = 2.0
"""Of its sensor, standard deviation in levels."""
HELD_OUT: Final = frozenset({"val", "test"})
MOST_STILLS: Final = 80
"""Of each sort: more would say little more and take long."""


def film(video: Path, start_s: float = 0.0, end_s: float = float("inf")) -> Looked:
    """The looks of a stretch of a film, as a camera without a road detector gives them."""
    detector, watch, out = SHIPPED.detector("fire"), PlumeWatch(), list[Look]()
    due_s, rate_hz = -np.inf, PipelineSettings().rate_hz
    width = height = 0
    with Stream(video) as stream:
        for frame in stream.frames(rate_hz=rate_hz):
            if frame.video_s < start_s:
                continue
            if frame.video_s >= end_s:
                break
            height, width = frame.picture.shape[:2]
            now = frame.video_s - start_s
            watch.see(frame.picture, now)
            if now >= due_s - 0.5 / rate_hz:
                due_s = now + EVERY_S
                out.append(Look(now, watch.measure(detector.detect(frame.picture, MIN_SCORE), Tracks.empty()), 0.0, ()))
    return Looked(width, height, tuple(out))


def bench_films(data: Path, rule: Confirm) -> dict[str, Any]:
    """When the burning house alarms from each start, and what alarms in traffic."""
    house: dict[str, Any] = {}
    firsts: list[float | None] = []
    for start in STARTS_S:
        found = findings(film(data / "video" / HOUSE, start), rule)
        house[f"from {start:g} s"] = [{"kind": one.kind, "at_s": round(one.video_s, 1)} for one in found]
        firsts.append(min((round(one.video_s, 1) for one in found), default=None))
    traffic = [
        {"video": name, "kind": one.kind, "at_s": round(one.video_s, 1)}
        for name in TRAFFIC
        for one in findings(film(data / "video" / name), rule)
    ]
    return {"house_fire_alerts": house, "house_fire_delay_s": firsts, "traffic_false_alarms": traffic}


def bench_stills(data: Path, keep: Path, rule: Confirm, on_clip: Callable[[str], None] | None = None) -> dict[str, Any]:
    """Held-out pictures brought to life: how many of those with fire or smoke alarm, how many of those without."""
    records = [one for one in fire_records(data) if one.split in HELD_OUT]
    burning = _some([one for one in records if len(one.boxes)])
    empty = _some([one for one in records if not len(one.boxes) and not len(one.ignore)])
    detector = SHIPPED.detector("fire")
    counts = {"burning": len(burning), "alarmed": 0, "without": len(empty), "false": 0}
    for name, some, key in (("burning", burning, "alarmed"), ("without", empty, "false")):
        for k, record in enumerate(some):
            label = f"still-{name}-{k:03d}"
            looked = look(draw(_alive(record, k), STILL_FPS, keep, label), keep, label, detector)
            counts[key] += bool(findings(looked, rule))
            if on_clip is not None:
                on_clip(label)
    low, high = wilson(counts["alarmed"], counts["burning"])
    return {**counts, "share_alarmed": [round(low, 3), round(high, 3)], "seconds_each": STILL_S}


def _some(records: list[Record]) -> list[Record]:
    """At most `MOST_STILLS`, evenly spread."""
    step = max(1.0, len(records) / MOST_STILLS)
    return [records[int(k * step)] for k in range(min(len(records), MOST_STILLS))]


def _alive(record: Record, seed: int) -> Iterator[Given]:
    """A picture brought to life."""
    picture = cv2.imread(record.file)
    if picture is None:
        raise InputError(f"The picture {record.file} cannot be read.")
    scale = min(1.0, STILL_SIDE / max(picture.shape[:2]))
    size = int(picture.shape[1] * scale) & ~1, int(picture.shape[0] * scale) & ~1
    still = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    rng = np.random.default_rng(seed)
    boxes = [(int(row[0]), tuple(float(v) * scale for v in row[1:5])) for row in record.boxes]
    for index in range(round(STILL_S * STILL_FPS)):
        video_s = index / STILL_FPS
        shown = still.copy()
        for class_id, (x1, y1, x2, y2) in boxes:
            _flow(shown, (int(x1), int(y1), int(x2), int(y2)), video_s, fire=class_id == FIRE, seed=seed)
        noise = rng.normal(0, NOISE, still.shape).astype(np.float32)
        yield Given(np.clip(shown + noise, 0, 255).astype(np.uint8), video_s, (), 0.0, ())


def _flow(picture: NDArray[np.uint8], box: tuple[int, int, int, int], video_s: float, *, fire: bool, seed: int) -> None:
    """Let what a box shows flow upwards, and flicker if it is fire."""
    x1, y1, x2, y2 = box
    part = picture[max(y1, 0) : y2, max(x1, 0) : x2]
    h, w = part.shape[:2]
    if h < 6 or w < 6:
        return
    gy, gx = np.mgrid[0:h, 0:w].astype(np.float32)
    side = (h + w) / 2
    reach, speed = (0.10, 1.6) if fire else (0.05, 0.35)
    step = TILE / (1.6 * side)
    u = ((gx * step + seed * 37) % TILE).astype(np.float32)
    v = ((gy * step + video_s * speed * side * step) % TILE).astype(np.float32)
    waves = [
        cv2.remap(noise_tile(k), u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP) * reach * side * 0.5
        for k in (81, 83)
    ]
    edge = np.minimum(np.minimum(gx, w - 1 - gx) / (0.2 * w), np.minimum(gy, h - 1 - gy) / (0.2 * h)).clip(0, 1)
    moved = cv2.remap(
        part, (gx + waves[0] * edge).astype(np.float32), (gy + waves[1] * edge).astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip
    gain = 1.0
    if fire:
        gain = 1 + 0.08 * np.sin(video_s * 11 + seed) * np.sin(video_s * 4.3)
    part[:] = np.clip(moved.astype(np.float32) * gain, 0, 255).astype(np.uint8)


def halves(data: Path) -> Iterator[tuple[str, Looked]]:
    """The first halves of the films of traffic, in which nothing burns: the fit learns from them."""
    for name, until_s in (("street.mp4", 19.0), ("car_park.mp4", 15.0)):
        yield name, film(data / "video" / name, 0.0, until_s)
