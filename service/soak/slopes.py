"""Whether a series rises: the Theil-Sen slope, with an interval that knows that neighbouring samples are alike.

The slope is the median of the slopes of all pairs of points, which single outliers (a collection of garbage, a page
cache that was given back) do not move. Its interval comes from the distribution of Kendall's S, as Sen (1968) gives it;
samples of memory are not independent, so the variance of S is widened by the autocorrelation of what the line leaves
over, which otherwise would find a trend in every slow wave.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_BLOCKS: Final = 8
"""Fewer points tell nothing about a trend."""
BLOCKS: Final = 60
"""Points a series is condensed to: medians of stretches, which are less alike than samples seconds apart."""


@dataclass(frozen=True, slots=True)
class Slope:
    """How a series goes.

    Attributes:
        per_hour: units an hour, the median of all pairs.
        low, high: its interval.
        level: median of the series.
        points: medians it was judged by.
    """

    per_hour: float
    low: float
    high: float
    level: float
    points: int

    @property
    def flat(self) -> bool:
        """Whether the slope cannot be told from zero."""
        return self.low <= 0.0 <= self.high


def slope(seconds: NDArray[np.float64], values: NDArray[np.float64], *, confidence: float) -> Slope | None:
    """The slope of a series; None where it is too short to judge.

    Args:
        seconds: of the samples, rising.
        values: one each.
        confidence: of the interval, 0 to 1.
    """
    x, y = blocks(seconds, values)
    count = len(x)
    if count < LEAST_BLOCKS:
        return None
    one, other = np.triu_indices(count, 1)
    slopes = np.sort((y[other] - y[one]) / (x[other] - x[one]))
    middle = float(np.median(slopes))
    spread = math.sqrt(count * (count - 1) * (2 * count + 5) / 18 * _inflation(y - middle * x))
    reach = NormalDist().inv_cdf(0.5 + confidence / 2) * spread
    low = max(0, round((len(slopes) - reach) / 2) - 1)
    high = min(len(slopes) - 1, round((len(slopes) + reach) / 2))
    hour = 3600.0
    return Slope(middle * hour, float(slopes[low]) * hour, float(slopes[high]) * hour, float(np.median(y)), count)


def blocks(
    seconds: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Medians of equally many neighbouring samples, at most `BLOCKS`."""
    count = min(BLOCKS, len(seconds))
    if count == 0:
        return np.empty(0), np.empty(0)
    parts = np.array_split(np.arange(len(seconds)), count)
    return (
        np.array([np.median(seconds[part]) for part in parts]),
        np.array([np.median(values[part]) for part in parts]),
    )


def _inflation(left: NDArray[np.float64]) -> float:
    """How much wider the variance is for neighbours that resemble each other: (1 + r) / (1 - r), at least 1."""
    centred = left - left.mean()
    power = float(np.dot(centred, centred))
    if power <= 0.0:
        return 1.0
    r = float(np.dot(centred[1:], centred[:-1])) / power
    r = min(max(r, 0.0), 0.95)
    return (1 + r) / (1 - r)
