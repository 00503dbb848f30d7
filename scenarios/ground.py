"""The road plane and the sky of a scene, painted once: asphalt, markings, kerbs, shadows, lamp light, haze."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Pinhole
from scenarios.layout import Layout, Prop, stroke
from scenarios.mesh import F32, encode
from scenarios.textures import grain_tile, noise_tile, sample
from scenarios.weather import LAMP_COLOUR, Atmosphere, lamp_light

NEAR = 0.6  # m, what lies nearer than this is cut away
ALBEDO = {
    "asphalt": (0.105, 0.103, 0.102),
    "pavement": (0.235, 0.245, 0.255),
    "grass": (0.030, 0.105, 0.060),
    "dirt": (0.130, 0.165, 0.205),
    "concrete": (0.170, 0.172, 0.175),
    "steel": (0.040, 0.042, 0.048),
}
SNOW = (0.80, 0.77, 0.74)


def clip_near(points: NDArray[np.floating], camera: Pinhole) -> NDArray[np.float64]:
    """Cut a world polygon (N, 3) at the near plane (Sutherland-Hodgman); returns pixels (M, 2), maybe empty."""
    local = (np.asarray(points, float) - camera.position) @ camera.rotation.T
    kept: list[NDArray[np.float64]] = []
    for a, b in zip(local, np.roll(local, -1, axis=0), strict=True):
        if a[2] >= NEAR:
            kept.append(a)
        if (a[2] >= NEAR) != (b[2] >= NEAR):
            kept.append(a + (b - a) * (NEAR - a[2]) / (b[2] - a[2]))
    if len(kept) < 3:
        return np.empty((0, 2))
    cut = np.array(kept)
    return cut[:, :2] / cut[:, 2:] * camera.focal_px + (camera.width / 2, camera.height / 2)


def fill(
    canvas: NDArray[np.uint8] | F32,
    pixels: NDArray[np.float64],
    colour: Sequence[float] | float,
    *,
    antialias: bool = True,
) -> None:
    """Fill a polygon given in pixels with sub-pixel corners."""
    if len(pixels) >= 3:
        fixed = np.clip(np.rint((pixels - 0.5) * 16), -(1 << 24), 1 << 24).astype(np.int32)
        cv2.fillPoly(canvas, [fixed], colour, cv2.LINE_AA if antialias else cv2.LINE_8, 4)


def flat(points: NDArray[np.floating], z: float = 0.0) -> NDArray[np.float64]:
    """Plane points (N, 2) lifted to (N, 3)."""
    return np.column_stack([points, np.full(len(points), z)])


@dataclass(slots=True)
class Ground:
    """Supersampled buffers while painting; rows above `top` are sky."""

    camera: Pinhole
    top: int
    x: F32
    y: F32
    distance: F32

    @classmethod
    def of(cls, camera: Pinhole) -> Ground:
        """Prepare the plane coordinates of each pixel below the horizon."""
        top = int(np.clip(np.floor(camera.horizon) + 2, 0, camera.height - 1))
        x, y = camera.rays()
        x, y = np.nan_to_num(x[top:], nan=1e4), np.nan_to_num(y[top:], nan=1e4)
        distance = np.hypot(x - np.float32(camera.position[0]), y - np.float32(camera.position[1]))
        return cls(camera, top, x, y, distance.astype(np.float32))


def _albedo(ground: Ground, layout: Layout, air: Atmosphere, rng: np.random.Generator) -> tuple[F32, F32]:
    """Albedo (rows, width, 3) and where the ground is hard and smooth (rows, width)."""
    camera, top = ground.camera, ground.top
    shape = ground.x.shape
    label = np.full((camera.height, camera.width), 0, np.uint8)
    kinds = list(ALBEDO)
    for surface in layout.surfaces:
        fill(label, clip_near(flat(surface.points), camera), kinds.index(surface.kind) + 1, antialias=False)
    label = label[top:]
    label[label == 0] = kinds.index("grass") + 1
    table = np.array([(0, 0, 0), *ALBEDO.values()], np.float32)
    out = table[label]
    # amplitude of a pattern fades where a pixel covers more than about half its period
    footprint = np.maximum(ground.distance**2 / (camera.focal_px * float(camera.position[2])), 1e-3)

    def layer(period: float, size: float, seed: int) -> F32:
        fade = np.clip(size / footprint / 2, 0, 1)
        return np.asarray(sample(noise_tile(seed), ground.x, ground.y, period) * fade, np.float32)

    big, mid, small = layer(90, 6.0, 5), layer(17, 1.2, 6), layer(4.1, 0.25, 7)
    grain = sample(grain_tile(8), ground.x, ground.y, 9.0) * np.clip(0.03 / footprint, 0, 1)
    is_road = (label == kinds.index("asphalt") + 1) | (label == kinds.index("concrete") + 1)
    is_grass = label == kinds.index("grass") + 1
    factor = 1 + np.where(is_grass, 0.16 * big + 0.20 * mid + 0.22 * small, 0.05 * big + 0.05 * mid + 0.05 * small)
    factor += np.where(is_road, 0.16, 0.08) * grain
    out *= np.clip(factor, 0.35, 1.9)[..., None]
    dry = np.clip(0.5 * big + 0.5 * mid, 0, 1)[..., None] * is_grass[..., None]
    out += dry * (np.array((0.05, 0.13, 0.15), np.float32) - out) * 0.6
    paved = label == kinds.index("pavement") + 1
    joint = (np.minimum(ground.x % 0.5, ground.y % 0.5) < 0.035) & paved
    out *= 1 - 0.30 * (joint * np.clip(0.05 / footprint, 0, 1))[..., None]
    full = np.zeros((camera.height, camera.width, 3), np.float32)
    full[top:] = out
    _wear(full, layout, camera, rng)
    _markings(full, ground, layout, mid, small, air, rng)
    _kerbs(full, layout, camera)
    out = full[top:]
    if air.snow_cover:
        cover = np.where(is_road, 0.25 + 0.30 * mid, 0.9 + 0.3 * mid) * air.snow_cover
        cover = np.clip(cover, 0, 0.95)[..., None]
        out += cover * (np.array(SNOW, np.float32) - out)
    if air.wet:
        out *= np.where(is_road | paved, 1 - 0.45 * air.wet, 1 - 0.15 * air.wet)[..., None]
    hard = np.where(is_road, 1.0, np.where(paved, 0.45, 0.03))
    return np.asarray(out.reshape(*shape, 3), np.float32), hard.astype(np.float32)


def _wear(full: F32, layout: Layout, camera: Pinhole, rng: np.random.Generator) -> None:
    """Wheel tracks, oil in the middle of lanes, repair patches, cracks and manholes."""
    mask = np.zeros(full.shape[:2], np.float32)
    for path in layout.paths.values():
        pts = path.points[::6]
        side = np.gradient(pts, axis=0)
        side = np.column_stack([-side[:, 1], side[:, 0]]) / np.maximum(
            np.linalg.norm(side, axis=1, keepdims=True), 1e-6
        )
        for offset, strength, width in ((-0.82, 0.10, 0.55), (0.82, 0.10, 0.55), (0.0, -0.11, 0.6)):
            line = pts + side * offset
            strip = np.vstack([line + side * width / 2, (line - side * width / 2)[::-1]])
            fill(mask, clip_near(flat(strip), camera), strength)
    full *= (1 + np.asarray(cv2.GaussianBlur(mask, (0, 0), 4.0)))[..., None]
    for surface in layout.surfaces:
        if surface.kind != "asphalt" or len(surface.points) > 4:
            continue
        low, high = np.maximum(surface.points.min(0), -70), np.minimum(surface.points.max(0), 90)
        for _ in range(5):
            x, y = rng.uniform(low, high)
            w, d = rng.uniform(0.8, 3.0), rng.uniform(1.5, 8.0)
            patch = np.array([(x, y), (x + w, y), (x + w, y + d), (x, y + d)])
            shade = np.zeros(full.shape[:2], np.float32)
            fill(shade, clip_near(flat(np.clip(patch, low, high)), camera), 1.0)
            full *= 1 + shade[..., None] * rng.uniform(-0.16, 0.12)
        for _ in range(26):
            p = rng.uniform(low, high)
            direction = rng.uniform(0, np.pi)
            for _ in range(int(rng.integers(4, 14))):
                q = p + np.array([np.cos(direction), np.sin(direction)]) * rng.uniform(0.3, 0.9)
                if np.all(q > low) and np.all(q < high):
                    fill(full, clip_near(flat(stroke(tuple(p), tuple(q), 0.025)), camera), (0.05, 0.05, 0.05))
                p, direction = q, direction + rng.normal(0, 0.5)
        for _ in range(3):
            c = rng.uniform(low, high)
            ring = c + 0.34 * np.column_stack([np.cos(np.linspace(0, 6.28, 20)), np.sin(np.linspace(0, 6.28, 20))])
            fill(full, clip_near(flat(ring), camera), (0.055, 0.055, 0.058))


def _markings(
    full: F32, ground: Ground, layout: Layout, mid: F32, small: F32, air: Atmosphere, rng: np.random.Generator
) -> None:
    mask = np.zeros(full.shape[:2], np.float32)
    for marking in layout.markings:
        fill(mask, clip_near(flat(marking.points), ground.camera), 1.0)
    mask = mask[ground.top :]
    worn = np.clip(0.88 - 0.10 * mid - 0.13 * np.maximum(small, 0) - rng.uniform(0, 0.12), 0.25, 1)
    worn = worn * (1 - 0.55 * air.snow_cover)
    paint = np.array((0.56, 0.57, 0.58), np.float32)
    part = full[ground.top :]
    part += (mask * worn)[..., None] * (paint - part)


def _kerbs(full: F32, layout: Layout, camera: Pinhole) -> None:
    """Stones 0.15 m wide and high; the side towards the camera is darker."""
    for kerb in layout.kerbs:
        steps = np.linspace(0, 1, max(2, int(np.linalg.norm(kerb[-1] - kerb[0]) / 10)))
        line = kerb if len(kerb) > 2 else kerb[0] + (kerb[1] - kerb[0]) * steps[:, None]
        for p, q in pairwise(line):
            side = np.array([[*p, 0.0], [*q, 0.0], [*q, 0.14], [*p, 0.14]])
            fill(full, clip_near(side, camera), (0.17, 0.175, 0.18))
            fill(full, clip_near(flat(stroke(tuple(p), tuple(q), 0.16), 0.14), camera), (0.30, 0.31, 0.32))


def _shadows(ground: Ground, props: list[Prop], air: Atmosphere) -> F32:
    """Share of sunlight that reaches each pixel of the plane, 0 in full shadow."""
    camera = ground.camera
    mask = np.zeros((camera.height, camera.width), np.float32)
    sun = air.light.sun_dir
    slope = -sun[:2] / max(float(sun[2]), 0.1)
    for prop in props:
        x, y = prop.at
        w, d, h = prop.size
        if prop.kind == "building":
            base = np.array(
                [(x - w / 2, y - d / 2), (x + w / 2, y - d / 2), (x + w / 2, y + d / 2), (x - w / 2, y + d / 2)]
            )
            hull = np.asarray(cv2.convexHull(np.vstack([base, base + slope * h]).astype(np.float32)), float)[:, 0]
            fill(mask, clip_near(flat(hull), camera), 1.0)
        elif prop.kind == "tree":
            angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
            for rise, share in ((0.50, 0.36), (0.66, 0.46), (0.82, 0.36)):
                centre = np.array([x, y]) + slope * h * rise
                lump = 1 + 0.18 * np.sin(angle * 5 + prop.style) + 0.12 * np.sin(angle * 9 + 2 * prop.style)
                crown = centre + (w * share * lump)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
                fill(mask, clip_near(flat(crown), camera), 0.92)
            fill(mask, clip_near(flat(stroke((x, y), tuple(np.array([x, y]) + slope * h * 0.5), 0.25)), camera), 0.9)
        elif prop.kind in ("lamp", "pole", "mast", "sign"):
            fill(mask, clip_near(flat(stroke((x, y), tuple(np.array([x, y]) + slope * h), 0.16)), camera), 0.8)
    return np.asarray(1 - cv2.GaussianBlur(mask, (0, 0), 1.6)[ground.top :], np.float32)


def _sky(camera: Pinhole, rows: int, air: Atmosphere, rng: np.random.Generator) -> F32:
    """Gradient, clouds and a far skyline; display colours (rows, width, 3)."""
    if rows <= 0:
        return np.empty((0, camera.width, 3), np.float32)
    v = np.arange(rows, dtype=np.float32)[:, None]
    u = np.arange(camera.width, dtype=np.float32)[None]
    elevation = np.clip((camera.horizon - v) / camera.focal_px, 0, 1)
    t = np.clip(elevation / 0.35, 0, 1)[..., None] ** 0.7
    sky = air.sky_low + (air.sky_top - air.sky_low) * t
    sky = np.broadcast_to(sky, (rows, camera.width, 3)).astype(np.float32).copy()
    tile = noise_tile(21)
    shift = rng.uniform(0, 512, 2).astype(np.float32)
    reach = 1 / (elevation + 0.10)
    cloud = cv2.remap(
        tile,
        ((u - camera.width / 2) / camera.focal_px * reach * 60 + shift[0]).astype(np.float32),
        np.broadcast_to(reach * 55 + shift[1], sky.shape[:2]).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    cover = np.clip((cloud - (1.1 - 1.9 * air.clouds)) * 0.7, 0, 1)[..., None] * (
        0.25 if air.name in ("overcast", "rain", "snow") else 0.75
    )
    bright = np.minimum(air.sky_low * 1.06 + 14, 250)
    sky += cover * (bright - sky)
    # mountains and far roofs, hazy
    heights = sum(
        a * np.sin(u[0] / camera.width * f + p)
        for a, f, p in ((0.010, 9, rng.uniform(0, 6)), (0.006, 23, rng.uniform(0, 6)), (0.003, 61, rng.uniform(0, 6)))
    )
    ridge = camera.horizon - camera.focal_px * (0.045 + heights)
    haze = air.light.fog
    sky = np.where(
        (v > ridge[None])[..., None], sky * 0.35 + (haze * 0.9 + np.array([8, 0, -6], np.float32)) * 0.65, sky
    )
    steps = np.repeat(rng.uniform(0.004, 0.030, camera.width // 16 + 1), 16)[: camera.width]
    roofs = camera.horizon - camera.focal_px * steps
    tone = np.repeat(rng.uniform(0.55, 0.85, camera.width // 16 + 1), 16)[: camera.width]
    return np.where((v > roofs[None])[..., None], haze * tone[None, :, None].astype(np.float32), sky).astype(np.float32)


def paint_ground(camera: Pinhole, layout: Layout, air: Atmosphere, rng: np.random.Generator) -> NDArray[np.float32]:
    """Sky and road plane without anything standing on it: display colours 0..255 (height, width, 3).

    `camera` may be a supersampled one; the caller averages down.
    """
    ground = Ground.of(camera)
    albedo, hard = _albedo(ground, layout, air, rng)
    light = air.light
    irradiance = np.broadcast_to(light.sky, albedo.shape).copy()
    if float(light.sun.max()) > 0:
        irradiance += _shadows(ground, layout.props, air)[..., None] * (light.sun * light.sun_dir[2])
    if air.lamps:
        irradiance += (lamp_light(ground.x, ground.y, layout.lamps) * np.float32(air.lamps))[..., None] * LAMP_COLOUR
    linear = albedo * irradiance
    if air.wet:
        linear = _gloss(linear, ground, air, hard)
    shown = encode(linear)
    clear = np.exp(-light.fog_per_m * ground.distance)[..., None]
    shown = shown * clear + light.fog * (1 - clear)
    picture = np.empty((camera.height, camera.width, 3), np.float32)
    picture[: ground.top] = _sky(camera, ground.top, air, rng)
    picture[ground.top :] = shown
    return picture


def _gloss(linear: F32, ground: Ground, air: Atmosphere, hard: F32) -> F32:
    """Sky mirrored by a wet road, by Schlick's Fresnel; puddles mirror more."""
    height = np.float32(ground.camera.position[2])
    cosine = height / np.sqrt(ground.distance**2 + height**2)
    fresnel = 0.03 + 0.97 * (1 - cosine) ** 5
    puddle = np.clip(sample(noise_tile(31), ground.x, ground.y, 26.0) * 0.3 + 0.5, 0.2, 1.0)
    share = (np.minimum(fresnel * 1.2, 0.5) * air.wet * puddle * hard)[..., None]
    return np.asarray(linear * (1 - share) + share * air.light.horizon, np.float32)
