"""Training pictures from the rendered scenes of `scenarios`, with exact boxes.

The scenes are rendered by the command ``python -m scenarios`` in the serving environment (training has its own), each
many times over: other traffic, other weather, a moved camera. Only the clip and its truth file are read here.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from models.data.places import CACHE, CHECKOUT
from models.data.records import ANY_CLASS, Record, array, whole
from qyran.errors import MediaError
from vision.classes import FIRE_CLASSES, ROAD_CLASSES, SMOKE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCENES: Final = CHECKOUT / "scenarios" / "scenes"
SERVING_PYTHON: Final = CHECKOUT / ".venv" / "bin" / "python"
SOURCE: Final = "rendered"

WEATHERS: Final = ("clear", "overcast", "dusk", "night", "rain", "rain_night", "snow", "fog")
VARIANTS: Final = 8
"""Renderings of each scene: one for each weather."""

FPS: Final = 0.5
"""Pictures a second of scene time: far enough apart that traffic has changed."""

LEAST_VISIBLE: Final = 0.35
"""Share of an object that must show for its box to be taught; below it is hidden from the loss."""

LEAST_SIDE_PX: Final = 7.0
"""Sides below this, in the rendered picture of 1280 pixels, are hidden from the loss."""

FAINT: Final = 0.12
"""Mean opacity below which a region of smoke is hidden from the loss rather than taught."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One rendering of a scene file."""

    scene: Path
    seed: int
    weather: str

    @property
    def name(self) -> str:
        """Folder name."""
        return f"{self.scene.stem}-{self.weather}-{self.seed}"


def variants() -> list[Variant]:
    """All renderings of all shipped scenes, the same on every machine; seeds apart from those of the demo."""
    out = []
    for number, scene in enumerate(sorted(SCENES.glob("*.toml"))):
        for turn in range(VARIANTS):
            out.append(Variant(scene, 5000 + 100 * number + turn, WEATHERS[turn % len(WEATHERS)]))
    return out


def rendered_records(task: str) -> list[Record]:
    """Rendered pictures labelled for `task`; renders what is not there yet."""
    return [record for variant in variants() for record in _records(render(variant), task)]


def render(variant: Variant) -> Path:
    """Render one variant into the cache; returns its folder with ``pictures/`` and ``truth.json``."""
    folder = CACHE / "rendered" / variant.name
    if (folder / "truth.json").is_file():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    scene = folder / variant.scene.name
    scene.write_text(
        moved_camera(variant.scene.read_text(encoding="utf-8"), np.random.default_rng(variant.seed)), encoding="utf-8"
    )
    subprocess.run(
        [
            str(SERVING_PYTHON), "-m", "scenarios", str(scene), "--out", str(folder), "--seed", str(variant.seed),
            "--weather", variant.weather, "--fps", str(FPS),
        ],
        cwd=CHECKOUT, check=True, capture_output=True,
    )  # fmt: skip
    _cut(folder / f"{variant.scene.stem}.mp4", folder / "pictures")
    (folder / f"{variant.scene.stem}.truth.json").rename(folder / "truth.json")
    return folder


def moved_camera(scene: str, rng: np.random.Generator) -> str:
    """The text of a scene file with its camera put a few metres elsewhere and its field of view changed."""

    def shake(spread: tuple[float, float, float]) -> Any:
        def replace(match: re.Match[str]) -> str:
            numbers = [float(word) for word in match.group(2).split(",")]
            moved = [number + rng.uniform(-s, s) for number, s in zip(numbers, spread, strict=True)]
            return f"{match.group(1)}[{', '.join(f'{number:.2f}' for number in moved)}]"

        return replace

    scene = re.sub(r"(position_m = )\[(.*?)\]", shake((2.0, 4.0, 1.5)), scene)
    scene = re.sub(r"(look_at_m = )\[(.*?)\]", shake((2.0, 5.0, 0.4)), scene)
    return re.sub(r"(fov_deg = )([\d.]+)", lambda m: f"{m.group(1)}{float(m.group(2)) * rng.uniform(0.7, 1.2):.1f}", scene)


def _cut(video: Path, folder: Path) -> None:
    """All frames of a clip as JPEG files named by their index."""
    folder.mkdir(exist_ok=True)
    capture = cv2.VideoCapture(str(video))
    index = 0
    while True:
        good, picture = capture.read()
        if not good:
            break
        cv2.imwrite(str(folder / f"{index:04d}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 88])
        index += 1
    capture.release()
    if not index:
        raise MediaError(f"The rendered clip {video} holds no picture; delete its folder and render again.")


def _records(folder: Path, task: str) -> Iterator[Record]:
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    size = (int(truth["width"]), int(truth["height"]))
    for frame in truth["frames"]:
        path = folder / "pictures" / f"{frame['index']:04d}.jpg"
        if path.is_file():
            boxes, ignore = road_labels(frame) if task == "road" else fire_labels(frame, size)
            yield Record(str(path), SOURCE, "train", *size, array(boxes), array(ignore))


def road_labels(frame: dict[str, Any]) -> tuple[list[list[float]], list[list[float]]]:
    """Boxes and hidden regions of the road classes from the truth of one frame; animals and the like are left out."""
    boxes: list[list[float]] = []
    ignore: list[list[float]] = []
    for thing in frame["objects"]:
        box = [float(v) for v in thing["visible_box"]]
        small = min(box[2] - box[0], box[3] - box[1]) < LEAST_SIDE_PX
        if thing["cls"] not in ROAD_CLASSES or thing["visible"] <= 0:
            continue
        if small or thing["visible"] < LEAST_VISIBLE:
            ignore.append([float(ANY_CLASS), *box])
        else:
            boxes.append([float(ROAD_CLASSES.index(thing["cls"])), *box])
    return boxes, ignore


def fire_labels(frame: dict[str, Any], size: tuple[int, int]) -> tuple[list[list[float]], list[list[float]]]:
    """Boxes and hidden regions of fire and smoke from the truth of one frame; steam is taught as nothing."""
    boxes: list[list[float]] = []
    ignore: list[list[float]] = []
    for region in frame["regions"]:
        if region["cls"] not in FIRE_CLASSES:
            continue
        row = [float(FIRE_CLASSES.index(region["cls"])), *(float(v) for v in region["box"])]
        (ignore if region["density"] < FAINT else boxes).append(row)
    if ignore:  # where faint smoke ends nobody can tell
        ignore.append(list(whole(SMOKE, *size)))
    return boxes, ignore
