"""Animals and things that have no business on a road (x forward, y left, z up)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from scenarios.mesh import Material, Mesh, MeshBuilder

HIDES: Final[dict[str, tuple[tuple[int, int, int], ...]]] = {
    "dog": ((60, 45, 30), (170, 140, 95), (28, 26, 26), (205, 200, 190)),
    "cow": ((95, 55, 32), (40, 34, 32), (190, 180, 168), (140, 88, 50)),
    "horse": ((86, 48, 26), (38, 30, 26), (150, 120, 92)),
    "carton": ((176, 134, 88), (196, 160, 112), (205, 200, 190)),
    "tyre": ((34, 34, 36),),
    "bag": ((30, 30, 34), (40, 70, 130), (150, 40, 36), (200, 190, 170)),
    "pallet": ((176, 146, 100), (150, 120, 84)),
    "barrel": ((30, 80, 160), (190, 60, 30), (210, 170, 40)),
}
"""SRGB colours that each kind is seen in."""


@dataclass(frozen=True, slots=True)
class _Build:
    """Metres: length of the trunk, its height above the road, its radius, of a leg, of the head; swing in radians."""

    trunk: float
    back: float
    girth: float
    leg: float
    head: float
    swing: float
    neck: tuple[float, float]


_BUILDS: Final = {
    "dog": _Build(0.58, 0.47, 0.12, 0.035, 0.085, 0.55, (0.16, 0.16)),
    "cow": _Build(1.45, 1.05, 0.36, 0.085, 0.17, 0.35, (0.42, 0.16)),
    "horse": _Build(1.40, 1.18, 0.30, 0.075, 0.15, 0.42, (0.45, 0.50)),
}


def animal(kind: str, phase: float) -> Mesh:
    """A walking quadruped; `phase` in radians runs 2 pi a stride."""
    build, b = _BUILDS[kind], MeshBuilder()
    half, top = build.trunk / 2, build.back
    for x, y, lead in ((half, 1, 0.0), (half, -1, np.pi), (-half, 1, np.pi), (-half, -1, 0.0)):
        swing = build.swing * np.sin(phase + lead)
        hip = np.array([x * 0.85, y * build.girth * 0.55, top])
        lower = hip + np.array([np.sin(swing), 0.0, -np.cos(swing)]) * top * 0.5
        hoof = lower + np.array([np.sin(swing * 0.6), 0.0, -np.cos(swing * 0.6)]) * top * 0.5
        hoof[2] = max(0.02, hoof[2])
        b.limb(hip, lower, build.leg * 1.5, build.leg, Material.PAINT, 6)
        b.limb(lower, hoof, build.leg, build.leg * 0.8, Material.PAINT, 5)
    b.ball((0.0, 0.0, top + build.girth * 0.25), (half * 1.15, build.girth, build.girth * 1.05), Material.PAINT, 10)
    neck = np.array([half * 0.95, 0.0, top + build.girth * 0.7])
    head = neck + np.array([build.neck[0], 0.0, build.neck[1]])
    b.limb(neck, head, build.girth * 0.62, build.head * 0.8, Material.PAINT, 7)
    b.ball((head[0] + build.head * 0.7, 0.0, head[2]), (build.head * 1.7, build.head, build.head), Material.PAINT, 8)
    tail = np.array([-half * 1.1, 0.0, top + build.girth * 0.6])
    b.limb(tail, tail + np.array([-0.25 * half, 0.0, -0.55 * top]), build.leg * 0.6, build.leg * 0.3, Material.HAIR, 4)
    return b.build()


@lru_cache(maxsize=16)
def thing(kind: str) -> Mesh:
    """Something that fell off a lorry or was left on the road."""
    b = MeshBuilder()
    if kind == "carton":
        b.box((-0.425, -0.325, 0.0), (0.425, 0.325, 0.6), Material.PAINT)
        b.quad([[-0.425, -0.04, 0.603], [0.425, -0.04, 0.603], [0.425, 0.04, 0.603], [-0.425, 0.04, 0.603]],
               Material.TRIM)  # fmt: skip
    elif kind == "pallet":
        for y in (-0.36, -0.18, 0.0, 0.18, 0.36):
            b.box((-0.6, y - 0.06, 0.12), (0.6, y + 0.06, 0.16), Material.PAINT, 0.01)
        for x in (-0.5, 0.0, 0.5):
            b.box((x - 0.07, -0.4, 0.0), (x + 0.07, 0.4, 0.12), Material.PAINT)
    elif kind == "bag":
        b.ball((0.0, 0.0, 0.19), (0.42, 0.22, 0.19), Material.PAINT, 10)
        b.limb(np.array([-0.2, 0.0, 0.36]), np.array([0.2, 0.0, 0.36]), 0.03, 0.03, Material.PLASTIC, 5)
    else:
        tyre = kind == "tyre"
        radius, height = (0.33, 0.22) if tyre else (0.29, 0.9)
        skin = Material.TYRE if tyre else Material.PAINT
        angle = np.linspace(0, 2 * np.pi, 17)
        levels = ((0.9, 0.0), (1.0, 0.06), (1.0, height - 0.06), (0.9, height))
        rings = [np.column_stack([radius * k * np.cos(angle), radius * k * np.sin(angle), np.full(17, z)])
                 for k, z in levels]  # fmt: skip
        b.loft(np.stack(rings[::-1]), skin)
        rim = rings[-1][:-1]
        lid = np.vstack([[[0.0, 0.0, height - (0.08 if tyre else 0.0)]], rim])
        k = np.arange(1, 17)
        b.add(lid, np.column_stack([np.zeros_like(k), k, np.roll(k, -1)]), Material.PLASTIC if tyre else skin, 0.01)
    return b.build()
