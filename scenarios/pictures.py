"""Varied single pictures with boxes, to train and test detectors: `sample(n, seed, task)`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.background import paint_backdrop
from scenarios.camera import Pinhole
from scenarios.compose import Stage, in_front
from scenarios.effects import Sensor, add_halo
from scenarios.fleet import draw_look
from scenarios.layout import Layout, Path
from scenarios.objects import Glow
from scenarios.shadows import footprint
from scenarios.smoke import Flame, Plume
from scenarios.templates import TEMPLATES
from scenarios.traffic import ObjectState
from scenarios.truth import ObjectTruth, RegionTruth
from scenarios.weather import Atmosphere, atmosphere

ROAD = ("person", "bicycle", "motorcycle", "car", "bus", "truck")
FIRE = ("fire", "smoke")
Sample = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]
PER_PLACE = 6  # pictures taken of one painted place
SUPERSAMPLE = 1.5
_WEATHERS = (
    ("clear", 0.34),
    ("overcast", 0.20),
    ("dusk", 0.10),
    ("night", 0.11),
    ("rain", 0.09),
    ("rain_night", 0.05),
    ("snow", 0.06),
    ("fog", 0.05),
)
_MIX = {
    "sedan": 24,
    "hatch": 12,
    "wagon": 8,
    "suv": 18,
    "minivan": 5,
    "bus": 7,
    "minibus": 2,
    "van": 2,
    "truck_box": 7,
    "truck_tipper": 4,
    "truck_semi": 4,
    "motorcycle": 6,
    "bicycle": 5,
}
LEAST_VISIBLE = 0.25
LEAST_PX = 7.0


def sample(
    n: int, seed: int, task: Literal["road", "fire"] = "road", size: tuple[int, int] = (960, 544)
) -> Iterator[Sample]:
    """Yield n pictures (h, w, 3) uint8 BGR with boxes (N, 4) float32 x1 y1 x2 y2 in pixels and class ids (N,).

    Class ids follow `ROAD` or `FIRE`. Objects of which less than a quarter shows get no box. In the fire task about
    half of the pictures hold neither fire nor smoke but what looks like it: headlights at night, sunset, fog, steam,
    dust, red vehicles and brake lights. The same n, seed, task and size give the same pictures.
    """
    made = 0
    place = 0
    while made < n:
        rng = np.random.default_rng((seed, place, 0 if task == "road" else 1))
        stage = _place(rng, size, task)
        for _ in range(min(PER_PLACE, n - made)):
            yield _road(stage, rng) if task == "road" else _fire(stage, rng)
            made += 1
        place += 1


def _place(rng: np.random.Generator, size: tuple[int, int], task: str) -> Stage:
    template = str(rng.choice(list(TEMPLATES)))
    layout = TEMPLATES[template](rng)
    names, weights = zip(*_WEATHERS, strict=True)
    weather = str(rng.choice(names, p=weights))
    if task == "fire" and rng.random() < 0.12:
        weather = "sunset"
    air = atmosphere(weather, rng)
    air = replace(
        air,
        blur=air.blur * size[0] / 1280 * float(rng.uniform(0.6, 2.0)),
        noise=air.noise * float(rng.uniform(0.5, 2.2)),
    )
    camera = _pose(rng, template, size)
    return Stage(camera, layout, air, paint_backdrop(camera, layout, air, int(rng.integers(1 << 30)), SUPERSAMPLE))


def _pose(rng: np.random.Generator, template: str, size: tuple[int, int]) -> Pinhole:
    """A camera on a pole beside or above the road."""
    u = rng.uniform
    side = float(rng.choice([-1.0, 1.0]))
    edge = {"crossroads": 9.5, "arterial": 9.5, "street": 7.0}[template]
    x = side * u(0.5, edge)
    y = u(-34, -14) if template == "crossroads" else u(-26, -8)
    if template == "street":
        x = float(np.clip(x, -8, 8))
    target = (u(-3, 3) - 0.15 * x, y + u(18, 44), u(0.0, 2.5))
    return Pinhole.look_at((x, y, u(4.5, 11.0)), target, u(42, 78), size)


def _traffic(layout: Layout, rng: np.random.Generator, crowd: float) -> list[ObjectState]:
    """Objects put at random along the paths, never two in one place."""
    out: list[ObjectState] = []
    taken: list[NDArray[np.float64]] = []

    def put(path: Path, kind: str | None, s: float, offset: float, turned: float = 0.0) -> float:
        """Put one down at arc length s unless something is there; returns its length."""
        look = draw_look(rng, kind) if kind else draw_look(rng, mix=_MIX)
        length = look.spec.length
        x, y, heading = path.at(s + length / 2, offset)
        state = ObjectState(
            len(out) + 1,
            look,
            x,
            y,
            heading + turned,
            float(rng.uniform(0, 14)),
            bool(rng.random() < 0.35),
            int(rng.choice([0, 0, 0, 0, 1, -1, 2])),
            float(rng.uniform(0, 6.28)),
        )
        plan = footprint(state)
        if not any(in_front(plan, other, np.zeros(2)) is None for other in taken):
            taken.append(plan)
            out.append(state)
        return length

    for path in layout.paths.values():
        jam = rng.random() < 0.3
        s = float(rng.uniform(0, 25))
        while s < path.length - 14:
            length = put(path, None, s, float(rng.normal(0, 0.25)), float(rng.normal(0, 0.02)))
            s += length + (
                rng.uniform(1.5, 4.5) if jam else rng.uniform(3, 10) + rng.exponential(26 / max(crowd, 0.05))
            )
    for walk in layout.walks.values():
        for _ in range(int(rng.poisson(5 * crowd))):
            kind = "bicycle" if rng.random() < 0.12 else "person"
            put(
                walk,
                kind,
                float(rng.uniform(0, walk.length - 2)),
                float(rng.normal(0, 0.8)),
                float(rng.choice([0.0, np.pi])) + float(rng.normal(0, 0.2)),
            )
    for bay in layout.bays:
        if rng.random() < 0.6:
            look = draw_look(rng, mix={"sedan": 4, "hatch": 3, "suv": 3, "wagon": 1, "minivan": 1})
            out.append(
                ObjectState(
                    len(out) + 1,
                    look,
                    bay[0],
                    bay[1] + float(rng.normal(0, 0.3)),
                    bay[2] + float(rng.choice([0, np.pi])),
                    0.0,
                    parked=True,
                )
            )
    return out


def _signals(layout: Layout, rng: np.random.Generator) -> dict[str, str]:
    state = str(rng.choice(["red", "red_yellow", "yellow", "green"]))
    return {h.id: state for h in layout.heads}


def _finish(picture: NDArray[np.uint8], stage: Stage, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Sensor, a little colour and contrast, JPEG."""
    sensor = Sensor(stage.air, stage.camera.width, stage.camera.height, rng, float(rng.uniform(0.75, 1.0)))
    picture = sensor.develop(picture, int(rng.integers(1 << 20)), float(rng.uniform(0, 60)))
    gain = rng.uniform(0.88, 1.14) * rng.uniform(0.95, 1.05, 3)
    picture = np.clip(
        (picture.astype(np.float32) - 118) * rng.uniform(0.85, 1.18) * gain + 118 + rng.uniform(-14, 14), 0, 255
    ).astype(np.uint8)
    if rng.random() < 0.12:  # an infrared or black and white camera
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        picture = np.dstack([grey, grey, grey]).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(38, 95))])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)


def _boxes(objects: list[ObjectTruth]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    kept = [
        o
        for o in objects
        if o.visible >= LEAST_VISIBLE
        and min(o.visible_box[2] - o.visible_box[0], o.visible_box[3] - o.visible_box[1]) >= LEAST_PX
    ]
    boxes = np.array([o.visible_box for o in kept], np.float32).reshape(-1, 4)
    return boxes, np.array([ROAD.index(o.cls) for o in kept], np.int64)


def _road(stage: Stage, rng: np.random.Generator) -> Sample:
    states = _traffic(stage.layout, rng, float(rng.choice([0.15, 0.5, 1.0, 1.8])))
    picture, objects = stage.compose(states, _signals(stage.layout, rng), float(rng.uniform(0, 10)))
    boxes, classes = _boxes(objects)
    return _finish(picture, stage, rng), boxes, classes


# -- fire and smoke

_TONES = ((210, 210, 212), (165, 165, 168), (120, 121, 124), (80, 82, 86), (46, 47, 50))


def _light_level(air: Atmosphere) -> float:
    """How bright a grey thing looks in this light, 0..1."""
    e = float((air.light.sky + 0.6 * air.light.sun).mean()) + 0.35 * air.lamps
    return float(np.clip(e / 1.3, 0.02, 1.0) ** (1 / 2.2))


def _source(stage: Stage, rng: np.random.Generator, objects: list[ObjectTruth]) -> tuple[float, float, float, str]:
    """Where something burns: picture point, pixels a metre, what it is."""
    camera = stage.camera
    for _ in range(40):
        kind = str(rng.choice(["wall", "wall", "roof", "vehicle", "ground"]))
        if kind == "vehicle":
            near = [
                o for o in objects if o.cls in ("car", "bus", "truck") and o.visible > 0.6 and o.box[3] - o.box[1] > 26
            ]
            if near:
                o = near[int(rng.integers(len(near)))]
                d = float(np.hypot(o.x_m - camera.position[0], o.y_m - camera.position[1]))
                return (
                    (o.box[0] + o.box[2]) / 2,
                    o.box[1] + 0.35 * (o.box[3] - o.box[1]),
                    camera.focal_px / max(d, 5),
                    kind,
                )
            continue
        houses = [p for p in stage.layout.props if p.kind == "building"]
        if kind == "ground":
            point = np.array([[rng.uniform(-30, 30), rng.uniform(5, 70), 0.0]])
        else:
            house = houses[int(rng.integers(len(houses)))]
            w, d, h = house.size
            sx = -np.sign(house.at[0] - camera.position[0]) or 1.0
            face = rng.random() < 0.6
            x = house.at[0] + (sx * w / 2 if face else rng.uniform(-w / 2, w / 2))
            y = house.at[1] + (rng.uniform(-d / 2, d / 2) if face else -d / 2)
            z = h if kind == "roof" else float(rng.integers(0, max(1, int(h / 3)))) * 3 + 2.4
            point = np.array([[x, y, z]])
        px, depth = camera.project(point)
        if depth[0] > 6 and 20 < px[0, 0] < camera.width - 20 and 40 < px[0, 1] < camera.height - 20:
            return float(px[0, 0]), float(px[0, 1]), camera.focal_px / float(depth[0]), kind
    return camera.width * 0.5, camera.height * 0.4, camera.focal_px / 40, "ground"


def _burn(
    picture: NDArray[np.uint8], stage: Stage, rng: np.random.Generator, objects: list[ObjectTruth]
) -> list[RegionTruth]:
    x, y, scale, kind = _source(stage, rng, objects)
    level = _light_level(stage.air)
    tone = np.array(_TONES[int(rng.integers(len(_TONES)))], float) * np.clip(level * rng.uniform(0.8, 1.1), 0.10, 1)
    size = float(np.exp(rng.uniform(np.log(0.5), np.log(2.6))))
    plume = Plume(
        x,
        y,
        scale * rng.uniform(0.8, 1.4),
        int(rng.integers(1 << 20)),
        float(rng.normal(0, 1.1)),
        float(rng.uniform(0.9, 2.4)),
        float(rng.uniform(0.5, 1.6)) * size**0.5,
        float(rng.uniform(0.25, 0.6)) * size**0.3,
        float(rng.uniform(8, 22)),
        float(rng.uniform(2, 10)),
        0.7 * size,
        (float(tone[0]), float(tone[1]), float(tone[2])),
    )
    age = float(rng.uniform(3, 45))
    out: list[RegionTruth] = []
    flames = rng.random() < 0.55
    smoke = rng.random() < 0.88 or not flames
    region = plume.draw(picture, age) if smoke else None
    if region is not None and min(region.box[2] - region.box[0], region.box[3] - region.box[1]) >= 10:
        out.append(region)
    if flames:
        width = scale * rng.uniform(0.8, 2.2) * size**0.6
        for k in range(int(rng.integers(1, 4)) if kind in ("vehicle", "ground") else 1):
            flame = Flame(
                x + (k - 1) * width * 0.55 + rng.normal(0, 2),
                y + scale * 0.3,
                width,
                width * rng.uniform(0.8, 1.9),
                int(rng.integers(1 << 20)),
            )
            spot = flame.draw(picture, float(rng.uniform(2, 40)))
            if spot is not None and min(spot.box[2] - spot.box[0], spot.box[3] - spot.box[1]) >= 5:
                out.append(spot)
    return out


def _lookalike(picture: NDArray[np.uint8], stage: Stage, rng: np.random.Generator, objects: list[ObjectTruth]) -> None:
    """Steam from a manhole or a kitchen, dust behind a truck: small, low, soon gone."""
    level = _light_level(stage.air)
    camera = stage.camera
    if rng.random() < 0.25:
        point = np.array([[rng.uniform(-9, 9), rng.uniform(5, 40), 0.1]])
        px, depth = camera.project(point)
        tone = 225.0 * level
        Plume(
            float(px[0, 0]),
            float(px[0, 1]),
            camera.focal_px / float(depth[0]),
            int(rng.integers(1 << 20)),
            float(rng.normal(0, 0.4)),
            0.5,
            float(rng.uniform(0.08, 0.25)),
            0.22,
            2.6,
            1.0,
            0.5,
            (tone, tone, tone),
        ).draw(picture, 20.0)
    trucks = [o for o in objects if o.cls in ("truck", "bus", "car") and o.visible > 0.5]
    if trucks and rng.random() < 0.2:
        o = trucks[int(rng.integers(len(trucks)))]
        d = float(np.hypot(o.x_m - camera.position[0], o.y_m - camera.position[1]))
        tone = 150 * level
        Plume(
            (o.box[0] + o.box[2]) / 2,
            o.box[3],
            camera.focal_px / max(d, 5),
            int(rng.integers(1 << 20)),
            float(rng.normal(0, 0.8)),
            0.15,
            float(rng.uniform(0.08, 0.2)),
            0.35,
            4.0,
            1.0,
            1.8,
            (tone * 0.8, tone * 0.95, tone),
        ).draw(picture, 12.0)
    if rng.random() < 0.15:
        add_halo(
            picture,
            Glow(
                float(rng.uniform(0, camera.width)),
                float(rng.uniform(0, camera.height * 0.5)),
                float(rng.uniform(10, 60)),
                np.array((60, 140, 230), np.float32) * float(rng.uniform(0.4, 1)),
                0.0,
            ),
        )


def _fire(stage: Stage, rng: np.random.Generator) -> Sample:
    states = _traffic(stage.layout, rng, float(rng.choice([0.1, 0.5, 1.0])))
    picture, objects = stage.compose(states, _signals(stage.layout, rng), float(rng.uniform(0, 10)))
    regions: list[RegionTruth] = []
    if rng.random() < 0.52 and stage.air.name != "sunset":
        for _ in range(1 if rng.random() < 0.85 else 2):
            regions += _burn(picture, stage, rng, objects)
    if rng.random() < 0.6:
        _lookalike(picture, stage, rng, objects)
    boxes = np.array([r.box for r in regions], np.float32).reshape(-1, 4)
    return _finish(picture, stage, rng), boxes, np.array([FIRE.index(r.cls) for r in regions], np.int64)
