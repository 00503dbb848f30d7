"""What rules keep of one track at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vision.finding import Reason

if TYPE_CHECKING:
    from vision.types import Observation

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Sight:
    """One track in one observation.

    Attributes:
        video_s: second of video.
        foot: bottom centre of the box, pixels.
        box: x1, y1, x2, y2, pixels.
    """

    video_s: float
    foot: tuple[float, float]
    box: Box

    @property
    def area(self) -> float:
        """Pixels squared."""
        return (self.box[2] - self.box[0]) * (self.box[3] - self.box[1])

    @property
    def size(self) -> float:
        """Mean of width and height in pixels: the yardstick where no metres are known."""
        return (self.box[2] - self.box[0] + self.box[3] - self.box[1]) / 2


def sight_of(observation: Observation, i: int) -> Sight:
    """The i-th track of an observation."""
    x1, y1, x2, y2 = (float(value) for value in observation.tracks.box[i])
    return Sight(observation.video_s, ((x1 + x2) / 2, y2), (x1, y1, x2, y2))


def speed_of(observation: Observation, i: int) -> tuple[float, float] | None:
    """Auxiliary speed and its standard uncertainty in m/s, None without calibration."""
    speed = float(np.hypot(*observation.tracks.velocity_ms[i]))
    sigma = float(observation.tracks.speed_sigma_ms[i])
    return (speed, sigma) if np.isfinite(speed) and np.isfinite(sigma) else None


def ground_of(observation: Observation, i: int) -> tuple[float, float] | None:
    """Position on the road plane in metres, None without calibration."""
    x, y = (float(value) for value in observation.tracks.ground[i])
    return (x, y) if np.isfinite(x) and np.isfinite(y) else None


def auxiliary_speed(speed: tuple[float, float] | None) -> tuple[Reason, ...]:
    """The trace's line about a speed measured from plain video, which never grounds a fine."""
    if speed is None:
        return ()
    kmh, sigma = (round(value * 3.6, 1) for value in speed)
    return (Reason("auxiliary_speed", (("kmh", kmh), ("sigma_kmh", sigma))),)
