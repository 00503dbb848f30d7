"""The limit of an analysis: decoding and its networks alone, on the same frames and crops, with the same threads.

Whatever is followed, judged, drawn and cut besides cannot make it faster. Which crops the networks for plates, kinds
and colours look at depends on what is followed: a run that is not timed notes them, the timed one only looks.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from service.crop_readers import attribute_reader, head_reader_for
from service.detectors import SHIPPED
from service.plate_eye import plate_eye
from vision.camera import load_camera
from vision.lookahead import Lookahead
from vision.pipeline import Pipeline
from vision.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vision.camera import Camera
    from vision.lookahead import Eyes

    Crops = dict[int, list[Callable[[], object]]]
    """By the number of the analysed frame what its crops were looked at with."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run took: seconds on the clock, seconds of the processor, busy seconds of each stage."""

    wall_s: float
    cpu_s: float
    busy_s: dict[str, float]


def crops_of(video: Path, camera: Camera) -> Crops:
    """Every look of the networks for crops in a video, to be repeated."""
    road, fire = (SHIPPED.detector(place) for place in ("road", "fire"))
    noted: Crops = defaultdict(list)
    number = 0

    def note(look: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def noting(given: Any) -> Any:
            kept = [one.copy() for one in given] if isinstance(given, list) else given.copy()
            noted[number].append(lambda: look(kept))
            return look(given)

        return noting

    plates, looks = plate_eye(SHIPPED), attribute_reader()
    if plates is not None:
        plates.look = note(plates.look)  # type: ignore[assignment, method-assign]
    looks.read = note(looks.read)  # type: ignore[assignment, method-assign]
    pipeline = Pipeline(camera, road, fire, plates=plates, heads=head_reader_for(camera), looks=looks)
    with Stream(video) as stream:
        for number, frame in enumerate(stream.frames(pipeline.settings.rate_hz)):  # noqa: B007 - `note` reads it
            pipeline.observe(frame)
    return noted


def limit(
    video: Path, camera_file: Path, threads: int, crops: Crops | None = None, seconds: float | None = None
) -> Spent:
    """Decoding and networks alone on the frames that `analyse` would take; loading is not counted.

    Args:
        video: the video.
        camera_file: its camera file.
        threads: that look at frames.
        crops: that are looked at besides, frame by frame; none for the detectors of road users and fire alone.
        seconds: of video; by default all.
    """
    road, fire = (SHIPPED.detector(place, at_once=threads) for place in ("road", "fire"))
    pipeline = Pipeline(load_camera(camera_file), road, fire)
    eyes: list[Eyes] = [(road.twin(), fire.twin()) for _ in range(threads)]
    busy: defaultdict[str, float] = defaultdict(float)
    with Stream(video) as stream:
        pipeline.prepare(stream.info.width, stream.info.height)
        wall, cpu = time.perf_counter(), time.process_time()
        with Lookahead(pipeline, stream.frames(pipeline.settings.rate_hz), eyes) as ahead:
            for number, one in enumerate(ahead):
                busy["decode"] += one.decode_s
                for stage, spent in one.looked.seconds.items():
                    busy[stage] += spent
                begun = time.perf_counter()
                for look in (crops or {}).get(number, ()):
                    look()
                busy["crops"] += time.perf_counter() - begun
                if seconds is not None and one.frame.video_s >= seconds:
                    break
        return Spent(time.perf_counter() - wall, time.process_time() - cpu, dict(busy))
