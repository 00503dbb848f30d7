"""A route drawn on a map of one's own: cameras and the roads they cover, no picture from outside the host.

A plane is enough for a city: metres apart are pixels apart in both directions alike, north is up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from qyran.earth import Plane
from service.i18n import Language, named
from service.passage_route import Place, Route, Stop

WIDTH: Final = 960.0
HEIGHT: Final = 540.0
EDGE: Final = 56.0
"""Kept free around everything drawn, pixels."""
LEAST_M: Final = 600.0
"""The map shows no less than this across, so that a single stop has surroundings."""
SCALES_M: Final = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
SCALE_PX: Final = 180.0
"""The scale bar is at most so long."""
ROUND_PX: Final = 28.0
SIGN_PX: Final = 9.0
"""A marker with one sign is round; each further sign makes it so much wider."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A camera where the plate was read: the numbers of its stops, the first of which it leads to; pixels."""

    x: float
    y: float
    numbers: str
    name: str
    first: int
    wide: float


@dataclass(frozen=True, slots=True)
class Leg:
    """Between two stops; `kind` is way or impossible. Where nothing is known (a gap), there is none."""

    x1: float
    y1: float
    x2: float
    y2: float
    kind: str


@dataclass(frozen=True, slots=True)
class MapView:
    """A drawing, in units of its view box.

    Attributes:
        roads: axes that cameras cover, as points of polylines.
        others: cameras where the plate was not read.
        scale_px, scale_m: length of the scale bar.
        missing: names of stops whose camera has no coordinates.
    """

    width: float
    height: float
    roads: tuple[str, ...]
    others: tuple[tuple[float, float, str], ...]
    legs: tuple[Leg, ...]
    markers: tuple[Marker, ...]
    scale_px: float
    scale_m: int
    missing: tuple[str, ...]


def map_view(lang: Language, route: Route) -> MapView | None:
    """The map of a route; None where no stop has a place."""
    known = [stop for stop in route.stops if _at(stop) is not None]
    names = {named(lang, stop.passage.camera_name, stop.passage.camera_id) for stop in route.stops if _at(stop) is None}
    if not known:
        return None
    plane = _Plane([at for stop in known if (at := _at(stop)) is not None])
    roads = tuple(
        " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        for place in route.places
        if (points := [plane.pixel(latitude, longitude) for longitude, latitude in place.covers])
        and len(points) > 1
        and any(_inside(point) for point in points)
    )
    scale_m = max((m for m in SCALES_M if m * plane.px_per_m <= SCALE_PX), default=SCALES_M[0])
    return MapView(
        width=WIDTH,
        height=HEIGHT,
        roads=roads,
        others=_others(lang, plane, route.places, {stop.passage.camera_id for stop in known}),
        legs=_legs(plane, route.stops),
        markers=_markers(lang, plane, known),
        scale_px=scale_m * plane.px_per_m,
        scale_m=scale_m,
        missing=tuple(sorted(names)),
    )


class _Plane:
    """From places to pixels, so that all given places lie inside the edge."""

    def __init__(self, places: Sequence[tuple[float, float]]) -> None:
        latitudes, longitudes = [one[0] for one in places], [one[1] for one in places]
        self._plane = Plane((min(latitudes) + max(latitudes)) / 2, (min(longitudes) + max(longitudes)) / 2)
        points = [self._plane.metres(*one) for one in places]
        wide = max(max(abs(x) for x, _ in points) * 2, LEAST_M)
        high = max(max(abs(y) for _, y in points) * 2, LEAST_M * HEIGHT / WIDTH)
        self.px_per_m = min((WIDTH - 2 * EDGE) / wide, (HEIGHT - 2 * EDGE) / high)

    def pixel(self, latitude: float, longitude: float) -> tuple[float, float]:
        x, y = self._plane.metres(latitude, longitude)
        return round(WIDTH / 2 + x * self.px_per_m, 1), round(HEIGHT / 2 - y * self.px_per_m, 1)


def _at(stop: Stop) -> tuple[float, float] | None:
    seen = stop.passage
    return None if seen.latitude is None or seen.longitude is None else (seen.latitude, seen.longitude)


def _inside(point: tuple[float, float]) -> bool:
    return 0 <= point[0] <= WIDTH and 0 <= point[1] <= HEIGHT


def _others(
    lang: Language, plane: _Plane, places: Sequence[Place], used: set[str]
) -> tuple[tuple[float, float, str], ...]:
    found = [
        (*plane.pixel(place.latitude, place.longitude), named(lang, place.name, place.id))
        for place in places
        if place.id not in used
    ]
    return tuple(one for one in found if _inside((one[0], one[1])))


def _legs(plane: _Plane, stops: Sequence[Stop]) -> tuple[Leg, ...]:
    legs = []
    for before, after in pairwise(stops):
        start, end = _at(before), _at(after)
        if start is None or end is None or start == end or after.gap:
            continue
        kind = "impossible" if after.impossible else "way"
        legs.append(Leg(*plane.pixel(*start), *plane.pixel(*end), kind))
    return tuple(legs)


def _markers(lang: Language, plane: _Plane, stops: Sequence[Stop]) -> tuple[Marker, ...]:
    by_place: dict[tuple[float, float], list[Stop]] = {}
    for stop in stops:
        at = _at(stop)
        if at is not None:
            by_place.setdefault(plane.pixel(*at), []).append(stop)
    return tuple(
        Marker(
            x=x,
            y=y,
            numbers=_shortened([stop.number for stop in here]),
            name=named(lang, here[0].passage.camera_name, here[0].passage.camera_id),
            first=here[0].number,
            wide=ROUND_PX + SIGN_PX * (len(_shortened([stop.number for stop in here])) - 1),
        )
        for (x, y), here in by_place.items()
    )


def _shortened(numbers: Sequence[int]) -> str:
    """1, 4 or 1, 4 … 9: what fits beside a marker."""
    if len(numbers) <= 3:
        return ", ".join(map(str, numbers))
    return f"{numbers[0]}, {numbers[1]} \N{HORIZONTAL ELLIPSIS} {numbers[-1]}"
