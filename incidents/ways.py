"""The ways of vehicles on the road: where each was at every look, in metres, and how far that can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import VEHICLE_IDS
from vision.geometry import cut
from vision.trail import feet_hidden

if TYPE_CHECKING:
    from vision.road_plane import RoadPlane
    from vision.sight import Box
    from vision.types import Observation

LEAST_LOOKS: Final = 4
"""Measurements in each window."""
SAME_HEIGHT: Final = 0.12
"""A box whose feet something may hide is whole if its height is what it was, to this share."""
REST_M: Final = 0.6
"""At rest it keeps within so many metres, and two pixels."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Where a vehicle was at one look.

    Attributes:
        video_s: second of video.
        at: metres on the road.
        coarse_m: metres a pixel along the road.
        across_m: metres a pixel across it.
        box: pixels.
        inside: its box does not end at the picture's edge.
        feet: nothing hides its feet.
        score: how sure the detector is of it.
        whole: it can be trusted: its feet show, or its height is what it was.
    """

    video_s: float
    at: tuple[float, float]
    coarse_m: float
    across_m: float
    box: Box
    inside: bool
    feet: bool
    score: float
    whole: bool = True

    @property
    def wide_m(self) -> float:
        """Width as it shows, metres."""
        return (self.box[2] - self.box[0]) * self.across_m

    @property
    def high_m(self) -> float:
        """Height as it shows, metres."""
        return (self.box[3] - self.box[1]) * self.across_m


def samples_of(observation: Observation, plane: RoadPlane) -> list[tuple[int, int, Sample]]:
    """Every vehicle that is seen, with its place."""
    tracks = observation.tracks
    rows = np.flatnonzero(tracks.seen & np.isin(tracks.class_id, list(VEHICLE_IDS)))
    if not len(rows):
        return []
    foot = tracks.foot[rows].astype(np.float64)
    ground = plane.to_ground(foot)
    slope = plane.jacobian(foot)
    metres = np.hypot(slope[:, 0], slope[:, 1])  # across and along, metres a pixel
    inside = ~cut(tracks.box[rows], observation.width, observation.height)
    feet = ~feet_hidden(tracks.box[rows], tracks.box[tracks.seen])
    out = []
    for k, i in enumerate(rows.tolist()):
        if np.isfinite(ground[k]).all() and np.isfinite(metres[k]).all():
            x1, y1, x2, y2 = (float(value) for value in tracks.box[i])
            at = float(ground[k, 0]), float(ground[k, 1])
            across, along = (float(value) for value in metres[k])
            sample = Sample(observation.video_s, at, along, across, (x1, y1, x2, y2), bool(inside[k]), bool(feet[k]),
                            float(tracks.score[i]))  # fmt: skip
            out.append((int(tracks.id[i]), int(tracks.class_id[i]), sample))
    return out


def is_whole(past: tuple[Sample, ...], sample: Sample) -> bool:
    """Whether its place can be trusted."""
    if not sample.inside or sample.feet:
        return sample.inside
    heights = [one.high_m for one in past if one.inside and one.feet][-8:]
    if len(heights) < LEAST_LOOKS:
        return False
    usual = float(np.median(heights))
    return abs(sample.high_m - usual) <= SAME_HEIGHT * usual


def apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Metres between two places."""
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))


def rests_since(way: tuple[Sample, ...]) -> float:
    """Since when it keeps within where it is now."""
    last, since = way[-1], way[-1].video_s
    for one in reversed(way):
        if apart(one.at, last.at) > REST_M + 2 * last.coarse_m:
            break
        since = one.video_s
    return since
