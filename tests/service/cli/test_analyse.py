from __future__ import annotations

import hashlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

import av
import cv2
import pytest

from evidence.canonical import file_sha256
from tests.service.cli.conftest import camera_file
from tests.vision.clips import cut_off, faststart
from vision.classes import ROAD_CLASSES

QYRAN = Path(sys.executable).with_name("qyran")
RESULTS = {"events.jsonl", "tracks.csv", "summary.json", "evidence", "seal.json", "seal.sig"}
KEYS = (
    "id", "type", "kind", "camera", "time", "video_s", "onset_s", "track", "class", "line", "lane", "direction",
    "speed_kmh", "speed_uncertainty_kmh", "plate", "plate_score", "plate_uncertain", "vehicle_type", "colour", "score",
    "evidence", "still", "still_files",
)  # fmt: skip
ALWAYS = {"id", "type", "kind", "camera", "time", "video_s"}
STILLS = {
    "violation": {"before_line", "in_act", "plate", "wide"},
    "incident": {"onset", "decision", "wide"},
    "fire_alert": {"onset", "decision", "wide"},
}


def events(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def rows(folder: Path) -> list[list[str]]:
    return [line.split(",") for line in (folder / "tracks.csv").read_text(encoding="utf-8").splitlines()]


def summary(folder: Path) -> dict:
    return json.loads((folder / "summary.json").read_text(encoding="utf-8"))


def fingerprint(folder: Path) -> dict[str, str]:
    """Every path below a folder with the hash of its bytes."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in sorted(folder.rglob("*"))
    }


# -- what lies in the folder ---------------------------------------------------------------------------------------


def test_an_analysis_leaves_exactly_the_promised_files(analysed):
    assert {path.name for path in analysed.folder.iterdir()} == RESULTS | {"passages"}


def test_an_event_has_the_promised_keys_in_their_order_and_no_empty_ones(analysed):
    found = events(analysed.folder)
    assert {event["type"] for event in found} >= {"passage", "violation", "incident"}
    for event in found:
        assert list(event) == [key for key in KEYS if key in event]
        assert set(event) >= ALWAYS
        assert None not in event.values()
        assert datetime.fromisoformat(event["time"]).utcoffset().total_seconds() == 0
        assert 0 <= event.get("onset_s", 0) <= event["video_s"] <= 6
    assert len({event["id"] for event in found}) == len(found)


def test_a_passage_names_line_direction_and_class_and_has_no_evidence(analysed):
    passages = [event for event in events(analysed.folder) if event["type"] == "passage"]
    assert passages
    for event in passages:
        assert (event["kind"], event["line"]) == ("control", "count")
        assert event["direction"] in {"forward", "backward"}
        assert event["class"] in ROAD_CLASSES
        assert "evidence" not in event


def test_every_finding_has_evidence_with_the_stills_of_its_kind(analysed):
    findings = [event for event in events(analysed.folder) if event["type"] in STILLS]
    assert findings
    for event in findings:
        package = analysed.folder / event["evidence"]
        assert package.parent == analysed.folder / "evidence"
        stills = {path.stem.removeprefix("still_"): path for path in package.glob("still_*.jpg")}
        assert set(stills) >= STILLS[event["type"]]
        assert all(cv2.imread(str(path)) is not None for path in stills.values())
        assert cv2.imread(str(stills["wide"])).shape == (360, 640, 3)
        with av.open(str(package / "clip.mp4")) as clip:
            assert sum(1 for _ in clip.decode(video=0)) > 10
    packages = {path.name for path in (analysed.folder / "evidence").iterdir()}
    assert packages == {Path(event["evidence"]).name for event in findings}


def test_tracks_have_the_columns_of_the_mot_challenge(analysed):
    table = rows(analysed.folder)
    assert len(table) > 30
    for row in table:
        frame, track, left, top, width, height, confidence, name = row
        assert 1 <= int(frame) <= 60
        assert int(track) >= 1
        assert float(width) > 0
        assert float(height) > 0
        assert -float(width) < float(left) < 640
        assert -float(height) < float(top) < 360
        assert 0 < float(confidence) <= 1
        assert name in ROAD_CLASSES
    frames = [int(row[0]) for row in table]
    assert frames == sorted(frames)
    assert len({(row[0], row[1]) for row in table}) == len(table)


def test_the_summary_counts_what_the_events_say(analysed):
    said, found = summary(analysed.folder), events(analysed.folder)
    counts = {kind: sum(event["type"] == kind for event in found) for kind in ("passage", "violation", "incident")}
    assert (said["passages"], said["violations"], said["incidents"]) == tuple(counts.values())
    assert (said["frames"], said["broken_at_s"], said["stream"]["fps"]) == (60, None, 10.0)
    assert sum(entry["count"] for entry in said["passages_by"]) == said["passages"]
    off = {rule["kind"]: [reason["code"] for reason in rule["off_because"]] for rule in said["rules"]}
    assert off["red_light"] == ["missing_signal_with_stop_line"]
    assert off["wrong_way"] == []


def test_no_private_key_lies_with_the_results_and_the_home_keeps_its_own_closed(analysed):
    for path in analysed.folder.rglob("*"):
        assert path.is_dir() or b"PRIVATE KEY" not in path.read_bytes()
    (key,) = (analysed.home / "keys").glob("*.pem")
    assert key.stat().st_mode & 0o077 == 0


def test_nothing_to_see_leaves_an_empty_list_of_events(qyran, clip, camera, tmp_path):
    out = tmp_path / "results" / "deep"
    answer = qyran("analyse", clip, "--camera", camera, "--out", out, "--start", "2026-03-01T12:00:00+05:00")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == f"25 frames, 0 passages, 0 violations, 0 incidents, 0 fire alerts in {out}\n"
    assert (out / "events.jsonl").read_bytes() == b""
    assert {path.name for path in out.iterdir()} == RESULTS
    assert list((out / "evidence").iterdir()) == []
    stream = summary(out)["stream"]
    assert (stream["start_time"], stream["start_time_from"]) == ("2026-03-01T07:00:00+00:00", "given")
    assert qyran("verify", out).code == 0


def test_as_many_seconds_are_read_as_asked_and_the_same_is_seen_again(qyran, analysed, traffic, tmp_path):
    out = tmp_path / "out"
    assert qyran("analyse", traffic.video, "--camera", traffic.camera, "--out", out, "--seconds", "3").code == 0
    assert summary(out)["broken_at_s"] is None
    assert rows(out) == [row for row in rows(analysed.folder) if int(row[0]) <= 30]
    known = {event["id"]: event for event in events(analysed.folder)}
    early = [event for event in events(out) if event["id"] in known]
    assert {event["type"] for event in early} >= {"violation", "incident"}
    assert all(event == known[event["id"]] for event in early)
    assert qyran("verify", out).code == 0


# -- earlier results -----------------------------------------------------------------------------------------------


@pytest.fixture
def earlier(analysed, at_home, tmp_path) -> Path:
    return Path(shutil.copytree(analysed.folder, tmp_path / "out"))


def test_a_second_run_replaces_the_results(qyran, earlier, clip, camera):
    (earlier / ".partial" / "evidence").mkdir(parents=True)  # a run that was killed
    assert qyran("analyse", clip, "--camera", camera, "--out", earlier).code == 0
    assert {path.name for path in earlier.iterdir()} == RESULTS
    assert events(earlier) == []
    assert list((earlier / "evidence").iterdir()) == []
    assert summary(earlier)["video"] == "shapes.mp4"
    assert qyran("verify", earlier).code == 0


def test_a_run_that_is_refused_leaves_the_earlier_results_as_they_were(qyran, earlier, clip, camera, tmp_path):
    before = fingerprint(earlier)
    empty = tmp_path / "empty.mp4"
    empty.touch()
    bad = camera_file(tmp_path / "bad.toml", more="colour = 1")
    for video, file in ((empty, camera), (tmp_path / "absent.mp4", camera), (clip, bad), (clip, tmp_path / "no.toml")):
        assert qyran("analyse", video, "--camera", file, "--out", earlier).code == 2
        assert fingerprint(earlier) == before


@pytest.fixture
def hears_interrupts():
    """A shell lets what it starts in the background ignore interrupts, and its children with it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("hears_interrupts")
def test_a_run_that_is_interrupted_leaves_the_earlier_results_as_they_were(qyran, earlier, traffic):
    before = fingerprint(earlier)
    words = [QYRAN, "analyse", traffic.video, "--camera", traffic.camera, "--out", earlier]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: (earlier / ".partial" / "tracks.csv").exists() or process.poll() is not None)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "qyran: stopped.\n")
    assert fingerprint(earlier) == before
    assert qyran("verify", earlier).code == 0


def test_a_refused_run_makes_no_folder_and_takes_none_away(qyran, camera, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    for out in (tmp_path / "new", mine):
        assert qyran("analyse", tmp_path / "absent.mp4", "--camera", camera, "--out", out).code == 2
    assert not (tmp_path / "new").exists()
    assert mine.is_dir()


def wait_until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


# -- broken video --------------------------------------------------------------------------------------------------


def test_a_video_that_breaks_off_is_written_as_far_as_it_goes(qyran, camera, tmp_path):
    whole = faststart(tmp_path / "whole.mp4", count=100, size=(320, 180))
    video, out = cut_off(whole, tmp_path / "cut.mp4", 0.6), tmp_path / "out"
    answer = qyran("analyse", video, "--camera", camera, "--out", out)
    assert answer.code == 2
    said = summary(out)
    assert 1 < said["broken_at_s"] < 3.5
    answer.one_sentence(str(video), f"{said['broken_at_s']:.1f} s")
    assert said["frames"] == pytest.approx(25 * said["broken_at_s"], abs=1.5)
    assert said["analysed"] > 8
    assert {path.name for path in out.iterdir()} == RESULTS
    assert qyran("verify", out).code == 0


# -- anywhere ------------------------------------------------------------------------------------------------------


def test_the_installed_command_works_from_any_folder_with_relative_paths(clip, camera, tmp_path):
    shutil.copy(clip, tmp_path / "видео.mp4")
    environment = {key: value for key, value in os.environ.items() if key != "QYRAN_HOME"}
    environment["XDG_DATA_HOME"] = str(tmp_path / "data")
    for words in (["analyse", "видео.mp4", "--camera", camera.name, "--out", "нәтиже"], ["verify", "нәтиже"]):
        done = subprocess.run(
            [QYRAN, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in (tmp_path / "нәтиже").iterdir()} == RESULTS
    assert list((tmp_path / "data" / "qyran" / "keys" / "trusted").iterdir())


def test_the_summary_names_the_models_by_the_hash_of_their_weights(analysed):
    weights = Path(__file__).resolve().parents[3] / "models" / "weights"
    said = summary(analysed.folder)["models"]
    names = ("road", "fire", "plates", "plate_reader", "attributes")
    assert said == {name: file_sha256(weights / f"{name}.onnx") for name in names}


def test_stages_are_timed(analysed):
    stages = summary(analysed.folder)["timing"]["stages_s"]
    assert set(stages) == {
        "decode", "view", "detect", "fire", "signals", "track", "plates", "looks", "rules", "evidence",
        "plumes", "wait",
    }  # fmt: skip
    assert all(a >= 0 for a, _ in itertools.pairwise(stages.values()))
