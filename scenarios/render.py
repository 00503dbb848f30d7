"""From a scene file to frames, an H.264 clip, a camera file and exact truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
import numpy as np
from numpy.typing import NDArray

from qyran.errors import InputError
from scenarios.account import crossings, happenings, passages
from scenarios.background import paint_backdrop
from scenarios.camera import Pinhole
from scenarios.camera_file import write_camera
from scenarios.compose import Stage, cuboid_truth
from scenarios.effects import Sensor
from scenarios.fleet import KINDS
from scenarios.haze import Haze, haze_of
from scenarios.layout import Layout
from scenarios.scene import Scene, load_scene
from scenarios.templates import TEMPLATES
from scenarios.traffic import ObjectState, World
from scenarios.truth import FrameTruth, RegionTruth, Truth, save_tracks, save_truth
from scenarios.weather import Atmosphere, atmosphere

Size = tuple[int, int]


class SceneError(InputError):
    """A scene file does not do what it says."""


FULL: Size = (1280, 720)


class Moving(Protocol):
    """A world in which things move; asked in rising order of time."""

    def states(self, t: float) -> list[ObjectState]:
        """All objects at second t of the video."""

    def signals(self, t: float) -> dict[str, str]:
        """The state of each signal head at second t, by its id."""


@dataclass(slots=True)
class Show:
    """A scene set up for rendering."""

    scene: Scene
    stage: Stage
    world: Moving
    sensor: Sensor
    haze: Haze

    def frame(self, index: int) -> tuple[NDArray[np.uint8], FrameTruth]:
        """Frame `index`; frames must be asked for in order."""
        video_s = index / self.scene.fps
        states = self.world.states(video_s)
        signals = self.world.signals(video_s)
        regions: list[RegionTruth] = []
        picture, objects = self.stage.compose(
            states, signals, video_s, lambda p: regions.extend(self.haze.draw(p, video_s))
        )
        picture = self.sensor.develop(picture, index, video_s)
        return picture, FrameTruth(index, video_s, tuple(objects), signals, tuple(regions))


def adjusted(
    scene: Scene,
    *,
    seed: int | None = None,
    weather: str | None = None,
    fps: float | None = None,
    duration_s: float | None = None,
) -> Scene:
    """The scene with some of its settings replaced."""
    changes = {"seed": seed, "weather": weather, "fps": fps, "duration_s": duration_s}
    given = {k: v for k, v in changes.items() if v is not None}
    return Scene.model_validate({**scene.model_dump(), **given})


def _place(scene: Scene, size: Size) -> tuple[Layout, Pinhole, Atmosphere]:
    return (TEMPLATES[scene.template](np.random.default_rng(scene.seed + 1)), *view_of(scene, size))


def view_of(scene: Scene, size: Size) -> tuple[Pinhole, Atmosphere]:
    """The camera of a scene and the weather before it."""
    pose = scene.camera
    air = atmosphere(scene.weather, np.random.default_rng(scene.seed + 2))
    camera = Pinhole.look_at(pose.position_m, pose.look_at_m, pose.fov_deg, size)
    return camera, replace(air, blur=air.blur * size[0] / FULL[0])


def prepare(scene: Scene, size: Size = FULL, supersample: float = 2.0) -> Show:
    """Lay out, paint the backdrop, set up traffic and camera."""
    layout, camera, air = _place(scene, size)
    return set_up(scene, layout, World(scene, layout, np.random.default_rng(scene.seed)), camera, air, supersample)


def set_up(
    scene: Scene, layout: Layout, world: Moving, camera: Pinhole, air: Atmosphere, supersample: float = 2.0
) -> Show:
    """Paint the backdrop of a layout and put a world on it."""
    size = camera.width, camera.height
    stage = Stage(camera, layout, air, paint_backdrop(camera, layout, air, scene.seed + 3, supersample))
    exposure = float(np.random.default_rng(scene.seed + 5).uniform(0.94, 1.0))
    sensor = Sensor(air, size[0], size[1], np.random.default_rng(scene.seed + 4), exposure)
    return Show(scene, stage, world, sensor, haze_of(scene, layout, camera, air))


def frames(
    scene: Scene | str | Path,
    *,
    seed: int | None = None,
    weather: str | None = None,
    size: Size = FULL,
    fps: float | None = None,
    duration_s: float | None = None,
) -> Iterator[tuple[NDArray[np.uint8], FrameTruth]]:
    """Frames (height, width, 3) uint8 BGR of a scene with their truth, without encoding."""
    loaded = scene if isinstance(scene, Scene) else load_scene(scene)
    show = prepare(adjusted(loaded, seed=seed, weather=weather, fps=fps, duration_s=duration_s), size)
    for index in range(round(show.scene.duration_s * show.scene.fps)):
        yield show.frame(index)


def rehearse(scene: Scene, size: Size = FULL) -> Truth:
    """The truth of a clip without drawing it: boxes bound each object's cuboid, nothing counts as hidden.

    Takes seconds where rendering takes a minute; to try out a scene file and to test what happens in it.
    """
    layout, camera, air = _place(scene, size)
    world = World(scene, layout, np.random.default_rng(scene.seed))
    haze = haze_of(scene, layout, camera, air)
    blank = np.full((size[1], size[0], 3), 128, np.uint8)
    truths = []
    for index in range(round(scene.duration_s * scene.fps)):
        video_s = index / scene.fps
        objects = [o for o in (cuboid_truth(s, camera) for s in world.states(video_s)) if o is not None]
        regions = haze.draw(blank.copy(), video_s) if scene.smoke else []
        truths.append(FrameTruth(index, video_s, tuple(objects), world.signals(video_s), tuple(regions)))
    return account_for(scene, layout, camera, tuple(truths))


class Encoder:
    """H.264 in MP4, a key frame each second, PTS of an even frame rate."""

    def __init__(self, path: Path, size: Size, fps: float, crf: int = 22) -> None:
        self._rate = Fraction(fps).limit_denominator(1000)
        self._container = av.open(str(path), "w", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream("libx264", rate=self._rate)
        self._stream.width, self._stream.height, self._stream.pix_fmt = size[0], size[1], "yuv420p"
        self._stream.time_base = 1 / self._rate
        self._stream.options = {
            "preset": "veryfast",
            "crf": str(crf),
            "g": str(max(1, int(fps))),
            "bf": "0",
            "threads": "1",
        }

    def add(self, picture: NDArray[np.uint8], index: int) -> None:
        """Append a picture."""
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = index, 1 / self._rate
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def close(self) -> None:
        """Flush and finish the file."""
        for packet in self._stream.encode():
            self._container.mux(packet)
        self._container.close()


@dataclass(frozen=True, slots=True)
class Rendered:
    """What `render` wrote."""

    video: Path
    camera: Path
    truth: Path
    tracks: Path
    frames: int


def render(
    scene_name_or_path: str | Path,
    out_dir: str | Path,
    *,
    seed: int | None = None,
    weather: str | None = None,
    size: Size = FULL,
    fps: float | None = None,
    duration_s: float | None = None,
) -> Rendered:
    """Render a scene into `out_dir`: `<name>.mp4`, `.camera.toml`, `.truth.json` and `.tracks.csv`."""
    scene = adjusted(load_scene(scene_name_or_path), seed=seed, weather=weather, fps=fps, duration_s=duration_s)
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    show = prepare(scene, size)
    video = out / f"{scene.name}.mp4"
    encoder = Encoder(video, size, scene.fps)
    truths: list[FrameTruth] = []
    for index in range(round(scene.duration_s * scene.fps)):
        picture, told = show.frame(index)
        encoder.add(picture, index)
        truths.append(told)
    encoder.close()
    truth = account_for(scene, show.stage.layout, show.stage.camera, tuple(truths))
    result = Rendered(
        video,
        out / f"{scene.name}.camera.toml",
        out / f"{scene.name}.truth.json",
        out / f"{scene.name}.tracks.csv",
        len(truths),
    )
    write_camera(scene, show.stage.layout, show.stage.camera, result.camera)
    save_truth(truth, result.truth)
    save_tracks(truth, result.tracks)
    return result


def account_for(scene: Scene, layout: Layout, camera: Pinhole, frames_truth: tuple[FrameTruth, ...]) -> Truth:
    """Everything about a clip: frames, passages, crossings and events.

    Raises:
        SceneError: the physics shows other events than the scene file plants, so one of them is wrong.
    """
    crossed = crossings(frames_truth, layout, {kind: spec.length for kind, spec in KINDS.items()})
    events = happenings(frames_truth, layout, crossed)
    shown, wanted = sorted(e.kind for e in events), planned(scene)
    if shown != wanted:
        raise SceneError(
            f"scene {scene.name}: the file plants {wanted or 'nothing'}, but {shown or 'nothing'} happens; "
            "change its seed, flows or placed vehicles"
        )
    return Truth(
        scene.name,
        scene.weather,
        scene.seed,
        scene.start.isoformat(),
        scene.fps,
        camera.width,
        camera.height,
        frames_truth,
        events,
        passages(frames_truth, layout, camera),
        crossed,
    )


def planned(scene: Scene) -> list[str]:
    """Kinds of the events that a scene file plants within its duration, sorted."""
    kinds: list[str] = [p.kind for p in scene.placed if p.kind != "drive" and p.at_s < scene.duration_s]
    if scene.smoke:
        kinds += ["smoke"] * (scene.smoke.start_s + 3 < scene.duration_s) + ["fire"] * (
            scene.smoke.flame_s + 3 < scene.duration_s
        )
    return sorted(kinds)
