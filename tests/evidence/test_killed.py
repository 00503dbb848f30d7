from __future__ import annotations

import pytest

from evidence.keys import installation_signer, trust_store
from evidence.package import write_package
from evidence.stamps import STAMP, read_stamp
from evidence.verify import verify
from tests import killing
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
    with killing.helper("tests.evidence.killed", str(place)) as tell:
        yield lambda what, folder, step: tell(what=what, folder=str(folder), step=step)


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
