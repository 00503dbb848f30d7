"""Pinhole camera above a flat road plane (world metres: x east, y north, z up; picture: x right, y down)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pinhole:
    """A distortion-free camera after Hartley & Zisserman, ch. 6; `rotation` rows are right, down, forward."""

    position: Floats
    rotation: Floats
    focal_px: float
    width: int
    height: int

    @classmethod
    def look_at(
        cls,
        position: tuple[float, float, float],
        target: tuple[float, float, float],
        fov_deg: float,
        size: tuple[int, int],
    ) -> Pinhole:
        """Level camera at `position` aimed at `target`; `fov_deg` is the horizontal field of view."""
        eye = np.asarray(position, float)
        forward = np.asarray(target, float) - eye
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, (0.0, 0.0, 1.0))
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        focal = size[0] / 2 / np.tan(np.radians(fov_deg) / 2)
        return cls(eye, np.stack([right, down, forward]), float(focal), size[0], size[1])

    def scaled(self, factor: float) -> Pinhole:
        """The same view on a picture `factor` times as large (for supersampling)."""
        return Pinhole(
            self.position,
            self.rotation,
            self.focal_px * factor,
            round(self.width * factor),
            round(self.height * factor),
        )

    def project(self, points: NDArray[np.floating]) -> tuple[Floats, Floats]:
        """World points (N, 3) to pixels (N, 2) and depths (N,); depth <= 0 lies behind the camera."""
        local = (np.asarray(points, float) - self.position) @ self.rotation.T
        depth = local[:, 2]
        safe = np.where(np.abs(depth) < 1e-6, 1e-6, depth)
        scale = self.focal_px / safe
        centre = (self.width / 2, self.height / 2)
        return local[:, :2] * scale[:, None] + centre, depth

    def ground(self, pixels: NDArray[np.floating], z: float = 0.0) -> Floats:
        """Pixels (N, 2) to the points (N, 2) of the plane at height `z`; NaN at and above the horizon."""
        pixels = np.asarray(pixels, float)
        rays = np.column_stack(
            [
                (pixels[:, 0] - self.width / 2) / self.focal_px,
                (pixels[:, 1] - self.height / 2) / self.focal_px,
                np.ones(len(pixels)),
            ]
        )
        world = rays @ self.rotation
        fall = np.where(world[:, 2] < -1e-6, world[:, 2], np.nan)
        reach = (z - self.position[2]) / fall
        return np.asarray(self.position[:2] + world[:, :2] * reach[:, None])

    def rays(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """World coordinates x and y of the road plane at each pixel centre; NaN above the horizon."""
        u = (np.arange(self.width, dtype=np.float32) + 0.5 - self.width / 2) / self.focal_px
        v = (np.arange(self.height, dtype=np.float32) + 0.5 - self.height / 2) / self.focal_px
        right, down, forward = self.rotation.astype(np.float32)
        fall = v * down[2] + forward[2]  # a level camera: the right vector has no vertical part
        reach = np.where(fall < -1e-4, -np.float32(self.position[2]) / np.where(fall < -1e-4, fall, -1), np.nan)
        reach = reach[:, None].astype(np.float32)
        x = np.float32(self.position[0]) + reach * (u[None] * right[0] + (v * down[0] + forward[0])[:, None])
        y = np.float32(self.position[1]) + reach * (u[None] * right[1] + (v * down[1] + forward[1])[:, None])
        return x, y

    @property
    def horizon(self) -> float:
        """Picture row of the horizon."""
        forward, down = self.rotation[2], self.rotation[1]
        return float(self.height / 2 - self.focal_px * forward[2] / down[2])
