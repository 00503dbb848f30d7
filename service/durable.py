"""Files that survive a power cut: synced to disk before anybody relies on them."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_synced(path: Path, data: bytes) -> None:
    """Write a new file whose bytes are on disk when this returns; its folder is not synced."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def place_file(path: Path, data: bytes) -> None:
    """Put a file in its place, whole or not at all, for the owner's eyes; it lasts when this returns.

    Left over by a kill, its hidden spare is overwritten by the next who places the same file.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    spare = path.with_name(f".{path.name}")
    write_synced(spare, data)
    spare.chmod(0o600)
    spare.rename(path)
    sync_folder(path.parent)


def sync_tree(folder: Path) -> None:
    """Sync every file and folder under a folder, and the folder."""
    for parent, _, files in os.walk(folder, topdown=False):
        for name in files:
            with (Path(parent) / name).open("rb") as file:
                os.fsync(file.fileno())
        sync_folder(Path(parent))


def move_folder(source: Path, target: Path) -> None:
    """Move a folder so that at any moment the whole of it stands at one end at least; safe to repeat after a kill.

    Across file systems it is copied beside the target first; the source goes last.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        sync_tree(source)
        try:
            source.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:  # another file system
                raise
            partial = target.with_name(f".{target.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(source, partial)
            sync_tree(partial)
            partial.rename(target)
        sync_folder(target.parent)
    if source.exists():
        shutil.rmtree(source)
    if source.parent.exists():
        sync_folder(source.parent)
