"""Rendered clips that a benchmark measures on: drawn once, kept where wanted, looked at from pixels."""

from __future__ import annotations

import hashlib
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from scenarios.account import passages
from scenarios.camera_file import write_camera
from scenarios.render import FULL, Encoder, prepare
from scenarios.truth import Truth, load_truth, save_truth
from service.crop_readers import head_reader_for
from service.detectors import SHIPPED
from vision.camera import load_camera
from vision.classes import ROAD_CLASSES
from vision.detector import Detector
from vision.geometry import iou
from vision.pipeline import Pipeline, PipelineSettings
from vision.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scenarios.layout import Line
    from scenarios.scene import Scene
    from scenarios.truth import FrameTruth, ObjectTruth
    from service.detectors import ModelChoice
    from vision.camera import Camera
    from vision.detector import Picture
    from vision.types import Detections, Observation

SAME_IOU: Final = 0.5
"""Overlap from which a track's box is of an object."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A rendered clip with its camera file and exact truth."""

    video: Path
    camera: Path
    truth: Truth


class TimedDetector(Detector):
    """A detector whose seconds of the processor are noted, whichever thread spends them: nothing else may run.

    Args:
        eye: what looks.
        seconds: to which they are added, picture by picture.
    """

    def __init__(self, eye: Detector, seconds: list[float]) -> None:
        self.spec = eye.spec
        self._eye, self._seconds = eye, seconds

    def detect(self, picture: Picture, min_score: float = 0.0, long_side: int | None = None) -> Detections:
        """As `Detector.detect`."""
        start = time.process_time()
        seen = self._eye.detect(picture, min_score, long_side)
        self._seconds.append(time.process_time() - start)
        return seen

    def twin(self) -> Detector:
        """A plain one: what another thread looks at is not noted here."""
        return self._eye.twin()


@contextmanager
def clip_folder(folder: Path | None) -> Iterator[Path]:
    """The folder that keeps clips, made where it is missing; without one a folder that is gone afterwards."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="qyran-clips-") as gone:
        yield Path(gone)


def clip_of(scene: Scene, folder: Path, lines: Sequence[Line] | None = None) -> Clip:
    """A scene's clip in `folder`: the one already there, else drawn now.

    A clip is named by all that the scene file says, so that a changed scene is drawn anew. What a change of the
    renderer alters is not seen: give an empty folder after one.

    Args:
        scene: what to draw; unlike `scenarios.render.render` nothing it plants needs to happen.
        folder: where clips are kept.
        lines: control lines in road metres in the place of the layout's lines, zones and signal heads.
    """
    told = scene.model_dump_json() + repr(lines)
    name = f"{scene.name}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"
    video, camera, truth = (folder / f"{name}{end}" for end in (".mp4", ".camera.toml", ".truth.json"))
    if not truth.exists():  # written last
        _draw(scene, lines, video, camera, truth)
    return Clip(video, camera, load_truth(truth))


def _draw(scene: Scene, lines: Sequence[Line] | None, video: Path, camera: Path, truth: Path) -> None:
    show = prepare(scene)
    layout, pinhole = show.stage.layout, show.stage.camera
    if lines is not None:
        layout = replace(layout, lines=list(lines), zones=[], heads=[])
    encoder = Encoder(video, FULL, scene.fps)
    frames = []
    for index in range(round(scene.duration_s * scene.fps)):
        picture, told = show.frame(index)
        encoder.add(picture, index)
        frames.append(told)
    encoder.close()
    write_camera(scene, layout, pinhole, camera)
    crossed = passages(tuple(frames), layout, pinhole)
    whole = Truth(scene.name, scene.weather, scene.seed, scene.start.isoformat(), scene.fps, *FULL, tuple(frames))
    partial = truth.with_suffix(".partial")
    save_truth(replace(whole, passages=crossed), partial)
    partial.rename(truth)


def look_at(
    clip: Clip,
    models: ModelChoice = SHIPPED,
    settings: PipelineSettings | None = None,
    camera: Camera | None = None,
    detect_s: list[float] | None = None,
) -> Iterator[Observation]:
    """The clip through the pipeline, as a camera goes through it: detector, tracker, speeds, passages.

    Args:
        clip: what to look at.
        models: that see it.
        settings: how often and how keenly.
        camera: another camera file than the clip's own, such as one that was surveyed less well.
        detect_s: to which the road detector's seconds of the processor are added, picture by picture.
    """
    camera = camera or load_camera(clip.camera)
    road = models.detector("road")
    eye = road if detect_s is None else TimedDetector(road, detect_s)
    pipeline = Pipeline(camera, eye, None, settings, heads=head_reader_for(camera))
    with Stream(clip.video) as stream:
        for frame in stream.frames(rate_hz=pipeline.settings.rate_hz):
            yield pipeline.observe(frame)


def objects_behind(observation: Observation, truth: FrameTruth) -> dict[int, ObjectTruth]:
    """The true object behind each track seen at this moment: the one whose visible part it overlaps best."""
    objects = [one for one in truth.objects if one.cls in ROAD_CLASSES]
    tracks = observation.tracks
    if not objects or not len(tracks):
        return {}
    overlap = iou(tracks.box, np.array([one.visible_box for one in objects], np.float32))
    best = overlap.argmax(axis=1)
    rows = np.flatnonzero(tracks.seen & (overlap.max(axis=1) >= SAME_IOU))
    return {int(tracks.id[row]): objects[int(best[row])] for row in rows}


def rounded(value: Any, digits: int = 3) -> Any:
    """Numbers in a report rounded to `digits`, however deep they lie."""
    if isinstance(value, float):
        return round(value, digits)
    if isinstance(value, dict):
        return {key: rounded(inner, digits) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner, digits) for inner in value]
    return value
