"""Writes a package, a masked copy or an export and is killed before its n-th step: for test_killed."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import cv2

from evidence import export, masked_clip, stills
from evidence.export import About, write_export
from evidence.keys import installation_signer
from evidence.masked_copy import Making, write_masked
from evidence.package import load_package, write_package
from evidence.stamps import write_stamp
from tests.evidence.finders import a_masker
from tests.evidence.packages import a_subject, ring_of
from tests.killing import answer, die_before
from vision.archive import PacketRing

PLACES = (
    (os, "fsync"), (os, "rename"), (os, "replace"), (os, "mkdir"), (os, "unlink"), (os, "rmdir"), (shutil, "rmtree"),
    (Path, "write_bytes"), (cv2, "imencode"), (PacketRing, "cut"), (PacketRing, "pictures_at"),
    (masked_clip, "_write"), (stills, "write_jpeg"), (export, "write_stored"),
)  # fmt: skip


def run(what: str, folder: Path, step: int, ring, signer) -> None:
    die_before(step, PLACES)
    if what == "package":
        write_package(a_subject(), ring, folder, signer)
        return
    package = load_package(folder.parent / "made" / str(a_subject().event_id))
    now = datetime(2026, 11, 22, 5, tzinfo=UTC)
    making = Making(a_masker(), {"road": "c" * 64, "plates": "d" * 64}, signer, "0.1", now)
    if what in {"pictures", "clip"}:
        write_masked(package, what, folder, making)
    elif what == "stamp":
        write_stamp(package.folder, package.sha256, b"\x30\x00", signer)
    else:
        files = {f"packages/{path.name}": path for path in package.folder.iterdir()}
        write_export(folder, About("full", "r", now, "0.1", {}), files, signer)


if __name__ == "__main__":
    home = Path(sys.argv[1])
    made = ring_of(home / "video.mp4"), installation_signer(home)  # once for all jobs
    answer(lambda job: run(job["what"], Path(job["folder"]), job["step"], *made))
