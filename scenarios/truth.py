"""Exact ground truth of a rendered clip and its JSON form (`<name>.truth.json`).

Boxes are left, top, right, bottom in pixels, tight to the drawn silhouette and clipped to the picture. Positions are
metres on the road plane of the scene: x east, y north. `speed_kmh` is the speed along the heading. `visible` is the
share of an object's drawn pixels that nothing else hides; `visible_box` bounds those pixels.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qyran.errors import InputError

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class ObjectTruth:
    """One object in one frame; heading in radians from east to north, tilt off its feet or wheels in degrees."""

    id: int
    cls: str
    kind: str
    box: Box
    visible_box: Box
    visible: float
    x_m: float
    y_m: float
    heading: float
    speed_kmh: float
    plate: str
    parked: bool = False
    tilt_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class RegionTruth:
    """A region of smoke, fire or steam in one frame; `density` is its mean opacity or brightness 0..1."""

    cls: str
    box: Box
    density: float


@dataclass(frozen=True, slots=True)
class FrameTruth:
    """One frame: its second of video, its objects, the state of each signal head by id, smoke and fire."""

    index: int
    video_s: float
    objects: tuple[ObjectTruth, ...]
    signals: dict[str, str] = field(default_factory=dict)
    regions: tuple[RegionTruth, ...] = ()


@dataclass(frozen=True, slots=True)
class PlantedEvent:
    """What the scene plants on purpose.

    `type` is violation, incident or fire_alert; `onset_s` when it begins; `moment_s` the moment that decides it (the
    front crosses the stop line, the vehicle comes to rest, the first flame). A wrong-way driver is planted once, with
    `type` "incident", although it is both an incident and a violation (`also`).
    """

    kind: str
    type: str
    object_id: int | None
    onset_s: float
    moment_s: float
    also: tuple[str, ...] = ()
    plate: str = ""


@dataclass(frozen=True, slots=True)
class PassageTruth:
    """A vehicle whose bottom centre crossed a control line; `forward` as in `vision.types.Passage`."""

    line: str
    object_id: int
    cls: str
    video_s: float
    forward: bool
    speed_kmh: float
    plate: str


@dataclass(frozen=True, slots=True)
class Truth:
    """The whole clip; `crossings` are the moments at which fronts cross stop lines, with the state of their head."""

    name: str
    weather: str
    seed: int
    start: str
    fps: float
    width: int
    height: int
    frames: tuple[FrameTruth, ...]
    events: tuple[PlantedEvent, ...] = ()
    passages: tuple[PassageTruth, ...] = ()
    crossings: tuple[CrossingTruth, ...] = ()


@dataclass(frozen=True, slots=True)
class CrossingTruth:
    """The front of a vehicle crosses a stop line at a state of its signal."""

    line: str
    object_id: int
    video_s: float
    state: str
    plate: str = ""


def save_truth(truth: Truth, path: Path) -> None:
    """Write as JSON, numbers rounded to what matters (0.01 px, 1 mm, 1 ms)."""
    path.write_text(
        json.dumps(_rounded(dataclasses.asdict(truth)), ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )


def save_tracks(truth: Truth, path: Path) -> None:
    """MOTChallenge columns: frame (from 1), id, left, top, width, height, confidence (the visible share), class."""
    lines: list[str] = []
    for f in truth.frames:
        for o in f.objects:
            left, top, right, bottom = o.box
            where = f"{left:.1f},{top:.1f},{right - left:.1f},{bottom - top:.1f}"
            lines.append(f"{f.index + 1},{o.id},{where},{o.visible:.2f},{o.cls}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(v) for v in value]
    return value


def load_truth(path: str | Path) -> Truth:
    """Read what `save_truth` wrote; raises InputError for anything else."""
    try:
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
        frames = tuple(
            FrameTruth(
                f["index"],
                f["video_s"],
                tuple(
                    ObjectTruth(**{**o, "box": tuple(o["box"]), "visible_box": tuple(o["visible_box"])})
                    for o in f["objects"]
                ),
                f["signals"],
                tuple(RegionTruth(r["cls"], tuple(r["box"]), r["density"]) for r in f["regions"]),
            )
            for f in raw.pop("frames")
        )
        events = tuple(PlantedEvent(**{**e, "also": tuple(e["also"])}) for e in raw.pop("events"))
        passages = tuple(PassageTruth(**p) for p in raw.pop("passages"))
        crossings = tuple(CrossingTruth(**c) for c in raw.pop("crossings"))
        return Truth(frames=frames, events=events, passages=passages, crossings=crossings, **raw)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise InputError(f"{path}: no truth file of a rendered scene ({fault})") from fault
