"""Speed and direction on the road plane, with the uncertainty that goes with them.

The last second of a track's places is fitted by a straight line travelled at constant speed, robustly (Huber weights,
Huber 1964), since a detector's box now and then swallows a shadow. The standard uncertainty joins what the residuals
show (type A) with what the box noise must give through the road plane's Jacobian (type B; GUM, JCGM 100:2008).
Speed from plain video is auxiliary: never a ground for a fine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from vision.geometry import cut
from vision.trail import Trails

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.road_plane import RoadPlane

    Floats = NDArray[np.float64]

WINDOW_S: Final = 1.0
"""Length of the fitted stretch, seconds."""
LEAST_POINTS: Final = 4
"""Measurements a fit needs."""
LEAST_SPAN_S: Final = 0.3
"""Seconds the measurements must spread over."""
FOOT_NOISE: Final = 0.02
"""Standard deviation of the bottom centre of a box, share of the box's height; parked vehicles on real video."""
LEAST_NOISE_PX: Final = 0.5
"""The same never falls below this, pixels."""
HUBER: Final = 1.345
"""Residuals beyond this many standard deviations count less (95 % efficient for normal noise)."""
ROUNDS: Final = 3
"""Rounds of reweighting."""
ACCELERATION_MS2: Final = 1.0
"""Standard deviation of a driver's acceleration in town, metres a square second: over half the window the speed may
have changed by so much."""
SCALE: Final = 0.02
"""Relative standard uncertainty of lengths on a calibrated plane, from surveying and from the box's bottom not being
one point of the vehicle."""


@dataclass(frozen=True, slots=True)
class GroundMotion:
    """Where N tracks are on the road plane and how they move.

    Attributes:
        velocity_ms: float64 [N, 2], metres a second, NaN where it cannot be said.
        sigma_ms: float64 [N], standard uncertainty of the speed, NaN where it cannot be said.
    """

    velocity_ms: Floats
    sigma_ms: Floats


def measure(trails: Trails, plane: RoadPlane, video_s: float, width: int, height: int) -> GroundMotion:
    """Fit the last second of each trail.

    Args:
        trails: of N tracks.
        plane: of the camera.
        video_s: now; measurements older than WINDOW_S are left out.
        width: of the picture, pixels.
        height: of the picture, pixels.
    """
    recent = (trails.video_s >= video_s - WINDOW_S).any(axis=0)
    trails = Trails(trails.video_s[:, recent], trails.box[:, recent])  # most of a trail is older at common rates
    foot = trails.foot
    ground = plane.to_ground(foot)
    lately = (trails.video_s >= video_s - WINDOW_S) & np.isfinite(ground).all(axis=2)
    usable = _whole(lately, cut(trails.box, width, height))
    noise_px = np.maximum(FOOT_NOISE * (trails.box[..., 3] - trails.box[..., 1]), LEAST_NOISE_PX)
    metre_a_pixel = plane.jacobian(foot)
    variance = np.where(usable, noise_px.astype(np.float64) ** 2, np.nan)
    # Isotropic pixel noise through the Jacobian: J J^T sigma^2, [N, K, 2, 2].
    covariance = np.einsum("nkij,nklj->nkil", metre_a_pixel, metre_a_pixel) * variance[..., None, None]
    return _fit(np.where(usable, trails.video_s - video_s, np.nan), ground, covariance, usable)


def _whole(lately: NDArray[np.bool_], is_cut: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The longest stretch of looks at a whole vehicle, bool [N, K].

    What was seen on the other side of a cut box belongs to a vehicle half out of the picture, whatever its box says.
    """
    usable = lately & ~is_cut
    stretch = np.cumsum(lately & is_cut, axis=1)
    best, most = np.zeros_like(usable), np.zeros((len(usable), 1), np.intp)
    for i in range(int(stretch.max(initial=0)) + 1):
        here = usable & (stretch == i)
        count = here.sum(axis=1, keepdims=True)
        best, most = np.where(count >= most, here, best), np.maximum(count, most)
    return best


def _fit(seconds: Floats, ground: Floats, covariance: Floats, usable: NDArray[np.bool_]) -> GroundMotion:
    """Straight lines through `ground` [N, K, 2] over `seconds` [N, K], robust."""
    t = np.where(usable, seconds, 0.0)
    place = np.where(usable[..., None], ground, 0.0)
    expected = np.where(usable, np.einsum("nkii->nk", covariance), 1.0)  # variance of a place, metres squared
    base = usable / np.maximum(expected, 1e-12)
    weight = base.copy()
    n = len(t)
    velocity, residual = np.zeros((n, 2)), np.zeros_like(place)
    with np.errstate(divide="ignore", invalid="ignore"):
        for _ in range(ROUNDS):
            total = weight.sum(axis=1)
            middle_t = (weight * t).sum(axis=1) / total
            middle = np.einsum("nk,nki->ni", weight, place) / total[:, None]
            from_middle = t - middle_t[:, None]
            leverage = (weight * from_middle**2).sum(axis=1)
            velocity = np.einsum("nk,nk,nki->ni", weight, from_middle, place) / leverage[:, None]
            residual = place - middle[:, None] - velocity[:, None] * from_middle[..., None]
            strange = np.hypot(residual[..., 0], residual[..., 1]) / np.sqrt(expected)
            weight = base * np.minimum(1.0, HUBER / np.maximum(strange, HUBER))
        speed = np.hypot(velocity[:, 0], velocity[:, 1])
        # For something that stands any direction will do.
        direction = np.where(speed[:, None] > 1e-6, velocity / np.maximum(speed, 1e-6)[:, None], (1.0, 0.0))
        lever = weight * from_middle / leverage[:, None]
        along = np.einsum("nki,ni->nk", residual, direction)
        count = usable.sum(axis=1)
        seen = (lever**2 * along**2).sum(axis=1) * count / np.maximum(count - 2, 1)
        spread = np.einsum("nkij,ni,nj->nk", np.nan_to_num(covariance), direction, direction)
        known = (lever**2 * spread).sum(axis=1)
        changed = ACCELERATION_MS2 * WINDOW_S / 2 * np.minimum(speed, 1.0)  # what stands does not brake
        sigma = np.sqrt(np.maximum(seen, known) + changed**2 + (SCALE * speed) ** 2)
    span = np.where(usable, seconds, -np.inf).max(axis=1, initial=-np.inf) - np.where(usable, seconds, np.inf).min(
        axis=1, initial=np.inf
    )
    enough = (count >= LEAST_POINTS) & (span >= LEAST_SPAN_S) & np.isfinite(sigma)
    return GroundMotion(np.where(enough[:, None], velocity, np.nan), np.where(enough, sigma, np.nan))
