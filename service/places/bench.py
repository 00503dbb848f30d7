"""`python -m service.places.bench`: how far places of alerts are from the truth, how often their regions hold it.

Rendered scenes know where everything stands in metres. Each vehicle and person seen in them is located by the box the
shipped detector gives it (`--boxes truth`: by its true outline), with a camera file whose survey, anchor, place and
heading are off by what they are said to be uncertain by. Fires are put into a simulated district and seen by several
cameras whose headings are off by as much.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from shapely import Point, Polygon

from incidents.where.eye import AXES_SIGMA_DEG, CAMERA_SIGMA_M, HEADING_SIGMA_DEG, Eye
from incidents.where.fix import Sight, from_many, from_one
from incidents.where.place import Place
from incidents.where.seen import Sighting, where_seen
from qyran.earth import Plane, distance_m
from qyran.errors import CameraFileError
from scenarios.camera_file import camera_toml, ground_of
from scenarios.render import FULL, adjusted, prepare
from scenarios.scene import Scene, load_scene, scene_names
from vision.camera import Camera, parse_camera
from vision.classes import ROAD_CLASSES
from vision.geometry import iou

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenarios.render import Show
    from vision.detector import Detector

    Floats = NDArray[np.float64]

DAY: Final = date(2026, 11, 22)
FAR_M: Final = 120.0
"""Beyond it a scene's vehicles are too small to be told apart."""
SEEN: Final = 0.9
"""Share of an object that has to show."""
SAME: Final = 0.5
"""Overlap from which a detection is of an object."""
SURVEY_PX: Final = 1.28
"""Standard deviation of a drawn point: the camera file's 0.001 of the picture's width."""
SURVEY_M: Final = 0.1
ANCHOR_M: Final = 0.5
FRAMES: Final = 12
SURVEYS: Final = 20
EACH: Final = 20
"""Surveys of each scene, and objects located by each: what one survey is off by, all its places are off by."""
FIRES: Final = 600
NEAREST_M, FARTHEST_M = 50.0, 2000.0
"""Between a fire and the cameras that see it."""


@dataclass(frozen=True, slots=True)
class Located:
    """One place against its truth: metres off, stated radius, and whether the region holds it."""

    off_m: float
    radius_m: float
    held: bool


def main(given: Sequence[str] | None = None) -> int:
    """Measure and print JSON; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m service.places.bench", description=__doc__)
    parser.add_argument("--boxes", choices=("detector", "truth"), default="detector")
    parser.add_argument("--frames", type=int, default=FRAMES, help="pictures of each scene")
    parser.add_argument("--fires", type=int, default=FIRES)
    parser.add_argument("--seed", type=int, default=1)
    said = parser.parse_args(given)
    rng = np.random.default_rng(said.seed)
    found: dict[str, Any] = {"boxes": said.boxes, "seed": said.seed}
    found["road"] = on_the_road(rng, said.frames, _detector() if said.boxes == "detector" else None)
    found["fire"] = fires(rng, said.fires)
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0


def on_the_road(rng: np.random.Generator, frames: int, detector: Detector | None) -> dict[str, Any]:
    """Vehicles and people of the shipped scenes, with the calibration tied by its anchor and by the camera."""
    told: dict[str, list[Located]] = {"anchor": [], "camera": []}
    refused = 0
    for name in scene_names():
        show = prepare(adjusted(load_scene(name), fps=1.0), FULL)
        seen = list(_seen(show, frames, detector))
        for tie, found in told.items():
            for _ in range(SURVEYS):
                try:
                    eye = Eye.of(_surveyed(show, rng, anchored=tie == "anchor"), *FULL, DAY)
                except CameraFileError:
                    refused += 1  # a survey that contradicts itself is sent back to the surveyor
                    continue
                some = rng.choice(len(seen), min(len(seen), EACH), replace=False) if seen else ()
                for box, class_name, truth in (seen[int(k)] for k in some):
                    place = where_seen(eye, Sighting("stopped_vehicle", box, class_name))
                    if place is not None and place.source == "plane":
                        found.append(_against(place, truth))
    return {**{tie: _figures(found) for tie, found in told.items()}, "surveys_refused": refused}


def fires(rng: np.random.Generator, number: int) -> dict[str, Any]:
    """Fires in a district, by the bearing of one camera, and of two or three where their lines mean a place."""
    plane, told = Plane(43.2389, 76.8897), dict[str, list[Located]]()
    tried = crossed = 0
    for _ in range(number):
        fire = np.zeros(2)
        sights = [_sight(rng, plane, fire) for _ in range(int(rng.integers(2, 4)))]
        truth = plane.degrees(*fire)
        told.setdefault("one_bearing", []).append(_against(from_one(sights[0]).place, truth))
        tried += 1
        fix = from_many(sights)
        if fix is not None:
            crossed += 1
            told.setdefault(f"crossed_{len(sights)}", []).append(_against(fix.place, truth))
    return {
        **{name: _figures(found) for name, found in sorted(told.items())},
        "crossed_share": round(crossed / tried, 3),
    }


def _sight(rng: np.random.Generator, plane: Plane, fire: Floats) -> Sight:
    far, way = FARTHEST_M * math.sqrt(rng.uniform((NEAREST_M / FARTHEST_M) ** 2, 1.0)), rng.uniform(0, 2 * math.pi)
    mast = fire - far * np.array([math.sin(way), math.cos(way)])
    said = mast + rng.normal(0, CAMERA_SIGMA_M, 2)
    bearing = math.degrees(way) + rng.normal(0, HEADING_SIGMA_DEG)
    return Sight(*plane.degrees(*said), bearing % 360.0, HEADING_SIGMA_DEG, FARTHEST_M, sigma_m=CAMERA_SIGMA_M)


def _seen(show: Show, frames: int, detector: Detector | None) -> Iterator[tuple[list[float], str, tuple[float, float]]]:
    """Boxes of what shows well, its class, and its true place."""
    ground, camera = ground_of(show.scene), show.stage.camera
    for index in range(frames):
        picture, truth = show.frame(index)
        detections = None if detector is None else detector.detect(picture, 0.5)
        for one in truth.objects:
            far = math.dist((one.x_m, one.y_m), camera.position[:2])
            cut = min(one.box[:2]) <= 1 or one.box[2] >= camera.width - 1 or one.box[3] >= camera.height - 1
            if one.visible < SEEN or far > FAR_M or cut or one.cls not in ROAD_CLASSES:
                continue
            box = list(one.box)
            if detections is not None:
                overlap = iou(np.array([one.box]), detections.box) if len(detections) else np.zeros((1, 0))
                if not overlap.size or overlap.max() < SAME:
                    continue
                box = [float(value) for value in detections.box[int(overlap.argmax())]]
            yield box, one.cls, ground.degrees(one.x_m, one.y_m)


def _surveyed(show: Show, rng: np.random.Generator, *, anchored: bool) -> Camera:
    """The scene's camera file, off by what a surveyor is off by."""
    scene: Scene = show.scene
    raw = tomllib.loads(camera_toml(scene, show.stage.layout, show.stage.camera))
    calibration, turn = raw["calibration"], math.radians(rng.normal(0, AXES_SIGMA_DEG))
    c, s = math.cos(turn), math.sin(turn)
    for one in calibration["points"]:
        x, y = one["ground_m"]
        one["ground_m"] = [x * c - y * s + rng.normal(0, SURVEY_M), x * s + y * c + rng.normal(0, SURVEY_M)]
        off = rng.normal(0, SURVEY_PX, 2) / FULL
        one["picture"] = [min(max(value + by, 0.0), 1.0) for value, by in zip(one["picture"], off, strict=True)]
    if anchored:
        anchor = calibration["anchor"]
        moved = Plane(anchor["latitude"], anchor["longitude"]).degrees(*rng.normal(0, ANCHOR_M, 2))
        anchor["latitude"], anchor["longitude"] = moved
    else:
        del calibration["anchor"]
        moved = Plane(raw["latitude"], raw["longitude"]).degrees(*rng.normal(0, CAMERA_SIGMA_M, 2))
        raw["latitude"], raw["longitude"] = moved
    return parse_camera(raw, source=f"the scene {scene.name}")


def _against(place: Place, truth: tuple[float, float]) -> Located:
    middle = Plane(place.latitude, place.longitude)
    off = distance_m((place.latitude, place.longitude), truth)
    if place.region is None:
        return Located(off, place.radius_m, off <= place.radius_m)
    ring = Polygon([middle.metres(*one) for one in place.region])
    return Located(off, place.radius_m, bool(ring.covers(Point(middle.metres(*truth)))))


def _figures(found: list[Located]) -> dict[str, Any]:
    if not found:
        return {"n": 0}
    off, radius = np.array([one.off_m for one in found]), np.array([one.radius_m for one in found])
    return {
        "n": len(found),
        "off_m_median": round(float(np.median(off)), 2),
        "off_m_p95": round(float(np.quantile(off, 0.95)), 2),
        "radius_m_median": round(float(np.median(radius)), 2),
        "region_holds_truth": round(float(np.mean([one.held for one in found])), 3),
    }


def _detector() -> Detector:
    from service.detectors import ModelChoice  # noqa: PLC0415 - only who looks at pictures waits for it

    return ModelChoice().detector("road")


if __name__ == "__main__":
    sys.exit(main())
