"""Seeded scenes whose vehicles drive at known speeds past several control lines, seen by several cameras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from scenarios.layout import Line
from scenarios.scene import CameraPose, Placed, Scene, load_scene

if TYPE_CHECKING:
    from scenarios.layout import Point

SLOWEST_KMH: Final = 22.0
FASTEST_KMH: Final = 118.0
"""Cruising speeds are drawn from this range, a band of it a lane; a driver who meets a slower one slows down."""
SPREAD: Final = 0.06
"""How far the speeds of one lane's drivers lie about their mean, share."""
GAP_S: Final = (2.2, 4.0)
"""Shortest and longest time between two vehicles of a lane at its first line, seconds."""
DURATION_S: Final = 20.0
FPS: Final = 8.0
"""Pictures a second: the rate at which the pipeline looks, so that no picture is drawn in vain."""
MIX: Final = {
    "sedan": 30, "hatch": 14, "wagon": 8, "suv": 22, "minivan": 5, "van": 5, "bus": 5, "truck_box": 5,
    "truck_tipper": 3, "truck_semi": 2, "motorcycle": 1,
}  # fmt: skip
"""What drives, relative frequencies."""


def _across(y: float, half: float = 6.9) -> tuple[Point, Point]:
    return (-half, y), (half, y)


def _beside(x: float) -> tuple[Point, Point]:
    return (x, 3.1), (x, 16.9)


ALONG: Final = ("n1", "n2", "s1", "s2")
ACROSS: Final = ("e1", "e2", "w1", "w2")
VIEWS: Final[tuple[tuple[str, tuple[str, ...], CameraPose, tuple[tuple[Point, Point], ...]], ...]] = (
    # template, lanes, camera, control lines
    ("arterial", ALONG, CameraPose(position_m=(9.6, -19.0, 8.6), look_at_m=(0.2, 16.0, 0.4), fov_deg=58.0),
     (_across(4.0), _across(14.0), _across(26.0))),
    ("arterial", ALONG, CameraPose(position_m=(0.5, -20.0, 7.2), look_at_m=(0.0, 20.0, 0.0), fov_deg=52.0),
     (_across(4.0), _across(13.0), _across(24.0))),
    ("arterial", ALONG, CameraPose(position_m=(-9.8, -15.0, 10.5), look_at_m=(0.0, 15.0, 0.0), fov_deg=60.0),
     (_across(4.0), _across(14.0), _across(26.0))),
    ("crossroads", ALONG, CameraPose(position_m=(9.6, -27.0, 8.2), look_at_m=(0.8, 4.0, 0.6), fov_deg=60.0),
     (_across(-7.0), _across(4.0), _across(16.0))),
    ("crossroads", ACROSS, CameraPose(position_m=(9.6, -22.0, 8.6), look_at_m=(0.0, 6.0, 0.4), fov_deg=62.0),
     (_beside(-7.0), _beside(6.0))),
)  # fmt: skip
"""Two poles beside a road, a bridge over it, and the pole of a junction that sees its own road and the crossing one."""


def speed_scenes(seed: int, count: int) -> list[tuple[Scene, list[Line]]]:
    """`count` scenes with their control lines; another seed gives other vehicles and other camera poses."""
    rng = np.random.default_rng(seed)
    return [_scene(rng, seed, number) for number in range(count)]


def _scene(rng: np.random.Generator, seed: int, number: int) -> tuple[Scene, list[Line]]:
    template, lanes, pose, segments = VIEWS[number % len(VIEWS)]
    base = load_scene("arterial")
    shifted = CameraPose(
        position_m=tuple(np.round(np.add(pose.position_m, rng.uniform(-1, 1, 3)), 2).tolist()),
        look_at_m=tuple(np.round(np.add(pose.look_at_m, rng.uniform(-1, 1, 3)), 2).tolist()),
        fov_deg=round(pose.fov_deg + float(rng.uniform(-2, 2)), 2),
    )
    placed = [one for lane in lanes for one in _lane(rng, lane, template)]
    scene = base.model_copy(update={
        "name": f"speed-{seed}-{number}", "template": template, "camera": shifted, "duration_s": DURATION_S,
        "fps": FPS, "seed": seed * 1000 + number, "weather": ("overcast", "clear")[number % 2], "flows": [],
        "walkers": [], "placed": placed,
    })  # fmt: skip
    return scene, [Line(f"line-{i}", "control", segment) for i, segment in enumerate(segments)]


def _lane(rng: np.random.Generator, lane: str, template: str) -> list[Placed]:
    """Vehicles of one lane, each at about the lane's speed."""
    mean = float(rng.uniform(SLOWEST_KMH, FASTEST_KMH))
    reach_m = {"n": 75.0 if template == "arterial" else 95.0, "s": 170.0 if template == "arterial" else 135.0}
    kinds, share = list(MIX), np.array(list(MIX.values()), float)
    placed, cross_s = [], float(rng.uniform(-0.5, 1.5))
    while cross_s < DURATION_S - 1.0:
        speed = float(np.clip(mean * rng.normal(1.0, SPREAD), SLOWEST_KMH, FASTEST_KMH))
        kind = kinds[int(rng.choice(len(kinds), p=share / share.sum()))]
        # On a path without a stop line `at_s` is when it enters; with one, when its front crosses that line.
        at_s = cross_s if template == "crossroads" else cross_s - reach_m[lane[0]] * 3.6 / speed
        placed.append(Placed(kind="drive", path=lane, at_s=round(at_s, 2), speed_kmh=round(speed, 1), vehicle=kind))
        long = kind in ("bus", "truck_box", "truck_tipper", "truck_semi")
        cross_s += float(rng.uniform(*GAP_S)) + (16.0 * 3.6 / speed if long else 6.0 * 3.6 / speed)
    return placed
