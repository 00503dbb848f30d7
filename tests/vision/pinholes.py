"""A camera above a flat road, exactly: the truth a calibration must come back to."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vision.lens import Lens

WIDTH, HEIGHT = 1280, 720
HALF = np.hypot(WIDTH, HEIGHT) / 2


@dataclass(frozen=True)
class Pinhole:
    """Focal length in half diagonals of the picture, angles in degrees; the road runs along y, `yaw` off the axis."""

    focal: float = 1.3
    tilt: float = 20.0
    roll: float = 0.0
    yaw: float = 0.0
    height_m: float = 7.0
    lens: Lens = field(default_factory=Lens)

    @property
    def _axes(self):
        tilt, roll, yaw = np.radians((self.tilt, self.roll, self.yaw))
        level = np.array([[1, 0, 0], [0, -np.sin(tilt), -np.cos(tilt)], [0, np.cos(tilt), -np.sin(tilt)]])
        rolled = np.array([[np.cos(roll), np.sin(roll), 0], [-np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
        turned = np.array([[np.cos(yaw), np.sin(yaw), 0], [-np.sin(yaw), np.cos(yaw), 0], [0, 0, 1]])
        return rolled @ level @ turned

    def picture(self, ground):
        """Fractions of the picture of ground points [..., 2]; NaN behind the camera."""
        ground = np.asarray(ground, float)
        local = np.concatenate((ground, np.full((*ground.shape[:-1], 1), -self.height_m)), axis=-1) @ self._axes.T
        unit = self.focal * local[..., :2] / np.where(local[..., 2:] > 0.1, local[..., 2:], np.nan)
        return (self.lens.bend(unit) * HALF + (WIDTH / 2, HEIGHT / 2)) / (WIDTH, HEIGHT)

    def ground(self, fractions):
        """Ground points of fractions [..., 2]; NaN above the horizon."""
        unit = self.lens.straighten((np.asarray(fractions, float) * (WIDTH, HEIGHT) - (WIDTH / 2, HEIGHT / 2)) / HALF)
        ray = np.concatenate((unit / self.focal, np.ones((*unit.shape[:-1], 1))), axis=-1) @ self._axes
        reach = self.height_m / np.where(ray[..., 2:] < -1e-6, -ray[..., 2:], np.nan)
        return ray[..., :2] * reach

    def segments(self, rng, vector, count):
        """`count` segments of one vector on the road, spread over the picture, as fractions."""
        found = []
        for _ in range(3000):
            start = self.ground(rng.uniform((0.05, 0.2), (0.95, 0.98)))
            ends = self.picture([start, start + vector])
            inside = np.isfinite(ends).all() and (ends > 0).all() and (ends < 1).all()
            if inside and np.hypot(*((ends[1] - ends[0]) * (WIDTH, HEIGHT))) > 40:
                found.append(ends.tolist())
            if len(found) == count:
                return found
        return found

    def points(self, rng, count):
        """`count` surveyed points spread over the picture, metres from the first."""
        places = []
        for _ in range(3000):
            at = rng.uniform((0.03, 0.2), (0.97, 0.97))
            ground = self.ground(at)
            near = np.isfinite(ground).all() and np.hypot(*ground) < 12 * self.height_m
            if near and all(np.hypot(*(at - other[0])) > 0.15 for other in places):
                places.append((at, ground))
            if len(places) == count:
                break
        return [{"picture": at.tolist(), "ground_m": (ground - places[0][1]).tolist()} for at, ground in places]
