"""A city's roads and what cameras see of them as one drawing, without tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from qyran.earth import Plane
from service.imports.geometry import Points

WIDTH: Final = 1000.0
"""Units of the drawing; it grows with its page."""
HEIGHTS: Final = (320.0, 700.0)
MARGIN: Final = 24.0
MOST_POINTS: Final = 20_000
"""Points of the whole drawing; of more only every nth is drawn."""


@dataclass(frozen=True, slots=True)
class CityMap:
    """What the template draws.

    Attributes:
        roads, views: SVG path data of lines, and of rings and lines that cameras see.
        scale_px, scale_km: the bar of the scale.
    """

    width: float
    height: float
    roads: str
    views: str
    scale_px: float
    scale_km: float


def city_map(roads: Sequence[Points], views: Sequence[Points]) -> CityMap | None:
    """The drawing; None where there is nothing to draw."""
    points = [point for line in (*roads, *views) for point in line]
    if not points:
        return None
    west, east = min(lon for lon, _ in points), max(lon for lon, _ in points)
    south, north = min(lat for _, lat in points), max(lat for _, lat in points)
    plane = Plane((south + north) / 2, (west + east) / 2)
    (x1, y1), (x2, y2) = plane.line([(west, south), (east, north)])
    across, up = max(x2 - x1, 1.0), max(y2 - y1, 1.0)
    height = min(max((WIDTH - 2 * MARGIN) * up / across + 2 * MARGIN, HEIGHTS[0]), HEIGHTS[1])
    zoom = min((WIDTH - 2 * MARGIN) / across, (height - 2 * MARGIN) / up)
    step = ceil(len(points) / MOST_POINTS)

    def drawn(lines: Sequence[Points]) -> str:
        found = []
        for line in lines:
            kept = [*line[:-1:step], line[-1]] if step > 1 else line
            placed = [(WIDTH / 2 + x * zoom, height / 2 - y * zoom) for x, y in plane.line(kept)]
            found.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in placed))
        return "".join(found)

    scale_km = _round_km((WIDTH / 5) / zoom / 1000.0)
    return CityMap(WIDTH, round(height, 1), drawn(roads), drawn(views), round(scale_km * 1000.0 * zoom, 1), scale_km)


def _round_km(most: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not longer."""
    steps = (base * 10.0**power for power in range(2, -4, -1) for base in (5.0, 2.0, 1.0))
    return next((one for one in steps if one <= most), 0.001)
