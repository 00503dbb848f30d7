"""What one picture costs, from the decoded picture to the boxes, and on which machine."""

from __future__ import annotations

import platform
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from models.look import read

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

WARM_UP: Final = 3
PICTURES: Final = 30
"""Pictures that are timed, spread evenly over those at hand."""


def time_pictures(look: Callable[[NDArray[np.uint8]], object], files: Sequence[str]) -> dict[str, Any]:
    """Milliseconds for one picture: letterbox, network, decoding.

    Returns:
        ``ms``, the median processor time, which other work on the machine does not lengthen; ``wall_ms``, the median
        by the clock; ``slowest_ms``, the 95th percentile of the processor time; ``pictures``.
    """
    chosen = [files[index] for index in np.unique(np.linspace(0, len(files) - 1, PICTURES).astype(int))]
    warm_up = chosen[:WARM_UP]
    spent, wall = [], []
    for number, file in enumerate([*warm_up, *chosen]):
        picture = read(file)
        began, used = time.perf_counter(), time.process_time()
        look(picture)
        if number >= len(warm_up):
            spent.append(1000 * (time.process_time() - used))
            wall.append(1000 * (time.perf_counter() - began))
    return {
        "ms": round(float(np.median(spent)), 1),
        "wall_ms": round(float(np.median(wall)), 1),
        "slowest_ms": round(float(np.percentile(spent, 95)), 1),
        "pictures": len(chosen),
    }


def machine() -> str:
    """The processor, in words."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor() or platform.machine()}, {len(names) or '?'} cores"
