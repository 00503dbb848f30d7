"""What lies between scene and file: halos, beams, wet reflections, rain, snow, lens and sensor."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Pinhole
from scenarios.ground import clip_near
from scenarios.mesh import F32, Patch, frame_window
from scenarios.objects import Glow
from scenarios.traffic import ObjectState
from scenarios.weather import Atmosphere

Picture = NDArray[np.uint8]


@lru_cache(maxsize=64)
def _halo(radius: int) -> F32:
    """A bright core in a wide faint skirt, 1 in the middle."""
    a = np.arange(-radius, radius + 1, dtype=np.float32) / max(radius, 1)
    d = np.hypot(a[:, None], a[None])
    return np.asarray(
        (0.72 * np.exp(-((d / 0.16) ** 2)) + 0.28 * np.exp(-((d / 0.42) ** 2))) * np.clip(1 - d, 0, 1) ** 0.5,
        np.float32,
    )


def add_halo(picture: Picture, glow: Glow, strength: float = 1.0) -> None:
    """Add a lamp's halo."""
    radius = int(np.clip(glow.radius, 2, 90))
    x, y = round(glow.x), round(glow.y)
    h, w = picture.shape[:2]
    x0, y0, x1, y1 = max(x - radius, 0), max(y - radius, 0), min(x + radius + 1, w), min(y + radius + 1, h)
    if x1 <= x0 or y1 <= y0:
        return
    stamp = _halo(radius)[y0 - y + radius : y1 - y + radius, x0 - x + radius : x1 - x + radius, None] * (
        glow.colour * strength
    )
    part = picture[y0:y1, x0:x1]
    picture[y0:y1, x0:x1] = np.minimum(part + stamp, 255).astype(np.uint8)


def add_streak(picture: Picture, glow: Glow, strength: float) -> None:
    """The long reflection of a lamp on a wet road."""
    half = int(np.clip(glow.radius * 0.22, 1, 14))
    length = int(np.clip(glow.radius * 2.6, 6, 170))
    x, y = round(glow.x), round(glow.ground_y)
    h, w = picture.shape[:2]
    x0, x1, y0, y1 = max(x - 2 * half, 0), min(x + 2 * half + 1, w), max(y, 0), min(y + length, h)
    if x1 <= x0 or y1 <= y0:
        return
    across = np.exp(-(((np.arange(x0, x1) - x) / half) ** 2)).astype(np.float32)
    along = (1 - (np.arange(y0, y1) - y) / length).astype(np.float32) ** 1.5
    part = picture[y0:y1, x0:x1]
    stamp = along[:, None, None] * across[None, :, None] * (glow.colour * strength)
    picture[y0:y1, x0:x1] = np.minimum(part + stamp, 255).astype(np.uint8)


def add_reflection(picture: Picture, patch: Patch, wet: float) -> None:
    """A blurred mirror picture below an object on a wet road."""
    h, w = patch.pixels.shape[:2]
    bottom = patch.top + h
    room = min(h, picture.shape[0] - bottom + h // 6)
    if room < 4:
        return
    mirror = cv2.blur(np.ascontiguousarray(patch.pixels[::-1][:room]), (3, max(3, h // 8 | 1)))
    start = bottom - h // 6
    fade = (np.linspace(0.42, 0.0, room, dtype=np.float32) * wet)[:, None, None]
    part = picture[start : start + room, patch.left : patch.left + w]
    mirror = mirror[: part.shape[0]].astype(np.float32)
    fade = fade[: part.shape[0]]
    alpha = mirror[..., 3:] / 255 * fade
    picture[start : start + room, patch.left : patch.left + w] = (part * (1 - alpha) + mirror[..., :3] * fade).astype(
        np.uint8
    )


def add_beam(picture: Picture, state: ObjectState, camera: Pinhole, air: Atmosphere) -> None:
    """Light of the low beam on the road ahead."""
    c, s = np.cos(state.heading), np.sin(state.heading)
    front = state.look.spec.length / 2
    shape = np.array(
        [
            (front + 0.8, 0.8),
            (front + 16, 3.4),
            (front + 20, 1.5),
            (front + 20, -1.5),
            (front + 16, -3.4),
            (front + 0.8, -0.8),
        ]
    )
    world = shape @ np.array([[c, s], [-s, c]]) + (state.x, state.y)
    pixels = clip_near(np.column_stack([world, np.zeros(len(world))]), camera)
    if len(pixels) < 3:
        return
    window = frame_window(pixels, camera.width, camera.height, 24)
    if window is None:
        return
    x0, y0, x1, y1 = window
    k = 4
    mask = np.zeros(((y1 - y0) // k + 1, (x1 - x0) // k + 1), np.uint8)
    cv2.fillPoly(
        mask, [np.clip((pixels - (x0, y0)) / k * 16, -(1 << 22), 1 << 22).astype(np.int32)], 255, cv2.LINE_AA, 4
    )
    soft = cv2.GaussianBlur(mask, (0, 0), max(1.0, mask.shape[0] * 0.10))
    wide = cv2.resize(soft, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    part = picture[y0:y1, x0:x1]
    gain = 0.75 if air.lamps > 0.3 else 0.25
    lift = cv2.multiply(part, cv2.merge([wide, wide, wide]), scale=gain / 255)
    glare = cv2.merge([cv2.convertScaleAbs(wide, alpha=g * gain) for g in (0.045, 0.058, 0.062)])
    picture[y0:y1, x0:x1] = cv2.add(cv2.add(part, lift), glare)


@dataclass(slots=True)
class Sensor:
    """Lens and sensor of one camera: blur, vignette, exposure and noise, precipitation in front of it."""

    air: Atmosphere
    width: int
    height: int
    rng: np.random.Generator
    exposure: float = 1.0
    _vignette: Picture = field(init=False)
    _up: Picture = field(init=False)
    _down: Picture = field(init=False)
    _drops: list[Picture] = field(init=False)
    _flakes: list[tuple[F32, F32, F32]] = field(init=False)

    def __post_init__(self) -> None:
        y, x = np.mgrid[-1 : 1 : self.height * 1j, -1 : 1 : self.width * 1j].astype(np.float32)
        shade = (255 * np.clip(self.exposure * (1 - 0.13 * (x * x + y * y)), 0, 1)).astype(np.uint8)
        self._vignette = cv2.merge([shade, shade, shade])
        raw = self.rng.normal(0, self.air.noise, (self.height + 64, self.width + 64)).astype(np.float32)
        chroma = self.rng.normal(0, self.air.noise * 0.5, (self.height + 64, self.width + 64, 3)).astype(np.float32)
        both = cv2.GaussianBlur(raw[..., None] * 0.9 + chroma, (0, 0), 0.55) * 1.3
        self._up = np.clip(both, 0, 255).astype(np.uint8)
        self._down = np.clip(-both, 0, 255).astype(np.uint8)
        self._drops = [self._streaks(k) for k in range(6)] if self.air.rain else []
        self._flakes = [self._snowflakes(k) for k in range(3)] if self.air.snowfall else []

    def _streaks(self, seed: int) -> Picture:
        rng = np.random.default_rng(seed)
        layer = np.zeros((self.height, self.width), np.uint8)
        slant = 0.12
        for _ in range(int(700 * self.air.rain * self.width * self.height / (1280 * 720))):
            near = rng.uniform(0.2, 1.0) ** 2
            x, y = rng.uniform(0, self.width), rng.uniform(-40, self.height)
            n = 8 + 34 * near
            cv2.line(layer, (int(x), int(y)), (int(x - n * slant), int(y + n)), int(14 + 30 * near), 1, cv2.LINE_AA)
        soft = cv2.GaussianBlur(layer, (0, 0), 0.7)
        return np.asarray(cv2.merge([soft, soft, soft]), np.uint8)

    def _snowflakes(self, seed: int) -> tuple[F32, F32, F32]:
        rng = np.random.default_rng(seed + 50)
        count = int(240 * self.air.snowfall * self.width * self.height / (1280 * 720))
        near = rng.uniform(0, 1, count).astype(np.float32) ** 3
        return (
            rng.uniform(0, self.width, count).astype(np.float32),
            rng.uniform(0, self.height, count).astype(np.float32),
            near,
        )

    def develop(self, picture: Picture, index: int, video_s: float) -> Picture:
        """The picture as the camera gives it; `index` selects noise, so that a frame is always the same."""
        if self._drops:
            k = int(np.random.default_rng(index).integers(len(self._drops) * 97))
            streaks = np.roll(
                self._drops[k % len(self._drops)], ((k * 131) % self.height, (k * 57) % self.width), (0, 1)
            )
            picture = np.asarray(cv2.add(picture, streaks), np.uint8)
        for x, y, near in self._flakes:
            fall = (y + video_s * (60 + 260 * near)) % self.height
            drift = (x + video_s * (20 + 60 * near) + 8 * np.sin(video_s * 1.5 + y)) % self.width
            for cx, cy, n in zip(drift, fall, near, strict=True):
                cv2.circle(
                    picture, (int(cx * 8), int(cy * 8)), int((0.8 + 2.2 * n) * 8), (238, 236, 235), -1, cv2.LINE_AA, 3
                )
        if self.air.blur:
            picture = np.asarray(cv2.GaussianBlur(picture, (3, 3), self.air.blur), np.uint8)
        picture = np.asarray(cv2.multiply(picture, self._vignette, scale=1 / 255), np.uint8)
        rng = np.random.default_rng(index + 7)
        dy, dx = (int(v) for v in rng.integers(0, 64, 2))
        window = (slice(dy, dy + self.height), slice(dx, dx + self.width))
        return np.asarray(cv2.subtract(cv2.add(picture, self._up[window]), self._down[window]), np.uint8)
