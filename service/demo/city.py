"""The sample city: rendered scenes, each watched by a camera as if it had just happened."""

from __future__ import annotations

import hashlib
import multiprocessing
import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import scenarios
from models.card import WEIGHTS
from qyran import __version__
from scenarios.render import render
from service.camera_watch import watch_camera
from vision.camera import Camera, load_camera

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from service.settings import Settings

SCENES: Final = ("junction", "arterial", "street", "quiet")
"""What the city's cameras see; `quiet` has no event at all and must raise none."""
PROCESSES: Final = 2


@dataclass(frozen=True, slots=True)
class Watched:
    """One camera after its scene was analysed."""

    scene: str
    frames: int
    seconds: float


def stamp() -> str:
    """Changes whenever scenes, models or the program change: then an older demo is made anew."""
    digest = hashlib.sha256(__version__.encode())
    for path in sorted([*Path(scenarios.__file__).parent.rglob("*.py"), *_scene_files(), *WEIGHTS.glob("*.json")]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def render_city(folder: Path, say: Callable[[str], None]) -> None:
    """Render the scenes that are not there yet, several at once."""
    wanted = [scene for scene in SCENES if not _is_rendered(folder, scene)]
    with _pool() as pool:
        for scene in pool.map(_render, [folder] * len(wanted), wanted):
            say(f"rendered {scene}")


def watch_city(folder: Path, settings: Settings, say: Callable[[str], None]) -> list[Watched]:
    """Analyse every scene; its first frame is dated so that its last one is now."""
    with _pool() as pool:
        done = []
        for watched in pool.map(_watch, [folder] * len(SCENES), SCENES, [settings] * len(SCENES)):
            say(f"analysed {watched.scene}: {watched.frames} frames in {watched.seconds:.0f} s")
            done.append(watched)
        return done


def cameras(folder: Path) -> Iterable[Camera]:
    """The camera files of the rendered scenes."""
    return [load_camera(_camera_file(folder, scene)) for scene in SCENES]


def truth_file(folder: Path, camera_id: str) -> Path:
    """The ground truth of what a camera saw."""
    for scene in SCENES:
        if load_camera(_camera_file(folder, scene)).id == camera_id:
            return folder / f"{scene}.truth.json"
    raise LookupError(camera_id)


def _pool() -> ProcessPoolExecutor:
    # Spawned, not forked: libraries with threads of their own do not survive a fork.
    return ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn"))


def _scene_files() -> list[Path]:
    return [Path(scenarios.__file__).parent / "scenes" / f"{scene}.toml" for scene in SCENES]


def _camera_file(folder: Path, scene: str) -> Path:
    return folder / f"{scene}.camera.toml"


def _is_rendered(folder: Path, scene: str) -> bool:
    return (folder / f"{scene}.done").exists()


def _render(folder: Path, scene: str) -> str:
    render(scene, folder)
    (folder / f"{scene}.done").touch()
    return scene


def _watch(folder: Path, scene: str, settings: Settings) -> Watched:
    began = datetime.now(UTC)
    shutil.rmtree(settings.home / "packages" / scene, ignore_errors=True)
    frames, _ = watch_camera(_camera_file(folder, scene), settings, start_time=_start(folder, scene), demo=True)
    return Watched(scene, frames, (datetime.now(UTC) - began).total_seconds())


def _start(folder: Path, scene: str) -> datetime:
    """So that the recording ends now."""
    from vision.stream import Stream  # noqa: PLC0415 - only the analysing process needs it

    with Stream(folder / f"{scene}.mp4") as stream:
        return datetime.now(UTC) - timedelta(seconds=stream.info.duration_s or 0.0)
