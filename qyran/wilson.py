"""The interval of a share that was counted: Wilson's score interval (Wilson 1927; Brown, Cai, DasGupta 2001)."""

from __future__ import annotations

import math
from typing import Final

Z95: Final = 1.959963984540054
"""Two-sided 95 % of the normal distribution."""


def wilson(hits: int, of: int, z: float = Z95) -> tuple[float, float]:
    """Lower and upper bound of a share, 0 to 1; of nothing it may be anything.

    Unlike the plain interval it keeps its promise for few records and for shares near 0, where false alarms lie.

    Raises:
        ValueError: more hits than records, or fewer than none.
    """
    if not 0 <= hits <= of:
        raise ValueError(f"{hits} of {of} is no share")
    if of == 0:
        return 0.0, 1.0
    share, square = hits / of, z * z
    middle = share + square / (2 * of)
    half = z * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    below = 0.0 if hits == 0 else (middle - half) / (1 + square / of)
    above = 1.0 if hits == of else (middle + half) / (1 + square / of)
    return max(0.0, below), min(1.0, above)
