"""Cameras over RTSP, from a real server to the store."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing import active_children
from pathlib import Path

import pytest
from sqlalchemy import func, select

from kpi_catalog.status import Status
from qyran.roles import Actor, Role
from service import scenes
from service.analyse import _TrackFile
from service.beat_taking import TOGETHER, stretch
from service.camera_watch import watch_camera
from service.cameras import register
from service.event import Event
from service.jobs import take_events
from service.kpi import security_report
from service.scene_files import SceneFiles, put
from service.settings import Settings
from service.spool import Spool
from service.store.alert_tables import Alert
from service.store.database import Store, open_store
from service.store.tables import CameraLog, Ingested, Passage, ViolationCase
from service.worker import Worker
from tests.service.cli.conftest import Traffic
from tests.vision.rtsp import RtspServer
from vision.camera import load_camera
from vision.types import Observation

pytestmark = pytest.mark.rtsp
PATIENCE_S = 90.0
PASSWORD = "gehe:im@+ %41"


@pytest.fixture
def server(traffic: Traffic) -> Iterator[RtspServer]:
    with RtspServer(traffic.units) as server:
        yield server


@pytest.fixture
def camera(traffic: Traffic, server: RtspServer, tmp_path: Path) -> Path:
    """The camera file of the rendered cars, with the server as its stream."""
    return at(server.url, traffic, tmp_path)


def at(url: str, traffic: Traffic, folder: Path, more: str = "") -> Path:
    (folder / "cameras").mkdir(exist_ok=True)
    path = folder / "cameras" / "demo-quiet.toml"
    words = traffic.camera.read_text(encoding="utf-8").replace('stream = "quiet.mp4"', f'stream = "{url}"\n{more}')
    assert url in words
    path.write_text(words, encoding="utf-8")
    return path


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.05)


class Reports:
    """What waits in the spool."""

    def __init__(self, settings: Settings) -> None:
        self.spool = Spool(settings.spool_folder)

    def all(self) -> list[Event]:
        return [item.event for item in self.spool.pending()]

    def of(self, type_: str) -> list[Event]:
        return [event for event in self.all() if event.type == type_]

    def log(self) -> list[str]:
        """Ups and downs in the order of their time."""
        return self.log_of(self.of("stream"))

    @staticmethod
    def log_of(events: list[Event]) -> list[str]:
        moves = [event for event in events if event.type == "stream" and event.kind != "analysed"]
        return [event.kind for event in sorted(moves, key=lambda event: event.time)]

    def wait_for(self, kind: str, count: int) -> None:
        until(lambda: Counter(event.kind for event in self.of("stream"))[kind] >= count)


@contextmanager
def running(target: Callable[[], object], stop: threading.Event) -> Iterator[None]:
    """Run in a thread; told to stop at the end, when it must end without an error."""
    failed: list[BaseException] = []

    def body() -> None:
        try:
            target()
        except BaseException as error:  # noqa: BLE001 - told below, in the test's own thread
            failed.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        assert failed == []  # tells more than whatever waited in vain
    assert not thread.is_alive()


@pytest.fixture
def store(settings: Settings, camera: Path) -> Iterator[Store]:
    store = open_store(settings)
    with store.write() as work:
        register(work, load_camera(camera).model_copy(update={"commissioned": datetime.now(UTC).date() - timedelta(1)}))
    yield store
    store.close()


def count(store: Store, table: type) -> int:
    with store.read() as work:
        return work.session.scalar(select(func.count()).select_from(table)) or 0


def spans(stretches: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """What stretches cover together."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1] + TOGETHER:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


# -- the commands --------------------------------------------------------------------------------------------------


def test_a_stretch_of_a_live_stream_is_analysed_like_a_file(qyran, server, camera, tmp_path):
    out = tmp_path / "out"
    answer = qyran("analyse", server.url, "--camera", camera, "--out", out, "--seconds", "4")
    assert (answer.code, answer.err) == (0, "")
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert (summary["video"], summary["broken_at_s"], summary["stream"]["codec"]) == (server.url, None, "h264")
    assert (summary["stream"]["width"], summary["stream"]["height"]) == (640, 360)
    assert 1 <= summary["analysed"] <= 33
    assert summary["stream"]["start_time_from"] == "wall_clock"
    assert datetime.now(UTC) - datetime.fromisoformat(summary["stream"]["start_time"]) < timedelta(seconds=PATIENCE_S)
    assert (out / "events.jsonl").exists()
    assert qyran("verify", out).code == 0


def test_a_live_stream_that_dies_does_not_keep_the_command_for_ever(qyran, server, camera, tmp_path, monkeypatch):
    monkeypatch.setattr("service.analyse.PATIENCE_S", 1.0)
    out, seen, put = tmp_path / "out", threading.Event(), _TrackFile.put

    def tell(file: _TrackFile, observation: Observation) -> None:
        put(file, observation)
        seen.set()

    monkeypatch.setattr(_TrackFile, "put", tell)
    with running(lambda: (until(seen.is_set), server.kill()), threading.Event()):
        answer = qyran("analyse", server.url, "--camera", camera, "--out", out, "--seconds", "6")
    assert answer.code == 0
    assert json.loads((out / "summary.json").read_text(encoding="utf-8"))["analysed"] < 48


def test_the_check_tells_what_comes_and_which_rules_can_run(qyran, camera):
    answer = qyran("camera", "check", camera)
    assert (answer.code, answer.err) == (0, "")
    first, calibration, *rules = answer.out.splitlines()
    assert first.startswith("demo-quiet: the stream answers with 640×360, h264, ")
    assert calibration == "  calibration: reprojection error 0.0 px, 0.00 m on the road"
    assert {
        "  off: violation: Driving through a red light. No signal head names a stop line; draw both.",
        "  on: violation: Driving against the traffic",
        "  on: incident: Wrong-way driver",
        "  on: incident: Stopped vehicle",
        "  on: incident: Camera view lost",
        "  on: fire alarm: Fire and smoke",
    } <= set(rules)


@pytest.mark.parametrize(
    ("lang", "first", "off"),
    [
        ("kk", "ағын жауап береді", "өшірулі: құқық бұзушылық: "),
        ("ru", "поток отвечает", "выключено: нарушение: "),
    ],
)
def test_the_check_speaks_kazakh_and_russian(lang, first, off, qyran, camera):
    answer = qyran("camera", "check", camera, "--lang", lang)
    assert (answer.code, answer.err) == (0, "")
    assert first in answer.out
    assert off in answer.out
    assert "missing_" not in answer.out
    assert "camera_check" not in answer.out


def test_a_password_opens_the_stream_a_wrong_one_is_told_and_none_is_shown(qyran, traffic, tmp_path, monkeypatch):
    monkeypatch.setenv("CAM_RIGHT", f"viewer:{PASSWORD}")
    monkeypatch.setenv("CAM_WRONG", "viewer:tulip7")
    with RtspServer(traffic.units, user="viewer", password=PASSWORD) as server:
        right = at(server.url, traffic, tmp_path, 'credentials = "env:CAM_RIGHT"')
        answers = [qyran("camera", "check", right)]
        answers += [qyran("analyse", server.url, "--camera", right, "--out", tmp_path / "out", "--seconds", "1")]
        wrong = at(server.url, traffic, tmp_path, 'credentials = "env:CAM_WRONG"')
        refused = [qyran("camera", "check", wrong)]
        refused += [qyran("analyse", server.url, "--camera", wrong, "--out", tmp_path / "no")]
    assert [answer.code for answer in answers] == [0, 0]
    for answer in refused:
        answer.refused(server.url, "refuses the user or password")
    for answer in (*answers, *refused):
        for word in (PASSWORD, "tulip7", "gehe%3Aim"):
            assert word not in answer.out + answer.err
    for path in (tmp_path / "out").rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes()


# -- from the camera to the store ----------------------------------------------------------------------------------


def test_a_camera_is_watched_over_a_power_cut_and_everything_is_stored_once(
    server, camera, settings, store, tmp_path, monkeypatch
):
    monkeypatch.setattr("service.camera_watch.HEARTBEAT_S", 1.0)
    reports, stop = Reports(settings), threading.Event()
    with running(lambda: watch_camera(camera, settings, stop=stop), stop):
        until(lambda: reports.of("passage") and reports.of("violation"))
        server.kill()
        reports.wait_for("down", 1)
        before = len([event for event in reports.of("stream") if event.kind == "analysed"])
        server.start()
        reports.wait_for("up", 2)
        reports.wait_for("analysed", before + 2)
    assert reports.log() == ["up", "down", "up", "down"]

    stretches = sorted(
        ((event.onset_s, event.video_s) for event in reports.of("stream") if event.kind == "analysed"),
    )
    assert all(begin < end for begin, end in stretches)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(stretches))

    events = reports.all()
    assert len({event.id for event in events}) == len(events)
    for part in ("new", "segments"):
        shutil.copytree(settings.spool_folder / part, tmp_path / "copy" / part)
    taken = take_events(store)
    assert (taken.stored, taken.repeated, taken.aside) == (len(events), 0, 0)
    kinds = Counter(event.type for event in events)
    assert count(store, Ingested) == len(events)
    assert count(store, Passage) == kinds["passage"] > 0
    assert count(store, ViolationCase) == kinds["violation"] > 0
    assert count(store, Alert) == kinds["incident"]
    with store.read() as work:
        log = work.session.execute(select(CameraLog.kind, CameraLog.start, CameraLog.end).order_by(CameraLog.end)).all()
    assert [kind for kind, _, _ in log if kind != "analysed"] == reports.log_of(events)
    rows = [(start, end) for kind, start, end in log if kind == "analysed"]  # what goes on lengthens the row before it
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(rows))
    assert spans(rows) == spans([stretch(event) for event in events if event.kind == "analysed"])
    with store.read() as work:
        states = set(work.session.scalars(select(ViolationCase.state)))
    assert "auto_rejected" not in states  # the evidence came over whole

    shared = report(store)
    assert shared.status is Status.COMPUTED
    assert 0 < shared.numerator <= shared.denominator

    shutil.copytree(tmp_path / "copy", settings.spool_folder, dirs_exist_ok=True)
    again = take_events(store)
    assert (again.stored, again.repeated) == (0, len(events))
    assert count(store, Passage) == kinds["passage"]
    assert report(store).numerator == shared.numerator


def report(store: Store):
    """KPI 9.7 of the present month."""
    return next(kpi.value for kpi in security_report(store).kpis if kpi.value.id == "9.7")


def test_a_killed_camera_process_is_started_again(server, camera, settings, store):
    reports = Reports(settings)
    worker = Worker(settings, [camera])
    with running(worker.run, worker.stop):
        reports.wait_for("up", 1)
        first = camera_process()
        os.kill(first, signal.SIGKILL)
        reports.wait_for("up", 2)
        assert camera_process() != first
    assert camera_process() is None
    assert reports.log() == ["up", "up", "down"]
    events = reports.all()
    taken = take_events(store)
    assert (taken.stored, taken.aside) == (len(events), 0)
    assert count(store, CameraLog) == len([event for event in events if event.type == "stream"])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["told to end", "killed"])
def test_no_camera_is_watched_on_when_the_worker_is_gone(how, camera, settings, monkeypatch):
    monkeypatch.setenv("QYRAN_HOME", str(settings.home))
    reports = Reports(settings)
    words = [Path(sys.executable).with_name("qyran"), "worker", "--cameras", camera.parent]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as worker:
        reports.wait_for("up", 1)
        worker.send_signal(how)
        out, _ = worker.communicate(timeout=PATIENCE_S)
    assert (worker.returncode, out) == (0 if how == signal.SIGTERM else -how, b"")
    reports.wait_for("down", 1)
    assert reports.log() == ["up", "down"]


def camera_process() -> int | None:
    """Process id of the one camera process there is."""
    return next((child.pid for child in active_children() if child.name.startswith("camera ")), None)


def test_a_scene_saved_on_the_page_is_in_force_while_the_stream_stays_open(camera, settings, store):
    files = SceneFiles.of(settings, "demo-quiet")
    editor = Actor("editor", frozenset({Role.ADMINISTRATOR}))
    reports, stop = Reports(settings), threading.Event()

    def lines() -> set[str | None]:
        return {event.line for event in reports.of("passage")}

    with running(lambda: watch_camera(camera, settings, stop=stop), stop):
        until(lines)
        assert files.still.read_bytes()[:2] == b"\xff\xd8"
        with store.write(editor) as work:
            scene = scenes.look(work, "demo-quiet").content
            drawn = [{**line, "id": f"drawn-{line['id']}"} for line in scene["lines"]]
            scenes.save(work, "demo-quiet", {**scene, "lines": drawn}, base=1)
        scenes.publish(store, "demo-quiet")
        until(lambda: files.heard().state.version_sha256)
        in_force = files.heard().state
        until(lambda: any(str(line).startswith("drawn-") for line in lines()))
        put(files.published, b"[[lines]]\n")
        until(lambda: files.heard().state.problem)
        passages = len(reports.of("passage"))
        until(lambda: len(reports.of("passage")) > passages)
        assert files.heard().state.version_sha256 == in_force.version_sha256
    with store.read(editor) as work:
        assert scenes.versions(work, "demo-quiet")[0].file_sha256 == in_force.version_sha256
    assert reports.log() == ["up", "down"]
    assert files.heard() is None
