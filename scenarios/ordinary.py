"""Hours of ordinary traffic in which nothing happens: every street, weather and light, with all that looks like smoke.

Traffic flows, lights change, people walk; steam rises, dust and fog drift, the sun stands low, lamps flicker, cloth
and screens move. Whatever a rule of incidents or of fire finds here is a false alarm.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.camera_file import write_camera
from scenarios.fires.lookalikes import (
    Cloth,
    CloudShadow,
    FogBank,
    Foliage,
    Glint,
    Lamp,
    Lookalike,
    LowSun,
    Screen,
    Trail,
    Vapour,
)
from scenarios.fires.particles import Billow
from scenarios.haze import brightness
from scenarios.render import Encoder, prepare
from scenarios.scene import load_scene

if TYPE_CHECKING:
    from pathlib import Path

    from scenarios.scene import Scene, Weather

SIZE: Final = (640, 360)
SEGMENT_S: Final = 120.0
PLACES: Final = ("arterial", "street", "quiet", "arterial", "street", "junction", "quiet", "arterial")
"""Shipped scenes whose streets and traffic are used, in turn."""
WEATHERS: Final[tuple[Weather, ...]] = (
    "clear", "overcast", "rain", "night", "fog", "dusk", "rain_night", "clear", "snow", "overcast", "rain",
)  # fmt: skip
"""Prime to the number of places, so that each place meets each weather."""
PALE: Final = 215.0
"""Brightness of a pale cloud in full daylight."""
EXTRAS: Final = (
    "steam",
    "dust",
    "sun",
    "exhaust",
    "fog_bank",
    "cloth",
    "screen",
    "lamps",
    "foliage",
    "glint",
    "shadow",
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of ordinary traffic: its scene, and what is there that looks like smoke or fire."""

    scene: Scene
    extras: tuple[str, ...]


def segments(hours: float, seed: int, looks_per_s: float) -> tuple[Segment, ...]:
    """As many segments as the hours take, always the same for the same seed."""
    return tuple(segment_of(k, seed, looks_per_s) for k in range(max(1, round(hours * 3600 / SEGMENT_S))))


def segment_of(number: int, seed: int, looks_per_s: float) -> Segment:
    """One segment of a run."""
    rng = np.random.default_rng([seed, number])
    shipped = load_scene(PLACES[number % len(PLACES)])
    weather = WEATHERS[number % len(WEATHERS)]
    pose = shipped.camera
    moved = pose.model_copy(
        update={
            "position_m": _near(pose.position_m, rng, (0.6, 2.0, 0.9)),
            "look_at_m": _near(pose.look_at_m, rng, (0.8, 2.0, 0.2)),
            "fov_deg": float(pose.fov_deg * rng.uniform(0.9, 1.08)),
        }
    )
    busy = float(rng.uniform(0.4, 1.1))
    flows = [flow.model_copy(update={"per_minute": flow.per_minute * busy}) for flow in shipped.flows]
    scene = shipped.model_copy(
        update={
            "name": f"ordinary-{number:03d}", "duration_s": SEGMENT_S, "fps": looks_per_s, "camera": moved,
            "seed": int(rng.integers(1 << 20)), "weather": weather, "placed": [], "smoke": None, "flows": flows,
            "steam": bool(rng.random() < 0.5),
        }
    )  # fmt: skip
    extras = {EXTRAS[number % len(EXTRAS)], EXTRAS[(number * 3 + 1) % len(EXTRAS)]}
    if weather in {"clear", "dusk"} and rng.random() < 0.5:
        extras.add("sun")
    return Segment(scene, tuple(sorted(extras)))


def _near(
    point: tuple[float, float, float], rng: np.random.Generator, spread: tuple[float, float, float]
) -> list[float]:
    return [float(value + rng.uniform(-far, far)) for value, far in zip(point, spread, strict=True)]


def draw_segment(segment: Segment, folder: Path) -> tuple[Path, Path]:
    """Draw a segment into a folder: its video and its camera file. What broke off is never taken for a whole one."""
    scene = segment.scene
    video, camera = (folder / f"{scene.name}{end}" for end in (".mp4", ".camera.toml"))
    show = prepare(scene, SIZE, supersample=1.5)
    level = brightness(show.stage.air)
    extras = [one for name in segment.extras for one in lookalikes(name, np.random.default_rng(scene.seed), level)]
    partial = folder / f"{scene.name}.partial.mp4"
    encoder = Encoder(partial, SIZE, scene.fps)
    for index in range(round(scene.duration_s * scene.fps)):
        video_s = index / scene.fps
        picture, objects = show.stage.compose(
            show.world.states(video_s), show.world.signals(video_s), video_s,
            lambda below, at=video_s: show.haze.draw(below, at),  # type: ignore[misc]
        )  # fmt: skip
        for extra in extras:
            extra.draw(picture, video_s, objects)
        encoder.add(show.sensor.develop(picture, index, video_s), index)
    encoder.close()
    write_camera(scene, show.stage.layout, show.stage.camera, camera)
    partial.replace(video)
    return video, camera


def lookalikes(name: str, rng: np.random.Generator, level: float) -> list[Lookalike]:
    """Some things of a name, at random places; `level` is how bright a pale cloud looks in this light, 0..1."""
    return _MAKERS[name](rng, int(rng.integers(1 << 20)), level)


def _steam(rng: np.random.Generator, seed: int, level: float) -> list[Lookalike]:
    pale = PALE * level
    return [
        Vapour(
            Billow(
                float(rng.uniform(0.15, 0.85) * SIZE[0]), float(rng.uniform(0.5, 0.85) * SIZE[1]),
                float(rng.uniform(9, 20)), seed + k, wind=float(rng.uniform(-0.5, 0.5)),
                rise=float(rng.uniform(0.5, 1.0)), density=float(rng.uniform(0.12, 0.32)), spread=0.25,
                life_s=float(rng.uniform(1.6, 3.2)), width_m=0.5, colour=(pale, pale, pale), cls="steam",
            )
        )
        for k in range(2)
    ]  # fmt: skip


def _dust(rng: np.random.Generator, seed: int, level: float) -> list[Lookalike]:
    return [Trail(seed, dust_colour(level), 18.0, 200.0, share=0.5, density=float(rng.uniform(0.15, 0.35)))]


def _exhaust(_: np.random.Generator, seed: int, level: float) -> list[Lookalike]:
    pale = PALE * level
    cloud = (pale, pale, pale)
    return [Trail(seed, cloud, 0.0, 30.0, share=0.7, life_s=1.6, size_m=0.25, spread=0.4, rise=0.7, cls="exhaust")]


def _fog_bank(rng: np.random.Generator, seed: int, level: float) -> list[Lookalike]:
    return [FogBank(seed, float(rng.uniform(0.3, 0.6)), float(rng.uniform(0.5, 3.0)), 205.0 * level)]


def _shadow(rng: np.random.Generator, seed: int, _: float) -> list[Lookalike]:
    return [CloudShadow(seed, float(rng.uniform(0.2, 0.4)), float(rng.uniform(1.0, 5.0)))]


def _sun(rng: np.random.Generator, seed: int, _: float) -> list[Lookalike]:
    x, y = float(rng.uniform(0.1, 0.9) * SIZE[0]), float(rng.uniform(-0.02, 0.15) * SIZE[1])
    return [LowSun(x, y, float(rng.uniform(14, 34)), seed, float(rng.uniform(0.2, 1.0)))]


def _glint(rng: np.random.Generator, seed: int, _: float) -> list[Lookalike]:
    x, y = float(rng.uniform(0.05, 0.8) * SIZE[0]), float(rng.uniform(0.1, 0.35) * SIZE[1])
    return [Glint(tuple((x + 22 * k, y, x + 22 * k + 13, y + 17) for k in range(3)), seed)]


def _foliage(rng: np.random.Generator, seed: int, _: float) -> list[Lookalike]:
    x, y = float(rng.choice([0.07, 0.93]) * SIZE[0]), float(rng.uniform(0.35, 0.5) * SIZE[1])
    return [Foliage(x, y, float(rng.uniform(24, 48)), seed, sway=float(rng.uniform(0.5, 2.0)))]


def _lamps(rng: np.random.Generator, seed: int, _: float) -> list[Lookalike]:
    w, h = SIZE
    return [
        Lamp(
            float(rng.uniform(0.1, 0.9) * w), float(rng.uniform(0.3, 0.6) * h), float(rng.uniform(8, 22)), "broken",
            (40.0, 130.0, 255.0), seed,
        ),
        Lamp(
            float(rng.uniform(0.3, 0.7) * w), float(rng.uniform(0.45, 0.6) * h), float(rng.uniform(6, 16)), "beacon",
            (255.0, 90.0, 30.0), seed + 1, mate_px=14.0, wet=0.3,
        ),
    ]  # fmt: skip


def _box(rng: np.random.Generator) -> tuple[float, float, float, float]:
    """A board or a banner above the street."""
    width = float(rng.uniform(40, 90))
    x, y = float(rng.uniform(0.02, 0.8) * SIZE[0]), float(rng.uniform(0.12, 0.4) * SIZE[1])
    return x, y, min(x + width, SIZE[0] - 1.0), y + width * float(rng.uniform(0.3, 0.6))


def _screen(rng: np.random.Generator, seed: int, _: float) -> list[Lookalike]:
    return [Screen(_box(rng), seed)]


def _cloth(rng: np.random.Generator, seed: int, _: float) -> list[Lookalike]:
    box = _box(rng)
    red = (float(rng.uniform(10, 40)), float(rng.uniform(20, 130)), float(rng.uniform(190, 240)))
    return [Cloth(box, red, seed, float(rng.uniform(0.4, 1.4)))]


def dust_colour(level: float) -> tuple[float, float, float]:
    """BGR of dry dust where a pale cloud is as bright as `level`, 0..1."""
    return 125.0 * level, 155.0 * level, 178.0 * level


_MAKERS: Final[dict[str, Callable[[np.random.Generator, int, float], list[Lookalike]]]] = {
    "steam": _steam, "dust": _dust, "exhaust": _exhaust, "fog_bank": _fog_bank, "shadow": _shadow, "sun": _sun,
    "glint": _glint, "foliage": _foliage, "lamps": _lamps, "screen": _screen, "cloth": _cloth,
}  # fmt: skip
