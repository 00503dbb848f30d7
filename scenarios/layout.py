"""Plans of a place on the road plane: surfaces, markings, lanes, lines, zones, signal heads, roadside things."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vision.camera_parts import Hours, LineKind, Turn, VehicleClass, ZoneKind

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Path:
    """The centre line of a lane in driving direction, resampled every metre."""

    name: str
    points: NDArray[np.float64]
    s: NDArray[np.float64]
    stop_s: float | None = None  # where the stop line crosses it
    group: str = ""  # signal group that rules the stop line
    left: str = ""  # neighbouring lane of the same direction
    right: str = ""

    @classmethod
    def through(
        cls,
        name: str,
        corners: list[Point],
        *,
        stop_s: float | None = None,
        group: str = "",
        left: str = "",
        right: str = "",
    ) -> Path:
        """A path along a polyline."""
        corner = np.asarray(corners, float)
        reach = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(corner, axis=0), axis=1))])
        s = np.linspace(0, reach[-1], max(2, int(reach[-1]) + 1))
        points = np.column_stack([np.interp(s, reach, corner[:, 0]), np.interp(s, reach, corner[:, 1])])
        return cls(name, points, s, stop_s, group, left, right)

    @property
    def length(self) -> float:
        """Metres from end to end."""
        return float(self.s[-1])

    def at(self, s: float, offset: float = 0.0) -> tuple[float, float, float]:
        """x, y and heading (radians, from east to north) at arc length s, `offset` metres to the left."""
        x = float(np.interp(s, self.s, self.points[:, 0]))
        y = float(np.interp(s, self.s, self.points[:, 1]))
        a, b = max(0.0, s - 0.8), min(self.length, s + 0.8)
        dx = float(np.interp(b, self.s, self.points[:, 0]) - np.interp(a, self.s, self.points[:, 0]))
        dy = float(np.interp(b, self.s, self.points[:, 1]) - np.interp(a, self.s, self.points[:, 1]))
        heading = float(np.arctan2(dy, dx))
        return x - offset * np.sin(heading), y + offset * np.cos(heading), heading

    def reversed(self, name: str) -> Path:
        """The same lane driven against its direction."""
        return Path(name, self.points[::-1].copy(), self.s)


@dataclass(frozen=True, slots=True)
class Surface:
    """A ground polygon; kinds: asphalt, pavement, grass, dirt, concrete, steel."""

    kind: str
    points: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Marking:
    """A painted polygon on the road."""

    points: NDArray[np.float64]
    colour: str = "white"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the camera file in road metres; `travel` is a unit vector of lawful travel."""

    id: str
    kind: LineKind
    points: tuple[Point, Point]
    travel: Point | None = None


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone of the camera file in road metres; see `vision.camera.Zone` for what the attributes mean."""

    id: str
    kind: ZoneKind
    points: tuple[Point, ...]
    travel: Point | None = None
    turns: tuple[Turn, ...] = ()
    hours: tuple[Hours, ...] = ()
    classes: tuple[VehicleClass, ...] = ()
    grace_s: float | None = None
    tariff: str | None = None
    people: int | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """A forbidden way from zone to zone, as in the camera file."""

    id: str
    kind: Literal["turn", "u_turn"]
    start: str
    end: str
    classes: tuple[VehicleClass, ...] = ()
    hours: tuple[Hours, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """A signal head: `at` is the middle of its housing, it faces `facing_deg` (direction its light goes).

    `arrow` adds a section to the right of the housing whose lamp lets traffic go there while lit; its state stands
    under `<id>/<arrow>` as in the camera file.
    """

    id: str
    group: str
    at: tuple[float, float, float]
    facing_deg: float
    stop_line: str
    in_camera_file: bool = True
    height: float = 1.05
    arrow: Turn | None = None


@dataclass(frozen=True, slots=True)
class Prop:
    """Something beside the road; `size` is (along x, along y, height) or kind-specific."""

    kind: str
    at: Point
    size: tuple[float, float, float] = (1.0, 1.0, 1.0)
    style: int = 0
    id: str = ""


@dataclass(slots=True)
class Layout:
    """A whole plan."""

    surfaces: list[Surface] = field(default_factory=list)
    markings: list[Marking] = field(default_factory=list)
    kerbs: list[NDArray[np.float64]] = field(default_factory=list)
    paths: dict[str, Path] = field(default_factory=dict)
    walks: dict[str, Path] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    zones: list[Zone] = field(default_factory=list)
    forbidden: list[Way] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    props: list[Prop] = field(default_factory=list)
    bays: list[tuple[float, float, float]] = field(default_factory=list)  # parking: x, y, heading
    lamps: list[tuple[float, float, float]] = field(default_factory=list)  # street lamps: x, y, z of the light


def rect(x0: float, y0: float, x1: float, y1: float) -> NDArray[np.float64]:
    """A rectangle as a polygon."""
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], float)


def stroke(a: Point, b: Point, width: float) -> NDArray[np.float64]:
    """A straight band as a polygon."""
    p, q = np.asarray(a, float), np.asarray(b, float)
    d = (q - p) / np.linalg.norm(q - p)
    n = np.array([-d[1], d[0]]) * width / 2
    return np.array([p + n, q + n, q - n, p - n])


def dashes(a: Point, b: Point, width: float, dash: float, gap: float) -> list[NDArray[np.float64]]:
    """A broken line as polygons."""
    p, q = np.asarray(a, float), np.asarray(b, float)
    length = float(np.linalg.norm(q - p))
    d = (q - p) / length
    starts = np.arange(0.0, length - dash, dash + gap)
    return [stroke(tuple(p + d * s), tuple(p + d * (s + dash)), width) for s in starts]


def arc(centre: Point, radius: float, start_deg: float, stop_deg: float, steps: int = 10) -> list[Point]:
    """Points of a circular arc."""
    a = np.radians(np.linspace(start_deg, stop_deg, steps))
    return [(float(centre[0] + radius * np.cos(t)), float(centre[1] + radius * np.sin(t))) for t in a]
