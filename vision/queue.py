"""Who is held up by whom: vehicles that stand ahead of others, and vehicles that drive past them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.classes import is_vehicle
from vision.footprint import footprints
from vision.turning import GroundView

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from vision.road_plane import RoadPlane
    from vision.sight import Sight
    from vision.types import Observation

    Floats = NDArray[np.float64]

QUEUE_SIZES: Final = 4.0
"""Vehicles that stand this near each other may be a queue."""
MOVING_SIZES_PER_S: Final = 0.7
"""A vehicle drives when it moves at least this many of its box sizes a second."""
STANDS_SIZES_PER_S: Final = 0.2
"""It stands below this speed: the noise of a box at rest."""
HEADING_SIZES_PER_S: Final = 0.5
"""Its motion tells where it drives to from this speed,"""
HEADING_AGE_S: Final = 0.5
"""once it is followed for this long."""
PASSES_SIZES: Final = 3.0
"""A vehicle passes another when it comes this near,"""
BESIDE_SIZES: Final = 2.0
"""neither ahead of it nor behind it by more than this, in another lane."""
SAME_LANE_WIDTHS: Final = 1.0
"""Who stands ahead is in the same lane when it is off to the side by less than so many widths of the vehicle: 1.8 m for
a car, half of what a lane beside it is away."""
EDGE_SIZES: Final = 1.0
"""What stands ahead of a vehicle this near to the picture's edge is out of view."""

Heading = tuple[float, float]
"""Unit vector in the picture."""


def heading_of(observation: Observation, i: int, sight: Sight) -> Heading | None:
    """Where the i-th track drives to, None while it stands or is too young."""
    x, y = (float(value) for value in observation.tracks.velocity_px[i])
    speed = float(np.hypot(x, y))
    if speed < HEADING_SIZES_PER_S * sight.size or observation.tracks.age_s[i] < HEADING_AGE_S:
        return None
    return x / speed, y / speed


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The vehicles in view at one moment.

    Attributes:
        id: int64 [N]; of all tracks.
        box: float64 [N, 4], pixels.
        foot: float64 [N, 2].
        velocity: float64 [N, 2], pixels a second.
        size: float64 [N].
        vehicle: bool [N], seen and with an engine.
        class_id: int16 [N].
        view: the road from above.
    """

    id: NDArray[np.int64]
    box: Floats
    foot: Floats
    velocity: Floats
    size: Floats
    vehicle: NDArray[np.bool_]
    class_id: NDArray[np.int16]
    view: GroundView

    @staticmethod
    def of(observation: Observation, plane: RoadPlane | None) -> Neighbours:
        """Of one observation; `plane` is the camera's, where there is one."""
        tracks = observation.tracks
        box = tracks.box.astype(np.float64)
        return Neighbours(
            tracks.id, box, tracks.foot.astype(np.float64), tracks.velocity_px.astype(np.float64),
            np.maximum((box[:, 2] - box[:, 0] + box[:, 3] - box[:, 1]) / 2, 1.0),
            tracks.seen & is_vehicle(tracks.class_id), tracks.class_id, GroundView(plane),
        )  # fmt: skip

    @property
    def speed(self) -> Floats:
        """Box sizes a second, float64 [N]."""
        return np.asarray(np.hypot(self.velocity[:, 0], self.velocity[:, 1]) / self.size)

    def passing(self, i: int, heading: Heading | None) -> frozenset[int]:
        """Ids of those who drive past i, in its own direction where that is known."""
        past = self.vehicle & (self.speed >= MOVING_SIZES_PER_S) & (self._distance(i) < PASSES_SIZES)
        past[i] = False
        if heading is not None:
            along = (self.foot - self.foot[i]) @ np.array(heading)
            past &= (self.velocity @ np.array(heading) > 0) & (np.abs(along) < BESIDE_SIZES * self.size[i])
            past[past] = ~self._in_lane(i, heading, np.flatnonzero(past))[0]
        return frozenset(self.id[past].tolist())

    def standing_ahead(self, i: int, heading: Heading) -> NDArray[np.intp]:
        """Rows of those who stand ahead of i in its lane and near enough to hold it up, the nearest first."""
        close = self._stands() & (self._distance(i) < QUEUE_SIZES)
        close[i] = False
        rows = np.flatnonzero(close)
        in_lane, along = self._in_lane(i, heading, rows)
        ahead = in_lane & (along > 0)
        return np.asarray(rows[ahead][np.argsort(along[ahead])])

    def blocked(self, i: int, heading: Heading | None, width: int, height: int, parked: Collection[int] = ()) -> bool:
        """Whether i may be held up by somebody who stands ahead, in view or beyond the picture's edge.

        Args:
            i: row of the vehicle.
            heading: where it drove to, if known.
            width: of the picture, pixels.
            height: of the picture, pixels.
            parked: rows of those who stand there of their own will and hold up nobody.
        """
        close = self._stands() & (self._distance(i) < QUEUE_SIZES)
        close[[i, *parked]] = False
        if heading is None:
            return bool(close.any())
        if any(row not in parked for row in self.standing_ahead(i, heading).tolist()):
            return True
        reach = EDGE_SIZES * (2.0 if close.any() else 1.0) * self.size[i]
        x, y = self.foot[i] + reach * np.array(heading)
        return not (0 <= x <= width and 0 <= y <= height)

    def _in_lane(self, i: int, heading: Heading, rows: NDArray[np.intp]) -> tuple[NDArray[np.bool_], Floats]:
        """Which of some rows [n] are in the lane of i, and how far ahead they are, bool and float64 [n]."""
        way = np.array(heading)
        plan = footprints(self.box[i : i + 1], self.class_id[i : i + 1], way[None], self.view.plane)
        width = 2 * float(np.hypot(*self.view.vector(plan.centre[0], plan.centre[0] + plan.half_width[0])))
        axis = self.view.vector(plan.centre[0] - plan.half_length[0], plan.centre[0] + plan.half_length[0])
        axis = axis / max(float(np.hypot(*axis)), 1e-9)
        away = np.array([self.view.vector(self.foot[i], self.foot[row]) for row in rows]).reshape(-1, 2)
        aside = np.abs(away @ np.array((-axis[1], axis[0])))
        return np.asarray(aside <= SAME_LANE_WIDTHS * width), np.asarray(away @ axis)

    def _stands(self) -> NDArray[np.bool_]:
        return np.asarray(self.vehicle & (self.speed < STANDS_SIZES_PER_S))

    def _distance(self, i: int) -> Floats:
        """Distance of everybody from i in sizes of the larger of the two, float64 [N]."""
        away = np.hypot(self.foot[:, 0] - self.foot[i, 0], self.foot[:, 1] - self.foot[i, 1])
        return np.asarray(away / np.maximum(self.size, self.size[i]))
