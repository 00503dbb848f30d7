"""`qyran bench speed`: speeds at control lines against rendered truth, from pixels."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from qyran import __version__
from scenarios.render import FULL
from service.bench_clips import clip_folder, clip_of, look_at, objects_behind, rounded
from service.bench_speed_scenes import FASTEST_KMH, SLOWEST_KMH, VIEWS, speed_scenes
from vision.camera import load_camera
from vision.geometry import cut
from vision.speed import WINDOW_S

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from scenarios.truth import FrameTruth, ObjectTruth
    from service.bench_clips import Clip
    from vision.camera import Camera
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
NEARING, AWAY, ACROSS = "coming near", "going away", "across"
SLANT: Final = 0.7
"""Northward part of a way from which it leads along the view: all cameras look north."""
HIDDEN: Final = 0.9
"""Share of a vehicle that shows at the line below which it is partly hidden."""
NEAR_S: Final = WINDOW_S
"""Seconds around the line in which a vehicle that is cut by the picture's border is told apart."""
SURVEY_M: Final = 0.02
"""Standard deviation of surveyed points, metres: a total station or satellites with corrections..."""
DRAWN: Final = 0.0005
"""...and of where they are drawn in the picture, shares of its width: half a pixel. The rendered survey is exact, so a
bench on it would prove nothing of how the calibration's own uncertainty is carried on."""
COVER: Final = 1.96
"""Half the width of the stated 95 % interval, standard uncertainties."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One passage with its truth; a speed that was not told is NaN.

    Attributes:
        kind: of vehicle, as the renderer calls it.
        way: NEARING, AWAY or ACROSS.
        hidden: whether something hid part of it at the line.
        cut: whether the picture's border cut it within NEAR_S of the line.
        truth_kmh, speed_kmh, sigma_kmh: its speed, what was told, and the standard uncertainty told with it.
    """

    kind: str
    way: str
    hidden: bool
    cut: bool
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
            found[f"{number % len(VIEWS)}-{scene.template}"] += measured(clip, np.random.default_rng((seed, number)))
    every = [one for ones in found.values() for one in ones]
    report: dict[str, Any] = rounded({
        "version": __version__,
        "what": "speed at control lines, from pixels of rendered clips through decoder, detector, tracker, road plane",
        "seed": seed,
        "clips": clips,
        "range_kmh": RANGE_KMH,
        "cruising_kmh": (SLOWEST_KMH, FASTEST_KMH),
        "survey": {"ground_sigma_m": SURVEY_M, "picture_sigma": DRAWN},
        "passages": {"true": expected, "found": len(every)},
        **_figures(every),
        "goals": _goals(every),
        "by_view": {view: _figures(ones) for view, ones in sorted(found.items())},
        "by_direction": {way: _figures([one for one in every if one.way == way]) for way in (NEARING, AWAY, ACROSS)},
        "by_sight": {
            "whole in sight": _figures([one for one in every if not one.hidden and not one.cut]),
            "cut by the border near the line": _figures([one for one in every if one.cut]),
            "partly hidden at the line": _figures([one for one in every if one.hidden]),
        },
        "by_speed_kmh": {
            f"{low}-{high}": _figures([one for one in every if low <= one.truth_kmh < high]) for low, high in BANDS_KMH
        },
        "by_kind": {
            kind: _figures([one for one in every if one.kind == kind]) for kind in sorted({one.kind for one in every})
        },
    })  # fmt: skip
    return report


def measured(clip: Clip, rng: np.random.Generator) -> list[Measured]:
    """Every passage the pipeline tells of a clip whose vehicle is known, with the last word on its speed.

    Args:
        clip: rendered, with its truth.
        rng: draws the errors of the survey.
    """
    passages: dict[tuple[int, str], Passage] = {}
    behind: dict[int, list[tuple[float, int]]] = defaultdict(list)
    histories = _histories(clip.truth.frames)
    for observation in look_at(clip, camera=surveyed(load_camera(clip.camera), rng)):
        for track, one in objects_behind(observation, clip.truth.frames[observation.index]).items():
            behind[track].append((observation.video_s, one.id))
        for passage in (*observation.passages, *observation.settled):
            passages[passage.track, passage.line] = passage
    size = clip.truth.width, clip.truth.height
    return [
        _held_against(histories[behind_at(behind[passage.track], passage.video_s)], passage, *size)
        for passage in passages.values()
        if behind[passage.track]
    ]


def behind_at(seen: Sequence[tuple[float, int]], video_s: float) -> int:
    """Which object was behind a track at a moment, of (second, object id): a track may change to another vehicle."""
    return min(seen, key=lambda one: abs(one[0] - video_s))[1]


def surveyed(camera: Camera, rng: np.random.Generator) -> Camera:
    """The camera as if its points had been surveyed and drawn with the errors that its file then states."""
    calibration = camera.calibration
    if calibration is None:
        raise ValueError(f"The camera {camera.id} has no calibration to survey.")
    width, height = FULL
    drawn = (DRAWN, DRAWN * width / height)
    points = tuple(
        point.model_copy(update={
            "picture": tuple(np.clip(np.add(point.picture, rng.normal(0.0, drawn)), 0.0, 1.0).tolist()),
            "ground_m": tuple(np.add(point.ground_m, rng.normal(0.0, SURVEY_M, 2)).tolist()),
        })
        for point in calibration.points
    )  # fmt: skip
    stated = {"points": points, "picture_sigma": DRAWN, "ground_sigma_m": SURVEY_M}
    return camera.model_copy(update={"calibration": calibration.model_copy(update=stated)})


@dataclass(frozen=True, slots=True)
class _History:
    """One object over the frames it was in.

    Attributes:
        kind: as the renderer calls it.
        seconds, speed_kmh, north, visible: float64 [K]; `north` is the northward part of its way.
        box: float64 [K, 4], pixels.
    """

    kind: str
    seconds: Floats
    speed_kmh: Floats
    north: Floats
    visible: Floats
    box: Floats


def _histories(frames: Sequence[FrameTruth]) -> dict[int, _History]:
    rows: dict[int, list[tuple[float, ObjectTruth]]] = defaultdict(list)
    for frame in frames:
        for one in frame.objects:
            rows[one.id].append((frame.video_s, one))
    return {
        number: _History(
            kind=seen[0][1].kind,
            seconds=np.array([second for second, _ in seen]),
            speed_kmh=np.array([one.speed_kmh for _, one in seen]),
            north=np.array([np.sin(one.heading) for _, one in seen]),
            visible=np.array([one.visible for _, one in seen]),
            box=np.array([one.box for _, one in seen]),
        )
        for number, seen in rows.items()
    }


def _held_against(one: _History, passage: Passage, width: int, height: int) -> Measured:
    def then(values: Floats) -> float:
        return float(np.interp(passage.video_s, one.seconds, values))

    north = then(one.north)
    near = np.abs(one.seconds - passage.video_s) <= NEAR_S
    return Measured(
        kind=one.kind,
        way=ACROSS if abs(north) < SLANT else AWAY if north > 0 else NEARING,
        hidden=then(one.visible) < HIDDEN,
        cut=bool(cut(one.box[near], width, height).any()),
        truth_kmh=then(one.speed_kmh),
        speed_kmh=passage.speed_ms * 3.6,
        sigma_kmh=passage.speed_sigma_ms * 3.6,
    )


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
        "without_speed": sum(RANGE_KMH[0] <= one.truth_kmh <= RANGE_KMH[1] for one in ones) - len(error),
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
