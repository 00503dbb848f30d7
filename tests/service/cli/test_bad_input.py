from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from tests.service.cli.conftest import camera_file
from tests.vision.clips import cut_off, make_clip

# -- videos --------------------------------------------------------------------------------------------------------


def empty(folder: Path, clip: Path) -> tuple[Path, str]:
    (folder / "empty.mp4").touch()
    return folder / "empty.mp4", "is empty"


def absent(folder: Path, clip: Path) -> tuple[Path, str]:
    return folder / "absent.mp4", "does not exist"


def a_folder(folder: Path, clip: Path) -> tuple[Path, str]:
    return folder, "is a folder"


def a_text(folder: Path, clip: Path) -> tuple[Path, str]:
    path = folder / "text.mp4"
    path.write_text("This is no video.\n" * 100, encoding="utf-8")
    return path, "is not a video that can be read"


def without_index(folder: Path, clip: Path) -> tuple[Path, str]:
    return cut_off(clip, folder / "cut.mp4", 0.7), "the index of the MP4 file (moov) is missing"


def noise(folder: Path, clip: Path) -> tuple[Path, str]:
    path = folder / "noise.mp4"
    path.write_bytes(os.urandom(4096))
    return path, "is not a video that can be read"


VIDEOS = [empty, absent, a_folder, a_text, without_index, noise]


@pytest.mark.parametrize("make", VIDEOS, ids=lambda make: make.__name__)
def test_a_video_that_is_none_is_named_with_its_fault(make, qyran, clip, camera, tmp_path):
    video, fault = make(tmp_path, clip)
    answer = qyran("analyse", video, "--camera", camera, "--out", tmp_path / "out")
    answer.refused(str(video), fault)
    assert not (tmp_path / "out").exists()


def test_an_address_of_another_kind_is_refused(qyran, camera, tmp_path):
    answer = qyran("analyse", "https://user:tulip7@example.kz/a.mp4", "--camera", camera, "--out", tmp_path / "out")
    answer.refused("https://example.kz/a.mp4", "is of a kind that is not read")
    assert "tulip7" not in answer.err


# -- camera files --------------------------------------------------------------------------------------------------

CAMERAS = {
    "unknown key": ('id = "a"\nname = "a"\nstream = "a"\ncolour = 1\n', "unknown key colour"),
    "no TOML": ("id = a = b", "is not valid TOML"),
    "empty": ("", "the required key id is absent"),
    "no stream": ('id = "a"\nname = "a"\n', "the required key stream is absent"),
    "line outside the picture": (
        'id = "a"\nname = "a"\nstream = "a"\nlines = [{id = "count", kind = "stop", points = [[0, 0], [1.2, 0]]}]\n',
        "lines[count].points[1][0] lies outside the picture",
    ),
    "password in the address": (
        'id = "a"\nname = "a"\nstream = "rtsp://admin:tulip7@10.0.0.1/live"\n',
        "stream: holds a password; move it to credentials",
    ),
    "password in the credentials": (
        'id = "a"\nname = "a"\nstream = "rtsp://10.0.0.1/live"\ncredentials = "admin:tulip7"\n',
        'credentials: must be "sealed:NAME", "env:NAME" or "file:PATH"',
    ),
}
COMMANDS = {
    "analyse": lambda file, clip: ("analyse", clip, "--camera", file, "--out", file.parent / "out"),
    "camera check": lambda file, clip: ("camera", "check", file),
    "camera add": lambda file, clip: ("camera", "add", file),
    "worker": lambda file, clip: ("worker", "--cameras", file.parent),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize(("content", "fault"), CAMERAS.values(), ids=CAMERAS)
def test_a_wrong_camera_file_is_named_with_its_fault(content, fault, command, qyran, clip, tmp_path):
    file = tmp_path / "camera.toml"
    file.write_text(content, encoding="utf-8")
    answer = qyran(*command(file, clip))
    answer.refused(str(file), fault)
    assert "tulip7" not in answer.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["analyse", "camera check", "camera add"])
def test_an_absent_camera_file_is_named(command, qyran, clip, tmp_path):
    file = tmp_path / "absent.toml"
    qyran(*COMMANDS[command](file, clip)).refused(str(file), "does not exist")


def test_a_camera_file_that_is_a_folder_is_named(qyran, clip, tmp_path):
    (tmp_path / "a.toml").mkdir()
    answer = qyran(*COMMANDS["analyse"](tmp_path / "a.toml", clip))
    assert answer.code == 2
    assert f"The camera file {tmp_path / 'a.toml'} cannot be read" in answer.err


def test_the_worker_needs_camera_files_with_ids_of_their_own(qyran, tmp_path):
    qyran("worker", "--cameras", tmp_path / "absent").refused(str(tmp_path / "absent"), "does not exist")
    qyran("worker", "--cameras", tmp_path).refused(str(tmp_path), "holds no camera file")
    for name in ("one.toml", "two.toml"):
        camera_file(tmp_path / name)
    qyran("worker", "--cameras", tmp_path).refused("one.toml and two.toml share the id abay-12")


def test_no_camera_is_registered_unless_every_file_is_right(qyran, tmp_path):
    good, bad = camera_file(tmp_path / "good.toml"), camera_file(tmp_path / "bad.toml", more="colour = 1")
    qyran("camera", "add", good, bad).refused(str(bad), "unknown key colour")
    assert not list(tmp_path.rglob("qyran.db"))


# -- where the results go ------------------------------------------------------------------------------------------


def test_an_out_that_is_a_file_is_refused(qyran, clip, camera, tmp_path):
    out = tmp_path / "out"
    out.write_text("mine", encoding="utf-8")
    qyran("analyse", clip, "--camera", camera, "--out", out).refused(str(out), "cannot be written")
    assert out.read_text(encoding="utf-8") == "mine"


def test_an_out_where_nothing_can_be_written_is_refused(qyran, clip, camera, tmp_path):
    place = tmp_path / "closed"
    place.mkdir()
    place.chmod(0o500)
    if os.geteuid() == 0:  # whom no mode keeps out
        place = Path("/proc/self")
    qyran("analyse", clip, "--camera", camera, "--out", place / "out").refused(str(place), "cannot be written")


# -- pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["road", "fire", "plates", "signal"])
def test_a_picture_that_is_none_is_named_with_its_fault(task, qyran, tmp_path):
    text, nothing = tmp_path / "text.jpg", tmp_path / "empty.png"
    text.write_text("no picture", encoding="utf-8")
    nothing.touch()
    for path, fault in (
        (text, "is no picture that can be read"),
        (nothing, "is no picture that can be read"),
        (tmp_path / "absent.jpg", "cannot be read: No such file or directory"),
        (tmp_path, "cannot be read: Is a directory"),
    ):
        qyran("detect", "--task", task, path).refused(str(path), fault)


def test_an_unknown_task_is_refused(qyran, tmp_path):
    assert "--task" in qyran("detect", "--task", "faces", tmp_path / "a.jpg").err


# -- values --------------------------------------------------------------------------------------------------------

VALUES = {
    "not JSON": ("{", "is no JSON"),
    "empty": ("", "is no JSON"),
    "no object": ("[]", "one JSON object"),
    "nested beyond reason": ("[" * 100_000, "is no JSON"),
    "unknown KPI": ({"9.99": 1}, "values.9.99: the order has no such KPI"),
    "not a number": ({"9.1": float("nan")}, "values.9.1: a finite number is needed"),
    "infinite": ('{"city_category": "regional", "values": {"9.1": 1e999}}', "values.9.1: a finite number is needed"),
    "text for a number": ({"9.1": "85"}, "values.9.1: a number is needed"),
    "unknown category": ('{"city_category": "village", "values": {}}', "city_category: one of republican"),
    "unknown key": ('{"city_category": "republican", "values": {}, "x": 1}', "x: no such key"),
    "unknown period": ('{"city_category": "republican", "values": {}, "period": "soon"}', "period: 'soon'"),
}


@pytest.mark.parametrize(("content", "fault"), VALUES.values(), ids=VALUES)
def test_values_that_cannot_be_scored_are_named_with_their_fault(content, fault, qyran, tmp_path):
    file = tmp_path / "values.json"
    if isinstance(content, dict):
        content = json.dumps({"city_category": "republican", "values": content})
    file.write_text(content, encoding="utf-8")
    answer = qyran("kpi", "score", file)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert str(file) in answer.err
    assert fault in answer.err
    assert "Traceback" not in answer.err


def test_a_values_file_that_cannot_be_read_is_named(qyran, tmp_path):
    qyran("kpi", "score", tmp_path / "absent.json").refused("absent.json cannot be read: No such file or directory")
    qyran("kpi", "score", tmp_path).refused(f"{tmp_path} cannot be read: Is a directory")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    answer = qyran("kpi", "score", tmp_path / "binary.json")
    assert (answer.code, answer.out) == (2, "")
    assert "binary.json is no JSON" in answer.err


# -- words of the command ------------------------------------------------------------------------------------------


ANALYSE = ("analyse", "a.mp4", "--camera", "a.toml", "--out", "o")


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ([], "COMMAND"),
        (["analyze"], "invalid choice: 'analyze'"),
        (["analyse"], "VIDEO, --camera, --out"),
        ([*ANALYSE, "--fast"], "unrecognized arguments: --fast"),
        ([*ANALYSE, "--start", "noon"], "'noon' is no time"),
        ([*ANALYSE, "--start", "2026-03-01T12:00"], "has no offset from UTC"),
        ([*ANALYSE, "--seconds", "-1"], "'-1' is no span of seconds"),
        ([*ANALYSE, "--seconds", "nan"], "'nan' is no span of seconds"),
        (["detect", "a.jpg"], "--task"),
        (["kpi"], "ACTION"),
        (["kpi", "count"], "invalid choice: 'count'"),
        (["camera", "check"], "CAMERA.toml"),
        (["verify"], "PATH"),
        (["verify", "a", "--lang", "de"], "invalid choice: 'de'"),
        (["kpi", "score", "a.json", "--loud"], "unrecognized arguments: --loud"),
    ],
)
def test_words_the_command_does_not_know_are_refused_in_one_line(words, fault, qyran):
    answer = qyran(*words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("qyran")
    assert answer.err.count("\n") == 1
    assert fault in answer.err


# -- streams -------------------------------------------------------------------------------------------------------


def by_analyse(url: str, credentials: str, folder: Path) -> tuple:
    file = camera_file(folder / "camera.toml", more=credentials)
    return "analyse", url, "--camera", file, "--out", folder / "out"


def by_check(url: str, credentials: str, folder: Path) -> tuple:
    return "camera", "check", camera_file(folder / "camera.toml", stream=url, more=credentials)


either = pytest.mark.parametrize("command", [by_analyse, by_check])


@either
def test_a_port_where_nothing_listens_is_told(command, qyran, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"rtsp://127.0.0.1:{taken.getsockname()[1]}/cam"
    qyran(*command(url, "", tmp_path)).refused(url, "nothing listens at that port")
    assert not (tmp_path / "out").exists()


def test_a_stream_that_never_answers_is_told_after_the_time_out(qyran, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/cam"
        qyran(*by_analyse(url, "", tmp_path)).refused(url, "did not answer within")
    assert not (tmp_path / "out").exists()


@either
def test_credentials_that_are_not_there_are_told(command, qyran, tmp_path, monkeypatch):
    monkeypatch.setenv("CAM_A", "tulip7")
    url = "rtsp://127.0.0.1:9/cam"
    for name in ("CAM_ABSENT", "CAM_A"):
        answer = qyran(*command(url, f'credentials = "env:{name}"', tmp_path))
        answer.refused(f'The credentials environment variable {name} must hold "user:password"')
        assert "tulip7" not in answer.err


def test_an_address_with_a_password_is_refused_without_repeating_it(qyran, tmp_path):
    answer = qyran(*by_analyse("rtsp://admin:tulip7@127.0.0.1:9/cam", "", tmp_path))
    answer.refused("rtsp://127.0.0.1:9/cam", "holds a password")
    assert "tulip7" not in answer.err


def test_a_live_stream_has_no_start_of_its_own(qyran, tmp_path):
    words = by_analyse("rtsp://127.0.0.1:9/cam", "", tmp_path)
    qyran(*words, "--start", "2026-03-01T12:00:00Z").refused("rtsp://127.0.0.1:9/cam", "leave out --start")


def test_the_check_of_several_cameras_names_all_that_fail(qyran, tmp_path):
    good = camera_file(tmp_path / "good.toml", stream="clip.mp4")
    make_clip(tmp_path / "clip.mp4", count=5)
    first, second = (camera_file(tmp_path / name, stream="absent.mp4") for name in ("one.toml", "two.toml"))
    second.write_text("", encoding="utf-8")
    answer = qyran("camera", "check", first, good, second)
    assert answer.code == 2
    assert answer.out.startswith("abay-12: the stream answers with 160×120, h264, 25 pictures a second.\n")
    assert f"The video {tmp_path / 'absent.mp4'} does not exist." in answer.err
    assert f"The camera file {second} is wrong: the required key id is absent." in answer.err
    assert answer.err.count("\n") == 1


CORNERS = [(0.4, 0.5, 0, 10), (0.6, 0.5, 10, 10), (0.9, 0.9, 10, 0), (0.1, 0.9, 0, 0), (0.5, 0.6, 5, 4.5)]
FAR_OFF = ", ".join(f"{{picture = [{x}, {y}], ground_m = [{e}, {n}]}}" for x, y, e, n in CORNERS)
WORKS = "start = 2026-03-01T00:00:00Z, end = 2026-04-01T00:00:00Z"


@pytest.mark.parametrize(
    ("more", "faults"),
    [
        (f"calibration = {{ points = [{FAR_OFF}], lengths = [{{picture = [[0.1, 0.9], [0.9, 0.9]], metres = 25}}] }}",
         ["The camera abay-12 has a wrong calibration: lengths[0] is stated as 25 m, but is 10.0"]),
        (f'roadworks = [{{ {WORKS}, rules = ["red_ligth"] }}]', ["pauses rules that there are not: red_ligth"]),
    ],
)  # fmt: skip
def test_what_only_the_picture_or_the_rules_can_refute_is_refused_by_the_check(more, faults, qyran, tmp_path):
    make_clip(tmp_path / "clip.mp4", count=5)
    answer = qyran("camera", "check", camera_file(tmp_path / "one.toml", stream="clip.mp4", more=more))
    answer.refused(*faults)
