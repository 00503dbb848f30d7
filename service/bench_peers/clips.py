"""The clips on which peers are compared, their control lines, and how many vehicles truly crossed them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from qyran.errors import InputError
from scenarios.scene import load_scene
from service.bench_clips import clip_of
from service.bench_history import CHECKOUT
from vision.camera import load_camera
from vision.classes import ROAD_CLASSES, VEHICLE_IDS
from vision.geometry import to_pixels
from vision.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vision.camera import Camera

REAL: Final = ("street", "car_park", "junction_cyclist", "junction_truck")
"""Real clips by the names of their files; what crossed their lines was counted by eye."""
TRUTH: Final = CHECKOUT / "tests" / "truth"
"""Where those counts and the clips' camera files stand."""
VIDEOS: Final = CHECKOUT.parent / "shared" / "data" / "video"
DRAWN: Final = "arterial"
"""The rendered clip, whose truth is exact."""
DRAWN_S: Final = 20.0
DRAWN_FPS: Final = 25.0


@dataclass(frozen=True, slots=True)
class PeerClip:
    """One clip.

    Attributes:
        name: of the clip.
        video, camera: its files.
        seconds: of video.
        frames_a_second: of the video.
        size: of its pictures, width and height in pixels.
        lines: control lines by id, each two points x, y in pixels.
        vehicles: true number of passages of vehicles with four wheels or more, None where nobody knows it.
        truth: where that is from.
    """

    name: str
    video: Path
    camera: Path
    seconds: float
    frames_a_second: float
    size: tuple[int, int]
    lines: dict[str, list[list[float]]]
    vehicles: int | None
    truth: str


def peer_clips(names: Sequence[str], keep: Path, videos: Path | None = None, truth: Path = TRUTH) -> list[PeerClip]:
    """The clips of these names; the rendered one is drawn into `keep` where it is not there yet.

    Raises:
        InputError: there is no such clip, or a real one's video or count is not there.
    """
    known = (*REAL, DRAWN)
    for name in names:
        if name not in known:
            raise InputError(f"There is no clip {name!r} to compare on; choose of {', '.join(known)}.")
    return [_drawn(keep) if name == DRAWN else _real(name, videos or VIDEOS, truth) for name in names]


def _real(name: str, videos: Path, truth: Path) -> PeerClip:
    video, told = videos / f"{name}.mp4", truth / f"{name}.toml"
    for file in (video, told):
        if not file.is_file():
            raise InputError(
                f"The clip {name} needs {file}, which is not there; name its folder with --videos, or leave the clip "
                "out with --on."
            )
    counted: dict[str, Any] = tomllib.loads(told.read_text(encoding="utf-8"))
    how = "counted by eye from the video, without cyclists and motorcyclists"
    return _clip(name, video, truth / counted["camera"], int(counted["total"]), how)


def _drawn(keep: Path) -> PeerClip:
    scene = load_scene(DRAWN).model_copy(update={"duration_s": DRAWN_S, "fps": DRAWN_FPS, "planted": []})
    clip = clip_of(scene, keep)
    wide = {ROAD_CLASSES[kind] for kind in VEHICLE_IDS} - {"motorcycle"}
    crossed = sum(one.cls in wide for one in clip.truth.passages)
    return _clip(DRAWN, clip.video, clip.camera, crossed, "exact, as rendered")


def _clip(name: str, video: Path, camera_file: Path, vehicles: int | None, truth: str) -> PeerClip:
    camera = load_camera(camera_file)
    with Stream(video) as stream:
        info = stream.info
    clip = PeerClip(
        name, video, camera_file, info.duration_s or 0.0, info.fps, (info.width, info.height), {}, vehicles, truth
    )
    return replace(clip, lines=_lines(camera, info.width, info.height))


def _lines(camera: Camera, width: int, height: int) -> dict[str, list[list[float]]]:
    return {line.id: to_pixels(line.points, width, height).tolist() for line in camera.lines_of("control")}
