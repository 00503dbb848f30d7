"""How long to wait before trying again: doubled each time, up to a limit, and spread so that not all come at once."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Final

MOST_DOUBLINGS: Final = 16

_chance = random.Random()  # noqa: S311  spreads retries, guards nothing


def doubled(first: timedelta, longest: timedelta, times: int) -> timedelta:
    """The first wait doubled so many times, at most the longest."""
    return min(longest, first * (1 << min(max(0, times), MOST_DOUBLINGS)))


def spread(whole: timedelta, chance: float | None = None) -> timedelta:
    """Between a half and the whole of a wait.

    Args:
        whole: the wait.
        chance: 0 to 1, drawn where not given.
    """
    return whole * (0.5 + 0.5 * (_chance.random() if chance is None else chance))
