"""Varied single pictures of traffic with the exact look of each vehicle: `vehicle_pictures(n, seed)`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.fleet import Look
from scenarios.pictures import LEAST_VISIBLE, _finish, _place, _signals, _traffic
from scenarios.truth import ObjectTruth


@dataclass(frozen=True, slots=True)
class VehiclePicture:
    """One picture.

    Attributes:
        picture: uint8 [H, W, 3] BGR.
        vehicles: what shows in it, each with its look.
        lit: whether it is day; by lamp light paints cannot be told.
        coloured: False for a camera that sees grey only.
    """

    picture: NDArray[np.uint8]
    vehicles: list[tuple[ObjectTruth, Look]]
    lit: bool
    coloured: bool


def vehicle_pictures(n: int, seed: int, size: tuple[int, int] = (960, 544), each: int = 4) -> Iterator[VehiclePicture]:
    """Yield n pictures, `each` of one painted place; the same arguments give the same pictures."""
    for number in range(n):
        if number % each == 0:
            rng = np.random.default_rng((seed, number))
            stage = _place(rng, size, "road")
        states = _traffic(stage.layout, rng, float(rng.choice([0.5, 1.0, 1.8])))
        drawn, objects = stage.compose(states, _signals(stage.layout, rng), float(rng.uniform(0, 10)))
        picture = _finish(drawn, stage, rng)
        looks = {state.id: state.look for state in states}
        seen = [(one, looks[one.id]) for one in objects if one.visible > 2 * LEAST_VISIBLE]
        coloured = bool((picture.max(axis=2).astype(int) - picture.min(axis=2)).mean() > 2)
        yield VehiclePicture(picture, seen, lit=not stage.air.lamps, coloured=coloured)
