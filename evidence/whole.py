"""Folders and files that are there whole or not at all, whatever is killed meanwhile."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def whole_folder(folder: Path, name: str, make: Callable[[Path], None]) -> Path:
    """Make ``folder/name`` of what `make` puts into the place it is given; one that is there stays as it is.

    It is made under a hidden sibling of `folder`, synced to disk, then renamed: a kill at any moment leaves the whole
    of it or nothing.

    Raises:
        OSError: the disk refused.
    """
    target = folder / name
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    workshop = partial_folder(folder) / name
    shutil.rmtree(workshop, ignore_errors=True)
    while not workshop.is_dir():
        with suppress(FileNotFoundError):  # another writer has just removed the parent it found empty
            workshop.mkdir(parents=True)
    try:
        make(workshop)
        _sync(workshop)
        workshop.rename(target)
    except BaseException:
        shutil.rmtree(workshop, ignore_errors=True)
        raise
    finally:
        with suppress(OSError):  # not empty: another one is being written beside this
            workshop.parent.rmdir()
    sync_folder(folder)
    return target


def whole_file(path: Path, data: bytes, *, spare_name: str | None = None) -> None:
    """Write a file in one step: a kill leaves what was there before, or all of `data`.

    Args:
        path: of the file.
        data: its bytes.
        spare_name: of the file beside it that a kill may leave behind; the next writer takes it over. None makes one
            that nobody else has.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    spare = path.with_name(spare_name or f".{path.name}.{secrets.token_hex(4)}")
    try:
        with spare.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        spare.replace(path)
    finally:
        spare.unlink(missing_ok=True)
    sync_folder(path.parent)


def partial_folder(folder: Path) -> Path:
    """Where what is bound for `folder` is in the making: beside it, so that it never holds half of one."""
    return folder.parent / f".{folder.name}.partial"


def sync_folder(folder: Path) -> None:
    """Make what was renamed in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync(folder: Path) -> None:
    for path in folder.iterdir():
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    sync_folder(folder)
