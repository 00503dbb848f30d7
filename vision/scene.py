"""What one camera's file means at one size of picture, and what is followed in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from vision.appearance import looks_of
from vision.background import Background
from vision.drift import DriftWatch
from vision.geometry import foot, in_polygon, to_pixels
from vision.passage import PassageCounter
from vision.passage_speed import PassageSpeeds
from vision.plume import PlumeWatch
from vision.road_plane import RoadPlane
from vision.signals import SignalReader
from vision.speed import measure
from vision.tracker import Tracker, TrackerSettings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.camera import Camera
    from vision.passage_speed import SpeedsAt
    from vision.signal_head import HeadReader
    from vision.speed import GroundMotion
    from vision.types import Detections, Frame, Passage, Plume, Tracks

SAME_BOX_PX: Final = 0.5
"""A seen track's box is that of its detection, to rounding."""
GROUND_ZONES: Final = ("carriageway", "no_pedestrians", "crosswalk", "pavement", "public_space")
"""Kinds of zones in which somebody asks for what lies there."""


class Scene:
    """What a camera file means at one picture size, and what is followed in it."""

    def __init__(
        self, camera: Camera, width: int, height: int, settings: TrackerSettings, first_id: int,
        heads: HeadReader | None, tracker: Tracker | None = None,
    ) -> None:  # fmt: skip
        self.width, self.height = width, height
        self.tracker = tracker or Tracker(width, height, settings, first_id)
        self.signals = SignalReader(camera.signals, width, height, heads)
        self.drift = DriftWatch()
        self.plumes = PlumeWatch()
        self.ground = Background(width, height) if camera.trials and camera.zones_of(*GROUND_ZONES) else None
        self._zone = ZoneInfo(camera.time_zone)
        self._plane = RoadPlane.from_camera(camera, width, height)
        lanes = camera.zones_of("lane", "bus_lane")
        self._counter = PassageCounter(camera.lines_of("control"), width, height, lanes)
        self._speeds = PassageSpeeds()
        self._masks = [to_pixels(zone.points, width, height) for zone in camera.zones_of("mask")]

    def masked(self, points: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
        """Whether points [N, 2] lie in a masked zone, bool [N]."""
        hidden = np.zeros(len(points), np.bool_)
        for mask in self._masks:
            hidden |= in_polygon(points, mask)
        return hidden

    def measure(self, frame: Frame, fire: Detections | None, tracks: Tracks) -> tuple[Plume, ...] | None:
        """What pixels tell of places that may burn, outside of the masks; None where nobody looked for fire."""
        self.plumes.see(frame.picture, frame.video_s)
        if fire is None:
            return None
        found = self.plumes.measure(fire, tracks)
        if not self._masks or not found:
            return found
        middle = np.array([[(p.box[0] + p.box[2]) / 2, (p.box[1] + p.box[3]) / 2] for p in found])
        return tuple(plume for plume, hidden in zip(found, self.masked(middle), strict=True) if not hidden)

    def follow(self, seen: Detections, frame: Frame) -> tuple[Tracks, tuple[Passage, ...], tuple[Passage, ...]]:
        """Tracks with their places on the road, who passed a line, and whose speed at an earlier one is settled."""
        seen = seen.where(~self.masked(foot(seen.box)))
        seen = replace(seen, look=looks_of(frame.picture, seen.box))
        tracks = self.tracker.step(seen, frame.video_s)
        tracks = replace(tracks, seen_as=seen_as(tracks, seen))
        plane = (
            self._plane
            if self._plane is not None and self._plane.valid_at(frame.time.astimezone(self._zone).date())
            else None
        )
        speeds_at = None if plane is None else self._speeds_of(tracks, plane, frame.video_s)
        if plane is not None and speeds_at is not None and len(tracks):
            motion = speeds_at(tracks.id, np.full(len(tracks), frame.video_s))
            tracks = replace(
                tracks,
                ground=plane.to_ground(tracks.foot),
                velocity_ms=motion.velocity_ms,
                speed_sigma_ms=motion.sigma_ms,
            )
        fresh = self.tracker.fresh
        passed = self._counter.step(tracks, frame.video_s, fresh, self.tracker.trails(fresh))
        return tracks, *self._speeds.step(passed, tracks, frame.video_s, speeds_at)

    def _speeds_of(self, tracks: Tracks, plane: RoadPlane, video_s: float) -> SpeedsAt:
        """What tells how tracks of this moment moved at some second."""

        def speeds_at(ids: NDArray[np.int64], at_s: NDArray[np.float64]) -> GroundMotion:
            kinds = tracks.class_id[np.searchsorted(tracks.id, ids)]
            return measure(self.tracker.trails(ids), plane, video_s, self.width, self.height, kinds, at_s)

        return speeds_at


def seen_as(tracks: Tracks, seen: Detections) -> NDArray[np.int16]:
    """Class of the detection behind each track at this moment, int16 [N]; -1 where there is none."""
    told = np.full(len(tracks), -1, np.int16)
    rows = np.flatnonzero(tracks.seen)
    if len(rows) and len(seen):
        apart = np.abs(tracks.box[rows][:, None] - seen.box[None]).max(axis=2)
        best = apart.argmin(axis=1)
        same = apart[np.arange(len(rows)), best] < SAME_BOX_PX
        told[rows[same]] = seen.class_id[best[same]]
    return told
