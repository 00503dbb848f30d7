"""How well a road detector sees on the held-out pictures of fixed cameras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from models.data.held_out import held_out
from models.look import FLOOR, as_rows, look_with
from models.measure import figure, lines, measure
from models.timing import time_pictures
from vision.classes import ROAD_CLASSES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from models.look import Found
    from vision.detector import Detector

GOALS: Final[Mapping[str, float]] = {"any vehicle": 0.88, "car": 0.85, "bus": 0.65, "truck": 0.60, "two-wheeler": 0.60}
"""AP50 that the default model is to reach."""
SMALL_GOALS: Final[Mapping[str, float]] = {"any vehicle": 0.70}
MOST_MS: Final = 60.0
"""Time for one picture on one core that the default model may take, milliseconds."""
SMALL_MOST_MS: Final = 18.0


def score(detector: Detector, data: Path, *, small: bool = False) -> dict[str, Any]:
    """The score of a detector whose class numbers are those of ROAD_CLASSES; see `models.measure`.

    Args:
        detector: the product's, with the card's thresholds.
        data: the data folder.
        small: hold it to the goals of the small model.
    """
    records = held_out("road", data)
    found = look_with(lambda picture: as_rows(detector.detect(picture, min_score=FLOOR)), records)
    time = time_pictures(detector.detect, [record.file for record in records])
    goals, most = (SMALL_GOALS, SMALL_MOST_MS) if small else (GOALS, MOST_MS)
    return {
        "figures": [
            *ap_figures(found, goals),
            figure("one picture on one core, ms", time["ms"], time["pictures"], most, at_most=True),
        ],
        **measure(found, ROAD_CLASSES, (0.5,) * len(ROAD_CLASSES)),
        "time": time,
    }


def ap_figures(found: Found, goals: Mapping[str, float]) -> list[dict[str, Any]]:
    """AP50 of each class and group of classes."""
    by_class = lines(found, ROAD_CLASSES)
    names = [*GOALS, *(name for name in by_class if name not in GOALS)]
    return [figure(f"AP50 {name}", by_class[name].ap, by_class[name].truths, goals.get(name)) for name in names]
