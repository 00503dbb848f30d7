"""Houses: façades with windows, balconies and shops, warped onto the walls that face the camera."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.camera import Pinhole
from scenarios.layout import Layout, Prop
from scenarios.mesh import F32, Patch, encode, fogged, frame_window
from scenarios.textures import noise_tile
from scenarios.weather import LAMP_COLOUR, Atmosphere, lamp_light

_WALLS = (
    (176, 190, 205), (150, 176, 200), (168, 170, 172), (190, 205, 214),
    (120, 140, 178), (160, 182, 190), (205, 208, 206),
)  # fmt: skip
_BOARDS = ((40, 40, 180), (160, 90, 30), (50, 140, 60), (30, 160, 220), (90, 40, 120), (60, 60, 60))
_GLASS_TINT = np.array([1.12, 1.0, 0.92], np.float32)
PX_PER_M = 22  # of façade textures
STOREY_M = 3.0
SILL_M = 0.9  # of a window above its floor
NORTH_WALL, WEST_WALL = 2, 3  # walls are numbered south, east, north, west
NEAR_M = 4.0  # walls are cut this far in front of the camera


def _bay(seed: int) -> float:
    return (2.6, 3.0, 3.4)[seed % 3]


def window_columns(width_m: float, seed: int) -> list[float]:
    """Middles of the windows of a façade, metres from its left end."""
    bay = _bay(seed)
    count = max(1, int(width_m / bay))
    return [(width_m - count * bay) / 2 + (k + 0.5) * bay for k in range(count)]


@dataclass(slots=True)
class _Facade:
    """A wall being painted: display colours under full light, mask of lit windows, pixels a metre."""

    colour: F32
    lit: F32
    scale: float
    wall: F32
    rng: np.random.Generator

    def box(self, x0: float, y0: float, x1: float, y1: float) -> tuple[slice, slice]:
        """Rows and columns of a rectangle given in metres from the lower left corner."""
        h = len(self.colour)
        return (
            slice(max(0, int(h - y1 * self.scale)), max(0, int(h - y0 * self.scale))),
            slice(max(0, int(x0 * self.scale)), max(0, int(x1 * self.scale))),
        )

    def glass(self, at: tuple[slice, slice], top: float, bottom: float) -> F32:
        """Panes that mirror more sky towards the top."""
        rows = max(1, at[0].stop - at[0].start)
        return np.linspace(top, bottom, rows, dtype=np.float32)[:, None, None] * _GLASS_TINT

    def window(self, cx: float, low: float, size: tuple[float, float], lit_share: float) -> None:
        """One window with its frame, perhaps curtains, light or an air conditioner."""
        rng, colour, wall = self.rng, self.colour, self.wall
        w, h = size
        colour[self.box(cx - w / 2 - 0.1, low - 0.12, cx + w / 2 + 0.1, low + h + 0.06)] = wall * 1.14
        at = self.box(cx - w / 2, low, cx + w / 2, low + h)
        pane = self.glass(at, 92, 44) * rng.uniform(0.6, 1.25)
        colour[at] = pane * 0.6 + 75 * rng.uniform(0.5, 1.2) if rng.random() < 0.45 else pane
        if rng.random() < lit_share:
            self.lit[at] = rng.uniform(0.4, 1.0)
        colour[self.box(cx - 0.04, low, cx + 0.04, low + h)] = wall * 1.1
        colour[self.box(cx - w / 2, low + h * 0.66, cx + w / 2, low + h * 0.70)] = wall * 1.1
        if rng.random() < 0.18:
            colour[self.box(cx + w / 2 + 0.15, low - 0.5, cx + w / 2 + 0.85, low)] = 190 * rng.uniform(0.8, 1.1)

    def balcony(self, cx: float, low: float, bay: float) -> None:
        """A parapet below a window."""
        shade = self.wall * self.rng.uniform(0.62, 1.12)
        self.colour[self.box(cx - bay * 0.46, low - 0.85, cx + bay * 0.46, low + 0.25)] = shade
        self.colour[self.box(cx - bay * 0.46, low - 0.92, cx + bay * 0.46, low - 0.85)] = self.wall * 0.45

    def shops(self, width_m: float, lit_share: float) -> None:
        """Shop windows and sign boards along the ground floor."""
        rng, colour = self.rng, self.colour
        colour[self.box(0, 0, width_m, 3.0)] *= rng.uniform(0.55, 0.8)
        x = 0.6
        while x < width_m - 3.5:
            end = min(x + float(rng.uniform(3.0, 6.0)), width_m - 0.6)
            at = self.box(x + 0.2, 0.35, end - 0.2, 2.45)
            colour[at] = self.glass(at, 95, 35)
            self.lit[at] = 0.8 if rng.random() < lit_share * 1.8 else 0.0
            for post in np.arange(x + 0.2, end, 1.4):
                colour[self.box(post, 0.35, post + 0.07, 2.45)] = 60
            board = np.array(_BOARDS[int(rng.integers(len(_BOARDS)))], np.float32) * rng.uniform(0.7, 1.2)
            colour[self.box(x + 0.1, 2.5, end - 0.1, 3.15)] = board
            for letter in np.arange(x + 0.6, end - 0.8, 0.42):
                colour[self.box(letter, 2.64, letter + 0.26, 3.0)] = np.minimum(board + 120, 245)
            x = end + 0.5


def facade(width_m: float, height_m: float, seed: int, *, shops: bool, lit_share: float) -> tuple[F32, F32]:
    """A façade: display colours 0..255 (h, w, 3) under full light, and the mask (h, w) of lit windows."""
    rng = np.random.default_rng(seed)
    scale = min(PX_PER_M, 1400 / max(width_m, height_m))
    w, h = max(8, int(width_m * scale)), max(8, int(height_m * scale))
    wall = (np.array(_WALLS[int(rng.integers(len(_WALLS)))]) * rng.uniform(0.8, 1.0)).astype(np.float32)
    rough = np.asarray(cv2.resize(noise_tile(3), (w, h), interpolation=cv2.INTER_LINEAR), np.float32)
    plaster = 1 + 0.045 * rough[..., None] + 0.02 * rng.standard_normal((h, w, 1)).astype(np.float32)
    paint = _Facade(wall * plaster, np.zeros((h, w), np.float32), scale, wall, rng)
    bay, centres, floors = _bay(seed), window_columns(width_m, seed), max(1, int(height_m / STOREY_M))
    balconies: set[int] = set()
    if rng.random() < 0.8:
        balconies = set(rng.choice(len(centres), size=max(1, len(centres) // 4), replace=False).tolist())
    size = float(rng.uniform(1.2, 1.7)), float(rng.uniform(1.35, 1.7))
    for floor in range(floors + 1):
        paint.colour[paint.box(0, floor * STOREY_M - 0.04, width_m, floor * STOREY_M + 0.04)] *= 0.80
    for floor in range(1 if shops else 0, floors):
        for k, cx in enumerate(centres):
            if k in balconies:
                paint.balcony(cx, floor * STOREY_M + SILL_M, bay)
            paint.window(cx, floor * STOREY_M + SILL_M, size, lit_share)
    if shops:
        paint.shops(width_m, lit_share)
    paint.colour[paint.box(0, height_m - 0.35, width_m, height_m)] = wall * 0.72
    return np.clip(paint.colour, 0, 255).astype(np.float32), paint.lit


def _warp(target: NDArray[np.float32], alpha: NDArray[np.float32], corners: NDArray[np.float64], texture: F32) -> None:
    """Warp a texture onto a picture quad (top left, top right, bottom right, bottom left)."""
    h, w = texture.shape[:2]
    source = np.array([(0, 0), (w, 0), (w, h), (0, h)], np.float32)
    matrix = cv2.getPerspectiveTransform(source, corners.astype(np.float32))
    size = (target.shape[1], target.shape[0])
    covered = cv2.warpPerspective(np.ones((h, w), np.float32), matrix, size, flags=cv2.INTER_LINEAR)
    drawn = cv2.warpPerspective(texture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    target += covered[..., None] * (drawn - target)
    np.maximum(alpha, covered, out=alpha)


def house_corners(prop: Prop) -> NDArray[np.float64]:
    """The four base corners, anticlockwise from south-west."""
    x, y = prop.at
    w, d, _ = prop.size
    return np.array([(x - w / 2, y - d / 2), (x + w / 2, y - d / 2), (x + w / 2, y + d / 2), (x - w / 2, y + d / 2)])


@dataclass(frozen=True, slots=True)
class _Quad:
    distance: float
    pixels: NDArray[np.float64]
    texture: F32


def _cut(a: NDArray[np.float64], b: NDArray[np.float64], camera: Pinhole) -> tuple[float, float] | None:
    """The shares of the base line a-b between which it lies far enough in front of the camera."""
    depth_a, depth_b = ((np.array([*p, 0.0]) - camera.position) @ camera.rotation[2] for p in (a, b))
    if max(depth_a, depth_b) < NEAR_M + 0.5:
        return None
    meet = (NEAR_M - depth_a) / (depth_b - depth_a) if depth_a != depth_b else 0.0
    return (float(meet) if depth_a < NEAR_M else 0.0, float(meet) if depth_b < NEAR_M else 1.0)


def _lit_texture(prop: Prop, wall: int, ends: NDArray[np.float64], layout: Layout, air: Atmosphere) -> F32:
    """The façade in the light of the scene, display colours."""
    a, b = ends
    outward = np.array([b[1] - a[1], a[0] - b[0]]) / np.linalg.norm(b - a)
    with_shops = wall != NORTH_WALL and prop.style % 3 != 0
    texture, lit = facade(
        float(np.linalg.norm(b - a)), prop.size[2], prop.style + wall, shops=with_shops, lit_share=air.lit_windows
    )
    light = air.light
    lambert = max(0.0, float(outward @ light.sun_dir[:2]))
    irradiance = lambert * light.sun + 0.5 * light.sky + 0.5 * light.bounce
    if air.lamps:
        x, y = (a + b) / 2
        irradiance = irradiance + LAMP_COLOUR * air.lamps * 0.5 * float(
            lamp_light(np.array(x), np.array(y), layout.lamps)
        )
    shown = encode((texture / 255.0) ** 2.2 * irradiance * 1.05)
    glow = lit[..., None] * (0.9 if air.lamps else 0.3)
    return np.asarray(shown * (1 - glow) + np.array((120, 190, 235), np.float32) * glow, np.float32)


def _walls(prop: Prop, layout: Layout, camera: Pinhole, air: Atmosphere) -> list[_Quad]:
    """The walls that the camera sees, as textured quads in its picture."""
    corners, height = house_corners(prop), prop.size[2]
    quads: list[_Quad] = []
    for k in range(4):
        a, b = corners[k], corners[(k + 1) % 4]
        outward = np.array([b[1] - a[1], a[0] - b[0]]) / np.linalg.norm(b - a)
        span = _cut(a, b, camera)
        if (camera.position[:2] - a) @ outward <= 0.2 or span is None:
            continue
        p, q = a + (b - a) * span[0], a + (b - a) * span[1]
        pixels, depth = camera.project(np.array([[*p, height], [*q, height], [*q, 0.0], [*p, 0.0]]))
        if depth.min() <= 0.5:
            continue
        texture = _lit_texture(prop, k, np.array([a, b]), layout, air)
        first, last = int(span[0] * texture.shape[1]), int(span[1] * texture.shape[1])
        distance = float(np.linalg.norm((p + q) / 2 - camera.position[:2]))
        quads.append(_Quad(distance, pixels, fogged(texture[:, first : max(last, first + 2)], distance, air.light)))
    return quads


def draw_house(prop: Prop, layout: Layout, camera: Pinhole, air: Atmosphere) -> Patch | None:
    """A house as a patch, or None where it does not show."""
    big = camera.scaled(2)
    quads = _walls(prop, layout, big, air)
    if not quads:
        return None
    everything = np.vstack([q.pixels for q in quads])
    window = frame_window(np.clip(everything, -4 * big.width, 4 * big.width), big.width, big.height, 0)
    if window is None:
        return None
    x0, y0, x1, y1 = window[0] // 2 * 2, window[1] // 2 * 2, (window[2] + 1) // 2 * 2, (window[3] + 1) // 2 * 2
    canvas, alpha = np.zeros((y1 - y0, x1 - x0, 3), np.float32), np.zeros((y1 - y0, x1 - x0), np.float32)
    for quad in sorted(quads, key=lambda q: -q.distance):
        _warp(canvas, alpha, quad.pixels - (x0, y0), quad.texture)
    roof = np.column_stack([house_corners(prop), np.full(4, prop.size[2])])
    pixels, depth = big.project(roof)
    if camera.position[2] > prop.size[2] and depth.min() > 0.5:
        light = air.light
        tone = encode(np.array((0.16, 0.16, 0.17), np.float32) * (light.sky + light.sun * light.sun_dir[2]))
        _warp(canvas, alpha, pixels - (x0, y0), np.broadcast_to(tone, (4, 4, 3)).astype(np.float32))
    rgba = np.dstack([np.clip(canvas, 0, 255) * alpha[..., None], alpha * 255])
    small = cv2.resize(rgba, ((x1 - x0) // 2, (y1 - y0) // 2), interpolation=cv2.INTER_AREA)
    return Patch(np.clip(np.rint(small), 0, 255).astype(np.uint8), x0 // 2, y0 // 2)
