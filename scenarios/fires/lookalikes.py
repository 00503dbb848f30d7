"""What is taken for smoke and fire: steam, exhaust, dust, fog banks, cloud shadows, low sun, lamps, cloth, screens.

Each is asked in rising order of time and drawn over the finished street, before the lens. None of them burns.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import cv2
import numpy as np

from scenarios.effects import add_halo, add_streak
from scenarios.fires.particles import Billow, Region, Swarm, blend, noise_of
from scenarios.objects import Glow
from scenarios.textures import TILE, noise_tile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scenarios.truth import ObjectTruth

    Picture = NDArray[np.uint8]

VEHICLE_M: Final = 1.8
"""Width of a vehicle: how large a metre is at its place."""
TRAIL_PER_S: Final = 6.0
"""Puffs behind one vehicle,"""
TRAIL_MOST: Final = 260
"""and behind all of them together."""


class Lookalike(Protocol):
    """Something that does not burn."""

    def draw(self, picture: Picture, video_s: float, objects: Sequence[ObjectTruth]) -> Region | None:
        """Add it to a picture in place; where it is, where that can be told."""


@dataclass(frozen=True, slots=True)
class Vapour:
    """Steam of a manhole or a vent, the exhaust of a boiler: a plume that never burns and soon is gone."""

    plume: Billow
    since_s: float = -30.0

    def draw(self, picture: Picture, video_s: float, objects: Sequence[ObjectTruth]) -> Region | None:
        """Add the plume as it is now."""
        del objects
        return self.plume.draw(picture, video_s - self.since_s)


@dataclass(slots=True)
class Trail:
    """Dust that moving vehicles raise, or the white exhaust of slow ones in the cold.

    Attributes:
        slowest_kmh, fastest_kmh: vehicles within these speeds leave a trail.
        share: of the vehicles that leave one.
    """

    seed: int
    colour: tuple[float, float, float]
    slowest_kmh: float
    fastest_kmh: float
    share: float = 1.0
    density: float = 0.30
    life_s: float = 2.6
    size_m: float = 0.6
    spread: float = 0.55
    rise: float = 0.3
    cls: str = "dust"
    _puffs: deque[tuple[float, float, float, float, int]] = field(default_factory=lambda: deque(maxlen=TRAIL_MOST))
    _due: dict[int, float] = field(default_factory=dict)

    def draw(self, picture: Picture, video_s: float, objects: Sequence[ObjectTruth]) -> Region | None:
        """Add what hangs in the air now."""
        for one in objects:
            chosen = (one.id * 7919 + self.seed) % 100 < 100 * self.share
            if one.cls == "person" or one.parked or not chosen or video_s < self._due.get(one.id, 0.0):
                continue
            if self.slowest_kmh <= one.speed_kmh <= self.fastest_kmh and one.visible > 0.3:
                x1, y1, x2, y2 = one.box
                scale = min(x2 - x1, 2.2 * (y2 - y1)) / VEHICLE_M / 1.6
                self._puffs.append((video_s, (x1 + x2) / 2, y2 - 0.1 * (y2 - y1), scale, len(self._due)))
                self._due[one.id] = video_s + 1 / TRAIL_PER_S
        live = [puff for puff in self._puffs if 0 < video_s - puff[0] < self.life_s]
        if not live:
            return None
        born, x, y, size, number = (np.array(column, np.float32) for column in zip(*live, strict=True))
        age = video_s - born
        jitter = noise_of(self.seed, (born * 97).astype(np.int64) + number.astype(np.int64), 3)
        radius = np.asarray((self.size_m + self.spread * age) * size, np.float32)
        strength = self.density * (1 - age / self.life_s) * np.minimum(age / 0.2, 1)
        swarm = Swarm(
            x + jitter[:, 0] * radius * 0.6, y - (self.rise * age + 0.4 * self.size_m) * size,
            np.maximum(radius, 2.0), np.asarray(strength, np.float32), (born * 31).astype(np.int64),
        )  # fmt: skip
        return blend(picture, swarm, self.colour, self.cls)


@dataclass(frozen=True, slots=True)
class FogBank:
    """A wide pale veil that drifts over the picture."""

    seed: int
    strength: float
    speed: float  # picture widths a minute
    tone: float
    low: float = 0.2  # share of the picture's height at which it begins
    cls: str = "fog"

    def draw(self, picture: Picture, video_s: float, objects: Sequence[ObjectTruth]) -> Region | None:
        """Add the veil."""
        del objects
        h, w = picture.shape[:2]
        y, x = np.mgrid[0 : h // 8, 0 : w // 8].astype(np.float32)
        shift = self.speed * w / 8 / 60 * video_s
        cloud = cv2.remap(
            noise_tile(67, 3, 2), (((x + shift) * 2.2 + self.seed % 311) % TILE).astype(np.float32),
            ((y * 3.0 + self.seed % 97) % TILE).astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP,
        )  # fmt: skip
        height = np.clip((y / (h // 8) - self.low) * 3, 0, 1) * np.clip((1.1 - y / (h // 8)) * 2, 0, 1)
        alpha = cv2.resize(np.clip(0.5 + 0.5 * cloud, 0, 1) * height * self.strength, (w, h))[..., None]
        picture[:] = (picture + alpha * (self.tone - picture.astype(np.float32))).clip(0, 255).astype(np.uint8)
        return None


@dataclass(frozen=True, slots=True)
class CloudShadow:
    """The shadow of a cloud that goes over the street."""

    seed: int
    depth: float = 0.35
    speed: float = 3.0  # picture widths a minute

    def draw(self, picture: Picture, video_s: float, objects: Sequence[ObjectTruth]) -> Region | None:
        """Darken what lies in it."""
        del objects
        h, w = picture.shape[:2]
        y, x = np.mgrid[0 : h // 8, 0 : w // 8].astype(np.float32)
        shift = self.speed * w / 8 / 60 * video_s
        cloud = cv2.remap(
            noise_tile(71, 2, 2), (((x + shift) * 1.3 + self.seed % 401) % TILE).astype(np.float32),
            ((y * 2.0) % TILE).astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP,
        )  # fmt: skip
        gain = cv2.resize(1 - self.depth * np.clip(cloud * 1.5, 0, 1), (w, h))[..., None]
        picture[:] = (picture * gain).astype(np.uint8)
        return None


@dataclass(frozen=True, slots=True)
class LowSun:
    """The sun low over the street: a blinding disc, its veil, its gleam on the road; clouds pass before it."""

    x: float
    y: float
    radius: float
    seed: int
    warmth: float = 0.6
    cls: str = "sun"

    def draw(self, picture: Picture, video_s: float, objects: Sequence[ObjectTruth]) -> Region | None:
        """Add its light."""
        del objects
        h, w = picture.shape[:2]
        far = np.hypot(np.arange(0, w, 4)[None] - self.x, np.arange(0, h, 4)[:, None] - self.y).astype(np.float32)
        power = 1 - 0.25 * (0.5 + 0.5 * np.sin(video_s / 17 + self.seed))
        light = 1.4 * np.exp(-((far / self.radius) ** 2)) + 0.42 * np.exp(-far / (4.5 * self.radius)) * power
        down = np.clip((np.arange(0, h, 4) - self.y) / h, 0, 1)[:, None]
        beam = 0.28 * np.exp(-(((np.arange(0, w, 4) - self.x)[None] / (1.3 * self.radius)) ** 2)) * down * power
        warm = np.array((150 * (1 - 0.8 * self.warmth), 235 - 90 * self.warmth, 255), np.float32)
        add = cv2.resize(light + beam, (w, h))[..., None] * warm
        picture[:] = np.minimum(picture + add, 255).astype(np.uint8)
        return Region(self.cls, _around(self.x, self.y, self.radius, self.radius, w, h), 1.0, int(3 * self.radius**2))


@dataclass(frozen=True, slots=True)
class Cloth:
    """A red or orange banner, awning or tarpaulin that flutters."""

    box: tuple[float, float, float, float]
    colour: tuple[float, float, float]
    seed: int
    flutter: float = 1.0
    cls: str = "cloth"

    def draw(self, picture: Picture, video_s: float, objects: Sequence[ObjectTruth]) -> Region | None:
        """Add it."""
        del objects
        x1, y1, x2, y2 = (round(value) for value in self.box)
        w, h = x2 - x1, y2 - y1
        u, v = np.arange(w)[None] / max(w, 1), np.arange(h)[:, None] / max(h, 1)
        wave = np.sin(9 * u + 5 * v + 4.1 * video_s + self.seed) + 0.6 * np.sin(17 * u - 3 * v + 6.7 * video_s)
        shade = 0.86 + 0.12 * self.flutter * wave
        script = (np.sin(40 * u + self.seed) * np.sin(13 * v + 2) > 0.55) & (np.abs(v - 0.5) < 0.2)
        cloth = shade[..., None] * np.array(self.colour, np.float32)
        cloth[script] = (230, 235, 240)
        part = picture[y1:y2, x1:x2]
        level = np.clip(float(part.mean()) / 110 + 0.25, 0.2, 1.15)
        part[:] = np.clip(cloth[: part.shape[0], : part.shape[1]] * level, 0, 255)
        return Region(self.cls, self.box, 1.0, w * h)


@dataclass(frozen=True, slots=True)
class Screen:
    """A bright advertisement that moves in warm colours."""

    box: tuple[float, float, float, float]
    seed: int
    gain: float = 1.0
    every_s: float = 4.0
    cls: str = "screen"

    def draw(self, picture: Picture, video_s: float, objects: Sequence[ObjectTruth]) -> Region | None:
        """Add the picture it shows now."""
        del objects
        x1, y1, x2, y2 = (round(value) for value in self.box)
        w, h = x2 - x1, y2 - y1
        number, phase = divmod(video_s + self.seed % 5, self.every_s)
        rng = np.random.default_rng(self.seed * 131 + int(number))
        ground = np.array((rng.uniform(10, 90), rng.uniform(60, 190), rng.uniform(200, 255)), np.float32)
        shown = np.broadcast_to(ground, (h, w, 3)).copy()
        for k in range(3):
            colour = tuple(float(c) for c in rng.uniform((0, 40, 120), (200, 220, 255)))
            left = round(w * (rng.uniform(0, 1) + 0.4 * phase / self.every_s - 0.3))
            top = round(h * rng.uniform(0.1, 0.7))
            cv2.rectangle(shown, (left, top), (left + w // 3, top + h // (3 + k)), colour, -1)
        part = picture[y1:y2, x1:x2]
        part[:] = np.clip(shown[: part.shape[0], : part.shape[1]] * self.gain, 0, 255)
        return Region(self.cls, self.box, 1.0, w * h)


@dataclass(frozen=True, slots=True)
class Lamp:
    """Light that is no flame: a broken street lamp, a beacon, a welder's arc, brake lights on a wet road.

    Attributes:
        kind: broken, beacon, arc or brake.
        mate_px: distance to a second lamp of a pair; 0 for none.
    """

    x: float
    y: float
    radius: float
    kind: str
    colour: tuple[float, float, float]
    seed: int
    mate_px: float = 0.0
    wet: float = 0.0
    cls: str = "lamp"

    def power(self, video_s: float, mate: int) -> float:
        """How bright it is at a moment, 0..1."""
        tick = noise_of(self.seed, np.array([int(video_s * 25) + 7 * mate]), 1).item()
        if self.kind == "broken":
            return 0.9 if tick > -0.2 else 0.15
        if self.kind == "beacon":
            return 1.0 if int(video_s * 4.4 + mate) % 2 == 0 else 0.08
        if self.kind == "arc":
            burst = np.sin(video_s * 0.9 + self.seed) > -0.1
            return float(burst) * (0.35 + 0.65 * abs(tick))
        return 1.0 if np.sin(video_s * 0.5 + self.seed) > -0.3 else 0.35

    def draw(self, picture: Picture, video_s: float, objects: Sequence[ObjectTruth]) -> Region | None:
        """Add its halo and its gleam on the road."""
        del objects
        for mate in range(2 if self.mate_px else 1):
            x, power = self.x + mate * self.mate_px, self.power(video_s, mate)
            glow = Glow(x, self.y, self.radius, np.array(self.colour, np.float32), self.y + self.radius * 0.6)
            add_halo(picture, glow, power)
            if self.wet:
                add_streak(picture, glow, self.wet * power)
        reach = self.radius + self.mate_px / 2
        h, w = picture.shape[:2]
        box = _around(self.x + self.mate_px / 2, self.y, reach, self.radius, w, h)
        return Region(self.cls, box, 1.0, int(self.radius**2))


@dataclass(frozen=True, slots=True)
class Foliage:
    """A tree in autumn colours that sways in the wind."""

    x: float
    y: float
    radius: float
    seed: int
    colour: tuple[float, float, float] = (30.0, 105.0, 205.0)
    sway: float = 1.0
    cls: str = "foliage"

    def draw(self, picture: Picture, video_s: float, objects: Sequence[ObjectTruth]) -> Region | None:
        """Add the crown."""
        del objects
        r = round(self.radius)
        axis = np.arange(-r, r, dtype=np.float32)
        gx, gy = np.meshgrid(axis, axis)
        lean = self.sway * np.sin(video_s * 1.7 + self.seed) * (1 - gy / r) * 0.8
        shake = self.sway * 0.7 * np.sin(video_s * 5 + gx / 5)
        tile = noise_tile(73, 6, 8)
        scale = TILE / (6.0 * r)
        leaves = cv2.remap(
            tile, (((gx + lean + shake) * scale * 2 + self.seed % 500) % TILE).astype(np.float32),
            (((gy + 0.4 * shake) * scale * 2) % TILE).astype(np.float32), cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )  # fmt: skip
        body = 1.15 - np.hypot(gx + lean, gy * 1.1) / r + 0.22 * leaves
        alpha = np.clip(body * 6, 0, 1)[..., None]
        shade = (0.75 + 0.22 * leaves - 0.18 * gy / r)[..., None]
        h, w = picture.shape[:2]
        x0, y0 = round(self.x) - r, round(self.y) - r
        left, top, right, bottom = max(x0, 0), max(y0, 0), min(x0 + 2 * r, w), min(y0 + 2 * r, h)
        if right <= left or bottom <= top:
            return None
        cut = (slice(top - y0, bottom - y0), slice(left - x0, right - x0))
        part = picture[top:bottom, left:right]
        level = np.clip(float(part.mean()) / 110 + 0.2, 0.15, 1.1)
        wanted = np.clip(shade[cut] * np.array(self.colour, np.float32) * level, 0, 255)
        part[:] = (part + alpha[cut] * (wanted - part)).astype(np.uint8)
        return Region(self.cls, (float(left), float(top), float(right), float(bottom)), 1.0, int(3 * r * r))


@dataclass(frozen=True, slots=True)
class Glint:
    """Windows that mirror a warm sky; the gleam comes and goes as clouds and panes move."""

    boxes: tuple[tuple[float, float, float, float], ...]
    seed: int
    cls: str = "reflection"

    def draw(self, picture: Picture, video_s: float, objects: Sequence[ObjectTruth]) -> Region | None:
        """Add the gleam."""
        del objects
        for k, (x1, y1, x2, y2) in enumerate(self.boxes):
            power = 0.55 + 0.45 * np.sin(video_s * 0.6 + k + self.seed)
            part = picture[round(y1) : round(y2), round(x1) : round(x2)]
            fall = np.linspace(1.0, 0.55, part.shape[0])[:, None, None]
            part[:] = np.clip(part + power * fall * np.array((60, 150, 235), np.float32), 0, 255)
        whole = np.array(self.boxes)
        box = (*whole[:, :2].min(0), *whole[:, 2:].max(0))
        return Region(self.cls, (float(box[0]), float(box[1]), float(box[2]), float(box[3])), 1.0, 0)


def _around(x: float, y: float, rx: float, ry: float, w: int, h: int) -> tuple[float, float, float, float]:
    return max(x - rx, 0.0), max(y - ry, 0.0), min(x + rx, float(w)), min(y + ry, float(h))
