from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evidence import package as package_module
from evidence.keys import installation_signer, trust_store
from evidence.package import write_package
from evidence.stamps import STAMP, read_stamp
from evidence.verify import verify
from tests.evidence.packages import a_subject, a_video, ring_of

SIGKILLED = -9


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    a_video(folder / "video.mp4")
    write_package(a_subject(), ring_of(folder / "video.mp4"), folder / "made", installation_signer(folder))
    return folder


@pytest.fixture(scope="module")
def writer(place):
    """A process that writes and dies on demand; gives the exit code of each try."""
    command = [sys.executable, "-m", "tests.evidence.killed", str(place)]
    root = Path(package_module.__file__).parents[1]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as process:

        def write(what: str, folder: Path, step: int) -> int:
            process.stdin.write(f"{what} {folder} {step}\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield write
        process.stdin.close()


@pytest.mark.parametrize("what", ["package", "pictures", "clip"])
def test_killed_before_any_step_there_is_nothing_or_the_whole_and_the_next_try_ends_it(place, writer, what):
    trust = trust_store(place)
    whole, step, code = 0, 0, SIGKILLED
    while code == SIGKILLED:
        step += 1
        folder = place / f"{what}{step}"
        code = writer(what, folder, step)
        found = list(folder.iterdir()) if folder.is_dir() else []
        assert len(found) <= 1
        if found:
            assert verify(found[0], trust).ok
            whole += 1
        if step % 4 != 1 and not found:
            continue
        assert writer(what, folder, 0) == 0
        (made,) = folder.iterdir()
        assert verify(made, trust).ok
        assert not list(place.glob(f".{what}{step}.partial/*"))
    assert code == 0
    assert step > 10
    assert 0 < whole < step


def test_killed_while_the_stamp_is_put_there_the_package_has_none_or_a_whole_one(place, writer):
    (package,) = (place / "made").iterdir()
    step, code = 0, SIGKILLED
    while code == SIGKILLED:
        step += 1
        (package / STAMP).unlink(missing_ok=True)
        code = writer("stamp", place / "unused", step)
        if (package / STAMP).exists():
            assert read_stamp((package / STAMP).read_bytes()).token_bytes == b"\x30\x00"
        left = [one for one in verify(package, trust_store(place)).reasons if one.path != STAMP]
        assert left == []
    assert code == 0
    (package / STAMP).unlink()
