"""`qyran bench ordinary`: hours of ordinary traffic through the whole pipeline; every finding of it is a false alarm.

Drawing takes most of the time, then the road detector. Both are kept for each segment, so that a run that was broken
off goes on where it stopped, and after a change of a rule only the rules run again.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from qyran import __version__
from qyran.errors import InputError
from scenarios.ordinary import SEGMENT_S, draw_segment, segments
from service.bench_clips import clip_folder
from service.bench_kept import NotedDetector, mark_of, read_seen, write_seen
from service.crop_readers import head_reader_for
from service.detectors import SHIPPED
from service.rulebook import Judge, rule_statuses
from vision.camera import load_camera
from vision.finding import FindingType
from vision.pipeline import Pipeline, PipelineSettings
from vision.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scenarios.ordinary import Segment
    from vision.finding import Finding

LOOKS_PER_S: Final = 4.0
"""Half as often as a camera is looked at by default: the hours come first."""
NICENESS: Final = 19
SEES: Final = ("vision/detector.py", "vision/letterbox.py", "vision/outputs.py", "vision/nms.py", "models/weights")
"""Code on which the kept answers of the road detector depend,"""
JUDGES: Final = ("vision", "violations", "incidents", "fire_alerts", "service/rulebook.py", "models/weights")
"""and the kept verdict."""
WATCHED: Final = (FindingType.INCIDENT, FindingType.FIRE_ALERT)


def bench_ordinary(
    hours: float = 2.0, seed: int = 6, *, keep: Path | None = None, on_clip: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Draw, watch, judge; at idle priority.

    Args:
        hours: of traffic.
        seed: of everything.
        keep: folder for videos, the detector's answers and verdicts; else all is deleted as soon as it is judged.
        on_clip: told a line about each segment once it is judged.

    Raises:
        InputError: no time wanted.
    """
    if hours <= 0:
        raise InputError("--hours must be more than 0.")
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICENESS)
    used = time.process_time()
    wanted = segments(hours, seed, LOOKS_PER_S)
    told: list[dict[str, Any]] = []
    with clip_folder(keep) as folder:
        for count, segment in enumerate(wanted, 1):
            told.append(_judged(segment, folder))
            if keep is None:
                for path in folder.iterdir():
                    path.unlink()
            if on_clip is not None:
                found = ", ".join(f"{one['kind']} at {one['at_s']} s" for one in told[-1]["findings"]) or "nothing"
                name, weather = segment.scene.name, segment.scene.weather
                on_clip(f"{count}/{len(wanted)} {name} {weather} {' '.join(segment.extras)}: {found}")
    return report(told, LOOKS_PER_S) | {"seed": seed, "cpu_s": round(time.process_time() - used, 1)}


def report(told: list[dict[str, Any]], looks_per_s: float) -> dict[str, Any]:
    """The verdicts put together: false alarms of each kind, and what ran under which weather."""
    kinds: Counter[str] = Counter()
    weathers: Counter[str] = Counter()
    extras: Counter[str] = Counter()
    ran: Counter[str] = Counter()
    for one in told:
        kinds.update(f"{finding['type']}:{finding['kind']}" for finding in one["findings"])
        weathers[one["weather"]] += 1
        extras.update(one["extras"])
        ran.update(one["rules"])
    hours = len(told) * SEGMENT_S / 3600
    return {
        "version": __version__,
        "hours": round(hours, 3),
        "looks_per_s": looks_per_s,
        "false_alarms": sum(kinds.values()),
        "false_alarms_by_kind": dict(sorted(kinds.items())),
        "hours_of_each_rule": {kind: round(n * SEGMENT_S / 3600, 3) for kind, n in sorted(ran.items())},
        "hours_of_each_weather": {name: round(n * SEGMENT_S / 3600, 3) for name, n in sorted(weathers.items())},
        "hours_with": {name: round(n * SEGMENT_S / 3600, 3) for name, n in sorted(extras.items())},
        "found": [finding for one in told for finding in one["findings"]],
    }


def _judged(segment: Segment, folder: Path) -> dict[str, Any]:
    """How the rules did on a segment: as kept, else judged now."""
    verdict = folder / f"{segment.scene.name}.{mark_of(JUDGES)}.verdict.json"
    with suppress(OSError, ValueError):
        kept: dict[str, Any] = json.loads(verdict.read_text(encoding="utf-8"))
        return kept
    video, camera_file = (folder / f"{segment.scene.name}{end}" for end in (".mp4", ".camera.toml"))
    if not (video.exists() and camera_file.exists()):
        draw_segment(segment, folder)
    camera = load_camera(camera_file)
    seen_path = folder / f"{segment.scene.name}.{mark_of(SEES)}.road.npz"
    road = NotedDetector(SHIPPED.detector("road"), read_seen(seen_path))
    pipeline = Pipeline(
        camera, road, SHIPPED.detector("fire"), PipelineSettings(rate_hz=LOOKS_PER_S), heads=head_reader_for(camera)
    )
    judge = Judge(camera)
    found: list[Finding] = []
    with Stream(video) as stream:
        statuses = rule_statuses(camera, stream.info.start_time)
        for frame in stream.frames(rate_hz=LOOKS_PER_S):
            found += judge.step(pipeline.observe(frame))
    found += judge.finish()
    if road.answers:
        write_seen(seen_path, road.answers)
    told = {
        "segment": segment.scene.name,
        "weather": segment.scene.weather,
        "extras": list(segment.extras),
        "rules": [f"{one.type.value}:{one.kind}" for one in statuses if one.type in WATCHED and not one.off_because],
        "findings": [
            {"segment": segment.scene.name, "type": one.type.value, "kind": one.kind, "at_s": round(one.video_s, 2),
             "onset_s": round(one.onset_s, 2), "box": None if one.box is None else [round(v) for v in one.box],
             "score": one.score}
            for one in found if one.type in WATCHED
        ],
    }  # fmt: skip
    for old in folder.glob(f"{segment.scene.name}.*.verdict.json"):
        old.unlink()
    partial = verdict.with_suffix(".partial")
    partial.write_text(json.dumps(told), encoding="utf-8")
    partial.replace(verdict)
    return told
