"""Geometry as files bring it, WKT or GeoJSON in WGS 84, checked for what a city in Kazakhstan can have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot
from typing import Any, Final

from qyran.earth import Plane
from service.imports.columns import Refused

WEST, EAST, SOUTH, NORTH = 46.0, 88.0, 40.0, 56.0
"""Degrees around Kazakhstan (46.5-87.3 E, 40.6-55.4 N)."""
MOST_POINTS: Final = 20_000
"""Points of one geometry; the longest street of a city has some hundreds."""
LONGEST_STEP_KM: Final = 50.0
"""Between two points of one line in a city; a longer step is a mistyped coordinate."""
NUMBER: Final = r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
POINT: Final = re.compile(rf"\s*({NUMBER})\s+({NUMBER})(?:\s+{NUMBER})?\s*")
HEAD: Final = re.compile(r"\s*(?:SRID=4326;)?\s*([A-Z]+)\s*(?:Z\s*)?\(", re.IGNORECASE)

Points = tuple[tuple[float, float], ...]
"""(longitude, latitude) pairs."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Lines, or the outer ring of one polygon."""

    lines: tuple[Points, ...] = ()
    ring: Points = ()

    @property
    def points(self) -> Iterable[tuple[float, float]]:
        """All of them."""
        for line in (*self.lines, self.ring):
            yield from line


def read_shape(given: object) -> Shape:
    """A geometry from WKT or from GeoJSON.

    Raises:
        Refused: it is none, or not one that a city in Kazakhstan can have.
    """
    shape = _geojson(given) if isinstance(given, Mapping) else _wkt(str(given))
    points = list(shape.points)
    if len(points) > MOST_POINTS:
        raise Refused("geometry_large", most=MOST_POINTS)
    for lon, lat in points:
        if WEST <= lat <= EAST and SOUTH <= lon <= NORTH and not (WEST <= lon <= EAST and SOUTH <= lat <= NORTH):
            raise Refused("coordinates_swapped")
        if not (WEST <= lon <= EAST and SOUTH <= lat <= NORTH):
            raise Refused("coordinates_outside", at=f"{lon:g} {lat:g}")
    for line in shape.lines:
        if any(step > LONGEST_STEP_KM for step in _steps_km(line)):
            raise Refused("geometry_jump", most=LONGEST_STEP_KM)
    return shape


def length_km(lines: Iterable[Points]) -> float:
    """Length of lines on the ground in kilometres."""
    return sum(sum(_steps_km(line)) for line in lines)


def _steps_km(line: Points) -> list[float]:
    if len(line) < 2:
        return []
    plane = Plane(latitude=line[0][1], longitude=line[0][0])
    return [hypot(x2 - x1, y2 - y1) / 1000.0 for (x1, y1), (x2, y2) in pairwise(plane.line(line))]


def _wkt(text: str) -> Shape:
    head = HEAD.match(text)
    if head is None or not text.rstrip().endswith(")") or text.count("(") != text.count(")"):
        raise Refused("no_geometry")
    body = text[head.end() : text.rindex(")")]
    match head[1].upper():
        case "LINESTRING":
            return Shape(lines=(_line(_wkt_points(body)),))
        case "MULTILINESTRING":
            return Shape(lines=tuple(_line(_wkt_points(part)) for part in _parts(body)))
        case "POLYGON":
            rings = [_wkt_points(part) for part in _parts(body)]
            return Shape(ring=_ring(rings))
        case other:
            raise Refused("geometry_kind", kind=other[:20])


def _parts(body: str) -> list[str]:
    parts = re.findall(r"\(([^()]*)\)", body)
    if not parts or re.sub(r"\([^()]*\)|[\s,]", "", body):
        raise Refused("no_geometry")
    return parts


def _wkt_points(text: str) -> Points:
    found = [POINT.fullmatch(part) for part in text.split(",")]
    if not all(found):
        raise Refused("no_geometry")
    return tuple((float(one[1]), float(one[2])) for one in found if one is not None)


def _geojson(given: Mapping[str, Any]) -> Shape:
    try:
        coordinates = given["coordinates"]
        match given.get("type"):
            case "LineString":
                return Shape(lines=(_line(_pairs(coordinates)),))
            case "MultiLineString":
                return Shape(lines=tuple(_line(_pairs(one)) for one in coordinates))
            case "Polygon":
                return Shape(ring=_ring([_pairs(one) for one in coordinates]))
            case other:
                raise Refused("geometry_kind", kind=str(other)[:20])
    except (KeyError, TypeError, ValueError, IndexError):
        raise Refused("no_geometry") from None


def _pairs(given: Sequence[Any]) -> Points:
    found = []
    for one in given:
        if isinstance(one[0], bool | str) or isinstance(one[1], bool | str):
            raise Refused("no_geometry")
        found.append((float(one[0]), float(one[1])))
    return tuple(found)


def _line(points: Points) -> Points:
    if len(set(points)) < 2:
        raise Refused("line_short")
    return points


def _ring(rings: Sequence[Points]) -> Points:
    if len(rings) != 1:
        raise Refused("polygon_holes")
    points = rings[0]
    if len(points) < 4 or points[0] != points[-1] or len(set(points)) < 3:
        raise Refused("polygon_open")
    return points
