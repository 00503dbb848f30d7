"""`qyran bench track`: identities, counts and milliseconds of the tracker against rendered truth, from pixels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from qyran import __version__
from scenarios.scene import load_scene
from service.bench_clips import SAME_IOU, clip_folder, clip_of, look_at, rounded
from service.bench_track_time import LOADS, tracker_ms
from service.track_scores import Sequence, scores
from vision.camera import load_camera
from vision.classes import ROAD_CLASSES, VEHICLE_IDS
from vision.geometry import iou

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from scenarios.scene import Scene, Weather
    from scenarios.truth import FrameTruth
    from service.bench_clips import Clip
    from vision.detail import Detail
    from vision.types import Observation, Tracks

SEED: Final = 7
"""Of the random traffic of the scored scenes."""
FPS: Final = 8.0
"""Pictures a second: the rate at which the pipeline looks, so that no picture is drawn in vain."""
DAY: Final = ("arterial", "junction", "street")
DETAIL: Final[Detail] = "full"
"""How finely the scored scenes are searched: their cameras look at people 40 px tall."""
OTHER: Final[dict[str, Weather]] = {"quiet": "rain_night", "arterial": "rain", "junction": "dusk"}
"""Scenes that are listed apart, with their weather."""
LEAST_PX: Final = 24.0
"""Objects smaller than this, by the root of their box's area, need not be followed, nor is it wrong to."""
LEAST_VISIBLE: Final = 0.3
"""The same for objects of which less than this share shows."""
GOALS: Final = {"hota": 0.80, "idf1": 0.95}
GOAL_COUNT: Final = 0.01
GOAL_MS: Final = (100, 3.0)


@dataclass(slots=True)
class Followed:
    """One clip as it was followed, beside its truth."""

    sequence: Sequence = field(default_factory=Sequence)
    right_class: int = 0
    matched: int = 0
    true_passages: int = 0
    passages: int = 0
    unmatched_passages: int = 0
    detect_s: list[float] = field(default_factory=list)


def bench_track(
    *, seed: int = SEED, clips: int | None = None, keep: Path | None = None, detail: Detail = DETAIL,
    on_clip: Callable[[str], None] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Render, analyse and compare.

    Args:
        seed: of the traffic.
        clips: how many clips; by default all, those in daylight first.
        keep: folder in which clips are kept and found again; without one they are drawn anew and thrown away.
        detail: how finely the cameras' pictures are searched for road users.
        on_clip: told the name of each clip before it is drawn and looked at.

    Raises:
        ConfigError: the library that scores tracks is not installed.
    """
    scenes = track_scenes(seed)[:clips]
    done: dict[str, Followed] = {}
    with clip_folder(keep) as folder:
        for scene in scenes:
            if on_clip is not None:
                on_clip(scene.name)
            done[scene.name] = followed(clip_of(scene, folder), detail)
    day = {name: one for name, one in done.items() if name.startswith("day-")}
    other = {name: one for name, one in done.items() if name not in day}
    times = {str(load): tracker_ms(load) for load in LOADS}
    overall = _figures(list(day.values()))
    report: dict[str, Any] = rounded({
        "version": __version__,
        "what": "tracks from pixels of rendered clips through decoder, detector and tracker; classes play no part in "
        "who is who",
        "truth": f"the visible part of every road user of which {LEAST_VISIBLE:.0%} show and whose box is at least "
        f"{LEAST_PX:.0f} px by the root of its area; what follows others is neither right nor wrong",
        "seed": seed,
        "detail": {
            "setting": detail,
            "ms_a_picture": 1000 * float(np.median(np.concatenate([one.detect_s for one in done.values()]))),
            "what": "`detail` of the camera files (see `vision.detail`), and what a picture takes the road detector on "
            "one core, median of the processor's time",
        },
        "daylight": overall,
        "goals": _goals(overall, times),
        "by_clip": {name: _figures([one]) for name, one in done.items()},
        "apart": _figures(list(other.values())),
        "tracker_ms": times,
    })  # fmt: skip
    return report


def track_scenes(seed: int) -> list[Scene]:
    """The scenes that are followed: daylight first, then rain, dusk and night."""
    told: list[tuple[str, str, Weather | None]] = [(f"day-{name}", name, None) for name in DAY]
    told += [(f"{weather}-{name}", name, weather) for name, weather in OTHER.items()]
    out = []
    for title, name, weather in told:
        base = load_scene(name)
        changes = {"name": title, "fps": FPS, "seed": base.seed + seed, "weather": weather or base.weather}
        out.append(base.model_copy(update=changes))
    return out


def followed(clip: Clip, detail: Detail = DETAIL) -> Followed:
    """The clip through the pipeline."""
    out = Followed(true_passages=len(clip.truth.passages))
    left = Counter((one.line, one.forward) for one in clip.truth.passages)
    camera = load_camera(clip.camera).model_copy(update={"detail": detail})
    for observation in look_at(clip, camera=camera, detect_s=out.detect_s):
        _add(out, observation, clip.truth.frames[observation.index])
        for passage in observation.passages:
            out.passages += 1
            left[passage.line, passage.forward] -= 1
    out.unmatched_passages = sum(abs(count) for count in left.values())
    return out


def _add(out: Followed, observation: Observation, frame: FrameTruth) -> None:
    """Put one moment beside its truth, as KITTI does: what need not be followed takes its tracks away with it."""
    objects = [one for one in frame.objects if one.cls in ROAD_CLASSES]
    truth = np.array([one.visible_box for one in objects], np.float64).reshape(-1, 4)
    shown = np.array([one.visible for one in objects])
    counts = (side(truth) >= LEAST_PX) & (shown >= LEAST_VISIBLE)
    tracks = observation.tracks
    rows = np.flatnonzero(tracks.seen)
    box = tracks.box[rows].astype(np.float64)
    overlap = iou(truth, box)
    wanted = np.where(overlap >= SAME_IOU, overlap + 10 * counts[:, None], 0.0)
    i, j = linear_sum_assignment(wanted, maximize=True)
    met = overlap[i, j] >= SAME_IOU
    i, j = i[met], j[met]
    keep = side(box) >= LEAST_PX
    keep[j] = counts[i]
    out.sequence.add(
        np.array([one.id for one in objects], np.int64)[counts], tracks.id[rows[keep]], overlap[np.ix_(counts, keep)]
    )
    for a, b in zip(i, j, strict=True):
        if counts[a]:
            out.matched += 1
            out.right_class += _kin(objects[a].cls, tracks, int(rows[b]))


def side(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Root of the area of boxes [N, 4], pixels."""
    return np.asarray(np.sqrt(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=1)))


def _kin(name: str, tracks: Tracks, row: int) -> bool:
    """Whether a track is of the object's sort: a motor vehicle, or the same class."""
    found, true = int(tracks.class_id[row]), ROAD_CLASSES.index(name)
    return found == true or (found in VEHICLE_IDS and true in VEHICLE_IDS)


def _figures(ones: list[Followed]) -> dict[str, Any]:
    if not ones:
        return {"clips": 0}
    true = sum(one.true_passages for one in ones)
    return {
        "clips": len(ones),
        **scores([one.sequence for one in ones]),
        "right_sort": sum(one.right_class for one in ones) / max(1, sum(one.matched for one in ones)),
        "passages": {
            "true": true,
            "counted": sum(one.passages for one in ones),
            "wrong_by_line_and_direction": sum(one.unmatched_passages for one in ones),
        },
    }


def _goals(day: dict[str, Any], times: dict[str, dict[str, float]]) -> dict[str, Any]:
    load, most = GOAL_MS
    goals: dict[str, Any] = {
        f"ms_a_frame_at_{load}": {"at_most": most, "met": times[str(load)]["tracker_ms"] <= most},
    }
    if day["clips"]:
        goals |= {name: {"at_least": least, "met": day[name] >= least} for name, least in GOALS.items()}
        counted, true = day["passages"]["counted"], day["passages"]["true"]
        goals["counts"] = {"within": GOAL_COUNT, "met": abs(counted - true) <= GOAL_COUNT * max(1, true)}
    return goals
