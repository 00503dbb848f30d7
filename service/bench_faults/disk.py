"""A disk that is full: the home lies on a small file system of its own, which is filled at every step."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from service.bench_faults.cells import Cell, Ground, Missing, Outcome
from service.bench_faults.killing import held_at
from service.bench_faults.programs import tool

SIZE_MIB: Final = 160
STEPS: Final = (
    "ingest.adopted", "ingest.written", "ingest.committed", "alert.written", "case.written", "alert.leased",
    "alert.handed", "sign.reserved", "sign.rendered", "sign.written", "send.leased", "send.handed", "copy.written",
    "exchange.written", "ledger.written", "night.done",
)  # fmt: skip
BALLAST: Final = "ballast"
BLOCK: Final = b"\0" * (1 << 20)


def cells() -> list[Cell]:
    """The disk full at each step at which something is written next."""
    return [Cell("disk full", step, partial(fill_disk, step), quick=step == "ingest.written") for step in STEPS]


def fill_disk(step: str, ground: Ground) -> Outcome:
    """Fill the disk while the service stands at a step, let it run into that, and make room."""
    with small_disk(ground.folder / f"disk-{ground.number}") as disk:
        return held_at(step, ground, "sqlite", lambda: fill(disk), lambda: make_room(disk), home=disk / "home")


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A file system in memory, as large as it is.

    Raises:
        Missing: only root may mount.
    """
    if os.geteuid() != 0:
        raise Missing("Only root may mount a small file system.")
    place.mkdir()
    command = [tool("mount"), "-t", "tmpfs", "-o", f"size={SIZE_MIB}m", "qyran-faults", str(place)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - the system's own program
    if done.returncode:
        raise Missing(f"No small file system can be mounted here: {done.stderr.strip()}.")
    try:
        yield place
    finally:
        subprocess.run([tool("umount"), "-l", str(place)], check=False, capture_output=True)  # noqa: S603


def fill(disk: Path) -> None:
    """Take all the room there is, to the last byte."""
    with (disk / BALLAST).open("ab", buffering=0) as file:
        block = BLOCK
        while block:
            try:
                file.write(block)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                block = block[: len(block) // 2]


def make_room(disk: Path) -> None:
    """Give it back."""
    (disk / BALLAST).unlink(missing_ok=True)
