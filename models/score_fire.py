"""How well a fire detector sees fire and smoke, and how quiet it stays where nothing burns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import av
import numpy as np

from models.data.fire import MAIN
from models.data.held_out import held_out
from models.look import FLOOR, as_rows, look_with
from models.measure import figure, lines, measure
from models.timing import time_pictures
from vision.classes import FIRE_CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from models.look import Found
    from vision.detector import Detector

GOALS: Final[Mapping[str, float]] = {"fire": 0.65, "smoke": 0.60}
"""AP50 to be reached."""
MOST_FALSE: Final = 0.01
"""Share of pictures without fire that may show any box at the shipped threshold."""
BURNING: Final = (MAIN, "hotfire")
"""Sets whose held-out pictures are labelled for fire and for smoke."""
TRAFFIC_CLIPS: Final = ("street.mp4", "car_park.mp4", "junction_cyclist.mp4", "junction_truck.mp4")
"""Videos of traffic in which nothing burns."""
EVERY_S: Final = 1.0
"""Seconds of video between two frames that are looked at."""


def score(detector: Detector, data: Path) -> dict[str, Any]:
    """The score of a detector whose class numbers are those of FIRE_CLASSES; see `models.measure`.

    Args:
        detector: the product's, with the card's thresholds.
        data: the data folder.
    """
    records = held_out("fire", data)
    found = look_with(lambda picture: as_rows(detector.detect(picture, min_score=FLOOR)), records)
    time = time_pictures(detector.detect, [record.file for record in records])
    by_class = lines(found.where(lambda record: record.source in BURNING), FIRE_CLASSES)
    quiet = quiet_table(found, detector, data)
    alarms, frames = (sum(row[column] for row in quiet["rows"]) for column in (2, 1))
    scored = measure(found, FIRE_CLASSES, (0.5,) * len(FIRE_CLASSES))
    return {
        "figures": [
            *(figure(f"AP50 {name}", by_class[name].ap, by_class[name].truths, goal) for name, goal in GOALS.items()),
            figure("share of pictures without fire that show any", alarms / frames, frames, MOST_FALSE, at_most=True),
            figure("one picture on one core, ms", time["ms"], time["pictures"], None, at_most=True),
        ],
        **scored,
        "tables": [*scored["tables"], quiet],
        "time": time,
    }


def quiet_table(found: Found, detector: Detector, data: Path) -> dict[str, Any]:
    """By source, how many pictures without fire and smoke show any at the shipped threshold."""
    quiet = found.where(lambda record: not len(record.boxes) and not len(record.ignore))
    rows: list[list[Any]] = []
    for source in sorted({record.source for record in quiet.records}):
        part = quiet.where(lambda record, source=source: record.source == source)  # type: ignore[misc]
        rows.append([source, len(part.records), sum(bool((seen[:, 5] >= 0.5).any()) for seen in part.boxes)])
    for name in TRAFFIC_CLIPS:
        seen = [bool((detector.detect(frame).score >= 0.5).any()) for frame in frames(data / "video" / name)]
        rows.append([f"video/{name}", len(seen), sum(seen)])
    head = ["source", "pictures", "with fire or smoke"]
    return {"title": "Pictures and frames in which nothing burns", "head": head, "rows": rows}


def frames(video: Path, every_s: float = EVERY_S) -> Iterator[NDArray[np.uint8]]:
    """Frames of a clip, uint8 [H, W, 3] BGR, so many seconds apart; none where it is absent."""
    if not video.is_file():
        return
    with av.open(str(video)) as container:
        due = 0.0
        for frame in container.decode(video=0):
            second = frame.time or 0.0
            if second >= due:
                due = second + every_s
                yield np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
