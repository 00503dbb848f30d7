"""A disk that fills up: a small real file system, the recorder, the spool and the keeper on it together."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from qyran.roles import Role
from service.ingest import ingest
from service.settings import load_settings
from service.store.alert_tables import Alert
from service.video import keeper, locks
from tests.service.video.films import Film
from tests.service.world import NOON, World
from tests.vision.clips import decoded
from vision import recording
from vision.archive import PacketRing
from vision.recording import Recorder, RecordingTerms, free_share
from vision.segments import notes, segments

CAMERA = "abay-12"
START = NOON - timedelta(hours=1)
SIZE = "24m"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own that holds 24 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root can make a small file system")
    command = [mount, "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(place)]
    made = subprocess.run(command, capture_output=True, check=False)
    if made.returncode:
        pytest.skip("this machine lets nobody make a small file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


class Watched:
    """States as they come; `wait` for one."""

    def __init__(self) -> None:
        self.told: list[recording.Recording] = []
        self._changed = threading.Condition()

    def __call__(self, found: recording.Recording) -> None:
        with self._changed:
            self.told.append(found)
            self._changed.notify_all()

    def wait(self, state: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: bool(self.told) and self.told[-1].state == state, timeout=60)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_a_full_disk_pauses_the_recording_and_nothing_else(disk, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(recording, "RETRY_S", 0.0)
    film = Film(tmp_path, size=(320, 240))
    settings = load_settings(
        home=disk / "home", database_url=f"sqlite:///{tmp_path}/qyran.db", video_keep_free=0.5, video_reserve=0.25
    )
    archive, watched = settings.video_folder, Watched()
    with World(settings) as city:
        recorder = Recorder(archive, CAMERA, RecordingTerms(segment_s=2.0, reserve=0.25, live=False), watched)
        ring = PacketRing(taps=[recorder.queue])
        film.roll(ring, START, 8)
        watched.wait("recording")
        officer = city.person(Role.SENIOR_OFFICER)
        city.do(officer, locks.lock, CAMERA, locks.NewLock(START, START + timedelta(seconds=3), "court", "no. 7"))
        turns = 0
        while watched.told[-1].state != "paused":  # the camera goes on sending, the reader never waits
            turns += 1
            film.roll(ring, START + timedelta(seconds=8 * turns), 8, since_s=8.0 * turns)
            assert turns < 500
            until(lambda: not recorder.queue._bytes or watched.told[-1].state == "paused")
        assert watched.told[-1].reason == "reserve"
        assert free_share(disk) > 0.2
        assert ring.newest_s < 1e9  # the packets still go where evidence is cut from

        alert = city.alert()  # an event with evidence enters and is stored
        with city.store.read() as work:
            assert work.session.get(Alert, alert) is not None
        assert ingest(city.spool, city.store).stored == 0

        before = segments(archive, CAMERA, START, START + timedelta(hours=2))
        kept = keeper.keep_share(city.store)
        after = segments(archive, CAMERA, START, START + timedelta(hours=2))
        assert kept.removed > 0
        assert not kept.only_held
        assert [one.name for one in after[:2]] == [one.name for one in before[:2]]  # the oldest, and locked
        assert all(decoded(one.path) for one in after)
        assert free_share(disk) >= 0.5

        film.roll(ring, START + timedelta(seconds=8 * (turns + 1)), 8, since_s=8.0 * (turns + 1))
        watched.wait("recording")
        recorder.close()
        assert len(segments(archive, CAMERA, START, START + timedelta(hours=2))) > len(after)
        assert "paused" in {one["kind"] for day in ("2026-11-22",) for one in _all_notes(archive)}


def _all_notes(archive: Path) -> list[dict[str, object]]:
    return [one for day in (archive / CAMERA).glob("????-??-??") for one in notes(archive, CAMERA, day.name)]


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))


def test_a_disk_that_is_really_full_costs_the_last_fragment_at_most(disk, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(recording, "RETRY_S", 0.0)
    film = Film(tmp_path, size=(320, 240))
    watched = Watched()
    recorder = Recorder(disk / "video", CAMERA, RecordingTerms(segment_s=600.0, reserve=0.0, live=False), watched)
    filler = disk / "filler"
    film.roll(recorder.queue, START, 8)
    watched.wait("recording")
    until(lambda: not recorder.queue._bytes)
    with pytest.raises(OSError, match="No space"):
        fill(filler)
    film.roll(recorder.queue, START + timedelta(seconds=8), 40, since_s=8.0)
    watched.wait("paused")
    assert watched.told[-1].reason == "disk_full"
    filler.unlink()
    film.roll(recorder.queue, START + timedelta(seconds=48), 8, since_s=48.0)
    watched.wait("recording")
    recorder.close()
    found = segments(disk / "video", CAMERA, START, START + timedelta(hours=2))
    assert len(found) >= 2
    assert all(decoded(one.path) for one in found)
    assert found[0].start == START
