from __future__ import annotations

from typing import Any

import pytest

from qyran.errors import CameraFileError
from vision.camera import load_camera, parse_camera

GOOD: dict[str, Any] = {
    "id": "abay-12",
    "name": {"kk": "Абай көшесі", "ru": "Улица Абая", "en": "Abai street"},
    "stream": "rtsp://camera/1",
}


def with_(**parts: Any) -> dict[str, Any]:
    return {**GOOD, **parts}


def line(**parts: Any) -> dict[str, Any]:
    return {"id": "a", "kind": "stop", "points": [[0.1, 0.2], [0.3, 0.4]], **parts}


def head(**parts: Any) -> dict[str, Any]:
    return {"id": "s", "box": [0.1, 0.1, 0.2, 0.4], **parts}


def section(**parts: Any) -> dict[str, Any]:
    return {"arrow": "right", "box": [0.2, 0.3, 0.3, 0.4], **parts}


def test_a_camera_needs_only_id_name_and_stream() -> None:
    camera = parse_camera(GOOD, source="x.toml")
    assert (camera.id, camera.name.kk, camera.road, camera.lines) == ("abay-12", "Абай көшесі", "street", ())


def test_a_signal_may_have_sections_with_arrows() -> None:
    camera = parse_camera(with_(signals=[head(sections=[section(), section(arrow="left")])]), source="x.toml")
    (signal,) = camera.signals
    assert [signal.reading_of(one) for one in signal.sections] == ["s/right", "s/left"]
    assert parse_camera(with_(signals=[head()]), source="x.toml").signals[0].sections == ()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({key: value for key, value in GOOD.items() if key != "stream"}, "the required key stream is absent"),
        (with_(colour="red"), "unknown key colour"),
        (with_(lines=[line(colour="red")]), "unknown key lines[a].colour"),
        (with_(lines=[line(points=[[0.1, 1.2], [0.3, 0.4]])]), "lines[a].points[0][1] lies outside the picture"),
        (with_(lines=[line(points=[[0.1, -0.2], [0.3, 0.4]])]), "lies outside the picture"),
        (with_(lines=[line(points=[[0.1, 0.2], [0.1, 0.2]])]), "the two points are the same"),
        (with_(lines=[line(kind="wall")]), "lines[a].kind"),
        (with_(lines=[line(), line()]), "the id 'a' is used twice"),
        (with_(zones=[{"id": "z", "kind": "lane", "points": [[0, 0], [1, 1]]}]), "zones[z].points"),
        (with_(signals=[{"id": "s", "box": [0.2, 0.1, 0.1, 0.2]}]), "x2 and y2 must be larger"),
        (with_(signals=[{"id": "s", "box": [0.1, 0.1, 0.2, 0.2], "stop_line": "q"}]), "which is not drawn"),
        (with_(signals=[head(sections=[section(arrow="up")])]), "signals[s].sections[0].arrow"),
        (with_(signals=[head(sections=[section(box=[0.2, 0.1, 0.1, 0.2])])]), "x2 and y2 must be larger"),
        (with_(signals=[head(sections=[section(), section()])]), "two sections have the same arrow"),
        (with_(calibration={"points": []}), "calibration.points"),
        (with_(latitude=91.0), "latitude"),
        (with_(id="a/b"), "id"),
        (with_(credentials="secret"), 'must be "env:NAME" or "file:PATH"'),
    ],
)
def test_a_wrong_camera_file_is_refused_in_one_sentence_naming_the_place(raw: dict[str, Any], words: str) -> None:
    with pytest.raises(CameraFileError) as error:
        parse_camera(raw, source="x.toml")
    message = str(error.value)
    assert words in message
    assert message.startswith("The camera file x.toml is wrong: ")
    assert "\n" not in message


def test_a_password_in_the_stream_is_refused_without_being_echoed() -> None:
    with pytest.raises(CameraFileError) as error:
        parse_camera(with_(stream="rtsp://user:hunter2@camera/1"), source="x.toml")
    assert "password" in str(error.value)
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "words"), [(None, "does not exist"), ("id = ", "not valid TOML"), (b"\xff\xfe", "cannot be read")]
)
def test_a_file_that_is_absent_or_no_toml_is_named(tmp_path: Any, content: str | bytes | None, words: str) -> None:
    path = tmp_path / "cam.toml"
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(CameraFileError, match=words) as error:
        load_camera(path)
    assert str(path) in str(error.value)
