"""What waits in the spool, and how much room the disks under the installation's folders have."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from prometheus_client.core import Metric

from service.metrics.collected import Look, gauge
from service.settings import Settings
from service.spool_segments import lines_in

FOLDERS: Final = ("home", "spool", "evidence", "documents", "passages", "masked", "video")
"""Folders of an installation by name; those on one disk tell the same."""


def folders_of(settings: Settings) -> Mapping[str, Path]:
    """Where each folder lies."""
    return {name: settings.home if name == "home" else getattr(settings, f"{name}_folder") for name in FOLDERS}


def looks_of(settings: Settings) -> dict[str, Look]:
    """The parts to ask, by name."""
    return {"spool": lambda: spool(settings), "disk": lambda: disk(settings)}


def spool(settings: Settings) -> Iterable[Metric]:
    """How many events wait, since when the oldest does, and how many nobody could read."""
    waiting, segments = _names(settings.spool_folder / "new"), _names(settings.spool_folder / "segments")
    count = len(waiting) + (lines_in(settings.spool_folder / "segments") if segments else 0)
    yield gauge("qyran_spool_items", "Events that wait to be stored.", {(): float(count)})
    since = min((*waiting, *segments), default=None)
    age = 0.0 if since is None else max(0.0, time.time() - int(since.partition("-")[0]) / 1e9)
    yield gauge("qyran_spool_oldest_seconds", "How long the oldest of them waits.", {(): age})
    aside = float(len(_names(settings.spool_folder / "aside")))
    yield gauge("qyran_spool_aside_items", "Events set aside for a person to look at.", {(): aside})


def disk(settings: Settings) -> Iterable[Metric]:
    """Free and whole bytes of the disk under each folder."""
    free: dict[tuple[str, ...], float] = {}
    whole: dict[tuple[str, ...], float] = {}
    for name, folder in folders_of(settings).items():
        usage = shutil.disk_usage(nearest(folder))
        free[name,], whole[name,] = float(usage.free), float(usage.total)
    yield gauge("qyran_disk_free_bytes", "Room left on the disk under a folder.", free, ("folder",))
    yield gauge("qyran_disk_size_bytes", "Size of that disk.", whole, ("folder",))


def nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _names(folder: Path) -> list[str]:
    """Items of a folder by their names, which begin with the moment they were put there, in nanoseconds."""
    try:
        with os.scandir(folder) as found:
            return [one.name for one in found if one.name[:1].isdigit()]
    except FileNotFoundError:
        return []
