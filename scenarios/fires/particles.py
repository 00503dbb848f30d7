"""Smoke, steam, dust and flames as swarms of soft particles, each a pure function of the second of video.

A particle is born, drifts, swells and fades; its look is one of a few sprites of torn noise, lit from above. Swarms
are laid down on a grid coarser than the picture and blended in once, so that a dense column costs a few milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from scenarios.textures import TILE, noise_tile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scenarios.mesh import F32

    Picture = NDArray[np.uint8]

SPRITES: Final = 16
SPRITE_PX: Final = 64
VISIBLE: Final = 0.18
"""Opacity from which a patch of smoke counts as seen,"""
LIT: Final = 0.30
"""and strength from which flame does."""
LEAST_PX: Final = 12
"""Fewer pixels than this are not a region."""
CELL_PX: Final = 2
"""Side of a cell of the grid on which swarms are laid down."""
PUFFS_PER_S: Final = 9.0
TONGUES: Final = 46
"""Particles of a flame alive at once."""


@dataclass(frozen=True, slots=True)
class Region:
    """What a person would call a cloud or a flame in one picture.

    Attributes:
        cls: smoke, fire, or what is taken for them.
        box: x1, y1, x2, y2, pixels.
        strength: mean opacity or brightness, 0..1.
        pixels: seen of it, of the picture's.
    """

    cls: str
    box: tuple[float, float, float, float]
    strength: float
    pixels: int


@lru_cache(maxsize=1)
def _sprites() -> tuple[tuple[F32, F32], ...]:
    """Opacity and light of each sprite, [64, 64]: clumps of noise within a soft disc, lit from above left."""
    axis = np.linspace(-1, 1, SPRITE_PX, dtype=np.float32)
    far = np.hypot(axis[None], axis[:, None])
    tile = noise_tile(61)
    out = []
    for k in range(SPRITES):
        x, y = (k * 151) % (TILE - SPRITE_PX * 2), (k * 89) % (TILE - SPRITE_PX * 2)
        noise = cv2.resize(tile[y : y + SPRITE_PX * 2, x : x + SPRITE_PX * 2], (SPRITE_PX, SPRITE_PX))
        body = np.clip(1.25 - 1.35 * far + 0.28 * noise, 0, 1)
        round_ = np.sqrt(np.clip(1 - far**2, 0, 1)) + 0.22 * noise
        soft = cv2.GaussianBlur(round_.astype(np.float32), (0, 0), 2.0)
        slope = -cv2.Sobel(soft, cv2.CV_32F, 1, 0) * 0.5 - cv2.Sobel(soft, cv2.CV_32F, 0, 1) * -1.0
        light = np.clip(1.0 + 0.9 * slope, 0.55, 1.5)
        turned = (np.rot90(one, k % 4) if k % 2 else one for one in (body, light))
        opacity, shade = (np.ascontiguousarray(one, np.float32) for one in turned)
        out.append((opacity, shade))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Swarm:
    """Particles at one moment, oldest first: pixels of the picture, strengths 0..1."""

    x: F32
    y: F32
    radius: F32
    strength: F32
    sprite: NDArray[np.int64]

    def window(self, width: int, height: int) -> tuple[int, int, int, int] | None:
        """The part of the picture it touches, None where it touches none."""
        if not len(self.x):
            return None
        x0, y0 = int(max((self.x - self.radius).min(), 0)), int(max((self.y - self.radius).min(), 0))
        x1 = int(min((self.x + self.radius).max() + 1, width))
        y1 = int(min((self.y + self.radius).max() + 1, height))
        return (x0, y0, x1, y1) if x1 - x0 >= 2 * CELL_PX and y1 - y0 >= 2 * CELL_PX else None


def _laid(swarm: Swarm, window: tuple[int, int, int, int], *, glows: bool) -> tuple[F32, F32]:
    """Opacity and tone on the grid of a window, each particle over the older ones; where it glows, strengths add up."""
    x0, y0, x1, y1 = window
    w, h = -(-(x1 - x0) // CELL_PX), -(-(y1 - y0) // CELL_PX)
    opacity, tone = np.zeros((h, w), np.float32), np.ones((h, w), np.float32)
    sprites = _sprites()
    for x, y, radius, strength, kind in zip(
        (swarm.x - x0) / CELL_PX, (swarm.y - y0) / CELL_PX, swarm.radius / CELL_PX, swarm.strength, swarm.sprite,
        strict=True,
    ):  # fmt: skip
        side = max(2, round(2 * float(radius)))
        left, top = round(float(x - radius)), round(float(y - radius))
        c0, r0, c1, r1 = max(left, 0), max(top, 0), min(left + side, w), min(top + side, h)
        if c1 <= c0 or r1 <= r0 or strength <= 0.004:
            continue
        alpha, light = sprites[int(kind) % SPRITES]
        cut = (slice(r0 - top, r1 - top), slice(c0 - left, c1 - left))
        part = cv2.resize(alpha, (side, side), interpolation=cv2.INTER_LINEAR)[cut] * strength
        spot = (slice(r0, r1), slice(c0, c1))
        if glows:
            opacity[spot] += part
            continue
        shade = cv2.resize(light, (side, side), interpolation=cv2.INTER_LINEAR)[cut]
        opacity[spot] += (1 - opacity[spot]) * part
        tone[spot] += (shade - tone[spot]) * part
    return opacity, tone


def _region(cls: str, seen: NDArray[np.bool_], strength: F32, left: int, top: int) -> Region | None:
    if seen.sum() < LEAST_PX:
        return None
    cols, rows = np.nonzero(seen.any(0))[0], np.nonzero(seen.any(1))[0]
    box = (float(left + cols[0]), float(top + rows[0]), float(left + cols[-1] + 1), float(top + rows[-1] + 1))
    return Region(cls, box, float(strength[seen].mean()), int(seen.sum()))


@dataclass(frozen=True, slots=True)
class Billow:
    """A plume of smoke, steam or dust from one source; metres become pixels by `px_per_m` at its distance.

    Attributes:
        x, y: source in the picture.
        wind: metres a second to the right in the picture.
        rise: metres a second at the source.
        density: opacity of a fresh puff, 0..1.
        spread: growth of a puff, metres a second.
        life_s: until a puff has gone.
        ramp_s: until the source gives its full amount.
        stop_s: when the source stops, seconds after it began.
        width_m: of the source.
        colour: BGR of the puffs in this light.
        cls: smoke, or what it is taken for it.
    """

    x: float
    y: float
    px_per_m: float
    seed: int
    wind: float = 0.6
    rise: float = 1.8
    density: float = 0.75
    spread: float = 0.34
    life_s: float = 11.0
    ramp_s: float = 6.0
    stop_s: float = float("inf")
    width_m: float = 1.0
    colour: tuple[float, float, float] = (90.0, 90.0, 92.0)
    cls: str = "smoke"

    def draw(self, picture: Picture, age_s: float) -> Region | None:
        """Lay the plume over a picture in place; its region, or None while there is nothing to see."""
        if age_s <= 0:
            return None
        return blend(picture, self._swarm(age_s), self.colour, self.cls)

    def _swarm(self, age_s: float) -> Swarm:
        count = int(min(age_s, self.stop_s) * PUFFS_PER_S) + 1
        first = max(0, int((age_s - self.life_s) * PUFFS_PER_S) - 1)
        index = np.arange(first, count)
        if not len(index):
            index = np.zeros(0, np.int64)
        jitter = noise_of(self.seed, index, 5)
        born = (index + 0.5 * jitter[:, 0]) / PUFFS_PER_S
        age = np.clip(age_s - born, 0.0, None).astype(np.float32)
        u = np.clip(age / self.life_s, 0, 1)
        gust = 1 + 0.3 * np.sin(born * 0.9 + self.seed % 7) + 0.2 * np.sin(born * 2.3 + self.seed % 5)
        right = self.wind * gust * age * (0.4 + 0.6 * np.minimum(age / 4, 1))
        right = right + jitter[:, 1] * (self.width_m / 2 + 0.16 * age)
        right = right + 0.3 * np.sin(age * 0.9 + born * 0.8) * np.minimum(age / 3, 1)
        up = self.rise * 5 * (1 - np.exp(-age / 5)) * (1 + 0.16 * jitter[:, 2]) + 0.2 * age * np.sign(self.rise)
        radius = 0.35 * self.width_m + 0.15 + self.spread * age * (1 + 0.25 * jitter[:, 3])
        ramp = np.clip(born / max(self.ramp_s, 1e-3) * 0.75 + 0.25, 0, 1)
        strength = self.density * ramp * np.minimum(age / 0.25, 1) * (1 - u) ** 0.9
        p = self.px_per_m
        return Swarm(
            (self.x + right * p).astype(np.float32), (self.y - up * p).astype(np.float32),
            np.maximum(radius * p, 2.0).astype(np.float32), strength.astype(np.float32), index,
        )  # fmt: skip


def blend(picture: Picture, swarm: Swarm, colour: tuple[float, float, float], cls: str) -> Region | None:
    """Lay a swarm that hides what is behind it over a picture in place; its region."""
    window = swarm.window(picture.shape[1], picture.shape[0])
    if window is None:
        return None
    x0, y0, x1, y1 = window
    opacity, tone = _laid(swarm, window, glows=False)
    size = opacity.shape[1] * CELL_PX, opacity.shape[0] * CELL_PX
    whole = cv2.resize(opacity, size, interpolation=cv2.INTER_LINEAR)
    a = np.asarray(whole[: y1 - y0, : x1 - x0], np.float32)
    t = cv2.resize(tone, size, interpolation=cv2.INTER_LINEAR)[: y1 - y0, : x1 - x0]
    part = picture[y0:y1, x0:x1].astype(np.float32)
    wanted = t[..., None] * np.array(colour, np.float32)
    picture[y0:y1, x0:x1] = np.clip(part + a[..., None] * (wanted - part), 0, 255).astype(np.uint8)
    return _region(cls, a >= VISIBLE, a, x0, y0)


@dataclass(frozen=True, slots=True)
class Blaze:
    """Flames over a base line: middle of the base, full width and height in pixels.

    Attributes:
        ramp_s: until it stands in full size.
        first: share of its full size at the beginning.
        glow: how strongly it lights what is around.
    """

    x: float
    y: float
    width: float
    height: float
    seed: int
    ramp_s: float = 6.0
    first: float = 0.25
    glow: float = 1.0

    def draw(self, picture: Picture, age_s: float) -> Region | None:
        """Add the flames in place; their region, or None where they are not seen yet."""
        if age_s <= 0:
            return None
        size = self.first + (1 - self.first) * min(age_s / max(self.ramp_s, 1e-3), 1.0)
        swarm = self._swarm(age_s, size)
        window = swarm.window(picture.shape[1], picture.shape[0])
        if window is None:
            return None
        self._light(picture, swarm, size)
        x0, y0, x1, y1 = window
        coarse, _ = _laid(swarm, window, glows=True)
        cells = coarse.shape[1] * CELL_PX, coarse.shape[0] * CELL_PX
        fine = cv2.resize(coarse, cells, interpolation=cv2.INTER_LINEAR)
        heat = np.asarray(fine[: y1 - y0, : x1 - x0], np.float32)
        alpha = np.clip(heat * 1.6, 0, 1)
        colour = np.stack([np.interp(heat, _HEAT, one) for one in _FLAME_BGR], -1)
        part = picture[y0:y1, x0:x1].astype(np.float32)
        lit = part * (1 - 0.8 * alpha[..., None]) + colour * alpha[..., None]
        picture[y0:y1, x0:x1] = np.clip(lit, 0, 255).astype(np.uint8)
        return _region("fire", alpha >= LIT, alpha, x0, y0)

    def _swarm(self, age_s: float, size: float) -> Swarm:
        """Tongues that rise from the base, thin out and cool; new ones every few hundredths of a second."""
        own = noise_of(self.seed, np.arange(TONGUES), 4)
        life = 0.55 + 0.3 * own[:, 0]  # s
        turns = age_s / life + (own[:, 1] + 1) / 2
        number = np.floor(turns).astype(np.int64)
        u = (turns - number).astype(np.float32)
        each = noise_of(self.seed + 1, np.arange(TONGUES) * 1013 + number, 4)
        puff = 1 + 0.2 * np.sin(age_s * 11.3 + self.seed) * np.sin(age_s * 4.7)
        across = each[:, 0] * (1 - 0.62 * u) + 0.22 * np.sin(age_s * 5 + 6 * u + self.seed % 9) * u
        height = self.height * size * puff * (0.62 + 0.38 * np.abs(each[:, 1])) * (1 - 0.55 * each[:, 0] ** 2)
        wide = self.width * size
        radius = np.maximum(0.27 * wide * (1 - 0.62 * u) * (1 + 0.3 * each[:, 2]), 1.6)
        strength = 0.62 * np.minimum(u / 0.08, 1) * (1 - u) ** 0.8
        return Swarm(
            (self.x + 0.40 * wide * across).astype(np.float32), (self.y - height * u**0.85).astype(np.float32),
            radius.astype(np.float32), strength.astype(np.float32), number + np.arange(TONGUES),
        )  # fmt: skip

    def _light(self, picture: Picture, swarm: Swarm, size: float) -> None:
        """Warm light on what is around, unsteady as the flame is."""
        radius = int(np.clip(self.width * size * 2.6, 8, 240))
        x, y = int(self.x), int(self.y - self.height * size * 0.4)
        x0, y0 = max(x - radius, 0), max(y - radius, 0)
        x1, y1 = min(x + radius, picture.shape[1]), min(y + radius, picture.shape[0])
        if x1 <= x0 or y1 <= y0:
            return
        far = np.hypot((np.arange(x0, x1) - x)[None] / radius, (np.arange(y0, y1) - y)[:, None] / radius)
        power = self.glow * float(swarm.strength.mean()) * 3.2
        warm = np.clip(1 - far, 0, 1)[..., None] ** 2 * np.array((9, 40, 76), np.float32) * power
        part = picture[y0:y1, x0:x1]
        picture[y0:y1, x0:x1] = np.minimum(part + warm, 255).astype(np.uint8)


_HEAT: Final = np.array([0.0, 0.25, 0.55, 0.95, 1.5])
_FLAME_BGR: Final = ((8, 18, 40, 120, 215), (28, 84, 165, 238, 254), (120, 225, 252, 255, 255))


def noise_of(seed: int, index: NDArray[np.int64], columns: int) -> F32:
    """Numbers in -1..1 for each index, always the same for the same seed and index, [N, columns]."""
    place = np.arange(columns, dtype=np.uint64) + np.uint64((seed * 2_654_435_761) % (1 << 48))
    key: NDArray[np.uint64] = np.asarray(index, np.uint64)[:, None] * np.uint64(columns) + place
    with np.errstate(over="ignore"):  # splitmix64 (Steele, Lea and Flood, 2014)
        key = (key ^ np.right_shift(key, np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        key = (key ^ np.right_shift(key, np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        key ^= np.right_shift(key, np.uint64(31))
    high = np.right_shift(key, np.uint64(40)).astype(np.float32)
    return np.asarray(high / np.float32(1 << 23) - 1, np.float32)
