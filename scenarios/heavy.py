"""Meshes of buses and trucks (x forward, y left, z up, metres)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from scenarios.mesh import Material, Mesh, MeshBuilder
from scenarios.parts import add_lamps, add_plates, add_wheels, panel, rounded_box, strip


@lru_cache(maxsize=8)
def bus(*, fine: bool, length: float = 12.0) -> Mesh:
    """A low-floor city bus."""
    b = MeshBuilder()
    half, top, floor = 1.27, 3.1, 0.32
    x0, x1 = -length / 2, length / 2
    rounded_box(b, x0, x1, half, floor, top, 0.22, Material.PAINT, 14 if fine else 5, 0.10)
    b.box((x0 + 0.2, -half * 0.9, 0.2), (x1 - 0.2, half * 0.9, floor + 0.02), Material.CABIN, -0.6)
    y = half + 0.008
    panel(b, x0 + 0.25, x1 - 0.15, y, floor, floor + 0.32, Material.TRIM, 0.05)
    panel(b, x0 + 0.35, x1 - 0.10, half * 0.998 + 0.012, 1.28, 2.45, Material.GLASS, 0.06)
    for x in np.arange(x0 + 1.7, x1 - 1.0, 1.45):
        panel(b, x - 0.05, x + 0.05, half + 0.018, 1.28, 2.45, Material.LINE, 0.09)
    for x in (x1 - 1.55, x1 - 6.3, x1 - 9.6):  # doors on the right side
        pts = [
            [x - 0.62, -half - 0.02, 0.38],
            [x + 0.62, -half - 0.02, 0.38],
            [x + 0.62, -half - 0.02, 2.5],
            [x - 0.62, -half - 0.02, 2.5],
        ]
        b.quad(pts, Material.GLASS, 0.11)
        mid = [
            [x - 0.03, -half - 0.03, 0.38],
            [x + 0.03, -half - 0.03, 0.38],
            [x + 0.03, -half - 0.03, 2.5],
            [x - 0.03, -half - 0.03, 2.5],
        ]
        b.quad(mid, Material.LINE, 0.14)
    f = x1 + 0.115
    b.quad([[f, -1.12, 1.12], [f, 1.12, 1.12], [f, 1.10, 2.45], [f, -1.10, 2.45]], Material.GLASS, 0.12)
    b.quad([[f, -1.05, 2.52], [f, 1.05, 2.52], [f, 1.03, 2.84], [f, -1.03, 2.84]], Material.DISPLAY, 0.12)
    b.quad(
        [[f + 0.01, -0.75, 2.60], [f + 0.01, 0.75, 2.60], [f + 0.01, 0.75, 2.76], [f + 0.01, -0.75, 2.76]],
        Material.INDICATOR_LEFT,
        0.14,
    )
    b.quad([[f, -1.15, 0.38], [f, 1.15, 0.38], [f, 1.15, 0.62], [f, -1.15, 0.62]], Material.PLASTIC, 0.10)
    for s in (1, -1):
        c = s * 0.92
        b.quad(
            [
                [f + 0.01, c - 0.2, 0.68],
                [f + 0.01, c + 0.2, 0.68],
                [f + 0.01, c + 0.2, 0.86],
                [f + 0.01, c - 0.2, 0.86],
            ],
            Material.HEADLAMP,
            0.14,
        )
        b.ball((x1 + 0.12, s * (half + 0.13), 2.3), (0.08, 0.10, 0.24), Material.PLASTIC, 6, 0.3)
    r = x0 - 0.115
    b.quad([[r, 1.05, 1.55], [r, -1.05, 1.55], [r, -1.03, 2.5], [r, 1.03, 2.5]], Material.GLASS, 0.12)
    b.quad([[r, 1.05, 0.75], [r, -1.05, 0.75], [r, -1.05, 1.35], [r, 1.05, 1.35]], Material.TRIM, 0.10)
    b.quad([[r, 1.15, 0.38], [r, -1.15, 0.38], [r, -1.15, 0.6], [r, 1.15, 0.6]], Material.PLASTIC, 0.10)
    for s in (1, -1):
        c = s * 1.05
        b.quad(
            [[r - 0.01, c + 0.1, 0.8], [r - 0.01, c - 0.1, 0.8], [r - 0.01, c - 0.1, 1.3], [r - 0.01, c + 0.1, 1.3]],
            Material.TAILLAMP,
            0.14,
        )
    add_lamps(b, f + 0.01, r - 0.02, 1.08, 0.60, 1.0)
    add_plates(b, f + 0.01, r - 0.02, 0.5, 0.66)
    b.box((x0 + 2.0, -0.75, top - 0.02), (x0 + 4.6, 0.75, top + 0.20), Material.PAINT, 0.1)
    b.box((x1 - 4.2, -0.6, top - 0.02), (x1 - 2.6, 0.6, top + 0.14), Material.PAINT, 0.1)
    add_wheels(b, length, half, (2.75 / length, (length - 3.4) / length), 0.48, Material.PAINT, fine=fine, dual=True)
    return b.build()


def _cab(b: MeshBuilder, front: float, length: float, half: float, top: float, floor: float) -> None:
    """A cab-over cab with its back at front - length."""
    back = front - length
    rounded_box(b, back, front, half, floor, top, 0.16, Material.PAINT, 5, 0.08)
    f = front + 0.09
    glass_low = floor + (top - floor) * 0.50
    glass_top = floor + (top - floor) * 0.86
    b.quad(
        [
            [f, -half * 0.9, glass_low],
            [f, half * 0.9, glass_low],
            [f, half * 0.88, glass_top],
            [f, -half * 0.88, glass_top],
        ],
        Material.GLASS,
        0.12,
    )
    b.quad(
        [
            [f, -half * 0.8, floor + 0.45],
            [f, half * 0.8, floor + 0.45],
            [f, half * 0.8, glass_low - 0.18],
            [f, -half * 0.8, glass_low - 0.18],
        ],
        Material.PLASTIC,
        0.11,
    )
    b.quad(
        [
            [f, -half * 0.98, floor],
            [f, half * 0.98, floor],
            [f, half * 0.98, floor + 0.32],
            [f, -half * 0.98, floor + 0.32],
        ],
        Material.PLASTIC,
        0.12,
    )
    for s in (1, -1):
        c = s * half * 0.78
        b.quad(
            [
                [f + 0.01, c - 0.19, floor + 0.12],
                [f + 0.01, c + 0.19, floor + 0.12],
                [f + 0.01, c + 0.19, floor + 0.30],
                [f + 0.01, c - 0.19, floor + 0.30],
            ],
            Material.HEADLAMP,
            0.15,
        )
        b.box(
            (front - 0.05, s * (half + 0.16) - 0.06, glass_low + 0.05),
            (front + 0.05, s * (half + 0.16) + 0.06, glass_top - 0.05),
            Material.PLASTIC,
            0.3,
        )
    panel(b, front - 1.15, front - 0.28, half + 0.01, glass_low - 0.05, glass_top, Material.GLASS, 0.08)
    panel(b, front - 1.28, front - 1.24, half + 0.01, floor + 0.1, glass_top, Material.LINE, 0.08)


@lru_cache(maxsize=16)
def truck(kind: str, *, fine: bool) -> Mesh:
    """`box` (rigid with a box body), `tipper` (rigid with an open body) or `semi` (tractor with a trailer)."""
    b = MeshBuilder()
    length = {"box": 8.2, "tipper": 7.8, "semi": 15.5}[kind]
    front, rear, half = length / 2, -length / 2, 1.24
    cab_top = {"box": 2.75, "tipper": 2.95, "semi": 3.6}[kind]
    b.part = 0
    b.box((rear + 0.1, -0.55, 0.55), (front - 0.4, 0.55, 1.0), Material.PLASTIC)
    b.part = 2
    _cab(b, front, 1.9, half * 0.97, cab_top, 0.55)
    b.part = 1
    start = front - 2.05
    if kind == "tipper":
        rounded_box(b, rear, start, half, 1.15, 2.45, 0.02, Material.TRIM, 6)
        b.quad(
            [
                [rear + 0.1, -half + 0.1, 2.46],
                [start - 0.1, -half + 0.1, 2.46],
                [start - 0.1, half - 0.1, 2.46],
                [rear + 0.1, half - 0.1, 2.46],
            ],
            Material.PLASTIC,
            0.05,
        )
        for x in np.arange(rear + 0.4, start, 0.9):
            panel(b, x - 0.05, x + 0.05, half + 0.02, 1.15, 2.45, Material.TRIM, 0.06)
            panel(b, x + 0.05, x + 0.075, half + 0.02, 1.15, 2.45, Material.LINE, 0.07)
    else:
        top = 3.35 if kind == "box" else 3.95
        rounded_box(b, rear, start, half, 1.05, top, 0.05, Material.TRIM, 10 if fine else 5)
        for x in np.arange(rear + 0.03, start + 0.1, (start - rear) / 6):
            panel(b, x - 0.008, x + 0.008, half + 0.01, 1.08, top - 0.04, Material.LINE, 0.04)
        panel(b, rear + 0.05, start - 0.05, half + 0.015, 1.45, 1.70, Material.PAINT, 0.06)
        panel(b, rear + 0.02, start - 0.02, half + 0.015, 1.06, 1.16, Material.PLASTIC, 0.05)
        e = rear - 0.012
        strip(b, e, -0.02, 0.02, 1.1, top - 0.05, Material.LINE, 0.06)
        for y in (-0.55, -0.18, 0.18, 0.55):  # lock bars
            strip(b, e - 0.01, y - 0.02, y + 0.02, 1.1, top - 0.1, Material.RIM, 0.08)
        for y in (-half + 0.05, half - 0.05):
            strip(b, e, y - 0.05, y + 0.05, 1.06, top - 0.02, Material.PLASTIC, 0.07)
        for z in (1.10, top - 0.07):
            strip(b, e, -half + 0.02, half - 0.02, z - 0.05, z + 0.05, Material.PLASTIC, 0.07)
        for y in (-0.95, 0.95):
            strip(b, e - 0.012, y - 0.2, y + 0.2, 1.22, 1.30, Material.TAILLAMP, 0.09)
        panel(b, rear + 2.6, start - 1.2, half - 0.02, 0.5, 0.98, Material.PLASTIC, -0.05)
    b.quad(
        [
            [rear - 0.02, half * 0.95, 0.5],
            [rear - 0.02, -half * 0.95, 0.5],
            [rear - 0.02, -half * 0.95, 0.7],
            [rear - 0.02, half * 0.95, 0.7],
        ],
        Material.PLASTIC,
        0.06,
    )
    for s in (1, -1):
        c = s * half * 0.82
        b.quad(
            [
                [rear - 0.04, c + 0.2, 0.8],
                [rear - 0.04, c - 0.2, 0.8],
                [rear - 0.04, c - 0.2, 0.95],
                [rear - 0.04, c + 0.2, 0.95],
            ],
            Material.TAILLAMP,
            0.10,
        )
    add_lamps(b, front + 0.11, rear - 0.05, 1.0, 0.62, 0.8)
    add_plates(b, front + 0.12, rear - 0.05, 0.68, 0.62)
    axles = {"box": (1.35, 6.3), "tipper": (1.35, 5.3, 6.6), "semi": (1.4, 4.9, 11.6, 12.9, 14.2)}[kind]
    add_wheels(b, length, half, tuple(a / length for a in axles[1:]), 0.50, Material.PLASTIC, fine=fine, dual=True)
    b.part = 2
    add_wheels(b, length, half * 0.97, (axles[0] / length,), 0.50, Material.PLASTIC, fine=fine, dual=True)
    return b.build()
