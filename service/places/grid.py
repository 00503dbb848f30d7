"""Cells of a grid over the globe, so that the nearest of many places is found by an index."""

from __future__ import annotations

import math
from typing import Final

CELL_DEG: Final = 1 / 256
"""Side of a cell: 434 m of latitude, and 317 m of longitude in Almaty (43°), 271 m in Petropavl (55°)."""
ROW: Final = 360 * 256
"""Cells around the globe."""


def cell_of(latitude: float, longitude: float) -> int:
    """The number of the cell a place lies in."""
    return _number(math.floor((latitude + 90.0) / CELL_DEG), math.floor((longitude + 180.0) / CELL_DEG))


def cells_around(latitude: float, longitude: float) -> tuple[int, ...]:
    """The cell of a place and its eight neighbours: everything nearer than a cell's width lies in them."""
    north, east = math.floor((latitude + 90.0) / CELL_DEG), math.floor((longitude + 180.0) / CELL_DEG)
    return tuple(sorted({_number(north + dy, east + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)}))


def _number(north: int, east: int) -> int:
    return north * ROW + east % ROW
