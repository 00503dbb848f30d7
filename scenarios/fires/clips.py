"""Clips of fires, of smoke, and of what is taken for them: what is drawn where, with its exact truth.

Streets with their traffic cost most of the drawing. A street is drawn once and carries many clips, mirrored and with
another sensor each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.effects import Sensor
from scenarios.fires.lookalikes import CloudShadow, FogBank, Lamp, Lookalike, LowSun, Trail, Vapour
from scenarios.fires.particles import Billow, Blaze, Region
from scenarios.haze import brightness
from scenarios.ordinary import PALE, SIZE, dust_colour, lookalikes, segment_of
from scenarios.render import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from scenarios.camera import Pinhole
    from scenarios.layout import Layout
    from scenarios.scene import Weather
    from scenarios.truth import ObjectTruth
    from scenarios.weather import Atmosphere

FPS: Final = 6.0
"""Pictures a second: a third of them are looked at for fire, two a second, as everywhere."""
DURATION_S: Final = 20.0
STREETS: Final = 24
"""Streets of one run: each carries clips of both kinds."""
CONDITIONS: Final[dict[str, tuple[Weather, ...]]] = {
    "day": ("clear", "overcast", "clear"), "dusk": ("dusk",), "night": ("night", "rain_night"), "rain": ("rain",),
    "fog": ("fog",),
}  # fmt: skip
LIGHTS: Final = ("day", "dusk", "day", "night", "day", "rain", "day", "fog")
"""Condition of each street in turn: half of them in daylight."""
FILLED: Final = 0.02
"""Share of the picture from which the delay counts,"""
BY_S: Final = 7.0
"""and which every burning clip reaches so long after its beginning."""
PLACES: Final = ("vehicle", "bin", "window", "roof", "grass")
FIRE_NEAR: Final = ("cloth", "screen", "broken", "beacon", "arc", "brake", "sun", "foliage", "glint", "headlights")
SMOKE_NEAR: Final = ("steam", "vent", "exhaust", "dust", "fog_bank", "shadow", "sun", "traffic")

LAMPS: Final = {
    "broken": (40.0, 130.0, 255.0), "beacon": (255.0, 90.0, 30.0), "arc": (255.0, 240.0, 225.0),
    "brake": (30.0, 30.0, 255.0),
}  # fmt: skip
"""Lights of near misses with their colours, BGR."""


@dataclass(frozen=True, slots=True)
class Street:
    """A street with its traffic, drawn but for lens and sensor.

    Attributes:
        pictures: each as drawn.
        objects: what is in each.
    """

    condition: str
    pictures: tuple[NDArray[np.uint8], ...]
    objects: tuple[tuple[ObjectTruth, ...], ...]
    camera: Pinhole
    layout: Layout
    air: Atmosphere


@lru_cache(maxsize=1)
def street_of(number: int, seed: int) -> Street:
    """A street of a run; drawing it takes some seconds."""
    condition = LIGHTS[number % len(LIGHTS)]
    scene = segment_of(number, seed + 1000, FPS).scene
    rng = np.random.default_rng([seed, number, 5])
    weather = str(rng.choice(CONDITIONS[condition]))
    flows = [flow.model_copy(update={"per_minute": flow.per_minute * 0.7}) for flow in scene.flows]
    scene = scene.model_copy(update={"weather": weather, "duration_s": DURATION_S, "flows": flows, "steam": False})
    show = prepare(scene, SIZE, supersample=1.5)
    pictures, objects = [], []
    for index in range(round(DURATION_S * FPS)):
        video_s = index / FPS
        picture, told = show.stage.compose(show.world.states(video_s), show.world.signals(video_s), video_s)
        pictures.append(picture)
        objects.append(tuple(told))
    stage = show.stage
    return Street(condition, tuple(pictures), tuple(objects), stage.camera, stage.layout, stage.air)


@dataclass(frozen=True, slots=True)
class FireClip:
    """One clip before it is drawn.

    Attributes:
        kind: fire or smoke: what it shows, or what its look-alike is taken for.
        burns: whether it shows a happening; else a near miss.
        name: where it burns, or what the near miss is.
        street: number of its street.
        seed: of the clip.
    """

    kind: str
    burns: bool
    name: str
    street: int
    seed: int

    @property
    def id(self) -> str:
        """Its name among the clips of a run."""
        return f"{self.kind}-{'on' if self.burns else 'near'}-{self.name}-{self.seed}-{self.street:02d}"

    @property
    def condition(self) -> str:
        """Light and weather."""
        return LIGHTS[self.street % len(LIGHTS)]


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture of a clip with its truth."""

    picture: NDArray[np.uint8]
    video_s: float
    objects: tuple[ObjectTruth, ...]
    regions: tuple[Region, ...]


def clips(per_kind: int, near_per_kind: int, seed: int) -> tuple[FireClip, ...]:
    """The clips of a run in the order of their streets."""
    out: list[FireClip] = []
    for kind, near in (("fire", FIRE_NEAR), ("smoke", SMOKE_NEAR)):
        first = int(kind == "fire")
        out += [
            FireClip(kind, True, PLACES[k % len(PLACES)], (k * 7 + first) % STREETS, seed * 10000 + k)
            for k in range(per_kind)
        ]
        out += [
            FireClip(kind, False, near[k % len(near)], (k * 3 + k // len(near)) % STREETS, seed * 10000 + 5000 + k)
            for k in range(near_per_kind)
        ]
    return tuple(sorted(out, key=lambda clip: (clip.street, clip.kind, clip.burns, clip.seed)))


def shown(clip: FireClip, seed: int) -> Iterator[Shown]:
    """The pictures of a clip."""
    street = street_of(clip.street, seed)
    rng = np.random.default_rng([clip.seed, len(clip.kind), int(clip.burns)])
    level = brightness(street.air)
    burning, lookalike = _burning(clip, street, rng, level), _near(clip, street, rng, level)
    mirrored = bool(rng.random() < 0.5)
    sensor = Sensor(street.air, *SIZE, np.random.default_rng(clip.seed), float(rng.uniform(0.92, 1.02)))
    for index, (drawn, objects) in enumerate(zip(street.pictures, street.objects, strict=True)):
        video_s = index / FPS
        picture = drawn.copy()
        seen = [one.draw(picture, video_s - since) for one, since in burning]
        for one in lookalike:
            one.draw(picture, video_s, objects)
        regions = tuple(region for region in seen if region is not None)
        picture = sensor.develop(picture, index, video_s)
        if mirrored:
            picture = np.ascontiguousarray(picture[:, ::-1])
            regions = tuple(replace(region, box=_mirrored(region.box)) for region in regions)
            objects = tuple(replace(o, box=_mirrored(o.box), visible_box=_mirrored(o.visible_box)) for o in objects)  # noqa: PLW2901
        yield Shown(picture, video_s, objects, regions)


def share(regions: tuple[Region, ...]) -> float:
    """Share of the picture that smoke or fire fills; where both do, the larger of the two."""
    return max((region.pixels for region in regions), default=0) / (SIZE[0] * SIZE[1])


def _mirrored(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    return SIZE[0] - box[2], box[1], SIZE[0] - box[0], box[3]


def _burning(
    clip: FireClip, street: Street, rng: np.random.Generator, level: float
) -> list[tuple[Blaze | Billow, float]]:
    """Flames and plumes with the second at which each begins."""
    if not clip.burns:
        return []
    x, y, scale = _spot(clip.name, street, rng)
    since = float(rng.uniform(6.0, 8.0))
    width = {"vehicle": 2.2, "bin": 0.9, "window": 1.3, "roof": 3.0, "grass": 2.5}[clip.name]
    out: list[tuple[Blaze | Billow, float]] = []
    if clip.kind == "smoke" or rng.random() < 0.6:
        tone = float(rng.choice([38.0, 60.0, 95.0, 130.0, 175.0], p=[0.3, 0.2, 0.2, 0.15, 0.15])) * max(level, 0.3)
        plume = Billow(
            x, y, scale, clip.seed, wind=float(rng.uniform(-1.3, 1.3)), rise=float(rng.uniform(1.3, 2.8)),
            density=float(rng.uniform(0.45, 0.85)) * (1.0 if clip.kind == "smoke" else 0.7),
            spread=float(rng.uniform(0.26, 0.45)), life_s=float(rng.uniform(8, 14)), ramp_s=float(rng.uniform(3, 8)),
            width_m=width, colour=(tone, tone * 0.99, tone * 0.97),
        )  # fmt: skip
        out.append((_large_enough(plume) if clip.kind == "smoke" else plume, since))
    if clip.kind == "fire":
        side = float(rng.uniform(62, 100))
        flames = Blaze(
            x, y + 4, side * (1.5 if clip.name == "grass" else 1.0), side * float(rng.uniform(1.1, 1.6)), clip.seed,
            ramp_s=float(rng.uniform(3, 7)), glow=0.4 + 1.2 * (1 - level),
        )  # fmt: skip
        out.append((_large_enough(flames), since))
    return out


def _large_enough(one: Blaze | Billow) -> Blaze | Billow:
    """The same, grown until it fills its share of an empty picture in time."""
    blank = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)
    for _ in range(8):
        region = one.draw(blank.copy(), BY_S)
        filled = 0.0 if region is None else region.pixels / (SIZE[0] * SIZE[1])
        if filled >= 1.15 * FILLED:
            return one
        if isinstance(one, Blaze):
            one = replace(one, width=one.width * 1.2, height=one.height * 1.2)
        else:
            one = replace(one, px_per_m=one.px_per_m * 1.2, x=float(np.clip(one.x, 90, SIZE[0] - 90)),
                          y=max(one.y, 0.45 * SIZE[1]), density=min(one.density * 1.1, 0.9))  # fmt: skip
    return one


def _spot(name: str, street: Street, rng: np.random.Generator) -> tuple[float, float, float]:
    """Where in the picture it burns, and pixels a metre there."""
    camera = street.camera
    parked = [o for o in street.objects[0] if o.parked and o.visible > 0.7]
    if name == "vehicle" and parked and rng.random() < 0.7:
        x1, y1, x2, y2 = parked[int(rng.integers(len(parked)))].box
        return (x1 + x2) / 2, y1 + 0.45 * (y2 - y1), float(np.clip((y2 - y1) / 1.5, 8, 34))
    for _ in range(60):
        if name in {"window", "roof"}:
            houses = [prop for prop in street.layout.props if prop.kind == "building"]
            house = houses[int(rng.integers(len(houses)))]
            side = -np.sign(house.at[0]) * house.size[0] / 2
            height = house.size[2] if name == "roof" else float(rng.uniform(3, max(4.0, house.size[2] - 2)))
            point = np.array([[house.at[0] + side, house.at[1] + rng.uniform(-0.4, 0.4) * house.size[1], height]])
        else:
            x = float(rng.uniform(-16, 16))
            point = np.array([[x, float(rng.uniform(4, 45)), 0.0]])
        pixel, depth = camera.project(point)
        px, py = float(pixel[0, 0]), float(pixel[0, 1])
        if depth[0] > 4 and 50 < px < SIZE[0] - 50 and 60 < py < SIZE[1] - 20:
            return px, py, float(np.clip(camera.focal_px / float(depth[0]), 8, 34))
    return float(rng.uniform(120, 520)), float(rng.uniform(180, 300)), float(rng.uniform(10, 24))


def _near(clip: FireClip, street: Street, rng: np.random.Generator, level: float) -> list[Lookalike]:
    """What is taken for fire or smoke in a near miss; nothing where the street's own traffic is."""
    if clip.burns or clip.name in {"traffic", "headlights"}:
        return []
    x, y = float(rng.uniform(0.12, 0.88) * SIZE[0]), float(rng.uniform(0.4, 0.8) * SIZE[1])
    if clip.name in {"steam", "vent"}:
        return [_vapour(clip, rng, x, y, level)]
    if clip.name in LAMPS:
        pair = float(rng.uniform(10, 30)) if clip.name in {"beacon", "brake"} else 0.0
        return [Lamp(x, y, float(rng.uniform(8, 34)), clip.name, LAMPS[clip.name], clip.seed, pair, street.air.wet)]
    strong = _strong(clip, rng, level)
    return lookalikes(clip.name, rng, level) if strong is None else [strong]


def _vapour(clip: FireClip, rng: np.random.Generator, x: float, y: float, level: float) -> Lookalike:
    """A vent that blows off within the clip, or a manhole that has steamed all the time."""
    vent, pale = clip.name == "vent", PALE * level
    since = float(rng.uniform(4, 9)) if vent else -30.0
    plume = Billow(
        x, y, float(rng.uniform(10, 26)), clip.seed, wind=float(rng.uniform(-0.8, 0.8)),
        rise=float(rng.uniform(0.5, 1.6)), density=float(rng.uniform(0.15, 0.5)), spread=float(rng.uniform(0.15, 0.3)),
        life_s=float(rng.uniform(1.4, 3.2)), ramp_s=0.6, width_m=float(rng.uniform(0.4, 0.8)),
        stop_s=float(rng.uniform(2, 5)) if vent else float("inf"), colour=(pale, pale, pale), cls="steam",
    )  # fmt: skip
    return Vapour(plume, since)


def _strong(clip: FireClip, rng: np.random.Generator, level: float) -> Lookalike | None:
    """What is stronger in a near miss than in ordinary traffic; None for the rest."""
    seed, pale = clip.seed, PALE * level
    if clip.name == "dust":
        return Trail(seed, dust_colour(level), 12.0, 200.0, share=0.9, density=float(rng.uniform(0.2, 0.55)),
                     life_s=float(rng.uniform(1.5, 3.5)), size_m=float(rng.uniform(0.5, 1.0)))  # fmt: skip
    if clip.name == "exhaust":
        return Trail(seed, (pale, pale, pale), 0.0, 40.0, share=1.0, density=float(rng.uniform(0.2, 0.45)), life_s=1.8,
                     size_m=0.25, spread=0.45, rise=0.8, cls="exhaust")  # fmt: skip
    if clip.name == "fog_bank":
        return FogBank(seed, float(rng.uniform(0.35, 0.8)), float(rng.uniform(1, 6)), 205.0 * level)
    if clip.name == "shadow":
        return CloudShadow(seed, float(rng.uniform(0.25, 0.5)), float(rng.uniform(2, 10)))
    if clip.name == "sun":
        x, y = float(rng.uniform(0.1, 0.9) * SIZE[0]), float(rng.uniform(-0.02, 0.2) * SIZE[1])
        return LowSun(x, y, float(rng.uniform(14, 40)), seed, float(rng.uniform(0.2, 1.0)))
    return None
