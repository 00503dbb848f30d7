"""Who went where in a clip: the truth of each road user gathered from the frames, and the questions rules ask of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scenarios.fleet import KINDS
from scenarios.layout import Line, Zone
from scenarios.truth import FrameTruth, ObjectTruth

REST_MS: Final = 0.3  # below this something stands


@dataclass(frozen=True, slots=True)
class Way:
    """One road user over the clip.

    Attributes:
        id, cls, length, width: who; metres.
        t: seconds of video [N].
        xy: middle on the road plane [N, 2], metres.
        heading: radians from east to north [N].
        speed: m/s [N].
    """

    id: int
    cls: str
    length: float
    width: float
    t: NDArray[np.float64]
    xy: NDArray[np.float64]
    heading: NDArray[np.float64]
    speed: NDArray[np.float64]

    def ahead(self, metres: float) -> NDArray[np.float64]:
        """A point on the axis so far before the middle, [N, 2]."""
        return self.xy + metres * np.column_stack([np.cos(self.heading), np.sin(self.heading)])

    @property
    def front(self) -> NDArray[np.float64]:
        """[N, 2]."""
        return self.ahead(self.length / 2)

    @property
    def rear(self) -> NDArray[np.float64]:
        """[N, 2]."""
        return self.ahead(-self.length / 2)

    @property
    def course(self) -> NDArray[np.float64]:
        """Direction of motion [N]: the heading, or its opposite in reverse gear."""
        step = np.gradient(self.xy, axis=0) if len(self.t) > 1 else np.zeros_like(self.xy)
        back = (step * np.column_stack([np.cos(self.heading), np.sin(self.heading)])).sum(1) < -1e-3
        return np.asarray(self.heading + np.pi * back)

    def corners(self, i: int) -> NDArray[np.float64]:
        """The four corners of its plan at moment i, [4, 2]."""
        c, s = np.cos(self.heading[i]), np.sin(self.heading[i])
        half = np.array([(1, 1), (1, -1), (-1, -1), (-1, 1)]) * (self.length / 2, self.width / 2)
        return np.asarray(half @ np.array([[c, s], [-s, c]]) + self.xy[i])


def ways_of(frames: tuple[FrameTruth, ...]) -> list[Way]:
    """The way of everybody who shows in two frames or more."""
    seen: dict[int, list[tuple[float, ObjectTruth]]] = defaultdict(list)
    for frame in frames:
        for o in frame.objects:
            seen[o.id].append((frame.video_s, o))
    out = []
    for key, sights in sorted(seen.items()):
        if len(sights) > 1:
            spec, first = KINDS[sights[0][1].kind], sights[0][1]
            out.append(
                Way(
                    key, first.cls, spec.length, spec.width,
                    np.array([t for t, _ in sights]),
                    np.array([(o.x_m, o.y_m) for _, o in sights]),
                    np.unwrap([o.heading for _, o in sights]),
                    np.array([o.speed_kmh / 3.6 for _, o in sights]),
                )
            )  # fmt: skip
    return out


@dataclass(frozen=True, slots=True)
class Over:
    """A point passed a line: when, in which step, where along the line in metres, and along its arrow or not."""

    t: float
    step: int
    along_m: float
    forward: bool


def over(points: NDArray[np.float64], t: NDArray[np.float64], line: Line) -> list[Over]:
    """Each passing of a point over a drawn segment."""
    a, b = np.array(line.points[0]), np.array(line.points[1])
    length = float(np.linalg.norm(b - a))
    tangent = (b - a) / length
    normal = np.array([-tangent[1], tangent[0]])
    if line.travel is not None and normal @ np.array(line.travel) < 0:
        normal = -normal
    side, along = (points - a) @ normal, (points - a) @ tangent
    out = []
    for i in np.nonzero((side[:-1] < 0) != (side[1:] < 0))[0]:
        share = float(side[i] / (side[i] - side[i + 1]))
        place = float(along[i] + share * (along[i + 1] - along[i]))
        if 0 <= place <= length:
            out.append(Over(float(t[i] + share * (t[i + 1] - t[i])), int(i), place, bool(side[i] < 0)))
    return out


def inside(zone: Zone, points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether points [N, 2] lie in a zone, [N]."""
    outline = np.array(zone.points, np.float32)
    return np.array([cv2.pointPolygonTest(outline, (float(x), float(y)), False) >= 0 for x, y in points], bool)


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last index of each stretch of True."""
    padded = np.concatenate([[False], mask, [False]])
    change = np.nonzero(padded[1:] != padded[:-1])[0]
    return [(int(a), int(b) - 1) for a, b in zip(change[::2], change[1::2], strict=True)]


def driven(way: Way, first: int, last: int) -> float:
    """Metres covered between two moments."""
    return float(np.linalg.norm(np.diff(way.xy[first : last + 1], axis=0), axis=1).sum())
