"""Parts that all vehicles share: wheels, plates, lamps, panels."""

from __future__ import annotations

import numpy as np

from scenarios.mesh import Material, MeshBuilder


def add_wheels(
    b: MeshBuilder,
    body_length: float,
    half: float,
    axles: tuple[float, ...],
    r: float,
    arch: int,
    *,
    fine: bool,
    dual: bool = False,
) -> None:
    """Wheels of radius r with arches on both sides; `axles` as shares of the length from the nose."""
    for axle in axles:
        x = body_length * (0.5 - axle)
        for side in (1, -1):
            y = side * (half + 0.004)
            b.disc((x, y, r), r + 0.075, side, arch, 0.05, -8, 188, 14 if fine else 9)
            b.disc((x, y, r), r + 0.035, side, Material.CABIN, 0.06, -5, 185, 12 if fine else 8)
            outer = y + side * 0.004
            b.disc((x, outer, r), r, side, Material.TYRE, 0.09, steps=16 if fine else 10)
            b.disc((x, outer, r), r * 0.68, side, Material.RIM, 0.11, steps=12 if fine else 8)
            if fine:
                for spoke in range(5):
                    a = 72 * spoke + 17
                    b.disc((x, outer, r), r * 0.60, side, Material.CABIN, 0.13, a, a + 32, 3)
                b.disc((x, outer, r), r * 0.18, side, Material.RIM, 0.15, steps=6)
            # tread below the body, seen from front and rear
            angle = np.radians(np.linspace(150, 390, 9))
            inner = y - side * (0.5 if dual else 0.21)
            tread = np.stack(
                [
                    np.column_stack([x + r * np.cos(angle), np.full(9, yy), r + r * np.sin(angle)])
                    for yy in ((outer, inner) if side > 0 else (inner, outer))
                ]
            )
            b.loft(tread[::-1], Material.TYRE, 0.0)


def add_plates(b: MeshBuilder, front_x: float, rear_x: float, z_front: float, z_rear: float) -> None:
    """KZ form 1: 520 x 112 mm."""
    w, h = 0.26, 0.056
    for x, z, sign in ((front_x, z_front, 1), (rear_x, z_rear, -1)):
        corners = np.array(
            [[x, -sign * w, z + h], [x, sign * w, z + h], [x, sign * w, z - h], [x, -sign * w, z - h]], np.float32
        )
        b.quad(corners[::-1], Material.PLATE, 0.16)
        b.plates.append(corners)


def add_lamps(b: MeshBuilder, x_front: float, x_rear: float, y: float, z_front: float, z_rear: float) -> None:
    """Indicators and brake lamps as own faces, so that they can light up."""
    for side, material in ((1, Material.INDICATOR_LEFT), (-1, Material.INDICATOR_RIGHT)):
        for x, z, sign in ((x_front, z_front, 1), (x_rear, z_rear, -1)):
            pts = [
                [x, side * y - 0.06, z - 0.035],
                [x, side * y + 0.06, z - 0.035],
                [x, side * y + 0.06, z + 0.035],
                [x, side * y - 0.06, z + 0.035],
            ]
            b.quad(pts if sign > 0 else pts[::-1], material, 0.12)
        pts = [
            [x_rear, side * (y - 0.02) - 0.09, z_rear + 0.05],
            [x_rear, side * (y - 0.02) + 0.09, z_rear + 0.05],
            [x_rear, side * (y - 0.02) + 0.09, z_rear + 0.15],
            [x_rear, side * (y - 0.02) - 0.09, z_rear + 0.15],
        ]
        b.quad(pts[::-1], Material.BRAKE, 0.12)


def strip(b: MeshBuilder, x: float, y0: float, y1: float, z0: float, z1: float, material: int, bias: float) -> None:
    """A rectangle across the nose (x > 0) or tail (x < 0), facing away from the body."""
    pts = [[x, y0, z0], [x, y1, z0], [x, y1, z1], [x, y0, z1]]
    b.quad(pts if x > 0 else pts[::-1], material, bias)


def panel(b: MeshBuilder, x0: float, x1: float, y: float, z0: float, z1: float, material: int, bias: float) -> None:
    """A rectangle on both sides of a boxy body."""
    for side in (1, -1):
        yy = side * y
        pts = [[x0, yy, z0], [x1, yy, z0], [x1, yy, z1], [x0, yy, z1]]
        b.quad(pts if side < 0 else pts[::-1], material, bias)


def rounded_box(
    b: MeshBuilder,
    x0: float,
    x1: float,
    half: float,
    z0: float,
    z1: float,
    r: float,
    material: int,
    steps: int,
    nose: float = 0.0,
) -> None:
    """A box along x with rounded roof edges and slightly rounded ends."""
    arc = np.radians(np.linspace(0, 90, 4))
    side = [(half, z0), (half, z0 + (z1 - z0) * 0.35), (half * 0.995, z0 + (z1 - z0) * 0.7)]
    side += [(half - r + r * np.cos(a), z1 - r + r * np.sin(a)) for a in arc]
    pts = np.array(side)
    ring = np.vstack([pts * (-1, 1), (pts * (1, 1))[::-1]])
    xs = np.linspace(x1, x0, steps)
    rings = np.stack([np.column_stack([np.full(len(ring), x), ring]) for x in xs])
    b.loft(rings, material)
    n = len(pts)
    for x, sign in ((x1, 1), (x0, -1)):
        right = np.column_stack([np.full(n, x), -pts[:, 0], pts[:, 1]])
        left = right * (1, -1, 1)
        cols = np.array([0, 0.12, 0.5, 0.88, 1.0])
        grid = right[:, None] + (left - right)[:, None] * cols[None, :, None]
        grid[:, :, 0] += sign * nose * (1 - np.abs(2 * cols - 1) ** 3)
        if sign < 0:
            grid = grid[:, ::-1]
        b.loft(grid.transpose(1, 0, 2)[::-1], material)
