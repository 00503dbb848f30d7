"""What each camera's process costs, in cores, as the system counts it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ASSUMED: Final = 0.2
"""Cores that a camera costs before it was measured: 1080p at 25 pictures a second and three looks a second."""
STEADY_S: Final = 60.0
"""A process is not judged by its first minute, in which it loads its models."""
WINDOW_S: Final = 60.0
STEP: Final = 0.1
"""Told in steps, so that what trembles moves nothing."""


@dataclass(slots=True)
class Costs:
    """Measured over the last minute or so of each process."""

    _began: dict[int, tuple[float, float]] = field(default_factory=dict)
    _known: dict[int, float] = field(default_factory=dict)

    def of(self, pid: int) -> float:
        """Cores that a process costs; assumed until it was measured."""
        used = cpu_seconds(pid)
        if used is None:
            return ASSUMED
        now = time.monotonic()
        then, before = self._began.setdefault(pid, (now, used))
        span = now - then
        if pid not in self._known and span < STEADY_S:
            return ASSUMED
        if span >= WINDOW_S:
            fresh = (used - before) / span
            self._known[pid] = fresh if pid not in self._known else (self._known[pid] + fresh) / 2
            self._began[pid] = (now, used)
        return max(STEP, round(self._known.get(pid, ASSUMED) / STEP) * STEP)


def cpu_seconds(pid: int) -> float | None:
    """What a process has used of processors so far (proc(5): utime and stime); None where there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return None
