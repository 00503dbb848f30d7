"""Walking people and riders on bicycles and motorcycles, posed for each moment (x forward, y left, z up)."""

from __future__ import annotations

import numpy as np

from scenarios.mesh import Material, Mesh, MeshBuilder


def _upper_body(
    b: MeshBuilder,
    hip: tuple[float, float, float],
    lean: float,
    scale: float,
    swing: float,
    hands: tuple[float, float] | None,
    *,
    helmet: bool,
) -> None:
    """Torso, arms and head; `hands` (forward, height) holds a handlebar."""
    hx, _, hz = hip
    chest = np.array([hx + np.sin(lean) * 0.50 * scale, 0.0, hz + np.cos(lean) * 0.50 * scale])
    waist = np.array([hx, 0.0, hz])
    for y in (0.075, -0.075):
        b.limb(
            waist + np.array((0, y, 0)),
            chest + np.array((0, y * 1.35, -0.04)),
            0.115 * scale,
            0.125 * scale,
            Material.CLOTH,
            7,
        )
    head = chest + np.array([np.sin(lean) * 0.10 + 0.02, 0.0, 0.235 * scale])
    b.limb(chest, head, 0.06, 0.055, Material.SKIN, 6)
    b.ball(tuple(head), (0.105, 0.085, 0.125), Material.SKIN, 8)
    crown = (head[0] - (0.0 if helmet else 0.015), head[1], head[2] + 0.025)
    b.ball(
        crown,
        (0.135, 0.12, 0.14) if helmet else (0.108, 0.092, 0.118),
        Material.HAIR,
        8,
        0.02,
        -8 if not helmet else -40,
    )
    for side in (1, -1):
        shoulder = chest + np.array((0, side * 0.20 * scale, -0.03))
        if hands is None:
            a = side * swing * 0.8
            elbow = shoulder + np.array([np.sin(a) * 0.28, side * 0.03, -np.cos(a) * 0.28]) * scale
            hand = elbow + np.array([np.sin(a + 0.25) * 0.25, 0.0, -np.cos(a + 0.25) * 0.25]) * scale
        else:
            hand = np.array([hx + hands[0], side * 0.27, hands[1]])
            elbow = (shoulder + hand) / 2 + (0, side * 0.07, -0.06)
        b.limb(shoulder, elbow, 0.055, 0.045, Material.CLOTH, 6)
        b.limb(elbow, hand, 0.042, 0.035, Material.CLOTH if hands or swing == 0 else Material.SKIN, 6)
        b.ball(tuple(hand), (0.045, 0.035, 0.05), Material.SKIN, 6)


def walker(phase: float, scale: float = 1.0) -> Mesh:
    """A pedestrian 1.74 m * scale tall; `phase` in radians runs 2 pi a stride (two steps)."""
    b = MeshBuilder()
    swing = 0.50 * np.sin(phase)
    hip = 0.90 * scale - 0.02 * abs(np.sin(phase))
    for side in (1, -1):
        a = side * swing
        bend = 0.15 + 0.55 * max(0.0, np.sin(phase * side + 0 - 1.0)) * 0.8
        top = np.array([0.0, side * 0.09, hip])
        knee = top + np.array([np.sin(a), 0, -np.cos(a)]) * 0.43 * scale
        ankle = knee + np.array([np.sin(a - bend), 0, -np.cos(a - bend)]) * 0.42 * scale
        b.limb(top, knee, 0.095 * scale, 0.065, Material.TROUSERS, 7)
        b.limb(knee, ankle, 0.06, 0.048, Material.TROUSERS, 6)
        b.ball((ankle[0] + 0.06, ankle[1], max(0.05, ankle[2] - 0.02)), (0.135, 0.05, 0.05), Material.TYRE, 6)
    _upper_body(b, (0.0, 0.0, hip), 0.06, scale, swing if abs(swing) > 1e-6 else 1e-6, None, helmet=False)
    return b.build()


def _wheel(b: MeshBuilder, x: float, r: float, thick: float, *, spokes: bool) -> None:
    angle = np.linspace(0, 2 * np.pi, 17)
    for y, flip in ((thick, False), (-thick, True)):
        outer = np.column_stack([x + r * np.cos(angle), np.full(17, y), r + r * np.sin(angle)])
        inner = np.column_stack(
            [x + (r - 2.2 * thick) * np.cos(angle), np.full(17, y), r + (r - 2.2 * thick) * np.sin(angle)]
        )
        rings = np.stack([outer, inner] if flip else [inner, outer])
        b.loft(rings, Material.TYRE, 0.0)
    edge = np.stack(
        [np.column_stack([x + r * np.cos(angle), np.full(17, y), r + r * np.sin(angle)]) for y in (-thick, thick)]
    )
    b.loft(edge, Material.TYRE)
    if spokes:
        for a in np.linspace(0, np.pi, 5, endpoint=False):
            c, s = np.cos(a) * (r - thick), np.sin(a) * (r - thick)
            b.limb(np.array([x - c, 0, r - s]), np.array([x + c, 0, r + s]), 0.006, 0.006, Material.RIM, 3)
    else:
        b.disc((x, thick * 0.6, r), r * 0.55, 1, Material.RIM, 0.01, steps=10)
        b.disc((x, -thick * 0.6, r), r * 0.55, -1, Material.RIM, 0.01, steps=10)


def cyclist(phase: float) -> Mesh:
    """A bicycle of 1.75 m with its rider; `phase` in radians runs 2 pi a turn of the pedals."""
    b = MeshBuilder()
    b.part = 0
    r = 0.34
    _wheel(b, 0.53, r, 0.022, spokes=True)
    _wheel(b, -0.53, r, 0.022, spokes=True)
    crank = np.array([-0.06, 0.0, 0.30])
    seat, head = np.array([-0.22, 0.0, 0.88]), np.array([0.40, 0.0, 0.88])
    rear, front = np.array([-0.53, 0.0, r]), np.array([0.53, 0.0, r])
    for start, end in (
        (crank, seat),
        (crank, head - np.array((0, 0, 0.12))),
        (seat - np.array((0, 0, 0.1)), head),
        (rear, crank),
        (rear, seat - np.array((0, 0, 0.12))),
        (front, head + np.array((0, 0, 0.1))),
    ):
        b.limb(start, end, 0.022, 0.022, Material.PAINT, 5)
    b.limb(head + np.array((0.02, 0.28, 0.13)), head + np.array((0.02, -0.28, 0.13)), 0.018, 0.018, Material.PLASTIC, 5)
    b.ball((-0.24, 0, 0.95), (0.13, 0.07, 0.03), Material.PLASTIC, 6)
    b.part = 1
    hip = np.array([-0.22, 0.0, 1.0])
    for side, turn in ((1, phase), (-1, phase + np.pi)):
        pedal = crank + np.array([0.17 * np.cos(turn), side * 0.11, 0.17 * np.sin(turn)])
        top = hip + np.array((0, side * 0.09, 0))
        mid = (top + pedal) / 2
        reach = float(np.linalg.norm(pedal - top))
        knee = mid + np.array([1.0, 0, 0.35]) * np.sqrt(max(0.44**2 - (reach / 2) ** 2, 0.01)) * 0.9
        b.limb(top, knee, 0.085, 0.06, Material.TROUSERS, 6)
        b.limb(knee, pedal, 0.055, 0.042, Material.TROUSERS, 6)
        b.ball((pedal[0] + 0.05, pedal[1], pedal[2]), (0.12, 0.045, 0.04), Material.TYRE, 6)
    _upper_body(b, (-0.22, 0.0, 1.0), 0.55, 1.0, 0.0, (0.62, 1.04), helmet=False)
    return b.build()


def motorcyclist() -> Mesh:
    """A motorcycle of 2.1 m with a rider in a helmet."""
    b = MeshBuilder()
    b.part = 0
    _wheel(b, 0.70, 0.31, 0.06, spokes=False)
    _wheel(b, -0.66, 0.31, 0.075, spokes=False)
    b.limb(np.array([0.70, 0.1, 0.31]), np.array([0.42, 0.1, 0.92]), 0.03, 0.03, Material.CHROME, 5)
    b.limb(np.array([0.70, -0.1, 0.31]), np.array([0.42, -0.1, 0.92]), 0.03, 0.03, Material.CHROME, 5)
    b.ball((0.02, 0, 0.46), (0.34, 0.17, 0.22), Material.PLASTIC, 8)
    b.ball((0.16, 0, 0.80), (0.30, 0.15, 0.14), Material.PAINT, 8)
    b.ball((0.62, 0, 0.66), (0.22, 0.07, 0.05), Material.PAINT, 6)
    b.ball((-0.35, 0, 0.78), (0.36, 0.13, 0.07), Material.TYRE, 8)
    b.ball((-0.66, 0, 0.72), (0.20, 0.10, 0.08), Material.PAINT, 6)
    b.limb(np.array([-0.2, -0.17, 0.36]), np.array([-0.78, -0.19, 0.44]), 0.05, 0.06, Material.CHROME, 6)
    b.ball((0.52, 0, 0.92), (0.13, 0.15, 0.13), Material.PAINT, 8)
    b.quad([[0.66, -0.09, 0.85], [0.66, 0.09, 0.85], [0.65, 0.09, 0.98], [0.65, -0.09, 0.98]], Material.HEADLAMP, 0.1)
    b.quad(
        [[-0.87, 0.08, 0.66], [-0.87, -0.08, 0.66], [-0.86, -0.08, 0.75], [-0.86, 0.08, 0.75]], Material.TAILLAMP, 0.1
    )
    b.limb(np.array([0.40, 0.36, 1.02]), np.array([0.40, -0.36, 1.02]), 0.02, 0.02, Material.PLASTIC, 5)
    b.part = 1
    for side in (1, -1):
        top, knee = np.array([-0.30, side * 0.11, 0.86]), np.array([0.08, side * 0.24, 0.80])
        foot = np.array([-0.14, side * 0.22, 0.36])
        b.limb(top, knee, 0.10, 0.075, Material.TROUSERS, 6)
        b.limb(knee, foot, 0.07, 0.055, Material.TROUSERS, 6)
        b.ball((foot[0] + 0.06, foot[1], foot[2] - 0.04), (0.14, 0.05, 0.05), Material.TYRE, 6)
    _upper_body(b, (-0.30, 0.0, 0.88), 0.42, 1.02, 0.0, (0.68, 1.04), helmet=True)
    return b.build()
