"""Plates on the vehicles of rendered scenes, seen by a camera near enough to read them.

``.venv/bin/python -m models.data.rendered_plates`` writes the pictures into the cache. It needs the serving
environment, in which the scenes are drawn; training calls it there and reads only what it wrote.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from models.data.places import CACHE, CHECKOUT
from models.data.records import Record, array, read_records, write_records
from models.data.rendered import SERVING_PYTHON
from models.plate_finder_paint import Scene, bounds, corners, cut, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from models.plate_finder_paint import Points
    from scenarios.camera import Pinhole
    from scenarios.compose import Stage
    from scenarios.traffic import ObjectState

SOURCE: Final = "rendered_plates"
COUNT: Final = 90
SEED: Final = 7104
WINDOWS: Final = 2
"""Windows cut out of each rendered picture."""
SHARES: Final = (0.03, 0.4)
"""Width of the chosen plate as a share of the window's, drawn evenly on a log scale."""
QUALITY: Final = 92
FOLDER: Final = CACHE / "plates" / "rendered"
SIZE: Final = (960, 544)
PER_PLACE: Final = 4
LEAST_VISIBLE: Final = 0.9
"""Share of a vehicle that must show for its plate to be taught; else it is hidden."""
LEAST_PX: Final = 12.0


def rendered_scenes(count: int, seed: int) -> Iterator[Scene]:
    """Rendered street views with the plates of their vehicles; the same count and seed give the same."""
    # Drawing needs the scenes' own parts, which training elsewhere does not.
    from scenarios.pictures import _finish, _place, _signals, _traffic  # noqa: PLC0415

    made = place = 0
    while made < count:
        rng = np.random.default_rng((seed, place))
        stage = _place(rng, SIZE, "road")
        stage.camera = _near(stage, rng)
        for _ in range(min(PER_PLACE, count - made)):
            states = _traffic(stage.layout, rng, float(rng.choice([0.5, 1.0, 1.8])))
            picture, objects = stage.compose(states, _signals(stage.layout, rng), float(rng.uniform(0, 10)))
            shown = {truth.id: truth.visible for truth in objects}
            plates: list[Points] = []
            hidden: list[Points] = []
            for state in states:
                for points in _plates(state, stage.camera):
                    visible = shown.get(state.id, 0.0)
                    if visible >= LEAST_VISIBLE and np.ptp(points[:, 0]) >= LEAST_PX:
                        plates.append(points)
                    elif visible > 0:
                        hidden.append(corners(*bounds(points)))
            yield Scene(_finish(picture, stage, rng), plates, hidden)
            made += 1
        place += 1


def _near(stage: Stage, rng: np.random.Generator) -> Pinhole:
    """The stage's camera with a longer lens, so that plates are large."""
    from scenarios.camera import Pinhole  # noqa: PLC0415

    old = stage.camera
    focal = old.focal_px * float(rng.uniform(1.6, 4.0))
    return Pinhole(old.position, old.rotation, focal, old.width, old.height)


def _plates(state: ObjectState, camera: Pinhole) -> list[Points]:
    """Corners of the plates of a vehicle that face the camera, pixels, clockwise from top left as read."""
    from scenarios.fleet import mesh_of  # noqa: PLC0415

    if not state.look.plate:
        return []
    mesh = mesh_of(state.look, 0.0, fine=True)
    c, s = np.cos(state.heading), np.sin(state.heading)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    found = []
    for points in mesh.plates:
        world = points @ turn.T + (state.x, state.y, 0.0)
        pixels, depth = camera.project(world)
        normal = np.cross(world[1] - world[0], world[3] - world[0])
        if depth.min() > 2 and normal @ (camera.position - world[0]) <= 0:
            found.append(np.asarray(pixels, np.float64))
    return found


def rendered_plates() -> list[Record]:
    """Windows of rendered scenes; renders them if they are not there yet."""
    kept = FOLDER / "records.jsonl"
    if not kept.is_file():
        subprocess.run([str(SERVING_PYTHON), "-m", "models.data.rendered_plates"], cwd=CHECKOUT, check=True)  # noqa: S603
    return read_records(kept)


def write() -> None:
    """Draw the pictures and keep them with their boxes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    records: list[Record] = []
    rng = np.random.default_rng(SEED)
    for scene in rendered_scenes(COUNT, SEED):
        for _ in range(WINDOWS):
            part = cut(scene, float(np.exp(rng.uniform(*np.log(SHARES)))), rng)
            path = FOLDER / f"{len(records):04d}.jpg"
            cv2.imwrite(str(path), part.picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            taught, hidden = rows(part)
            height, width = part.picture.shape[:2]
            records.append(Record(str(path), SOURCE, "train", width, height, array(taught), array(hidden)))
    write_records(FOLDER / "records.jsonl", records)


if __name__ == "__main__":
    write()
