"""Counting at control lines from plain tracks, as a peer's user would: once a track and line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


def crossings(
    rows: Sequence[Sequence[float]], lines: Mapping[str, Sequence[Sequence[float]]], vehicles: Collection[int]
) -> int:
    """Vehicles that crossed a line: the way of the bottom centre from one sighting to the next cuts the segment.

    Args:
        rows: frame, track, class, x1, y1, x2, y2 of every sighting, in the order of the frames.
        lines: control lines by id, two points each, pixels.
        vehicles: numbers of the classes that count; a track's class is the one it has most often.
    """
    told = np.asarray(rows, np.float64).reshape(-1, 7)
    count = 0
    for track in np.unique(told[:, 1]):
        own = told[told[:, 1] == track]
        kinds, often = np.unique(own[:, 2], return_counts=True)
        if int(kinds[often.argmax()]) not in vehicles or len(own) < 2:
            continue
        feet = np.stack(((own[:, 3] + own[:, 5]) / 2, own[:, 6]), axis=1)
        count += sum(_cuts(feet, np.asarray(line, np.float64)) for line in lines.values())
    return count


def _cuts(way: np.ndarray[Any, np.dtype[np.float64]], line: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    """Whether a polyline [n, 2] cuts a segment [2, 2]."""
    start, end = way[:-1], way[1:]
    sides = _side(line[0], line[1], way)
    across = sides[:-1] * sides[1:] < 0
    ends = _side_of_each(start, end, line[0]) * _side_of_each(start, end, line[1]) < 0
    return bool((across & ends).any())


def _side(a: Any, b: Any, points: Any) -> Any:
    return (b[0] - a[0]) * (points[:, 1] - a[1]) - (b[1] - a[1]) * (points[:, 0] - a[0])


def _side_of_each(a: Any, b: Any, point: Any) -> Any:
    return (b[:, 0] - a[:, 0]) * (point[1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (point[0] - a[:, 0])
