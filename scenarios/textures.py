"""Procedural textures: tiling noise, façades."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from scenarios.mesh import F32

TILE = 512


@lru_cache(maxsize=8)
def noise_tile(seed: int, octaves: int = 5, first: int = 4) -> F32:
    """Tiling fractal noise (512, 512), mean 0, standard deviation 1."""
    rng = np.random.default_rng(seed)
    total = np.zeros((TILE, TILE), np.float32)
    for k in range(octaves):
        cells = first * 2**k
        coarse = rng.standard_normal((cells, cells)).astype(np.float32)
        wrapped = np.pad(coarse, 2, mode="wrap")
        scale = TILE // cells
        big = cv2.resize(wrapped, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        total += big[2 * scale : 2 * scale + TILE, 2 * scale : 2 * scale + TILE] * 0.55**k
    total -= total.mean()
    return np.asarray(total / total.std(), np.float32)


@lru_cache(maxsize=2)
def grain_tile(seed: int) -> F32:
    """Tiling white noise, slightly smoothed."""
    rng = np.random.default_rng(seed)
    raw = rng.standard_normal((TILE, TILE)).astype(np.float32)
    soft = cv2.GaussianBlur(np.pad(raw, 4, mode="wrap"), (0, 0), 0.8)[4:-4, 4:-4]
    return np.asarray(soft / soft.std(), np.float32)


def sample(tile: F32, x: F32, y: F32, period_m: float) -> F32:
    """The tile laid over the plane so that it repeats every `period_m` metres."""
    k = np.float32(TILE / period_m)
    return np.asarray(cv2.remap(tile, x * k % TILE, y * k % TILE, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32)


_WALLS = ((176, 190, 205), (150, 176, 200), (168, 170, 172), (190, 205, 214), (120, 140, 178), (160, 182, 190), (205, 208, 206))
_BOARDS = ((40, 40, 180), (160, 90, 30), (50, 140, 60), (30, 160, 220), (90, 40, 120), (60, 60, 60))
PX_PER_M = 22
STOREY_M = 3.0
SILL_M = 0.9  # of a window above its floor


def _bay(seed: int) -> float:
    return (2.6, 3.0, 3.4)[seed % 3]


def window_columns(width_m: float, seed: int) -> list[float]:
    """Middles of the windows of a façade, metres from its left end."""
    bay = _bay(seed)
    count = max(1, int(width_m / bay))
    return [(width_m - count * bay) / 2 + (k + 0.5) * bay for k in range(count)]


def facade(width_m: float, height_m: float, seed: int, shops: bool, lit_share: float) -> tuple[F32, F32]:
    """A façade: display colours 0..255 (h, w, 3) under full light, and the mask (h, w) of lit windows."""
    rng = np.random.default_rng(seed)
    scale = min(PX_PER_M, 1400 / max(width_m, height_m))
    w, h = max(8, int(width_m * scale)), max(8, int(height_m * scale))
    wall = np.array(_WALLS[int(rng.integers(len(_WALLS)))], np.float32) * rng.uniform(0.8, 1.0)
    rough = cv2.resize(noise_tile(3), (w, h), interpolation=cv2.INTER_LINEAR)
    img = wall * (1 + 0.045 * rough[..., None])
    img = img * (1 + 0.02 * rng.standard_normal((h, w, 1)).astype(np.float32))
    lit = np.zeros((h, w), np.float32)
    storey, bay = STOREY_M, _bay(seed)
    centres = window_columns(width_m, seed)
    floors, bays = max(1, int(height_m / storey)), len(centres)
    balcony = set(rng.choice(bays, size=max(1, bays // 4), replace=False).tolist()) if rng.random() < 0.8 else set()
    win_w, win_h = float(rng.uniform(1.2, 1.7)), float(rng.uniform(1.35, 1.7))

    def box(x0: float, y0: float, x1: float, y1: float) -> tuple[slice, slice]:
        # metres from the lower left corner to rows and columns
        return (slice(max(0, int(h - y1 * scale)), max(0, int(h - y0 * scale))),
                slice(max(0, int(x0 * scale)), max(0, int(x1 * scale))))

    for floor in range(floors + 1):
        img[box(0, floor * storey - 0.04, width_m, floor * storey + 0.04)] *= 0.80
    for floor in range(floors):
        for k in range(bays):
            cx, low = centres[k], floor * storey + SILL_M
            if floor == 0 and shops:
                continue
            if k in balcony:
                img[box(cx - bay * 0.46, low - 0.85, cx + bay * 0.46, low + 0.25)] = wall * rng.uniform(0.62, 1.12)
                img[box(cx - bay * 0.46, low - 0.92, cx + bay * 0.46, low - 0.85)] = wall * 0.45
            img[box(cx - win_w / 2 - 0.1, low - 0.12, cx + win_w / 2 + 0.1, low + win_h + 0.06)] = wall * 1.14
            rows, cols = box(cx - win_w / 2, low, cx + win_w / 2, low + win_h)
            glass = np.linspace(92, 44, max(1, rows.stop - rows.start), dtype=np.float32)[:, None, None] * rng.uniform(0.6, 1.25)
            pane = np.array([1.12, 1.0, 0.92], np.float32) * glass
            if rng.random() < 0.45:
                pane = pane * 0.6 + 75 * rng.uniform(0.5, 1.2)  # curtains
            img[rows, cols] = pane
            if rng.random() < lit_share:
                lit[rows, cols] = rng.uniform(0.4, 1.0)
            img[box(cx - 0.04, low, cx + 0.04, low + win_h)] = wall * 1.1
            img[box(cx - win_w / 2, low + win_h * 0.66, cx + win_w / 2, low + win_h * 0.70)] = wall * 1.1
            if rng.random() < 0.18:
                img[box(cx + win_w / 2 + 0.15, low - 0.5, cx + win_w / 2 + 0.85, low)] = 190 * rng.uniform(0.8, 1.1)  # air conditioner
    if shops:
        img[box(0, 0, width_m, 3.0)] *= rng.uniform(0.55, 0.8)
        x = 0.6
        while x < width_m - 3.5:
            span = float(rng.uniform(3.0, 6.0))
            end = min(x + span, width_m - 0.6)
            rows, cols = box(x + 0.2, 0.35, end - 0.2, 2.45)
            img[rows, cols] = np.linspace(95, 35, max(1, rows.stop - rows.start), dtype=np.float32)[:, None, None] * np.array([1.1, 1.0, 0.92])
            lit[rows, cols] = 0.8 if rng.random() < lit_share * 1.8 else 0.0
            for post in np.arange(x + 0.2, end, 1.4):
                img[box(post, 0.35, post + 0.07, 2.45)] = 60
            board = np.array(_BOARDS[int(rng.integers(len(_BOARDS)))], np.float32) * rng.uniform(0.7, 1.2)
            rows, cols = box(x + 0.1, 2.5, end - 0.1, 3.15)
            img[rows, cols] = board
            for stroke_x in np.arange(x + 0.6, end - 0.8, 0.42):
                img[box(stroke_x, 2.64, stroke_x + 0.26, 3.0)] = np.minimum(board + 120, 245)
            x = end + 0.5
    img[box(0, height_m - 0.35, width_m, height_m)] = wall * 0.72
    return np.clip(img, 0, 255).astype(np.float32), lit
