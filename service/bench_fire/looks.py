"""What a camera's eye gave of each clip of `qyran bench fire`, kept so that rules are judged again in no time.

The eye is the shipped fire detector and `vision.plume` over pictures that were encoded and decoded again. Road users
are told by the truth of the clip instead of the road detector, which saves most of the time; they matter to fire only
as what carries lights and dust.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import av
import numpy as np

from scenarios.render import Encoder
from service.bench_kept import NotedDetector, mark_of, read_seen, write_seen
from vision.classes import ROAD_CLASSES
from vision.plume import PlumeWatch
from vision.sight import Box
from vision.types import Detections, Observation, Plume, Tracks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from scenarios.truth import ObjectTruth
    from vision.detector import Detector

DRAWS: Final = ("scenarios/fires", "scenarios/ordinary.py")
DETECTS: Final = (
    "vision/detector.py",
    "vision/letterbox.py",
    "vision/outputs.py",
    "vision/nms.py",
    "models/weights/fire.json",
)
SEES: Final = ("vision/plume.py", *DETECTS)
LEAST_SEEN: Final = 0.2
"""A road user of which less shows is not told."""
MIN_SCORE: Final = 0.05
"""Score from which the detector tells a box, as in the pipeline."""
EVERY_S: Final = 0.5
BEGIN: Final = datetime(2026, 5, 14, 7, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Look:
    """One look of the fire detector.

    Attributes:
        video_s: second of video.
        plumes: what was measured, the detector's boxes first.
        share: of the picture that truly burns or smokes.
        boxes: where, pixels.
    """

    video_s: float
    plumes: tuple[Plume, ...]
    share: float
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """All looks of a clip."""

    width: int
    height: int
    looks: tuple[Look, ...]

    def observations(self, camera: str) -> Iterator[Observation]:
        """The looks as a rule gets them."""
        for k, look in enumerate(self.looks):
            yield Observation(
                camera, k, k, look.video_s, BEGIN + timedelta(seconds=look.video_s), self.width, self.height,
                Tracks.empty(), detections_of(look.plumes), look.plumes,
            )  # fmt: skip


Known = tuple[int, str, Box]
"""A road user: id, class, box."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one picture: share that burns or smokes, where, and the road users."""

    video_s: float
    share: float
    boxes: tuple[Box, ...]
    users: tuple[Known, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A clip as it lies on disk."""

    video: Path
    fps: float
    truths: tuple[Truth, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """One picture with its truth, before a camera sends it."""

    picture: NDArray[np.uint8]
    video_s: float
    objects: tuple[ObjectTruth, ...]
    share: float
    boxes: tuple[Box, ...]


def detections_of(plumes: tuple[Plume, ...]) -> Detections:
    """The detector's boxes among some plumes."""
    told = [plume for plume in plumes if plume.score > 0]
    if not told:
        return Detections.empty()
    return Detections(
        np.array([plume.box for plume in told], np.float32), np.array([plume.score for plume in told], np.float32),
        np.array([plume.class_id for plume in told], np.int16),
    )  # fmt: skip


def draw(pictures: Iterable[Given], fps: float, folder: Path, name: str) -> Drawn:
    """Pictures through an encoder into a folder, with their truth; as it lies there, where it does."""
    video, told = _path(folder, name, DRAWS, "mp4"), _path(folder, name, DRAWS, "truth.json")
    if video.exists() and told.exists():
        return Drawn(video, fps, _truths(told))
    encoder: Encoder | None = None
    partial = video.with_suffix(".partial.mp4")
    truths: list[Truth] = []
    for index, one in enumerate(pictures):
        if encoder is None:
            height, width = one.picture.shape[:2]
            encoder = Encoder(partial, (width, height), fps)
        encoder.add(one.picture, index)
        users = tuple((o.id, o.cls, o.box) for o in one.objects if o.cls in ROAD_CLASSES and o.visible > LEAST_SEEN)
        truths.append(Truth(one.video_s, one.share, one.boxes, users))
    if encoder is not None:
        encoder.close()
    _write_json(told, [asdict(one) for one in truths])
    partial.replace(video)
    return Drawn(video, fps, tuple(truths))


def look(drawn: Drawn, folder: Path, name: str, detector: Detector) -> Looked:
    """Look at a drawn clip, or take the looks that lie there."""
    path = _path(folder, name, (*DRAWS, *SEES), "looks.json")
    if (found := _kept(path)) is not None:
        return found
    noted_path = _path(folder, name, (*DRAWS, *DETECTS), "fire.npz")
    eye = NotedDetector(detector, read_seen(noted_path))
    watch, out, due_s = PlumeWatch(), [], -math.inf
    before: tuple[Known, ...] = ()
    width = height = 0
    with av.open(str(drawn.video)) as video:
        for frame, truth in zip(video.decode(video=0), drawn.truths, strict=True):
            picture = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
            height, width = picture.shape[:2]
            watch.see(picture, truth.video_s)
            if truth.video_s >= due_s - 0.5 / drawn.fps:
                due_s = truth.video_s + EVERY_S
                plumes = watch.measure(eye.detect(picture, MIN_SCORE), _tracks(truth.users, before, drawn.fps))
                out.append(Look(truth.video_s, plumes, truth.share, truth.boxes))
            before = truth.users
    if eye.answers:
        write_seen(noted_path, eye.answers)
    looked = Looked(width, height, tuple(out))
    _write_json(path, asdict(looked))
    return looked


def _tracks(users: tuple[Known, ...], before: tuple[Known, ...], fps: float) -> Tracks:
    """Road users as a perfect tracker would tell them."""
    known = {number: box for number, _, box in before}
    n = len(users)
    box = np.array([box for _, _, box in users], np.float32).reshape(n, 4)
    old = np.array([known.get(number, box) for number, _, box in users], np.float32).reshape(n, 4)
    velocity = np.stack(((box - old)[:, [0, 2]].mean(1), (box - old)[:, 3]), axis=1) * fps
    return Tracks(
        np.array([number for number, _, _ in users], np.int64),
        np.array([ROAD_CLASSES.index(cls) for _, cls, _ in users], np.int16),
        np.ones(n, np.float32), box, np.ones(n, np.bool_), np.full(n, 5, np.float32), velocity.astype(np.float32),
        np.full((n, 2), np.nan), np.full((n, 2), np.nan), np.full(n, np.nan),
    )  # fmt: skip


def _truths(path: Path) -> tuple[Truth, ...]:
    raw = json.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Truth(one["video_s"], one["share"], tuple(map(tuple, one["boxes"])),
              tuple((number, cls, tuple(box)) for number, cls, box in one["users"]))
        for one in raw
    )  # fmt: skip


def _kept(path: Path) -> Looked | None:
    """The looks as they lie there, None where there are none."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    looks = tuple(
        Look(one["video_s"], tuple(_plume(p) for p in one["plumes"]), one["share"], tuple(map(tuple, one["boxes"])))
        for one in raw["looks"]
    )
    return Looked(raw["width"], raw["height"], looks)


def _write_json(path: Path, value: Any) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(_rounded(value), separators=(",", ":")), encoding="utf-8")
    partial.replace(path)


def _path(folder: Path, name: str, places: tuple[str, ...], end: str) -> Path:
    return folder / f"{name}.{mark_of(places)}.{end}"


def _plume(raw: dict[str, Any]) -> Plume:
    unknown = {name: math.nan for name in ("fade", "tie") if raw[name] is None}
    return Plume(**{**raw, "box": tuple(raw["box"]), **unknown})


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    return value
