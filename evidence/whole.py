"""Folders and files that are there whole or not at all, whatever is killed meanwhile."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def whole_folder(folder: Path, name: str, make: Callable[[Path], None]) -> Path:
    """Make ``folder/name`` of what `make` puts into the place it is given; one that is there stays as it is.

    It is made under a hidden sibling of `folder`, synced to disk, then renamed: a kill at any moment leaves the whole
    of it or nothing. Several processes may want the same one at once: each works in a place of its own, which it holds
    locked, and who comes later waits for who is at it; what a killed process left is known by its open lock.

    Raises:
        OSError: the disk refused.
    """
    target = folder / name
    folder.mkdir(parents=True, exist_ok=True)
    parent = partial_folder(folder)
    _wait_for_others(parent, name)
    if target.exists():
        return target
    workshop, held = _own_place(parent, name)
    try:
        make(workshop)
        _sync(workshop)
        _put_in_place(workshop, target)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
        os.close(held)
        with suppress(OSError):  # not empty: another one is being written beside this
            parent.rmdir()
    sync_folder(folder)
    return target


def _own_place(parent: Path, name: str) -> tuple[Path, int]:
    """An empty folder that is locked as long as its handle is open."""
    while True:
        workshop = parent / f"{name}.{secrets.token_hex(4)}"
        with suppress(FileNotFoundError):  # somebody has just removed the parent, or this one before it was locked
            workshop.mkdir(parents=True)
            held = os.open(workshop, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(held, fcntl.LOCK_EX)
            if workshop.is_dir():
                return workshop, held
            os.close(held)


def _wait_for_others(parent: Path, name: str) -> None:
    """Until nobody makes this one any more; what a killed one left is removed."""
    beginning = f"{name}."  # no glob: every pattern is compiled and kept
    workshops: list[Path] = []
    with suppress(FileNotFoundError):
        workshops = [one for one in parent.iterdir() if one.name.startswith(beginning)]
    for other in (parent / name, *workshops):
        with suppress(OSError):  # it was finished or removed meanwhile
            held = os.open(other, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(held, fcntl.LOCK_EX)
                shutil.rmtree(other, ignore_errors=True)
            finally:
                os.close(held)


def _put_in_place(workshop: Path, target: Path) -> None:
    """Rename; who was faster with the same one keeps the place."""
    try:
        workshop.rename(target)
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise


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
