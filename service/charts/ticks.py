"""Round numbers for an axis."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
SMALLEST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis from `low` to `high` with a tick every `step`."""

    low: float
    high: float
    step: float

    @property
    def ticks(self) -> tuple[float, ...]:
        """The ticks, both ends included."""
        count = round((self.high - self.low) / self.step)
        return tuple(self.low + self.step * k for k in range(count + 1))

    def at(self, value: float, start: float, end: float) -> float:
        """Where a value lies when the axis runs from `start` to `end`; outside it at its nearer end."""
        share = (value - self.low) / (self.high - self.low)
        return start + (end - start) * min(1.0, max(0.0, share))


def axis(values: Iterable[float], wanted: int = 4, *, top: float | None = None, whole: bool = False) -> Axis:
    """An axis from 0 (or below, where a value is) that holds all values.

    Args:
        values: what it must hold.
        wanted: about how many steps.
        top: it ends there at the latest, as a percentage does at 100, unless a value is greater.
        whole: of counts: ticks at whole numbers only.
    """
    known = [one for one in values if math.isfinite(one)]
    high, low = max(known, default=1.0), min(0.0, *known, 0.0)
    if high - low < SMALLEST:
        high = low + 1.0
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * one for one in STEPS if power * one >= rough * (1 - SMALLEST))
    step = math.ceil(step - SMALLEST) if whole else step
    end = step * math.ceil(high / step - SMALLEST)
    if top is not None and high <= top < end:
        end, step = top, (top - low) / wanted
    return Axis(step * math.floor(low / step + SMALLEST) if low else 0.0, end, step)
