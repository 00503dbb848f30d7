"""`qyran bench`: where the time goes from decoding to evidence, and how near the whole comes to its limit.

The limit is decoding and the networks alone (`service.bench_limit`), in the same run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qyran import __version__
from qyran.errors import InputError
from scenarios.render import render
from service.analyse import analyse, cores
from service.bench_history import machine
from service.bench_limit import crops_of, limit
from vision.camera import load_camera

if TYPE_CHECKING:
    from service.bench_limit import Spent

SCENE: Final = "arterial"
"""Rendered scene that is measured when no video is given."""
ROUNDS: Final = 2
"""Times that limit and whole are measured, in turn; the faster one of each counts, as the less disturbed one."""
GOAL: Final = 1.3
"""The whole may take so many times as long as its limit."""


def bench(video: Path | None, camera_file: Path | None, *, core: int | None = None) -> dict[str, Any]:
    """Analyse a video with everything on, and say what each stage cost and how near it comes to the limit.

    Args:
        video: a recorded video; by default a rendered scene.
        camera_file: its camera file, needed with a video.
        core: number of the one core to run on; by default every core that this process may use.

    Raises:
        InputError: a video without its camera file, or what `analyse` refuses.
    """
    if (video is None) != (camera_file is None):
        raise InputError("Give VIDEO and --camera together, or neither.")
    _pin(core)
    threads = cores()
    with tempfile.TemporaryDirectory(prefix="qyran-bench-") as folder:
        if video is None or camera_file is None:
            rendered = render(SCENE, Path(folder))
            video, camera_file = rendered.video, rendered.camera
        limit(video, camera_file, threads, seconds=1.0)  # the decoder, the file and the networks before the clock
        crops = crops_of(video, load_camera(camera_file))
        limits, bare, wholes = [], [], []
        for _ in range(ROUNDS):
            limits.append(limit(video, camera_file, threads, crops))
            bare.append(limit(video, camera_file, threads))
            wholes.append(analyse(video, camera_file, Path(folder) / "out", threads=threads).summary)
            shutil.rmtree(Path(folder) / "out")
    least, barest = (min(each, key=lambda spent: spent.wall_s) for each in (limits, bare))
    return _report(min(wholes, key=lambda summary: summary["timing"]["wall_s"]), least, barest, threads)


def _pin(core: int | None) -> None:
    """Keep this process on one core where one is named, so that the figures speak of one."""
    if core is None or not hasattr(os, "sched_setaffinity"):
        return
    allowed = sorted(os.sched_getaffinity(0))
    if core not in allowed:
        raise InputError(f"Core {core} is not one this process may use ({', '.join(map(str, allowed))}).")
    os.sched_setaffinity(0, {core})


def _report(summary: dict[str, Any], least: Spent, barest: Spent, threads: int) -> dict[str, Any]:
    timing, stages = summary["timing"], summary["timing"]["stages_s"]
    seconds, analysed = summary["stream"]["duration_s"], summary["analysed"]
    wall, ratio = timing["wall_s"], timing["wall_s"] / least.wall_s
    return {
        "version": __version__,
        "machine": machine(threads),
        "video": {"name": summary["video"], "seconds": seconds, "frames": summary["frames"],
                  "width": summary["stream"]["width"], "height": summary["stream"]["height"]},
        "threads": threads,
        "analysed_frames": analysed,
        "wall_s": wall,
        "cpu_s": timing["cpu_s"],
        "times_real_time": round(seconds / wall, 2) if seconds and wall else None,
        "times_real_time_cpu": round(seconds / timing["cpu_s"], 2) if seconds and timing["cpu_s"] else None,
        "analysed_a_second": round(analysed / wall, 1) if wall else None,
        "limit": {"what": "decode and networks alone, same frames, crops and threads", "wall_s": round(least.wall_s, 3),
                  "cpu_s": round(least.cpu_s, 3), "busy_s": {name: round(s, 3) for name, s in least.busy_s.items()}},
        "ratio_to_limit": round(ratio, 3),
        "ratio_to_limit_cpu": round(timing["cpu_s"] / least.cpu_s, 3),
        "without_crops": {"what": "decode and the detectors of road users and fire alone",
                          "wall_s": round(barest.wall_s, 3), "cpu_s": round(barest.cpu_s, 3),
                          "ratio": round(wall / barest.wall_s, 3)},
        "goal": {"ratio_to_limit": GOAL, "met": ratio <= GOAL},
        "stages": {
            name: {"s": spent, "ms_per_analysed_frame": round(1000 * spent / max(1, analysed), 2)}
            for name, spent in sorted(stages.items(), key=lambda item: -item[1])
        },
    }  # fmt: skip


def figures(report: dict[str, Any]) -> dict[str, Any]:
    """The few numbers whose course is worth following."""
    names = ("times_real_time", "analysed_a_second", "ratio_to_limit", "ratio_to_limit_cpu")
    return {"video": report["video"]["name"], **{name: report[name] for name in names}}
