"""`qyran bench`: where the time goes on one core, from decoding to evidence."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from qyran import __version__
from qyran.errors import InputError
from scenarios.render import render
from service.analyse import analyse
from vision.stream import Stream

if TYPE_CHECKING:
    from collections.abc import Sequence

SCENE: Final = "arterial"
"""Rendered scene that is measured when no video is given."""


def bench(video: Path | None, camera_file: Path | None, *, core: int | None = None) -> dict[str, Any]:
    """Analyse a video on one core with everything on, and say what each stage cost.

    Args:
        video: a recorded video; by default a rendered scene.
        camera_file: its camera file, needed with a video.
        core: number of the core to run on; by default the first one allowed.

    Raises:
        InputError: a video without its camera file, or what `analyse` refuses.
    """
    if (video is None) != (camera_file is None):
        raise InputError("Give VIDEO and --camera together, or neither.")
    _pin(core)
    with tempfile.TemporaryDirectory(prefix="qyran-bench-") as folder:
        if video is None or camera_file is None:
            rendered = render(SCENE, Path(folder))
            video, camera_file = rendered.video, rendered.camera
        _warm(video)
        summary = analyse(video, camera_file, Path(folder) / "out").summary
        shutil.rmtree(Path(folder) / "out")
    return _report(summary)


def _pin(core: int | None) -> None:
    """Keep this process on one core, so that the figures speak of one."""
    if not hasattr(os, "sched_setaffinity"):
        return
    allowed = sorted(os.sched_getaffinity(0))
    if core is not None and core not in allowed:
        raise InputError(f"Core {core} is not one this process may use ({', '.join(map(str, allowed))}).")
    os.sched_setaffinity(0, {allowed[0] if core is None else core})


def _warm(video: Path) -> None:
    """Load the decoder and the file before the clock runs."""
    with Stream(video) as stream:
        next(iter(stream.frames(rate_hz=1.0)), None)


def _report(summary: dict[str, Any]) -> dict[str, Any]:
    timing, stages = summary["timing"], summary["timing"]["stages_s"]
    seconds = summary["stream"]["duration_s"]
    wall = timing["wall_s"]
    return {
        "version": __version__,
        "machine": {"processor": _processor(), "python": platform.python_version(), "cores_used": 1},
        "video": {"name": summary["video"], "seconds": seconds, "frames": summary["frames"],
                  "width": summary["stream"]["width"], "height": summary["stream"]["height"]},
        "analysed_frames": summary["analysed"],
        "wall_s": wall,
        "cpu_s": timing["cpu_s"],
        "times_real_time": round(seconds / wall, 2) if seconds and wall else None,
        "times_real_time_cpu": round(seconds / timing["cpu_s"], 2) if seconds and timing["cpu_s"] else None,
        "stages": {
            name: {"s": spent, "share": round(spent / wall, 3), "ms_per_analysed_frame": _per_frame(spent, summary)}
            for name, spent in sorted(stages.items(), key=lambda item: -item[1])
        },
        "rest_s": round(wall - sum(stages.values()), 3),
    }  # fmt: skip


def _per_frame(spent: float, summary: dict[str, Any]) -> float:
    analysed: int = summary["analysed"]
    return round(1000 * spent / max(1, analysed), 2)


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names: Sequence[str] = info.read_text(encoding="utf-8").splitlines() if info.exists() else ()
    return next(
        (line.split(":", 1)[1].strip() for line in names if line.startswith("model name")), platform.processor()
    )
