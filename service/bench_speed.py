"""`qyran bench speed`: speeds at control lines against rendered truth, from pixels."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from qyran import __version__
from service.bench_clips import clip_folder, clip_of, look_at, objects_behind, rounded
from service.bench_speed_scenes import FASTEST_KMH, SLOWEST_KMH, VIEWS, speed_scenes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from scenarios.truth import FrameTruth, ObjectTruth
    from service.bench_clips import Clip
    from vision.types import Passage

    Floats = NDArray[np.float64]

SEED: Final = 2031
"""Of the scored scenes; no threshold or uncertainty of `vision.speed` was chosen on it."""
CLIPS: Final = 10
"""Two of each view: some 600 passages."""
RANGE_KMH: Final = (20.0, 120.0)
"""True speeds at the line that count."""
BANDS_KMH: Final = ((20, 40), (40, 60), (60, 80), (80, 100), (100, 120))
GOAL_MEAN_KMH, GOAL_P95_KMH = 1.0, 2.5
GOAL_INSIDE: Final = (0.93, 0.97)
SOUTH: Final = 0.5
"""Southward part of a way from which a vehicle comes near: all cameras look north."""
COVER: Final = 1.96
"""Half the width of the stated 95 % interval, standard uncertainties."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One passage with its truth; a speed that was not told is NaN."""

    kind: str
    nearing: bool
    truth_kmh: float
    speed_kmh: float
    sigma_kmh: float


def bench_speed(
    *, seed: int = SEED, clips: int = CLIPS, keep: Path | None = None, on_clip: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Render, analyse and compare.

    Args:
        seed: of the scenes.
        clips: how many scenes; the views take turns.
        keep: folder in which clips are kept and found again; without one they are drawn anew and thrown away.
        on_clip: told the name of each clip before it is drawn and looked at.
    """
    found: dict[str, list[Measured]] = defaultdict(list)
    expected = 0
    with clip_folder(keep) as folder:
        for number, (scene, lines) in enumerate(speed_scenes(seed, clips)):
            if on_clip is not None:
                on_clip(scene.name)
            clip = clip_of(scene, folder, lines)
            expected += len(clip.truth.passages)
            found[f"{number % len(VIEWS)}-{scene.template}"] += measured(clip)
    every = [one for ones in found.values() for one in ones]
    report: dict[str, Any] = rounded({
        "version": __version__,
        "what": "speed at control lines, from pixels of rendered clips through decoder, detector, tracker, road plane",
        "seed": seed,
        "clips": clips,
        "range_kmh": RANGE_KMH,
        "cruising_kmh": (SLOWEST_KMH, FASTEST_KMH),
        "passages": {"true": expected, "found": len(every)},
        **_figures(every),
        "goals": _goals(every),
        "by_view": {view: _figures(ones) for view, ones in sorted(found.items())},
        "by_direction": {
            name: _figures([one for one in every if one.nearing == nearing])
            for name, nearing in (("coming near", True), ("going away or across", False))
        },
        "by_speed_kmh": {
            f"{low}-{high}": _figures([one for one in every if low <= one.truth_kmh < high]) for low, high in BANDS_KMH
        },
        "by_kind": {
            kind: _figures([one for one in every if one.kind == kind]) for kind in sorted({one.kind for one in every})
        },
    })  # fmt: skip
    return report


def measured(clip: Clip) -> list[Measured]:
    """Every passage the pipeline tells of a clip whose vehicle is known, with the last word on its speed."""
    passages: dict[tuple[int, str], Passage] = {}
    behind: dict[int, ObjectTruth] = {}
    history = _speeds(clip.truth.frames)
    for observation in look_at(clip):
        behind |= objects_behind(observation, clip.truth.frames[observation.index])
        for passage in (*observation.passages, *observation.settled):
            passages[passage.track, passage.line] = passage
    out = []
    for passage in passages.values():
        one = behind.get(passage.track)
        if one is None:
            continue
        seconds, speeds, ways = history[one.id]
        out.append(
            Measured(
                kind=one.kind,
                nearing=bool(np.interp(passage.video_s, seconds, ways) < -SOUTH),
                truth_kmh=float(np.interp(passage.video_s, seconds, speeds)),
                speed_kmh=passage.speed_ms * 3.6,
                sigma_kmh=passage.speed_sigma_ms * 3.6,
            )
        )
    return out


def _speeds(frames: Sequence[FrameTruth]) -> dict[int, tuple[list[float], list[float], list[float]]]:
    """Seconds, speeds in km/h and northward parts of the way of each object."""
    out: dict[int, tuple[list[float], list[float], list[float]]] = defaultdict(lambda: ([], [], []))
    for frame in frames:
        for one in frame.objects:
            for kept, value in zip(out[one.id], (frame.video_s, one.speed_kmh, np.sin(one.heading)), strict=True):
                kept.append(float(value))
    return out


def _scored(ones: Sequence[Measured]) -> tuple[Floats, Floats]:
    """Errors and standard uncertainties in km/h of the passages that count and have a speed."""
    low, high = RANGE_KMH
    told = [one for one in ones if low <= one.truth_kmh <= high and np.isfinite(one.speed_kmh)]
    error = np.array([one.speed_kmh - one.truth_kmh for one in told])
    return error, np.array([one.sigma_kmh for one in told])


def _figures(ones: Sequence[Measured]) -> dict[str, Any]:
    error, sigma = _scored(ones)
    if not len(error):
        return {"scored": 0}
    return {
        "scored": len(error),
        "without_speed": sum(not np.isfinite(one.speed_kmh) for one in ones),
        "mean_absolute_error_kmh": float(np.abs(error).mean()),
        "p95_error_kmh": float(np.percentile(np.abs(error), 95)),
        "mean_error_kmh": float(error.mean()),
        "largest_error_kmh": float(np.abs(error).max()),
        "inside_interval": float((np.abs(error) <= COVER * sigma).mean()),
        "median_uncertainty_kmh": float(np.median(sigma)),
    }


def _goals(ones: Sequence[Measured]) -> dict[str, Any]:
    error, sigma = _scored(ones)
    if not len(error):
        return {}
    inside = float((np.abs(error) <= COVER * sigma).mean())
    return {
        "mean_absolute_error_kmh": {"at_most": GOAL_MEAN_KMH, "met": bool(np.abs(error).mean() <= GOAL_MEAN_KMH)},
        "p95_error_kmh": {"at_most": GOAL_P95_KMH, "met": bool(np.percentile(np.abs(error), 95) <= GOAL_P95_KMH)},
        "inside_interval": {"between": GOAL_INSIDE, "met": GOAL_INSIDE[0] <= inside <= GOAL_INSIDE[1]},
    }
