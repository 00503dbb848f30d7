"""A signalised junction seen from its southern approach: two lanes in, three exits, ways through."""

from __future__ import annotations

import numpy as np

from tests.observations import Timeline
from tests.violations.road_view import View, Way, curve, via
from vision.types import SignalState as S

INNER, OUTER = 1.75, 5.25
RED = {"head": Timeline([(0.0, S.RED)])}
RED_FROM_3 = {"head": Timeline([(0.0, S.GREEN), (2.0, S.YELLOW), (3.0, S.RED)])}
GREEN = {"head": Timeline([(0.0, S.GREEN)])}


def junction(
    *arrows: str, lanes: tuple[tuple[str, ...], tuple[str, ...]] = (("straight",), ("straight", "right")), **changes
) -> View:
    view = View(**{"position": (9.0, -25.0, 8.4), "look_at": (0.8, 4.0, 0.6), "fov_deg": 62.0, **changes})
    view = view.line("stop", "stop", (0.2, 0.0), (7.0, 0.0), travel=(0.0, 2.0)).signal("head", "stop", *arrows)
    return (
        view.zone("middle", "junction", (-7.0, 7.0), (5.0, 19.0))
        .zone("inner", "lane", (0.2, 3.5), (-13.0, 0.0), travel=(0.0, 2.0), turns=list(lanes[0]))
        .zone("outer", "lane", (3.5, 7.0), (-13.0, 0.0), travel=(0.0, 2.0), turns=list(lanes[1]))
        .zone("west", "exit", (-22.0, -7.5), (12.0, 19.0), travel=(-2.0, 0.0))
        .zone("east", "exit", (7.5, 22.0), (5.0, 12.0), travel=(2.0, 0.0))
        .zone("north", "exit", (0.2, 7.0), (19.5, 38.0), travel=(0.0, 2.0))
        .zone("south", "exit", (-7.0, -0.3), (-13.0, 0.0), travel=(0.0, -2.0))
    )


def through(way: str, x: float, *, speed: float = 9.0, start_s: float = 0.0) -> Way:
    """Through the junction from the lane at x."""
    path = {
        "straight": [(x, -20.0), (x, 70.0)],
        "right": [(x, -20.0), (x, 4.0), (x + 1, 12.0 - x), (x + 5, 12.0 - x), (45.0, 12.0 - x)],
        "left": [(x, -20.0), (x, 6.0), (x, 12.0 + x), (x - 8, 12.0 + x), (-45.0, 12.0 + x)],
        "back": [
            (x, -20.0), (x, 6.0), *((x - 3.5 + 3.5 * np.cos(a), 8 + 3.5 * np.sin(a)) for a in np.linspace(0, np.pi, 7)),
            (x - 7, 6.0), (x - 7, -20.0),
        ],
    }[way]  # fmt: skip
    return curve(*path, speed=speed, start_s=start_s)


def halt(x: float, y: float, *, at_s: float, until_s: float, speed: float = 8.0, then: float = 9.0) -> Way:
    """Drives up, stands with its middle at (x, y) from one second to another, drives on."""
    return via((0.0, x, y - speed * at_s), (at_s, x, y), (until_s, x, y), (until_s + 6, x, y + then * 6))
