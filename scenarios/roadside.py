"""Measures and rows of things that all layouts share."""

from __future__ import annotations

import numpy as np

from scenarios.layout import Layout, Prop

LANE = 3.5  # m, usual width of an urban lane
LINE = 0.15  # m, width of a marking drawn a little bolder than the 0.10 m of GOST 51256, as worn paint looks
FAR = 160.0  # m, how far a road is drawn


def tree_row(layout: Layout, x: float, ys: np.ndarray, rng: np.random.Generator, tall: float = 7.0) -> None:
    """Trees about `tall` metres high in a row along y."""
    for y in ys:
        size = tall * rng.uniform(0.75, 1.25)
        layout.props.append(
            Prop(
                "tree",
                (x + rng.normal(0, 0.4), float(y + rng.normal(0, 1.0))),
                (size * 0.6, size * 0.6, size),
                int(rng.integers(1 << 30)),
            )
        )


def lamp_row(layout: Layout, x: float, ys: np.ndarray, reach: float) -> None:
    """Street lamps along y whose arms reach `reach` metres to the east."""
    for y in ys:
        layout.props.append(Prop("lamp", (x, float(y)), (reach, 0.0, 9.0)))
        layout.lamps.append((x + reach, float(y), 8.8))
