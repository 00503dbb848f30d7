"""What the looks of a place over some seconds say for smoke or fire and against it, as numbers.

Each number is about the physics of what burns: a cloud stays at its source and grows out of it, never rests, goes
upwards, hides the street behind it and its colours; a flame flickers in its own colours. Paint, lamps, low sun and
leaves keep still or repeat themselves; road users, their lights and their dust move on; fog, rain and shadows take the
whole picture; steam is gone at arm's length.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from fire_alerts.places import overlap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fire_alerts.places import Look

NAMES: Final = (
    "seen", "score", "best", "stir", "around", "fade", "size", "growth", "tint", "along", "rise", "rough", "ridden",
    "whole", "stays", "rooted", "change", "darker", "brighter", "flame", "flicker", "new", "age", "cloud", "torn",
)  # fmt: skip
"""Names of the numbers, in their order."""
LEAST: Final = 3
"""Looks below which nothing is said."""


def measured(looks: Sequence[Look], looked: int, age_s: float) -> tuple[float, ...] | None:
    """The numbers of a place; None where too few looks were measured.

    Args:
        looks: of the place within the time that counts, oldest first.
        looked: how often the detector looked within that time.
        age_s: since the place was first seen.
    """
    pixels = [look.pixels for look in looks if look.pixels is not None]
    if len(pixels) < LEAST:
        return None
    scores = [look.score for look in looks]
    boxes = [look.box for look in looks]
    third = max(1, len(pixels) // 3)
    small, large = _mean([p.area for p in pixels[:third]]), _mean([p.area for p in pixels[-third:]])
    shift = _mean([p.shift for p in pixels])
    pairs = [overlap(one, other) for one, other in pairwise(boxes)]
    return (
        len(looks) / max(1, looked),
        sum(scores) / max(1, looked),
        max(scores),
        math.log((1 + _mean([p.stir for p in pixels])) / (1 + _mean([p.around for p in pixels]))),
        math.log1p(_mean([p.around for p in pixels])),
        _mean([0.0 if math.isnan(p.fade) else p.fade for p in pixels]),
        math.log(max(large, 1e-4)),
        math.log(max(large, 1e-4) / max(small, 1e-4)),
        _mean([p.tint for p in pixels]) / 50,
        _mean([p.along for p in pixels]),
        10 * _mean([p.rise for p in pixels]),
        _mean([p.rough for p in pixels]),
        _mean([p.ridden for p in pixels]),
        _mean([p.whole for p in pixels]),
        _mean(pairs) if pairs else 0.0,
        _rooted(boxes),
        math.log1p(_mean([p.change for p in pixels])),
        max(-shift, 0.0) / 30,
        max(shift, 0.0) / 30,
        _mean([p.flame for p in pixels]),
        _mean([p.flicker for p in pixels]),
        _mean([p.new for p in pixels]),
        min(age_s, 12.0) / 12,
        _mean([float(p.score == 0) for p in pixels]),
        _mean([0.0 if math.isnan(p.tie) or not p.known else 1 - p.tie for p in pixels]),
    )


def lives(looks: Sequence[Look], beyond: float) -> bool | None:
    """Whether a place changes from picture to picture more than the picture does elsewhere; None where unmeasured."""
    pixels = [look.pixels for look in looks if look.pixels is not None]
    stirs = [p.stir - p.around for p in pixels if p.stir > 0 or p.around > 0]
    return None if len(stirs) < LEAST else float(np.median(stirs)) >= beyond


def drifts(looks: Sequence[Look], untorn: float, calm: float) -> bool:
    """Whether a place is a veil that passes, as shadows and fog banks do, rather than a cloud that boils.

    A shadow dims what lies in it and thin fog pales it, and both leave it whole; and in neither does anything stir.

    Args:
        looks: of the place.
        untorn: share of the picture behind it that is torn, below which nothing hides it.
        calm: levels of change from picture to picture, beyond what the picture does elsewhere, below which it rests.
    """
    pixels = [look.pixels for look in looks if look.pixels is not None]
    ties = [p.tie for p in pixels if p.known and not math.isnan(p.tie)]
    if len(ties) >= LEAST and 1 - float(np.median(ties)) < untorn:
        return True
    return lives(looks, calm) is False


def glows_steadily(looks: Sequence[Look], flame: float, flicker: float) -> bool:
    """Whether a place wears the colours of flames but does not flicker: autumn trees, cloth, lamps, screens.

    Args:
        looks: of the place.
        flame: share of it in those colours from which that can be said.
        flicker: change of these from picture to picture below which they are steady.
    """
    pixels = [look.pixels for look in looks if look.pixels is not None and look.pixels.stir > 0]
    if len(pixels) < LEAST or _mean([p.flame for p in pixels]) < flame:
        return False
    return float(np.median([p.flicker for p in pixels])) < flicker  # a screen changes by leaps


def _rooted(boxes: Sequence[tuple[float, float, float, float]]) -> float:
    """How still the foot of the place stays: 1 where it does not move, 0 where it moves its own width."""
    feet = np.array([((x1 + x2) / 2, y2) for x1, _, x2, y2 in boxes])
    size = float(np.mean([(x2 - x1 + y2 - y1) / 2 for x1, y1, x2, y2 in boxes]))
    return float(np.clip(1 - np.hypot(*feet.std(axis=0)) / max(size, 1.0), 0, 1))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else 0.0
