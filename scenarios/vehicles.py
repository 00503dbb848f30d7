"""Lofted meshes of cars and vans (x forward, y left, z up, metres)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenarios.bodies import BODIES, Body
from scenarios.mesh import Material, Mesh, MeshBuilder
from scenarios.parts import add_lamps, add_plates, add_wheels, strip

# side of a half section: share of the way floor -> shoulder, and width there
_RISE = np.array([0.0, 0.10, 0.32, 0.58, 0.80, 1.0])
_FLARE = np.array([0.90, 0.97, 0.995, 1.0, 0.985, 0.955])
_HALF = 12


def _stations(body: Body, spacing: float) -> NDArray[np.float64]:
    marks = {0.0, 1.0, *(x for x, _ in body.top), *(x for x, _ in body.plan), *body.windscreen}
    marks |= {x for span in body.windows for x in span}
    if body.rear_window:
        marks |= set(body.rear_window)
    fixed = np.array(sorted(marks))
    keep = [fixed[0]]
    needed = {*body.windscreen, *(body.rear_window or ()), *(x for span in body.windows for x in span), 1.0}
    for x in fixed[1:]:
        if x in needed or x - keep[-1] > spacing * 0.25:
            gap = x - keep[-1]
            pieces = int(np.ceil(gap / spacing))
            keep.extend(keep[-1] + gap * np.arange(1, pieces + 1) / pieces)
    return np.array(keep)


def _rings(body: Body, x: NDArray[np.float64]) -> NDArray[np.float64]:
    top = np.interp(x, *np.array(body.top).T)
    belt = np.minimum(np.interp(x, *np.array(body.belt).T), top - 0.035)
    half = np.interp(x, *np.array(body.plan).T) * body.width / 2
    roof_height = max(z for _, z in body.top)
    rise = np.clip((top - belt) / (roof_height - 1.02 * np.median(belt)), 0, 1)
    roof_half = half * (0.925 - body.tumblehome * rise)
    glass = top - belt
    ring = np.empty((len(x), _HALF, 2))
    ring[:, :6, 0] = half[:, None] * _FLARE
    ring[:, :6, 1] = body.floor + (belt - body.floor)[:, None] * _RISE
    low, high = belt + 0.012, top - np.minimum(0.40 * glass, 0.085)
    ring[:, 6] = np.column_stack([half * 0.935, low])
    ring[:, 7] = np.column_stack([half * 0.935 * 0.45 + roof_half * 0.55 + 0.015, low + (high - low) * 0.52])
    ring[:, 8] = np.column_stack([roof_half, high])
    ring[:, 9] = np.column_stack([roof_half - 0.07, top - np.minimum(0.2 * glass, 0.03)])
    ring[:, 10] = np.column_stack([roof_half * 0.55, top - 0.004])
    ring[:, 11] = np.column_stack([np.zeros(len(x)), top + 0.006])
    along = body.length * (0.5 - x)
    right = np.stack([np.repeat(along[:, None], _HALF, 1), -ring[..., 0], ring[..., 1]], -1)
    left = right[:, ::-1] * (1, -1, 1)
    return np.concatenate([right, left[:, 1:]], 1)


def _inside(x: float, spans: tuple[tuple[float, float], ...]) -> bool:
    return any(a - 1e-6 <= x <= b + 1e-6 for a, b in spans)


def _skin(body: Body, x: NDArray[np.float64]) -> NDArray[np.int32]:
    rows = 2 * _HALF - 2
    skin = np.full((len(x) - 1, rows), Material.PAINT, np.int32)
    screens = (body.windscreen, body.rear_window) if body.rear_window else (body.windscreen,)
    for i, mid in enumerate((x[:-1] + x[1:]) / 2):
        for j in range(rows):
            k = min(j, rows - 1 - j)  # mirrored row
            if k == 0 or (body.cladding and k == 1):
                skin[i, j] = Material.PLASTIC
            elif k in (6, 7) and _inside(mid, body.windows):
                skin[i, j] = Material.GLASS
            elif k in (6, 7) and body.windows[0][0] < mid < body.windows[-1][1] and len(body.windows) > 1:
                skin[i, j] = Material.PLASTIC  # blackened pillars
            elif k >= 9 and _inside(mid, screens):
                skin[i, j] = Material.GLASS
            elif k in (3, 4) and mid < 0.075 and body.length < 7:
                skin[i, j] = Material.HEADLAMP if mid < 0.06 else skin[i, j]
            elif k in (3, 4) and mid > 0.965:
                skin[i, j] = Material.TAILLAMP
    return skin


def _caps(b: MeshBuilder, ring: NDArray[np.float64], *, front: bool, cladding: bool, boxy: bool) -> None:
    """Close nose or tail with a bulging grid whose cells become grille, lamps and bumper."""
    right, left = ring[:_HALF], ring[::-1][:_HALF]
    columns = np.array([0.0, 0.17, 0.30, 0.5, 0.70, 0.83, 1.0])
    grid = right[:, None] + (left - right)[:, None] * columns[None, :, None]
    bulge = 0.06 * (1 - (2 * columns - 1) ** 2)
    grid[:, :, 0] += (1 if front else -1) * bulge[None]
    skin = np.full((_HALF - 1, 6), Material.PAINT, np.int32)
    skin[0] = Material.PLASTIC
    if front:
        skin[3:5, [0, 1, 4, 5]] = Material.HEADLAMP
        skin[3, 2:4] = Material.PLASTIC
        skin[4, 2:4] = Material.PLASTIC
        skin[1, 1:5] = Material.PLASTIC
    else:
        skin[3:5, [0, 5]] = Material.TAILLAMP
        skin[1] = Material.PLASTIC if cladding else Material.PAINT
        if boxy:
            skin[6:8, 1:5] = Material.GLASS
    if not front:
        grid, skin = grid[:, ::-1], skin[:, ::-1]
    b.loft(grid.transpose(1, 0, 2)[::-1], skin.T[::-1])


def _surface(body: Body, x: float, share: float) -> tuple[float, float]:
    """Half width and height of the side at position x, a share of the way from floor to shoulder."""
    half = float(np.interp(x, *np.array(body.plan).T)) * body.width / 2
    belt = float(np.interp(x, *np.array(body.belt).T))
    return half * float(np.interp(share, _RISE, _FLARE)), body.floor + (belt - body.floor) * share


def _doors(b: MeshBuilder, body: Body) -> None:
    for door in body.doors:
        x = body.length * (0.5 - door)
        for side in (1, -1):
            for low, high in ((0.12, 0.45), (0.45, 0.97)):
                y0, z0 = _surface(body, door, low)
                y1, z1 = _surface(body, door, high)
                pts = [
                    [x + 0.008, side * (y0 + 0.004), z0],
                    [x - 0.008, side * (y0 + 0.004), z0],
                    [x - 0.008, side * (y1 + 0.004), z1],
                    [x + 0.008, side * (y1 + 0.004), z1],
                ]
                b.quad(pts if side > 0 else pts[::-1], Material.LINE, 0.05)
    for door in body.doors[1:]:
        y, z = _surface(body, door, 0.80)
        x = body.length * (0.5 - door) + 0.10
        for side in (1, -1):
            pts = [
                [x + 0.09, side * (y + 0.015), z - 0.02],
                [x - 0.09, side * (y + 0.015), z - 0.02],
                [x - 0.09, side * (y + 0.015), z + 0.02],
                [x + 0.09, side * (y + 0.015), z + 0.02],
            ]
            b.quad(pts if side > 0 else pts[::-1], Material.CABIN, 0.07)


def _mirrors(b: MeshBuilder, body: Body) -> None:
    at = body.windows[0][0] + 0.01
    x = body.length * (0.5 - at)
    y, z = _surface(body, at, 1.0)
    for side in (1, -1):
        b.part += 1
        b.ball((x, side * (y + 0.09), z + 0.07), (0.06, 0.10, 0.07), Material.PAINT, 6)
    b.part = 1


@lru_cache(maxsize=64)
def car(kind: str, *, fine: bool) -> Mesh:
    """A car or van of a `BODIES` kind."""
    body = BODIES[kind]
    b = MeshBuilder()
    x = _stations(body, 0.045 if fine else 0.14)
    rings = _rings(body, x)
    b.loft(rings, _skin(body, x))
    boxy = kind in ("van", "minibus")
    _caps(b, rings[0], front=True, cladding=body.cladding, boxy=boxy)
    _caps(b, rings[-1], front=False, cladding=body.cladding, boxy=boxy)
    # dark underside down to the road between the wheels
    w, h = body.width / 2 * 0.82, body.floor + 0.02
    b.box((-body.length * 0.46, -w, 0.13), (body.length * 0.46, w, h), Material.CABIN, -0.4)
    add_wheels(
        b,
        body.length,
        body.width / 2 * 0.985,
        body.axles,
        body.wheel,
        Material.PLASTIC if body.cladding else Material.PAINT,
        fine=fine,
    )
    nose, tail = body.length / 2, -body.length / 2
    add_plates(b, nose + 0.075, tail - 0.075, body.floor + 0.23, (body.floor + 0.52) if not boxy else 0.75)
    y = body.width / 2 * 0.74
    rear_z = float(np.interp(0.99, *np.array(body.belt).T))
    add_lamps(b, nose + 0.04, tail - 0.05, y, body.floor + 0.20, body.floor + (rear_z - body.floor) * 0.55)
    if fine:
        _doors(b, body)
        _mirrors(b, body)
        _trim(b, body, boxy=boxy)
    if body.rails:
        top = max(z for _, z in body.top)
        for side in (1, -1):
            yy = side * body.width / 2 * 0.68
            b.box(
                (-body.length * 0.30, yy - 0.015, top - 0.03),
                (body.length * 0.05, yy + 0.015, top + 0.025),
                Material.RIM if kind == "wagon" else Material.PLASTIC,
                0.1,
            )
    return b.build()


def _trim(b: MeshBuilder, body: Body, *, boxy: bool) -> None:
    """Small things that tell nose from tail: bumper seams, reflectors, fog lamps, badge, third brake lamp."""
    nose, tail, w, floor = body.length / 2 + 0.062, -body.length / 2 - 0.062, body.width / 2, body.floor
    rear = floor + 0.40 if not boxy else 0.60
    strip(b, tail, -w * 0.66, w * 0.66, rear - 0.008, rear + 0.008, Material.LINE, 0.13)
    strip(b, tail, -w * 0.50, w * 0.50, floor + 0.05, floor + 0.17, Material.PLASTIC, 0.13)
    for side in (1, -1):
        strip(
            b,
            tail + 0.02,
            side * w * 0.60 - 0.07,
            side * w * 0.60 + 0.07,
            floor + 0.22,
            floor + 0.26,
            Material.TAILLAMP,
            0.14,
        )
        strip(
            b,
            nose - 0.03,
            side * w * 0.62 - 0.09,
            side * w * 0.62 + 0.09,
            floor + 0.14,
            floor + 0.22,
            Material.PLASTIC,
            0.14,
        )
        strip(
            b,
            nose - 0.025,
            side * w * 0.62 - 0.04,
            side * w * 0.62 + 0.04,
            floor + 0.15,
            floor + 0.21,
            Material.HEADLAMP,
            0.16,
        )
    belt = float(np.interp(0.02, *np.array(body.belt).T))
    strip(b, nose, -0.055, 0.055, belt - 0.12, belt - 0.03, Material.CHROME, 0.17)
    strip(b, nose, -w * 0.34, w * 0.34, belt - 0.045, belt - 0.030, Material.CHROME, 0.15)
    if not boxy:
        strip(b, tail - 0.005, -0.36, 0.36, floor + 0.44, floor + 0.62, Material.PLASTIC, 0.12)
        strip(b, tail - 0.006, -0.05, 0.05, floor + 0.66, floor + 0.73, Material.CHROME, 0.14)
    if body.rear_window:
        top = float(np.interp(body.rear_window[0], *np.array(body.top).T))
        x = body.length * (0.5 - body.rear_window[0])
        b.quad(
            [
                [x - 0.05, -0.16, top - 0.02],
                [x - 0.05, 0.16, top - 0.02],
                [x, 0.16, top + 0.012],
                [x, -0.16, top + 0.012],
            ][::-1],
            Material.BRAKE,
            0.12,
        )
