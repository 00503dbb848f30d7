"""A worker whose cameras share one inference process, with deaths on every side."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from multiprocessing import active_children

import pytest

from service.inference import inference_status
from service.settings import load_settings
from service.spool import Spool
from service.worker import Worker
from service.worker_status import status_of
from tests.service.cli.conftest import camera_file
from tests.vision.clips import make_clip

SECONDS = 6
FPS = 25
RATE_HZ = 8


@pytest.fixture
def cameras(tmp_path):
    """Two cameras whose recordings show nothing that any model knows."""
    make_clip(tmp_path / "shapes.mp4", count=SECONDS * FPS, size=(320, 180))
    files = [camera_file(tmp_path / f"{name}.toml", stream="shapes.mp4") for name in ("one", "two")]
    for file in files:
        file.write_text(file.read_text(encoding="utf-8").replace("abay-12", file.stem), encoding="utf-8")
    return files


def process(name: str) -> int | None:
    return next((child.pid for child in active_children() if child.name == name), None)


def until(true) -> None:
    """Wait for other processes; the suite's own time limit ends a wait in vain."""
    pause = threading.Event()
    while not true():
        pause.wait(0.02)


def heard(settings) -> Counter[tuple[str, str]]:
    """What the cameras reported so far, how often each."""
    return Counter((item.event.camera, item.event.kind) for item in Spool(settings.spool_folder).pending())


def analysed(settings) -> list[int]:
    """Pictures that each camera has looked at when it left."""
    return [status_of(settings.home, camera).analysed for camera in ("one", "two")]


@pytest.mark.parametrize("victim", ["inference", "camera two"])
def test_a_death_costs_the_cameras_nothing_but_time(victim, cameras, tmp_path, caplog):
    settings = load_settings(home=tmp_path / "home")
    worker = Worker(settings, cameras)
    thread = threading.Thread(target=worker.run)
    thread.start()
    until(lambda: heard(settings)["one", "up"] and heard(settings)["two", "up"])
    os.kill(process(victim), signal.SIGKILL)
    thread.join()
    assert f"{'the inference' if victim == 'inference' else 'camera'} process" in caplog.text
    assert "ended with -9" in caplog.text
    # A recording that is read again reports what it reported before, under the same ids.
    reported = heard(settings)
    assert [reported[each] for each in (("one", "up"), ("one", "down"), ("two", "up"), ("two", "down"))] == [1] * 4
    assert analysed(settings) == [SECONDS * RATE_HZ] * 2
    assert not active_children()


def test_networks_run_in_each_camera_where_that_is_chosen(cameras, tmp_path):
    settings = load_settings(home=tmp_path / "home", inference="local")
    worker = Worker(settings, cameras)
    thread = threading.Thread(target=worker.run)
    thread.start()
    until(lambda: heard(settings)["one", "up"])
    assert process("inference") is None
    assert process("camera one") is not None
    thread.join()
    assert analysed(settings) == [SECONDS * RATE_HZ] * 2
    assert inference_status(settings.home) is None
