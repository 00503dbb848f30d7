"""Procedural smoke, steam, dust and flames, each a pure function of its age.

A plume is a train of puffs that rise, drift and swell; noise that is carried along tears them; what it hides follows
Beer-Lambert. Boxes bound what a person would call smoke (opacity of at least `VISIBLE`).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.mesh import F32
from scenarios.textures import TILE, noise_tile
from scenarios.truth import RegionTruth

Picture = NDArray[np.uint8]
VISIBLE = 0.16  # opacity from which a patch counts as seen
PUFFS_PER_S = 7.0


@dataclass(frozen=True, slots=True)
class Plume:
    """Smoke from one source; positions and lengths in pixels through `px_per_m` at the source's distance."""

    x: float
    y: float
    px_per_m: float
    seed: int
    wind: float = 0.8  # m/s to the right in the picture
    rise: float = 1.6  # m/s at the source
    density: float = 1.0
    spread: float = 0.42  # growth of a puff, m/s
    life_s: float = 16.0
    ramp_s: float = 10.0  # time until the source gives its full amount
    width_m: float = 0.7  # of the source
    colour: tuple[float, float, float] = (128.0, 128.0, 130.0)
    cls: str = "smoke"

    def draw(self, picture: Picture, age_s: float) -> RegionTruth | None:
        """Lay the plume over a picture in place; its region, or None while there is nothing to see."""
        if age_s <= 0:
            return None
        field = self._density(picture.shape[1], picture.shape[0], age_s)
        if field is None:
            return None
        density, x0, y0, k = field
        alpha = 1 - np.exp(-density)
        relief = cv2.Sobel(cv2.GaussianBlur(density, (0, 0), 1.5), cv2.CV_32F, 1, 0) - cv2.Sobel(
            cv2.GaussianBlur(density, (0, 0), 1.5), cv2.CV_32F, 0, 1
        )
        tone = np.clip(1.0 - 0.10 * relief - 0.10 * np.clip(density - 0.8, 0, 2), 0.62, 1.25)
        h, w = density.shape
        x1, y1 = min(x0 + w * k, picture.shape[1]), min(y0 + h * k, picture.shape[0])
        big_alpha = cv2.resize(alpha, (w * k, h * k), interpolation=cv2.INTER_LINEAR)[: y1 - y0, : x1 - x0, None]
        big_tone = cv2.resize(tone, (w * k, h * k), interpolation=cv2.INTER_LINEAR)[: y1 - y0, : x1 - x0, None]
        part = picture[y0:y1, x0:x1]
        colour = big_tone * np.array(self.colour, np.float32)
        picture[y0:y1, x0:x1] = np.clip(part + big_alpha * (colour - part), 0, 255).astype(np.uint8)
        seen = big_alpha[..., 0] >= VISIBLE
        if seen.sum() < 40:
            return None
        cols, rows = np.nonzero(seen.any(0))[0], np.nonzero(seen.any(1))[0]
        box = (float(x0 + cols[0]), float(y0 + rows[0]), float(x0 + cols[-1] + 1), float(y0 + rows[-1] + 1))
        return RegionTruth(self.cls, box, float(big_alpha[..., 0][seen].mean()))

    def _density(self, width: int, height: int, age_s: float) -> tuple[F32, int, int, int] | None:
        """Optical depth on a coarse grid: field, its left and top in the picture, pixels a cell."""
        rng = np.random.default_rng(self.seed)
        count = int(min(age_s, 400.0) * PUFFS_PER_S) + 1
        jitter = rng.uniform(-1, 1, (count, 4)).astype(np.float32)
        born = (np.arange(count) + 0.5 * jitter[:, 0]) / PUFFS_PER_S
        age = (age_s - born).astype(np.float32)
        live = (age > 0) & (age < self.life_s)
        if not live.any():
            return None
        age, jitter, born = age[live], jitter[live], born[live]
        gust = 1 + 0.35 * np.sin(born * 0.9 + self.seed % 7) + 0.2 * np.sin(born * 2.3)
        right = self.wind * gust * age * (0.45 + 0.55 * np.minimum(age / 5, 1)) + jitter[:, 1] * (
            self.width_m / 2 + 0.12 * age
        )
        right = right + 0.35 * np.sin(age * 0.8 + born * 0.7) * np.minimum(age / 4, 1)
        up = self.rise * 6 * (1 - np.exp(-age / 6)) * (1 + 0.12 * jitter[:, 2]) + 0.25 * age
        radius = 0.28 + 0.25 * self.width_m + self.spread * age * (1 + 0.2 * jitter[:, 3])
        amount = np.minimum(born / self.ramp_s + 0.25, 1.0) * np.minimum(age / 0.5, 1) * (1 - age / self.life_s) ** 0.8
        amount = 0.85 * self.density * amount * (0.45 / radius) ** 0.85
        p = self.px_per_m
        cx, cy, r = self.x + right * p, self.y - up * p, radius * p
        x0, y0 = int(np.clip((cx - 2 * r).min(), 0, width - 8)), int(np.clip((cy - 2 * r).min(), 0, height - 8))
        x1, y1 = int(np.clip((cx + 2 * r).max(), x0 + 8, width)), int(np.clip((cy + 2 * r).max(), y0 + 8, height))
        k = 2 if (x1 - x0) * (y1 - y0) < 60_000 else 3
        w, h = -(-(x1 - x0) // k), -(-(y1 - y0) // k)
        total = np.zeros((h, w), np.float32)
        gx, gy = np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32)
        for bx, by, br, a in zip((cx - x0) / k, (cy - y0) / k, np.maximum(r / k, 0.8), amount, strict=True):
            c0, c1, r0, r1 = (
                int(max(bx - 2.2 * br, 0)),
                int(min(bx + 2.2 * br + 1, w)),
                int(max(by - 2.2 * br, 0)),
                int(min(by + 2.2 * br + 1, h)),
            )
            if c1 <= c0 or r1 <= r0:
                continue
            ex = np.exp(-(((gx[c0:c1] - bx) / br) ** 2))
            ey = np.exp(-(((gy[r0:r1] - by) / br) ** 2)) * a
            total[r0:r1, c0:c1] += ey[:, None] * ex[None]
        # noise carried upwards with the plume; finer near the source
        scale = 34.0 / p * k
        flow_x, flow_y = -self.wind * age_s * 34 * 0.8, self.rise * age_s * 34 * 0.8
        shift = np.float32(self.seed % 311)
        one = cv2.remap(
            noise_tile(41),
            np.broadcast_to((gx * scale + flow_x + shift) % TILE, (h, w)).astype(np.float32).copy(),
            np.broadcast_to(((gy * scale + flow_y) % TILE)[:, None], (h, w)).astype(np.float32).copy(),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
        two = cv2.remap(
            noise_tile(43),
            np.broadcast_to((gx * scale * 0.4 + flow_x * 0.5) % TILE, (h, w)).astype(np.float32).copy(),
            np.broadcast_to(((gy * scale * 0.4 + flow_y * 0.45 + shift) % TILE)[:, None], (h, w))
            .astype(np.float32)
            .copy(),
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_WRAP,
        )
        total *= np.clip(0.95 + 0.40 * one + 0.45 * two, 0.05, 2.4)
        return np.asarray(total, np.float32), x0, y0, k


@dataclass(frozen=True, slots=True)
class Flame:
    """Flames over a base line: middle of the base, width and height in pixels."""

    x: float
    y: float
    width: float
    height: float
    seed: int

    def draw(self, picture: Picture, age_s: float, strength: float = 1.0) -> RegionTruth | None:
        """Add the flames; their region, or None where they are not seen yet."""
        grow = float(np.clip(age_s / 6.0, 0.0, 1.0)) * 0.65 + 0.35
        if age_s <= 0 or strength <= 0:
            return None
        w, h = max(4, int(self.width * 1.5)), max(5, int(self.height * grow * 1.3))
        x0, y0 = int(self.x - w / 2), int(self.y - h)
        gx = (np.arange(w, dtype=np.float32) / w - 0.5)[None] * 2
        gy = (1 - np.arange(h, dtype=np.float32) / h)[:, None]
        tile, off = noise_tile(45), np.float32(self.seed % 401)
        u = np.broadcast_to((gx * 38 + off + 4 * np.sin(age_s * 3)) % TILE, (h, w)).astype(np.float32).copy()
        v = np.broadcast_to(((1 - gy) * 52 + age_s * 150) % TILE, (h, w)).astype(np.float32).copy()
        licks = cv2.remap(tile, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        flicker = 1 + 0.12 * np.sin(age_s * 17 + self.seed) + 0.08 * np.sin(age_s * 29)
        body = (1.15 - 1.05 * gy / flicker - 0.95 * np.abs(gx) ** 1.6 * (0.7 + gy) + 0.34 * licks * (0.35 + gy)) * 1.25
        heat = np.clip(body, 0, 1)
        alpha = np.clip(heat * 2.6, 0, 1)[..., None] * np.float32(min(1.0, strength))
        stops = np.array([0.0, 0.3, 0.6, 1.0])
        colour = np.stack(
            [np.interp(heat, stops, c) for c in ((10, 20, 60, 190), (20, 90, 190, 250), (120, 235, 255, 255))], -1
        )
        left, top, right, bottom = max(x0, 0), max(y0, 0), min(x0 + w, picture.shape[1]), min(y0 + h, picture.shape[0])
        if right - left < 3 or bottom - top < 3:
            return None
        crop = (slice(top - y0, bottom - y0), slice(left - x0, right - x0))
        part = picture[top:bottom, left:right]
        picture[top:bottom, left:right] = np.clip(
            part * (1 - alpha[crop] * 0.85) + colour[crop] * alpha[crop], 0, 255
        ).astype(np.uint8)
        self._light(picture, strength * grow * float(flicker))
        seen = alpha[crop][..., 0] > 0.35
        if seen.sum() < 12:
            return None
        cols, rows = np.nonzero(seen.any(0))[0], np.nonzero(seen.any(1))[0]
        return RegionTruth(
            "fire",
            (float(left + cols[0]), float(top + rows[0]), float(left + cols[-1] + 1), float(top + rows[-1] + 1)),
            float(alpha[crop][..., 0][seen].mean()),
        )

    def _light(self, picture: Picture, strength: float) -> None:
        """Warm light on what is around."""
        radius = int(np.clip(self.width * 2.6, 6, 220))
        x, y = int(self.x), int(self.y - self.height * 0.4)
        x0, y0, x1, y1 = (
            max(x - radius, 0),
            max(y - radius, 0),
            min(x + radius, picture.shape[1]),
            min(y + radius, picture.shape[0]),
        )
        if x1 <= x0 or y1 <= y0:
            return
        d = np.hypot((np.arange(x0, x1) - x)[None] / radius, (np.arange(y0, y1) - y)[:, None] / radius).astype(
            np.float32
        )
        glow = np.clip(1 - d, 0, 1)[..., None] ** 2 * np.array((10, 42, 78), np.float32) * strength
        part = picture[y0:y1, x0:x1]
        picture[y0:y1, x0:x1] = np.minimum(part + glow, 255).astype(np.uint8)
