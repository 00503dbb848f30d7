from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from evidence.canonical import file_sha256, sha256_hex
from qyran.errors import ConfigError
from service import scene_watch
from service.scene_files import SILENT_S, SceneFiles, SceneState, put
from service.scene_watch import SceneWatch
from tests.service.scene_drawings import a_zone
from vision.camera import parse_camera
from vision.camera_toml import to_toml

OWN = {"id": "abay-12", "name": "n", "stream": "rtsp://camera/1", "credentials": "env:CAM"}


@pytest.fixture
def watch(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(scene_watch, "LOOK_EVERY_S", 0.0)
    file = tmp_path / "own.toml"
    file.write_text(to_toml(parse_camera(OWN, source="test")), encoding="utf-8")
    made = SceneWatch.of(file, settings)
    made.start()
    return made


class Runner:
    """What a camera's process runs by; refuses a file that names the zone it was told to."""

    def __init__(self, refuses=""):
        self.refuses = refuses
        self.runs_by = []

    def __call__(self, camera, sha256):
        if any(zone.id == self.refuses for zone in camera.zones):
            raise ConfigError("It has no model for this.")
        self.runs_by.append((camera, sha256))


def publish(watch, **parts):
    put(watch.files.published, to_toml(parse_camera({**OWN, **parts}, source="test")).encode())


def test_the_workers_own_file_is_in_force_until_something_was_drawn(watch):
    runner = Runner()
    assert not watch.follow(runner)
    assert runner.runs_by == []
    state = watch.files.heard().state
    assert (state.file_sha256, state.version_sha256, state.problem) == (watch.own_sha256, None, None)


def test_each_new_version_is_taken_over_once_with_the_hash_of_what_is_in_force(watch):
    runner = Runner()
    for zone in ("a", "b"):
        publish(watch, zones=[a_zone(zone)])
        assert watch.follow(runner)
        assert not watch.follow(runner)
    assert [camera.zones[0].id for camera, _ in runner.runs_by] == ["a", "b"]
    in_force = file_sha256(watch.files.published)
    assert runner.runs_by[-1][1] == in_force
    state = watch.files.heard().state
    assert (state.file_sha256, state.version_sha256, state.problem) == (in_force, in_force, None)


def test_stream_and_credentials_are_those_of_the_worker_whatever_the_register_says(watch):
    runner = Runner()
    publish(watch, stream="rtsp://attacker/1", credentials="file:/etc/passwd", zones=[a_zone()])
    assert watch.follow(runner)
    ((camera, sha256),) = runner.runs_by
    assert (camera.stream, camera.credentials) == ("rtsp://camera/1", "env:CAM")
    assert sha256 == sha256_hex(to_toml(camera).encode()) != file_sha256(watch.files.published)


@pytest.mark.parametrize(
    "content", [b"", b"id = ", b"\xff\xfe", b'id = "abay-12"\nname = "n"\nstream = "x"\ncolour = "red"', None]
)
def test_a_file_that_cannot_be_used_leaves_the_last_good_one_in_force_and_is_told(watch, content):
    runner = Runner(refuses="bad")
    publish(watch, zones=[a_zone("good")])
    watch.follow(runner)
    good = watch.files.heard().state
    if content is None:
        publish(watch, zones=[a_zone("bad")])
    else:
        put(watch.files.published, content)
    assert not watch.follow(runner)
    assert not watch.follow(runner)
    state = watch.files.heard().state
    assert state.problem
    assert state.model_copy(update={"problem": None}) == good
    assert len(runner.runs_by) == 1
    publish(watch, zones=[a_zone("mended")])
    assert watch.follow(runner)
    assert watch.files.heard().state.problem is None


def test_a_still_is_left_at_the_first_frame_and_every_ten_seconds(watch, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(scene_watch.time, "monotonic", lambda: now[0])
    left = []
    frames = [SimpleNamespace(picture=np.full((48, 64, 3), 10 * k, np.uint8)) for k in range(5)]
    for _ in watch.passing(frames):
        left.append(round(float(cv2.imread(str(watch.files.still)).mean()) / 10))
        now[0] += 6.0
    assert left == [0, 0, 2, 2, 4]
    assert watch.files.still.stat().st_mode & 0o077 == 0


def test_a_full_disk_stops_no_camera(watch, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scene_watch, "put", full)
    monkeypatch.setattr("service.scene_files.put", full)
    frames = [SimpleNamespace(picture=np.zeros((4, 4, 3), np.uint8))]
    assert list(watch.passing(frames)) == frames
    watch.start()


def test_a_process_is_heard_while_it_gives_signs_of_life(watch):
    heard = watch.files.heard()
    alive = heard.at.timestamp() + SILENT_S
    assert heard.is_alive(datetime.fromtimestamp(alive - 1, UTC))
    assert not heard.is_alive(datetime.fromtimestamp(alive + 1, UTC))
    watch.end()
    assert watch.files.heard() is None


def test_a_state_that_is_cut_short_counts_as_silence(watch):
    watch.files.state.write_bytes(b'{"file_sha')
    assert watch.files.heard() is None


def test_a_put_leaves_nothing_half_written(tmp_path, monkeypatch):
    target = tmp_path / "scenes" / "a.toml"
    put(target, b"whole")

    def fails(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("service.scene_files.write_synced", fails)
    with pytest.raises(OSError, match="Input/output"):
        put(target, b"new")
    assert [path.read_bytes() for path in target.parent.iterdir()] == [b"whole"]


def test_a_state_says_what_it_was_told(tmp_path):
    files = SceneFiles(tmp_path, "abay-12")
    state = SceneState(file_sha256="a", version_sha256=None, since=datetime(2026, 5, 1, tzinfo=UTC), problem="Why.")
    files.say(state)
    assert files.heard().state == state
