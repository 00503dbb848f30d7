"""Vehicles that cross a control line: once a track and line, at the interpolated second.

A vehicle has crossed when the bottom centre of its box went over the drawn segment and then stands clear of it, or its
track ends on the far side; so a vehicle that stands on the line and whose box trembles is not counted before it goes
on. Coasting tracks are followed for a moment, so a vehicle that vanishes on the line counts; if the detector finds it
again as a new track, the second passage at the same place is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import is_vehicle
from vision.geometry import cross, crossings, foot, in_polygon, side_distance, to_pixels
from vision.types import Passage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from vision.camera import Line, Zone
    from vision.trail import Trails
    from vision.types import Tracks

    Floats = NDArray[np.float64]

CLEAR: Final = 0.03
"""Distance of the bottom centre from the line at which a vehicle is clear of it, share of the box's height."""
CLEAR_PX: Final = 1.5
"""The same never falls below this, pixels."""
BORDER_PX: Final = 2.0
"""A box nearer than this to the picture's lower border counts as clear: its bottom cannot go further."""
COAST_S: Final = 0.5
"""Seconds for which a predicted place may carry a vehicle over the line."""
TWICE_S: Final = 1.2
"""Seconds within which a track born at a passage is the same vehicle again."""
TWICE_WIDTHS: Final = 0.6
"""How near along the line the two passages lie for that, widths of the larger box."""
PARTS_S: Final = 0.6
"""Seconds within which two tracks, one standing inside the other's box, are parts of one vehicle: no second vehicle
follows that closely in the same place, and if it did, the first would hide its wheels or be hidden."""


@dataclass(slots=True)
class _Walkers:
    """What is known of N tracks, and of each at L lines.

    Attributes:
        id: int64 [N], rising.
        born_s, used_s, seen_s: float64 [N], first seen, last place used, last seen, seconds of video.
        box: float64 [N, 4], last place used, pixels.
        class_id: int16 [N].
        speed: float64 [N, 2], metres a second and its standard uncertainty.
        side: int8 [N, L], 1 right of the line, -1 left, where the vehicle comes from.
        crossed_s, crossed_px: float64 [N, L], second and place along the line of a crossing not yet counted, or NaN.
        counted: bool [N, L].
    """

    id: NDArray[np.int64]
    born_s: Floats
    used_s: Floats
    seen_s: Floats
    box: Floats
    class_id: NDArray[np.int16]
    speed: Floats
    side: NDArray[np.int8]
    crossed_s: Floats
    crossed_px: Floats
    counted: NDArray[np.bool_]

    @staticmethod
    def born(ids: NDArray[np.int64], seconds: Floats, box: Floats, side: NDArray[np.int8]) -> _Walkers:
        n, unknown = len(ids), np.full(side.shape, np.nan)
        return _Walkers(
            ids, seconds, seconds.copy(), seconds.copy(), box, np.zeros(n, np.int16), np.full((n, 2), np.nan), side,
            unknown, unknown.copy(), np.zeros(side.shape, np.bool_),
        )  # fmt: skip

    def where(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> _Walkers:
        return _Walkers(*(getattr(self, name)[keep] for name in _Walkers.__slots__))

    def and_also(self, other: _Walkers) -> _Walkers:
        both = (np.concatenate((getattr(self, name), getattr(other, name))) for name in _Walkers.__slots__)
        return _Walkers(*both)


@dataclass(frozen=True, slots=True)
class _Counted:
    """A passage that was given, kept to recognise the same vehicle under a new id."""

    line: int
    track: int
    crossed_s: float
    crossed_px: float
    rightward: bool
    box: Floats


class PassageCounter:
    """Counts vehicles over the control lines of one camera at one picture size.

    Args:
        lines: control lines of the camera file.
        width, height: of the picture, pixels.
        lanes: zones one of which a passage is told to be in.
    """

    def __init__(self, lines: Sequence[Line], width: int, height: int, lanes: Sequence[Zone] = ()) -> None:
        self._lines = tuple(lines)
        self._lanes = [(lane.id, to_pixels(lane.points, width, height)) for lane in lanes]
        self._bottom = height - BORDER_PX
        self._segments = to_pixels(np.reshape([line.points for line in lines], (-1, 2, 2)), width, height)
        self._length = np.hypot(*(self._segments[:, 1] - self._segments[:, 0]).T)
        self._lawful = [_arrow_rightward(line, width, height) for line in lines]
        self._walkers = _Walkers.born(
            np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 4)), np.zeros((0, len(lines)), np.int8)
        )
        self._recent: list[_Counted] = []

    def step(
        self, tracks: Tracks, video_s: float, fresh: NDArray[np.int64] | None = None, trails: Trails | None = None
    ) -> tuple[Passage, ...]:
        """Passages completed at this moment, in the order of their crossing.

        Args:
            tracks: confirmed tracks, sorted by id.
            video_s: now.
            fresh: ids confirmed at this moment [n], and their `trails`, so that what they crossed before they had an
                identity is counted now.
            trails: rows as in `fresh`.
        """
        if not self._lines:
            return ()
        gone = ~(self._walkers.id[:, None] == tracks.id).any(axis=1)
        ended, self._walkers = self._walkers.where(gone), self._walkers.where(~gone)
        found = list(self._give(ended, self._past(ended)))
        self._enter(tracks, video_s, fresh, trails)
        w = self._walkers  # row by row the tracks
        w.seen_s[tracks.seen] = video_s
        rows = np.flatnonzero((video_s - w.seen_s <= COAST_S) & (w.used_s < video_s))
        self._advance(rows, tracks.box[rows].astype(np.float64), np.full(len(rows), video_s))
        w.class_id[:] = tracks.class_id
        w.speed[:, 0], w.speed[:, 1] = np.hypot(*tracks.velocity_ms.T), tracks.speed_sigma_ms
        found += self._give(w, self._clear_past(w))
        self._recent = [one for one in self._recent if video_s - one.crossed_s <= 2 * TWICE_S]
        return tuple(sorted(found, key=lambda one: (one.video_s, one.track, one.line)))

    def _enter(self, tracks: Tracks, video_s: float, fresh: NDArray[np.int64] | None, trails: Trails | None) -> None:
        """Take up tracks shown for the first time, walking them through what they did before."""
        rows = np.flatnonzero(~(tracks.id[:, None] == self._walkers.id).any(axis=1))
        if not len(rows):
            return
        seconds, boxes = np.full((len(rows), 1), video_s), tracks.box[rows].astype(np.float64)[:, None]
        if fresh is not None and trails is not None and np.array_equal(fresh, tracks.id[rows]):
            seconds, boxes = trails.video_s, trails.box.astype(np.float64)
        every, first = np.arange(len(rows)), np.isfinite(seconds).argmax(axis=1)
        start = boxes[every, first]
        side = np.where(side_distance(foot(start), self._segments) >= 0, 1, -1).astype(np.int8)
        known = len(self._walkers.id)
        self._walkers = self._walkers.and_also(_Walkers.born(tracks.id[rows], seconds[every, first], start, side))
        for k in range(int(first.min()) + 1, seconds.shape[1]):
            later = np.flatnonzero(np.isfinite(seconds[:, k]) & (k > first))
            self._advance(known + later, boxes[later, k], seconds[later, k])

    def _advance(self, rows: NDArray[np.intp], box: Floats, seconds: Floats) -> None:
        """Move walkers to their next place and note what they cross."""
        w = self._walkers
        met = crossings(foot(w.box[rows]), foot(box), self._segments)
        leaves = met.crossed & (met.rightward == (w.side[rows] < 0))
        at = w.used_s[rows, None] + met.at_path * (seconds - w.used_s[rows])[:, None]
        w.crossed_s[rows] = np.where(leaves, at, w.crossed_s[rows])
        w.crossed_px[rows] = np.where(leaves, met.at_segment * self._length, w.crossed_px[rows])
        w.box[rows], w.used_s[rows] = box, seconds
        side, _, clear = self._stand(box)
        w.crossed_s[rows] = np.where(clear & (side == w.side[rows]), np.nan, w.crossed_s[rows])
        went_around = clear & np.isnan(w.crossed_s[rows])
        w.side[rows] = np.where(went_around, side, w.side[rows])

    def _stand(self, box: Floats) -> tuple[NDArray[np.int8], Floats, NDArray[np.bool_]]:
        """Side, distance in pixels and clearness of boxes [n, 4] at the lines, all [n, L]."""
        signed = side_distance(foot(box), self._segments)
        margin = np.maximum(CLEAR * (box[:, 3] - box[:, 1]), CLEAR_PX)[:, None]
        clear = (np.abs(signed) >= margin) | (box[:, 3] >= self._bottom)[:, None]
        return np.where(signed >= 0, 1, -1).astype(np.int8), np.abs(signed), clear

    def _clear_past(self, w: _Walkers) -> NDArray[np.bool_]:
        """Who went over a line and stands clear of it, bool [N, L]."""
        side, _, clear = self._stand(w.box)
        return np.asarray(np.isfinite(w.crossed_s) & clear & (side != w.side))

    def _past(self, w: _Walkers) -> NDArray[np.bool_]:
        """Who went over a line and is beyond it, if only just, bool [N, L]."""
        side, distance, _ = self._stand(w.box)
        return np.asarray(np.isfinite(w.crossed_s) & (side != w.side) & (distance >= CLEAR_PX / 2))

    def _give(self, w: _Walkers, done: NDArray[np.bool_]) -> Iterator[Passage]:
        """Count what is done [N, L] unless it was counted before, under this id or another."""
        due = done & ~w.counted
        if not due.any():
            return
        for row, line in np.argwhere(due & is_vehicle(w.class_id)[:, None]):
            w.counted[row, line] = True
            one = _Counted(
                line=int(line),
                track=int(w.id[row]),
                crossed_s=float(w.crossed_s[row, line]),
                crossed_px=float(w.crossed_px[row, line]),
                rightward=bool(w.side[row, line] < 0),
                box=w.box[row],
            )
            if any(self._same_vehicle(before, one, float(w.born_s[row])) for before in self._recent):
                continue
            self._recent.append(one)
            yield Passage(
                line=self._lines[line].id,
                track=one.track,
                class_id=int(w.class_id[row]),
                video_s=one.crossed_s,
                forward=one.rightward == self._lawful[line],
                speed_ms=float(w.speed[row, 0]),
                speed_sigma_ms=float(w.speed[row, 1]),
                lane=self._lane_at(one.line, one.crossed_px),
            )

    def _lane_at(self, line: int, crossed_px: float) -> str | None:
        """The lane at a place along a line."""
        start, end = self._segments[line]
        place = (start + (end - start) * (crossed_px / self._length[line]))[None]
        return next((name for name, polygon in self._lanes if in_polygon(place, polygon)[0]), None)

    def _same_vehicle(self, before: _Counted, after: _Counted, born_s: float) -> bool:
        """Whether a passage repeats an earlier one under another id: a track born there, or a part of the vehicle."""
        width = max(one.box[2] - one.box[0] for one in (before, after))
        if (
            before.line != after.line
            or before.rightward != after.rightward
            or abs(after.crossed_s - before.crossed_s) > TWICE_S
            or abs(after.crossed_px - before.crossed_px) > TWICE_WIDTHS * width
        ):
            return False
        still = np.flatnonzero(self._walkers.id == before.track)
        if not len(still) or self._walkers.seen_s[still[0]] <= born_s:
            return abs(born_s - before.crossed_s) <= TWICE_S  # the first track was lost when the second began
        if abs(after.crossed_s - before.crossed_s) > PARTS_S:
            return False
        there = self._walkers.box[still[0]]
        return _stands_in(there, after.box) or _stands_in(after.box, there)


def _stands_in(box: Floats, other: Floats) -> bool:
    """Whether the bottom centre of a box [4] lies inside another box [4]."""
    x, y = foot(box)
    return bool(other[0] < x < other[2] and other[1] < y < other[3])


def _arrow_rightward(line: Line, width: int, height: int) -> bool:
    """Whether forward means from the left of the segment to its right (y down); so too without an arrow."""
    if line.direction is None:
        return True
    (first, second), (start, end) = (to_pixels(pair, width, height) for pair in (line.points, line.direction))
    return bool(cross(second - first, end - start) >= 0)
