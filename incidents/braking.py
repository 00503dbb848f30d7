"""How hard somebody who rests must have braked at least, judged by all looks from its driving to its rest.

A straight way is held against every braking: at a steady speed up to some moment, then slower by the same number of
metres a second each second, up to where it rests. Of all brakings that fit the looks about as well as the best one
(two standard uncertainties, by the profile of the likelihood; Cowan, Statistical Data Analysis, Oxford 1998, chapter
9), the gentlest is told: no driver can have done with less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from incidents.ways import LEAST_LOOKS, Sample, rests_since

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BEFORE_S: Final = 1.4
"""Seconds before its rest in which looks are taken: full braking from 40 km/h takes 1.3 s."""
AFTER_S: Final = 1.0
"""Seconds of its rest in which looks are taken."""
NOISE_PX: Final = 0.65
"""Standard uncertainty of a box's lower edge, pixels: 0.52 to 0.64 (root of the mean square) about smooth ways on clips
of rendered roads, 4 to 30 m away."""
SETTLES_PX: Final = 1.0
"""The same of the place where it rests: a box at rest is off by the same for as long as it rests."""
SIGMAS: Final = 2.0
STRAIGHT: Final = 0.94
"""Cosine between its driving and the way to its rest,"""
ASIDE_M: Final = 0.7
"""and metres beside that line: on a bend the straight way would be too short."""
BRAKES_MS2: Final = np.array([*np.arange(3.0, 16.0, 0.5), 18.0, 21.0, 25.0, 30.0, 40.0, 60.0])
"""Brakings that are tried."""
SPEEDS: Final = np.linspace(0.7, 1.4, 19)
"""Speeds that are tried, by the one before."""
MOMENTS: Final = 40
"""Moments that are tried at which braking begins."""


@dataclass(frozen=True, slots=True)
class Braking:
    """How somebody came to rest.

    Attributes:
        ms2: the least braking that fits.
        began_s: second of video at which the best one begins.
        velocity: before, metres a second on the road.
    """

    ms2: float
    began_s: float
    velocity: tuple[float, float]


def braking_of(way: tuple[Sample, ...]) -> Braking | None:
    """How somebody braked that rests at the last of these looks; None where they do not tell."""
    since = rests_since(way)
    looks = [one for one in way if since - BEFORE_S <= one.video_s <= since + AFTER_S and one.whole]
    before = [one for one in looks if one.video_s < since]
    rest = [one for one in way if one.video_s >= since and one.whole]
    if min(len(before), len(rest)) < LEAST_LOOKS:
        return None
    t = np.array([one.video_s - since for one in looks])
    end = np.median([one.at for one in rest], axis=0)
    offs = np.array([one.at for one in looks]) - end
    toward = -offs[0] / max(float(np.hypot(*offs[0])), 1e-6)
    lead = max(LEAST_LOOKS, len(before) // 2)
    early = t[:lead] - t[:lead].mean()
    velocity = early @ offs[:lead] / float(early @ early)
    speed = float(velocity @ toward)
    if speed <= 0 or speed < STRAIGHT * float(np.hypot(*velocity)):
        return None
    if float(np.abs(offs[:, 0] * toward[1] - offs[:, 1] * toward[0]).max()) > ASIDE_M:
        return None
    sigma = NOISE_PX * np.array([one.coarse_m for one in looks])
    cost, begins = _costs(t, offs @ toward, sigma, SETTLES_PX * way[-1].coarse_m, speed)
    best = int(cost.argmin())
    free = max(1, len(looks) - 4)
    within = cost <= cost[best] + SIGMAS**2 * max(1.0, cost[best] / free)
    way_ms = speed * toward
    return Braking(float(BRAKES_MS2[within].min()), since + float(begins[best]), (float(way_ms[0]), float(way_ms[1])))


def _costs(t: Floats, along: Floats, sigma: Floats, sigma_end: float, speed: float) -> tuple[Floats, Floats]:
    """Sum of squares by braking, each with the speed, moment and place of rest that fit it best, and the moments.

    Args:
        t: seconds of looks [N], 0 where it first rests.
        along: metres from its rest, negative before [N].
        sigma: standard uncertainty of these [N].
        sigma_end: of the place of rest.
        speed: about, before.
    """
    brake = BRAKES_MS2[:, None, None, None]
    v = (speed * SPEEDS)[None, :, None, None]
    begins = np.linspace(float(t[0]), 0.5, MOMENTS)[None, None, :, None]
    lasts = v / brake
    gone = np.clip(t[None, None, None, :] - begins, None, lasts)
    braking = np.clip(gone, 0.0, None)
    place = v * gone - brake * braking * braking / 2 - v * lasts / 2
    weight = 1 / sigma**2
    off = along - place
    # The place of rest is known but for sigma_end: the shift that fits best is a weighted mean.
    shift = (off * weight).sum(axis=-1) / (weight.sum() + 1 / sigma_end**2)
    cost = ((off - shift[..., None]) ** 2 * weight).sum(axis=-1) + (shift / sigma_end) ** 2
    flat = cost.reshape(len(BRAKES_MS2), -1)
    moments = begins.ravel()[flat.argmin(axis=1) % MOMENTS]
    return flat.min(axis=1), moments
