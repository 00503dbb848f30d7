"""Lofted meshes of cars, vans, buses and trucks (x forward, y left, z up, metres)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scenarios.mesh import Material as M
from scenarios.mesh import Mesh, MeshBuilder

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Body:
    """Side and plan profile of a body; positions run 0 (nose) to 1 (tail), heights and widths in metres."""

    length: float
    width: float
    floor: float
    top: Points  # centre line over the roof
    belt: Points  # shoulder line under the windows
    plan: Points  # half width as a fraction of the full half width
    windscreen: tuple[float, float]
    rear_window: tuple[float, float] | None
    windows: tuple[tuple[float, float], ...]
    doors: tuple[float, ...]
    axles: tuple[float, ...]
    wheel: float
    cladding: bool = False  # dark plastic sills and arches
    tumblehome: float = 0.20
    rails: bool = False


_CAR_PLAN: Points = (
    (0.0, 0.66), (0.008, 0.76), (0.02, 0.84), (0.045, 0.91), (0.10, 0.965), (0.2, 0.99), (0.35, 1.0),
    (0.7, 1.0), (0.85, 0.985), (0.94, 0.95), (0.975, 0.89), (0.99, 0.82), (1.0, 0.72),
)
_BOX_PLAN: Points = ((0.0, 0.84), (0.01, 0.93), (0.03, 0.98), (0.08, 1.0), (0.97, 1.0), (0.993, 0.98), (1.0, 0.94))

BODIES: dict[str, Body] = {
    "sedan": Body(
        4.65, 1.80, 0.20,
        ((0, 0.60), (0.012, 0.67), (0.05, 0.745), (0.13, 0.83), (0.22, 0.895), (0.265, 0.93), (0.34, 1.18),
         (0.41, 1.385), (0.47, 1.44), (0.55, 1.46), (0.63, 1.445), (0.70, 1.39), (0.78, 1.22), (0.855, 1.05),
         (0.93, 1.035), (0.98, 0.99), (1, 0.88)),
        ((0, 0.56), (0.05, 0.69), (0.13, 0.78), (0.265, 0.875), (0.5, 0.915), (0.8, 0.955), (0.93, 0.965), (1, 0.84)),
        _CAR_PLAN, (0.265, 0.41), (0.70, 0.855), ((0.325, 0.475), (0.495, 0.645), (0.66, 0.745)),
        (0.29, 0.485, 0.665), (0.185, 0.775), 0.32,
    ),
    "hatch": Body(
        4.10, 1.74, 0.20,
        ((0, 0.62), (0.014, 0.70), (0.06, 0.78), (0.15, 0.88), (0.225, 0.945), (0.255, 0.975), (0.33, 1.24),
         (0.40, 1.43), (0.46, 1.485), (0.56, 1.505), (0.70, 1.48), (0.82, 1.42), (0.875, 1.37), (0.93, 1.16),
         (0.965, 0.98), (0.985, 0.93), (1, 0.80)),
        ((0, 0.58), (0.06, 0.72), (0.15, 0.82), (0.255, 0.91), (0.5, 0.955), (0.85, 1.0), (0.965, 0.96), (1, 0.76)),
        _CAR_PLAN, (0.255, 0.40), (0.885, 0.965), ((0.32, 0.49), (0.51, 0.675), (0.70, 0.82)),
        (0.28, 0.50, 0.70), (0.18, 0.80), 0.31,
    ),
    "wagon": Body(
        4.70, 1.81, 0.20,
        ((0, 0.60), (0.012, 0.68), (0.05, 0.755), (0.13, 0.84), (0.22, 0.91), (0.255, 0.94), (0.33, 1.20),
         (0.40, 1.40), (0.46, 1.46), (0.56, 1.48), (0.75, 1.47), (0.87, 1.43), (0.915, 1.38), (0.955, 1.12),
         (0.975, 0.97), (0.99, 0.92), (1, 0.80)),
        ((0, 0.56), (0.05, 0.70), (0.13, 0.79), (0.255, 0.88), (0.5, 0.92), (0.9, 0.965), (0.975, 0.95), (1, 0.76)),
        _CAR_PLAN, (0.255, 0.40), (0.92, 0.975), ((0.315, 0.47), (0.49, 0.64), (0.66, 0.88)),
        (0.28, 0.48, 0.65), (0.18, 0.77), 0.32, False, 0.18, True,
    ),
    "suv": Body(
        4.62, 1.88, 0.27,
        ((0, 0.70), (0.01, 0.86), (0.04, 0.95), (0.13, 1.04), (0.22, 1.09), (0.25, 1.12), (0.32, 1.38),
         (0.38, 1.58), (0.44, 1.665), (0.55, 1.69), (0.75, 1.67), (0.86, 1.62), (0.90, 1.57), (0.945, 1.27),
         (0.97, 1.09), (0.988, 1.04), (1, 0.86)),
        ((0, 0.66), (0.04, 0.88), (0.13, 0.96), (0.25, 1.04), (0.5, 1.08), (0.9, 1.13), (0.97, 1.06), (1, 0.80)),
        _CAR_PLAN, (0.25, 0.38), (0.905, 0.97), ((0.31, 0.47), (0.49, 0.65), (0.67, 0.86)),
        (0.27, 0.48, 0.66), (0.185, 0.785), 0.37, True, 0.17, True,
    ),
    "minivan": Body(
        4.75, 1.85, 0.21,
        ((0, 0.68), (0.012, 0.80), (0.05, 0.92), (0.14, 1.06), (0.18, 1.11), (0.25, 1.38), (0.33, 1.63),
         (0.40, 1.72), (0.55, 1.75), (0.80, 1.73), (0.91, 1.66), (0.95, 1.40), (0.975, 1.10), (0.99, 1.0), (1, 0.82)),
        ((0, 0.62), (0.05, 0.84), (0.18, 0.98), (0.5, 1.03), (0.9, 1.07), (0.975, 1.03), (1, 0.76)),
        _CAR_PLAN, (0.18, 0.33), (0.915, 0.97), ((0.25, 0.43), (0.45, 0.65), (0.67, 0.89)),
        (0.23, 0.44, 0.66), (0.165, 0.79), 0.33, False, 0.16,
    ),
    "van": Body(
        5.65, 2.02, 0.28,
        ((0, 0.80), (0.008, 1.02), (0.04, 1.14), (0.12, 1.28), (0.155, 1.36), (0.22, 1.92), (0.265, 2.25),
         (0.31, 2.42), (0.38, 2.50), (0.6, 2.52), (0.97, 2.50), (0.99, 2.44), (0.996, 1.6), (1, 1.0)),
        ((0, 0.74), (0.04, 1.02), (0.155, 1.20), (0.3, 1.28), (0.97, 1.32), (0.996, 1.25), (1, 0.9)),
        ((0.0, 0.72), (0.01, 0.84), (0.03, 0.91), (0.08, 0.96), (0.16, 0.99), (0.25, 1.0), (0.97, 1.0),
         (0.993, 0.98), (1.0, 0.94)),
        (0.155, 0.275), None, ((0.225, 0.345),), (0.205, 0.36, 0.58), (0.16, 0.80), 0.35, True, 0.10,
    ),
    "minibus": Body(
        5.95, 2.06, 0.28,
        ((0, 0.80), (0.008, 1.02), (0.04, 1.14), (0.12, 1.28), (0.155, 1.36), (0.22, 1.92), (0.265, 2.28),
         (0.31, 2.50), (0.38, 2.62), (0.6, 2.66), (0.97, 2.64), (0.99, 2.5), (0.996, 1.6), (1, 1.0)),
        ((0, 0.74), (0.04, 1.02), (0.155, 1.20), (0.3, 1.28), (0.97, 1.32), (0.996, 1.25), (1, 0.9)),
        ((0.0, 0.72), (0.01, 0.84), (0.03, 0.91), (0.08, 0.96), (0.16, 0.99), (0.25, 1.0), (0.97, 1.0),
         (0.993, 0.98), (1.0, 0.94)),
        (0.155, 0.275), None, ((0.225, 0.34), (0.37, 0.52), (0.54, 0.69), (0.71, 0.93)),
        (0.205, 0.36, 0.53), (0.16, 0.80), 0.35, True, 0.10,
    ),
    "pickup_cab": Body(
        2.3, 1.95, 0.5,
        ((0, 0.95), (0.02, 1.2), (0.1, 1.6), (0.25, 2.2), (0.4, 2.5), (0.6, 2.55), (0.97, 2.52), (1, 2.45)),
        ((0, 0.9), (0.02, 1.15), (0.1, 1.35), (0.3, 1.45), (1, 1.5)),
        ((0.0, 0.86), (0.03, 0.95), (0.1, 1.0), (1.0, 1.0)),
        (0.08, 0.36), None, ((0.25, 0.75),), (0.2, 0.85), (), 0.4, False, 0.10,
    ),
}

# side of a half section: share of the way floor -> shoulder, and width there
_RISE = np.array([0.0, 0.10, 0.32, 0.58, 0.80, 1.0])
_FLARE = np.array([0.90, 0.97, 0.995, 1.0, 0.985, 0.955])
_GLASS_ROWS = (5, 6, 7)  # rows between half-section points 5-6, 6-7, 7-8
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
    skin = np.full((len(x) - 1, rows), M.PAINT, np.int32)
    screens = (body.windscreen, body.rear_window) if body.rear_window else (body.windscreen,)
    for i, mid in enumerate((x[:-1] + x[1:]) / 2):
        for j in range(rows):
            k = min(j, rows - 1 - j)  # mirrored row
            if k == 0 or (body.cladding and k == 1):
                skin[i, j] = M.PLASTIC
            elif k in (6, 7) and _inside(mid, body.windows):
                skin[i, j] = M.GLASS
            elif k in (6, 7) and body.windows[0][0] < mid < body.windows[-1][1] and len(body.windows) > 1:
                skin[i, j] = M.PLASTIC  # blackened pillars
            elif k >= 9 and _inside(mid, screens):
                skin[i, j] = M.GLASS
            elif k in (3, 4) and mid < 0.075 and body.length < 7:
                skin[i, j] = M.HEADLAMP if mid < 0.06 else skin[i, j]
            elif k in (3, 4) and mid > 0.965:
                skin[i, j] = M.TAILLAMP
    return skin


def _caps(b: MeshBuilder, ring: NDArray[np.float64], front: bool, cladding: bool, boxy: bool) -> None:
    """Close nose or tail with a bulging grid whose cells become grille, lamps and bumper."""
    right, left = ring[:_HALF], ring[::-1][:_HALF]
    columns = np.array([0.0, 0.17, 0.30, 0.5, 0.70, 0.83, 1.0])
    grid = right[:, None] + (left - right)[:, None] * columns[None, :, None]
    bulge = 0.06 * (1 - (2 * columns - 1) ** 2)
    grid[:, :, 0] += (1 if front else -1) * bulge[None]
    skin = np.full((_HALF - 1, 6), M.PAINT, np.int32)
    skin[0] = M.PLASTIC
    if front:
        skin[3:5, [0, 1, 4, 5]] = M.HEADLAMP
        skin[3, 2:4] = M.PLASTIC
        skin[4, 2:4] = M.PLASTIC
        skin[1, 1:5] = M.PLASTIC
    else:
        skin[3:5, [0, 5]] = M.TAILLAMP
        skin[1] = M.PLASTIC if cladding else M.PAINT
        if boxy:
            skin[6:8, 1:5] = M.GLASS
    if not front:
        grid, skin = grid[:, ::-1], skin[:, ::-1]
    b.loft(grid.transpose(1, 0, 2)[::-1], skin.T[::-1])


def _wheels(b: MeshBuilder, body_length: float, half: float, axles: tuple[float, ...], r: float, fine: bool,
            arch: int, dual: bool = False) -> None:
    for axle in axles:
        x = body_length * (0.5 - axle)
        for side in (1, -1):
            y = side * (half + 0.004)
            b.disc((x, y, r), r + 0.075, side, arch, 0.05, -8, 188, 14 if fine else 9)
            b.disc((x, y, r), r + 0.035, side, M.CABIN, 0.06, -5, 185, 12 if fine else 8)
            outer = y + side * 0.004
            b.disc((x, outer, r), r, side, M.TYRE, 0.09, steps=16 if fine else 10)
            b.disc((x, outer, r), r * 0.68, side, M.RIM, 0.11, steps=12 if fine else 8)
            if fine:
                for spoke in range(5):
                    a = 72 * spoke + 17
                    b.disc((x, outer, r), r * 0.60, side, M.CABIN, 0.13, a, a + 32, 3)
                b.disc((x, outer, r), r * 0.18, side, M.RIM, 0.15, steps=6)
            # tread below the body, seen from front and rear
            angle = np.radians(np.linspace(150, 390, 9))
            inner = y - side * (0.5 if dual else 0.21)
            tread = np.stack(
                [np.column_stack([x + r * np.cos(angle), np.full(9, yy), r + r * np.sin(angle)])
                 for yy in ((outer, inner) if side > 0 else (inner, outer))]
            )
            b.loft(tread[::-1], M.TYRE, 0.0)


def _plates(b: MeshBuilder, front_x: float, rear_x: float, z_front: float, z_rear: float) -> None:
    """KZ form 1: 520 x 112 mm."""
    w, h = 0.26, 0.056
    for x, z, sign in ((front_x, z_front, 1), (rear_x, z_rear, -1)):
        corners = np.array(
            [[x, -sign * w, z + h], [x, sign * w, z + h], [x, sign * w, z - h], [x, -sign * w, z - h]], np.float32
        )
        b.quad(corners[::-1], M.PLATE, 0.16)
        b.plates.append(corners)


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
                pts = [[x + 0.008, side * (y0 + 0.004), z0], [x - 0.008, side * (y0 + 0.004), z0],
                       [x - 0.008, side * (y1 + 0.004), z1], [x + 0.008, side * (y1 + 0.004), z1]]
                b.quad(pts if side > 0 else pts[::-1], M.LINE, 0.05)
    for door in body.doors[1:]:
        y, z = _surface(body, door, 0.80)
        x = body.length * (0.5 - door) + 0.10
        for side in (1, -1):
            pts = [[x + 0.09, side * (y + 0.015), z - 0.02], [x - 0.09, side * (y + 0.015), z - 0.02],
                   [x - 0.09, side * (y + 0.015), z + 0.02], [x + 0.09, side * (y + 0.015), z + 0.02]]
            b.quad(pts if side > 0 else pts[::-1], M.CABIN, 0.07)


def _mirrors(b: MeshBuilder, body: Body) -> None:
    at = body.windows[0][0] + 0.01
    x = body.length * (0.5 - at)
    y, z = _surface(body, at, 1.0)
    for side in (1, -1):
        b.part += 1
        b.ball((x, side * (y + 0.09), z + 0.07), (0.06, 0.10, 0.07), M.PAINT, 6)
    b.part = 1


def _lamps(b: MeshBuilder, x_front: float, x_rear: float, y: float, z_front: float, z_rear: float) -> None:
    """Indicators and brake lamps as own faces, so that they can light up."""
    for side, material in ((1, M.INDICATOR_LEFT), (-1, M.INDICATOR_RIGHT)):
        for x, z, sign in ((x_front, z_front, 1), (x_rear, z_rear, -1)):
            pts = [[x, side * y - 0.06, z - 0.035], [x, side * y + 0.06, z - 0.035],
                   [x, side * y + 0.06, z + 0.035], [x, side * y - 0.06, z + 0.035]]
            b.quad(pts if sign > 0 else pts[::-1], material, 0.12)
        pts = [[x_rear, side * (y - 0.02) - 0.09, z_rear + 0.05], [x_rear, side * (y - 0.02) + 0.09, z_rear + 0.05],
               [x_rear, side * (y - 0.02) + 0.09, z_rear + 0.15], [x_rear, side * (y - 0.02) - 0.09, z_rear + 0.15]]
        b.quad(pts[::-1], M.BRAKE, 0.12)


@lru_cache(maxsize=64)
def car(kind: str, fine: bool) -> Mesh:
    """A car or van of a `BODIES` kind."""
    body = BODIES[kind]
    b = MeshBuilder()
    x = _stations(body, 0.045 if fine else 0.14)
    rings = _rings(body, x)
    b.loft(rings, _skin(body, x))
    boxy = kind in ("van", "minibus")
    _caps(b, rings[0], True, body.cladding, boxy)
    _caps(b, rings[-1], False, body.cladding, boxy)
    # dark underside down to the road between the wheels
    w, h = body.width / 2 * 0.82, body.floor + 0.02
    b.box((-body.length * 0.46, -w, 0.13), (body.length * 0.46, w, h), M.CABIN, -0.4)
    _wheels(b, body.length, body.width / 2 * 0.985, body.axles, body.wheel, fine,
            M.PLASTIC if body.cladding else M.PAINT)
    nose, tail = body.length / 2, -body.length / 2
    _plates(b, nose + 0.075, tail - 0.075, body.floor + 0.23, (body.floor + 0.52) if not boxy else 0.75)
    y = body.width / 2 * 0.74
    rear_z = float(np.interp(0.99, *np.array(body.belt).T))
    _lamps(b, nose + 0.04, tail - 0.05, y, body.floor + 0.20, body.floor + (rear_z - body.floor) * 0.55)
    if fine:
        _doors(b, body)
        _mirrors(b, body)
        _trim(b, body, boxy)
    if body.rails:
        top = max(z for _, z in body.top)
        for side in (1, -1):
            yy = side * body.width / 2 * 0.68
            b.box((-body.length * 0.30, yy - 0.015, top - 0.03), (body.length * 0.05, yy + 0.015, top + 0.025),
                  M.RIM if kind == "wagon" else M.PLASTIC, 0.1)
    return b.build()


def _strip(b: MeshBuilder, x: float, y0: float, y1: float, z0: float, z1: float, material: int, bias: float) -> None:
    """A rectangle across the nose (x > 0) or tail (x < 0), facing away from the body."""
    pts = [[x, y0, z0], [x, y1, z0], [x, y1, z1], [x, y0, z1]]
    b.quad(pts if x > 0 else pts[::-1], material, bias)


def _trim(b: MeshBuilder, body: Body, boxy: bool) -> None:
    """Small things that tell nose from tail: bumper seams, reflectors, fog lamps, badge, third brake lamp."""
    nose, tail, w, floor = body.length / 2 + 0.062, -body.length / 2 - 0.062, body.width / 2, body.floor
    rear = floor + 0.40 if not boxy else 0.60
    _strip(b, tail, -w * 0.66, w * 0.66, rear - 0.008, rear + 0.008, M.LINE, 0.13)
    _strip(b, tail, -w * 0.50, w * 0.50, floor + 0.05, floor + 0.17, M.PLASTIC, 0.13)
    for side in (1, -1):
        _strip(b, tail + 0.02, side * w * 0.60 - 0.07, side * w * 0.60 + 0.07, floor + 0.22, floor + 0.26, M.TAILLAMP, 0.14)
        _strip(b, nose - 0.03, side * w * 0.62 - 0.09, side * w * 0.62 + 0.09, floor + 0.14, floor + 0.22, M.PLASTIC, 0.14)
        _strip(b, nose - 0.025, side * w * 0.62 - 0.04, side * w * 0.62 + 0.04, floor + 0.15, floor + 0.21, M.HEADLAMP, 0.16)
    belt = float(np.interp(0.02, *np.array(body.belt).T))
    _strip(b, nose, -0.055, 0.055, belt - 0.12, belt - 0.03, M.CHROME, 0.17)
    _strip(b, nose, -w * 0.34, w * 0.34, belt - 0.045, belt - 0.030, M.CHROME, 0.15)
    if not boxy:
        _strip(b, tail - 0.005, -0.36, 0.36, floor + 0.44, floor + 0.62, M.PLASTIC, 0.12)
        _strip(b, tail - 0.006, -0.05, 0.05, floor + 0.66, floor + 0.73, M.CHROME, 0.14)
    if body.rear_window:
        top = float(np.interp(body.rear_window[0], *np.array(body.top).T))
        x = body.length * (0.5 - body.rear_window[0])
        b.quad([[x - 0.05, -0.16, top - 0.02], [x - 0.05, 0.16, top - 0.02], [x, 0.16, top + 0.012], [x, -0.16, top + 0.012]][::-1], M.BRAKE, 0.12)


def _panel(b: MeshBuilder, x0: float, x1: float, y: float, z0: float, z1: float, material: int, bias: float) -> None:
    """A rectangle on both sides of a boxy body."""
    for side in (1, -1):
        yy = side * y
        pts = [[x0, yy, z0], [x1, yy, z0], [x1, yy, z1], [x0, yy, z1]]
        b.quad(pts if side < 0 else pts[::-1], material, bias)


def _rounded_box(b: MeshBuilder, x0: float, x1: float, half: float, z0: float, z1: float, r: float,
                 material: int, steps: int, nose: float = 0.0) -> None:
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


@lru_cache(maxsize=8)
def bus(fine: bool, length: float = 12.0) -> Mesh:
    """A low-floor city bus."""
    b = MeshBuilder()
    half, top, floor = 1.27, 3.1, 0.32
    x0, x1 = -length / 2, length / 2
    _rounded_box(b, x0, x1, half, floor, top, 0.22, M.PAINT, 14 if fine else 5, 0.10)
    b.box((x0 + 0.2, -half * 0.9, 0.2), (x1 - 0.2, half * 0.9, floor + 0.02), M.CABIN, -0.6)
    y = half + 0.008
    _panel(b, x0 + 0.25, x1 - 0.15, y, floor, floor + 0.32, M.TRIM, 0.05)
    _panel(b, x0 + 0.35, x1 - 0.10, half * 0.998 + 0.012, 1.28, 2.45, M.GLASS, 0.06)
    for x in np.arange(x0 + 1.7, x1 - 1.0, 1.45):
        _panel(b, x - 0.05, x + 0.05, half + 0.018, 1.28, 2.45, M.LINE, 0.09)
    for x in (x1 - 1.55, x1 - 6.3, x1 - 9.6):  # doors on the right side
        pts = [[x - 0.62, -half - 0.02, 0.38], [x + 0.62, -half - 0.02, 0.38],
               [x + 0.62, -half - 0.02, 2.5], [x - 0.62, -half - 0.02, 2.5]]
        b.quad(pts, M.GLASS, 0.11)
        mid = [[x - 0.03, -half - 0.03, 0.38], [x + 0.03, -half - 0.03, 0.38],
               [x + 0.03, -half - 0.03, 2.5], [x - 0.03, -half - 0.03, 2.5]]
        b.quad(mid, M.LINE, 0.14)
    f = x1 + 0.115
    b.quad([[f, -1.12, 1.12], [f, 1.12, 1.12], [f, 1.10, 2.45], [f, -1.10, 2.45]], M.GLASS, 0.12)
    b.quad([[f, -1.05, 2.52], [f, 1.05, 2.52], [f, 1.03, 2.84], [f, -1.03, 2.84]], M.DISPLAY, 0.12)
    b.quad([[f + 0.01, -0.75, 2.60], [f + 0.01, 0.75, 2.60], [f + 0.01, 0.75, 2.76], [f + 0.01, -0.75, 2.76]],
           M.INDICATOR_LEFT, 0.14)
    b.quad([[f, -1.15, 0.38], [f, 1.15, 0.38], [f, 1.15, 0.62], [f, -1.15, 0.62]], M.PLASTIC, 0.10)
    for s in (1, -1):
        c = s * 0.92
        b.quad([[f + 0.01, c - 0.2, 0.68], [f + 0.01, c + 0.2, 0.68], [f + 0.01, c + 0.2, 0.86],
                [f + 0.01, c - 0.2, 0.86]], M.HEADLAMP, 0.14)
        b.ball((x1 + 0.12, s * (half + 0.13), 2.3), (0.08, 0.10, 0.24), M.PLASTIC, 6, 0.3)
    r = x0 - 0.115
    b.quad([[r, 1.05, 1.55], [r, -1.05, 1.55], [r, -1.03, 2.5], [r, 1.03, 2.5]], M.GLASS, 0.12)
    b.quad([[r, 1.05, 0.75], [r, -1.05, 0.75], [r, -1.05, 1.35], [r, 1.05, 1.35]], M.TRIM, 0.10)
    b.quad([[r, 1.15, 0.38], [r, -1.15, 0.38], [r, -1.15, 0.6], [r, 1.15, 0.6]], M.PLASTIC, 0.10)
    for s in (1, -1):
        c = s * 1.05
        b.quad([[r - 0.01, c + 0.1, 0.8], [r - 0.01, c - 0.1, 0.8], [r - 0.01, c - 0.1, 1.3],
                [r - 0.01, c + 0.1, 1.3]], M.TAILLAMP, 0.14)
    _lamps(b, f + 0.01, r - 0.02, 1.08, 0.60, 1.0)
    _plates(b, f + 0.01, r - 0.02, 0.5, 0.66)
    b.box((x0 + 2.0, -0.75, top - 0.02), (x0 + 4.6, 0.75, top + 0.20), M.PAINT, 0.1)
    b.box((x1 - 4.2, -0.6, top - 0.02), (x1 - 2.6, 0.6, top + 0.14), M.PAINT, 0.1)
    _wheels(b, length, half, (2.75 / length, (length - 3.4) / length), 0.48, fine, M.PAINT, True)
    return b.build()


def _cab(b: MeshBuilder, front: float, length: float, half: float, top: float, floor: float) -> None:
    """A cab-over cab with its back at front - length."""
    back = front - length
    _rounded_box(b, back, front, half, floor, top, 0.16, M.PAINT, 5, 0.08)
    f = front + 0.09
    glass_low = floor + (top - floor) * 0.50
    glass_top = floor + (top - floor) * 0.86
    b.quad([[f, -half * 0.9, glass_low], [f, half * 0.9, glass_low], [f, half * 0.88, glass_top],
            [f, -half * 0.88, glass_top]], M.GLASS, 0.12)
    b.quad([[f, -half * 0.8, floor + 0.45], [f, half * 0.8, floor + 0.45], [f, half * 0.8, glass_low - 0.18],
            [f, -half * 0.8, glass_low - 0.18]], M.PLASTIC, 0.11)
    b.quad([[f, -half * 0.98, floor], [f, half * 0.98, floor], [f, half * 0.98, floor + 0.32],
            [f, -half * 0.98, floor + 0.32]], M.PLASTIC, 0.12)
    for s in (1, -1):
        c = s * half * 0.78
        b.quad([[f + 0.01, c - 0.19, floor + 0.12], [f + 0.01, c + 0.19, floor + 0.12],
                [f + 0.01, c + 0.19, floor + 0.30], [f + 0.01, c - 0.19, floor + 0.30]], M.HEADLAMP, 0.15)
        b.box((front - 0.05, s * (half + 0.16) - 0.06, glass_low + 0.05),
              (front + 0.05, s * (half + 0.16) + 0.06, glass_top - 0.05), M.PLASTIC, 0.3)
    _panel(b, front - 1.15, front - 0.28, half + 0.01, glass_low - 0.05, glass_top, M.GLASS, 0.08)
    _panel(b, front - 1.28, front - 1.24, half + 0.01, floor + 0.1, glass_top, M.LINE, 0.08)


@lru_cache(maxsize=16)
def truck(kind: str, fine: bool) -> Mesh:
    """`box` (rigid with a box body), `tipper` (rigid with an open body) or `semi` (tractor with a trailer)."""
    b = MeshBuilder()
    length = {"box": 8.2, "tipper": 7.8, "semi": 15.5}[kind]
    front, rear, half = length / 2, -length / 2, 1.24
    cab_top = {"box": 2.75, "tipper": 2.95, "semi": 3.6}[kind]
    b.part = 0
    b.box((rear + 0.1, -0.55, 0.55), (front - 0.4, 0.55, 1.0), M.PLASTIC)
    b.part = 2
    _cab(b, front, 1.9, half * 0.97, cab_top, 0.55)
    b.part = 1
    start = front - 2.05
    if kind == "tipper":
        _rounded_box(b, rear, start, half, 1.15, 2.45, 0.02, M.TRIM, 6)
        b.quad([[rear + 0.1, -half + 0.1, 2.46], [start - 0.1, -half + 0.1, 2.46], [start - 0.1, half - 0.1, 2.46],
                [rear + 0.1, half - 0.1, 2.46]], M.PLASTIC, 0.05)
        for x in np.arange(rear + 0.4, start, 0.9):
            _panel(b, x - 0.05, x + 0.05, half + 0.02, 1.15, 2.45, M.TRIM, 0.06)
            _panel(b, x + 0.05, x + 0.075, half + 0.02, 1.15, 2.45, M.LINE, 0.07)
    else:
        top = 3.35 if kind == "box" else 3.95
        _rounded_box(b, rear, start, half, 1.05, top, 0.05, M.TRIM, 10 if fine else 5)
        for x in np.arange(rear + 0.03, start + 0.1, (start - rear) / 6):
            _panel(b, x - 0.008, x + 0.008, half + 0.01, 1.08, top - 0.04, M.LINE, 0.04)
        _panel(b, rear + 0.05, start - 0.05, half + 0.015, 1.45, 1.70, M.PAINT, 0.06)
        _panel(b, rear + 0.02, start - 0.02, half + 0.015, 1.06, 1.16, M.PLASTIC, 0.05)
        e = rear - 0.012
        _strip(b, e, -0.02, 0.02, 1.1, top - 0.05, M.LINE, 0.06)
        for y in (-0.55, -0.18, 0.18, 0.55):  # lock bars
            _strip(b, e - 0.01, y - 0.02, y + 0.02, 1.1, top - 0.1, M.RIM, 0.08)
        for y in (-half + 0.05, half - 0.05):
            _strip(b, e, y - 0.05, y + 0.05, 1.06, top - 0.02, M.PLASTIC, 0.07)
        for z in (1.10, top - 0.07):
            _strip(b, e, -half + 0.02, half - 0.02, z - 0.05, z + 0.05, M.PLASTIC, 0.07)
        for y in (-0.95, 0.95):
            _strip(b, e - 0.012, y - 0.2, y + 0.2, 1.22, 1.30, M.TAILLAMP, 0.09)
        _panel(b, rear + 2.6, start - 1.2, half - 0.02, 0.5, 0.98, M.PLASTIC, -0.05)
    b.quad([[rear - 0.02, half * 0.95, 0.5], [rear - 0.02, -half * 0.95, 0.5], [rear - 0.02, -half * 0.95, 0.7],
            [rear - 0.02, half * 0.95, 0.7]], M.PLASTIC, 0.06)
    for s in (1, -1):
        c = s * half * 0.82
        b.quad([[rear - 0.04, c + 0.2, 0.8], [rear - 0.04, c - 0.2, 0.8], [rear - 0.04, c - 0.2, 0.95],
                [rear - 0.04, c + 0.2, 0.95]], M.TAILLAMP, 0.10)
    _lamps(b, front + 0.11, rear - 0.05, 1.0, 0.62, 0.8)
    _plates(b, front + 0.12, rear - 0.05, 0.68, 0.62)
    axles = {"box": (1.35, 6.3), "tipper": (1.35, 5.3, 6.6), "semi": (1.4, 4.9, 11.6, 12.9, 14.2)}[kind]
    _wheels(b, length, half, tuple(a / length for a in axles[1:]), 0.50, fine, M.PLASTIC, True)
    b.part = 2
    _wheels(b, length, half * 0.97, (axles[0] / length,), 0.50, fine, M.PLASTIC, True)
    return b.build()
