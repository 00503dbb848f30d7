"""What each process holds: memory, open files, threads and sockets, read from /proc."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")
KIB: Final = 1024.0
CHATTER: Final = "resource_tracker"
"""Python's own helper of multiprocessing."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One process at one moment.

    Attributes:
        pid: of it.
        pss_mib, rss_mib: memory, shared pages divided among those who share them, or counted whole.
        files, sockets, threads: open.
    """

    pid: int
    pss_mib: float
    rss_mib: float
    files: int
    sockets: int
    threads: int


QUANTITIES: Final = ("pss_mib", "rss_mib", "files", "sockets", "threads")


def family(roots: Mapping[str, int]) -> dict[str, int]:
    """All processes of these programs by name: a child is called after its program and its place among the children.

    The order of starting numbers them, so that one that was started again has its predecessor's name only where nobody
    else came meanwhile; who counts by name looks at the process's id too.
    """
    children: dict[int, list[tuple[int, int]]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                children.setdefault(int(fields[1]), []).append((int(fields[19]), int(entry.name)))
    found: dict[str, int] = {}
    for name, root in roots.items():
        found[name] = root
        waiting = [root]
        below: list[tuple[int, int]] = []
        while waiting:
            own = children.get(waiting.pop(), [])
            below += own
            waiting += [pid for _, pid in own]
        number = 0
        for _, pid in sorted(below):
            if CHATTER not in _command(pid):
                number += 1
                found[f"{name}/{number}"] = pid
    return found


def holding(pid: int) -> Holding | None:
    """What a process holds; None where it is gone."""
    place = PROC / str(pid)
    try:
        rollup = _fields(place / "smaps_rollup")
        status = _fields(place / "status")
        links = list((place / "fd").iterdir())
    except OSError:
        return None
    sockets = 0
    for link in links:
        with suppress(OSError):
            sockets += str(link.readlink()).startswith("socket:")
    return Holding(pid, rollup["Pss"] / KIB, rollup["Rss"] / KIB, len(links), sockets, int(status["Threads"]))


def folder_mib(folder: Path) -> float:
    """What a folder takes on the disk."""
    total = 0
    for parent, _, files in os.walk(folder):
        for name in files:
            with suppress(OSError):
                total += (Path(parent) / name).lstat().st_blocks * 512
    return total / KIB / KIB


def _fields(path: Path) -> dict[str, float]:
    found = {}
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        name, _, rest = line.partition(":")
        with suppress(ValueError, IndexError):
            found[name] = float(rest.split()[0])
    return found


def _command(pid: int) -> str:
    with suppress(OSError):
        return (PROC / str(pid) / "cmdline").read_text(errors="replace")
    return ""
