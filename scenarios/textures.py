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
    return np.asarray(
        cv2.remap(tile, x * k % TILE, y * k % TILE, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP), np.float32
    )
