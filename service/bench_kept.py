"""What a benchmark of the rules keeps of each clip: its truth, what the detector saw in it, how the rules did.

Drawing a clip and looking at it take most of the time. Each is kept beside the clip under a mark of what it depends on
(the code, the weights), so that after a change of a rule only the rules run again, and a run that was broken off goes
on where it stopped. What was made by other code is made anew.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zipfile import BadZipFile

import numpy as np

from qyran.errors import InputError, QyranError
from scenarios.happenings.clip import Drawn, draw
from scenarios.truth import Truth, load_truth, save_truth
from vision.detector import Detector
from vision.types import Detections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenarios.happenings.clip import Clip
    from vision.detector import DetectorSpec, Picture

ROOT: Final = Path(__file__).resolve().parents[1]
DRAWS: Final = ("scenarios",)
"""Code on which a drawn clip depends,"""
SEES: Final = ("vision/detector.py", "vision/letterbox.py", "vision/outputs.py", "vision/nms.py")
"""what the detector saw,"""
JUDGES: Final = ("vision", "violations", "incidents", "scenarios", "service/bench_rules.py", "service/rulebook.py",
                 "models/weights")  # fmt: skip
"""and the verdict."""


@cache
def mark_of(places: tuple[str, ...]) -> str:
    """Twelve hexadecimal digits that change with the Python files and model cards in some places of the project."""
    told = hashlib.sha256()
    for place in places:
        root = ROOT / place
        for path in [root] if root.is_file() else sorted([*root.rglob("*.py"), *root.rglob("*.json")]):
            told.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return told.hexdigest()[:12]


class Kept:
    """The folder of one clip's keepsakes.

    Args:
        folder: where clips lie.
        clip: the clip before it is drawn.
    """

    def __init__(self, folder: Path, clip: Clip) -> None:
        self._folder, self._clip = folder, clip

    def drawn(self) -> Drawn:
        """The clip as it lies there, else drawn now; then what was kept of an older drawing is thrown away."""
        clip, path = self._clip, self._path("truth.json", mark_of(DRAWS))
        video, camera = (self._folder / f"{clip.scene.name}{end}" for end in (".mp4", ".camera.toml"))
        if path.exists() and video.exists() and camera.exists():
            try:
                frames = load_truth(path).frames
                return Drawn(video, camera, frames, clip.checked(frames), tuple(clip.intents))
            except InputError:
                pass  # broken off while it was written, or told otherwise by rounding: draw it again
        for old in self._folder.glob(f"{clip.scene.name}.*"):
            old.unlink()
        drawn, scene = draw(clip, self._folder), clip.scene
        start = scene.start.isoformat()
        save_truth(Truth(scene.name, scene.weather, scene.seed, start, scene.fps, *clip.size, drawn.frames), _new(path))
        _new(path).replace(path)
        return drawn

    def seen(self, spec: DetectorSpec) -> list[Detections] | None:
        """What a detector saw in each analysed picture, None where it has not looked yet."""
        return read_seen(self._seen_path(spec))

    def keep_seen(self, spec: DetectorSpec, seen: list[Detections]) -> None:
        """Keep what a detector saw in each analysed picture."""
        write_seen(self._seen_path(spec), seen)

    def verdict(self) -> dict[str, Any] | None:
        """How the rules did, None where they have not judged yet as they are now."""
        path = self._path("verdict.json", mark_of(JUDGES))
        try:
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return told

    def keep_verdict(self, told: dict[str, Any]) -> None:
        """Keep how the rules did; older verdicts are thrown away."""
        path = self._path("verdict.json", mark_of(JUDGES))
        for old in self._folder.glob(f"{self._clip.scene.name}.*.verdict.json"):
            old.unlink()
        _new(path).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        _new(path).replace(path)

    def _seen_path(self, spec: DetectorSpec) -> Path:
        return self._path("seen.npz", f"{spec.sha256[:12]}-{mark_of(SEES)}")

    def _path(self, end: str, mark: str) -> Path:
        return self._folder / f"{self._clip.scene.name}.{mark}.{end}"


def read_seen(path: Path) -> list[Detections] | None:
    """What a detector saw in each picture as `write_seen` kept it, None where nothing whole lies there."""
    try:
        with path.open("rb") as file, np.load(file) as told:
            cuts = np.cumsum(told["count"])[:-1]
            parts = (np.split(told[name], cuts) for name in ("box", "score", "class_id"))
            return [Detections(*one) for one in zip(*parts, strict=True)]
    except (OSError, ValueError, KeyError, BadZipFile):
        return None


def write_seen(path: Path, seen: list[Detections]) -> None:
    """Keep what a detector saw in each picture."""
    with _new(path).open("wb") as file:
        np.savez_compressed(
            file, count=np.array([len(one) for one in seen]), box=np.concatenate([one.box for one in seen]),
            score=np.concatenate([one.score for one in seen]),
            class_id=np.concatenate([one.class_id for one in seen]),
        )  # fmt: skip
    _new(path).replace(path)


def _new(path: Path) -> Path:
    """Where a file is written before it takes its name."""
    return path.with_name(path.name + ".partial")


class NotedDetector(Detector):
    """A detector of which every answer is noted, or one that gives noted answers again, picture by picture.

    Args:
        eye: what looks.
        noted: answers of an earlier run over the same pictures; None to look.
    """

    def __init__(self, eye: Detector, noted: list[Detections] | None) -> None:
        self.spec = eye.spec
        self.answers: list[Detections] = []
        self._eye = eye
        self._noted: Iterator[Detections] | None = None if noted is None else iter(noted)

    def twin(self) -> Detector:
        """A plain one: what another thread looks at is not noted here."""
        return self._eye.twin()

    def detect(self, picture: Picture, min_score: float = 0.0, long_side: int | None = None) -> Detections:
        """As `Detector.detect`.

        Raises:
            QyranError: there are more pictures than noted answers.
        """
        if self._noted is None:
            self.answers.append(self._eye.detect(picture, min_score, long_side))
            return self.answers[-1]
        answer = next(self._noted, None)
        if answer is None:
            raise QyranError("The kept clip has more pictures than the detector saw: delete the folder of clips.")
        return answer
