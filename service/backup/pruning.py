"""Old back-ups go: what is kept longer than the city may keep the data itself would undo its retention."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from qyran.errors import InputError
from service.backup.make import NAMED, finished
from service.backup.manifest import PARTIAL


def prune(target: Path, keep: timedelta, now: datetime | None = None) -> list[Path]:
    """Remove finished back-ups older than `keep`, never the newest, and what unfinished ones left; those removed.

    Raises:
        InputError: there is no such folder.
    """
    if not target.is_dir():
        raise InputError(f"There is no folder {target} with back-ups.")
    before = (now or datetime.now(UTC)) - keep
    whole = sorted(finished(target))
    old = [path for path in whole[:-1] if datetime.strptime(path.name, NAMED).replace(tzinfo=UTC) < before]
    left = [path for path in target.glob(f"*{PARTIAL}") if path.is_dir() and _moment(path) < before]
    for path in old + left:
        gone = path.with_name(f".{path.name}.gone")  # nobody takes a half of it for a back-up
        path.rename(gone)
        shutil.rmtree(gone)
    return old + left


def _moment(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
