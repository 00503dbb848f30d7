"""Where to draw the line: the raw score of each class that becomes 0.5, chosen on the dev pictures alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from models.measure import GROUPS

if TYPE_CHECKING:
    from models.look import Found

ENOUGH_BOXES: Final = 30
"""Dev boxes from which a class's own best threshold means something; below, its whole group's counts."""

LIMITS: Final = (0.1, 0.8)
"""A threshold outside these would be an accident of few pictures."""

QUIET: Final = {"fire": 0.01}
"""Tasks whose thresholds rise until no more than this share of dev pictures without any object shows the class; a
good part of these pictures is drawn to be harder than what a camera meets."""


def choose(task: str, classes: tuple[str, ...], dev: Found) -> dict[str, float]:
    """Raw score of each class with the best F1 on the dev pictures.

    Args:
        task: ``road`` or ``fire``.
        classes: names by class number.
        dev: detections on the dev pictures.
    """
    out = {}
    for index, name in enumerate(classes):
        least = quiet_level(dev, index, QUIET[task]) if task in QUIET else LIMITS[0]
        line = dev.curve(index)
        if line.truths < ENOUGH_BOXES:
            for members in GROUPS.get(classes, {}).values():
                if index in members:
                    line = dev.as_one_class(members, members[0]).curve(members[0])
        out[name] = round(float(np.clip(line.best_f()[0], least, LIMITS[1])), 3)
    return out


def quiet_level(found: Found, class_id: int, share: float) -> float:
    """Lowest score, in hundredths, at which at most this share of the pictures without boxes shows the class."""
    empty = found.where(lambda record: not len(record.boxes) and not len(record.ignore))
    tops = np.array([rows[rows[:, 0] == class_id, 5].max(initial=0.0) for rows in empty.boxes])
    levels = np.arange(LIMITS[0], LIMITS[1], 0.01)
    return round(float(next((level for level in levels if (tops >= level).sum() <= share * len(tops)), LIMITS[1])), 2)
