"""The chance that a place burns or smokes, by what its looks say (`fire_alerts.evidence`).

Logistic regression over the standardised numbers; its weights stand in `chance.json` with their card: what they were
fitted on, by which command, how they did on clips they had not seen.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fire_alerts.evidence import NAMES
from qyran.errors import ConfigError
from vision.classes import FIRE_CLASSES

if TYPE_CHECKING:
    from collections.abc import Sequence

WEIGHTS: Final = Path(__file__).with_name("chance.json")
FARTHEST: Final = 4.0
"""A number counts as no farther from the usual than so many standard deviations: what was never seen proves nothing."""


@dataclass(frozen=True, slots=True)
class Model:
    """Weights for one class, in the order of `NAMES`."""

    bias: float
    weight: tuple[float, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]

    def chance(self, numbers: Sequence[float]) -> float:
        """0 to 1."""
        total = self.bias
        for value, weight, mean, scale in zip(numbers, self.weight, self.mean, self.scale, strict=True):
            total += weight * min(max((value - mean) / scale, -FARTHEST), FARTHEST)
        return 1 / (1 + math.exp(-min(max(total, -60.0), 60.0)))

    def strongest(self, numbers: Sequence[float], count: int) -> tuple[str, ...]:
        """The names of the numbers that speak most for it."""
        parts = {
            name: weight * min(max((value - mean) / scale, -FARTHEST), FARTHEST)
            for name, value, weight, mean, scale in zip(
                NAMES, numbers, self.weight, self.mean, self.scale, strict=True
            )
        }  # fmt: skip
        return tuple(name for name, part in sorted(parts.items(), key=lambda item: -item[1])[:count] if part > 0)


@cache
def models() -> tuple[Model, ...]:
    """The shipped weights, one for each of FIRE_CLASSES.

    Raises:
        ConfigError: the file is missing or was made for other numbers.
    """
    try:
        raw = json.loads(WEIGHTS.read_text(encoding="utf-8"))
        told = tuple(
            Model(one["bias"], tuple(one["weight"]), tuple(one["mean"]), tuple(one["scale"]))
            for one in (raw["classes"][name] for name in FIRE_CLASSES)
        )
        same = raw["names"] == list(NAMES)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"The weights {WEIGHTS.name} cannot be used ({error}): fit them anew.") from None
    if not same:
        raise ConfigError(f"The weights {WEIGHTS.name} were made for other numbers: fit them anew.")
    return told
