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


def zone(*points: list[float]) -> dict[str, Any]:
    return {"id": "z", "kind": "lane", "points": list(points)}


def surveyed(*picture: tuple[float, float]) -> dict[str, Any]:
    corners = [(0, 0), (10, 0), (10, 10), (0, 10)]
    return {"points": [{"picture": p, "ground_m": g} for p, g in zip(picture, corners, strict=False)]}


SQUARE = surveyed((0.4, 0.4), (0.6, 0.4), (0.9, 0.9), (0.1, 0.9))


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
        (with_(lines=[line(points=[[0.1, 0.2]])]), "lines[a].points has 1 of the 2 entries it needs"),
        (with_(lines=[line(points=[[0.1, 0.2], [0.2, 0.2], [0.3, 0.2]])]), "lines[a].points has 3 entries and takes 2"),
        (with_(zones=[zone([0, 0], [1, 1])]), "zones[z].points has 2 of the 3 entries it needs"),
        (with_(zones=[zone([0, 0], [1, 1], [1, 0], [0, 1])]), "zones[z].points: crosses itself between points[0] and"),
        (with_(zones=[zone([0, 0], [0.5, 0.5], [1, 1])]), "zones[z].points: has no area"),
        (with_(zones=[zone([0, 0], [1, 0], [1, 0], [1, 1])]), "points[1] and points[2] are the same"),
        (with_(zones=[zone([0, 0], [1, 0], [1, 1], [0, 0])]), "points[3] and points[0] are the same"),
        (with_(zones=[zone([0, 0], [1, 0], [1, 1]) | {"grace_s": -1}]), "zones[z].grace_s: Input should be greater"),
        (with_(signals=[head(box=[0.9, 0.1, 1.2, 0.2])]), "signals[s].box[2] lies outside the picture"),
        (with_(signals=[{"id": "s", "box": [0.2, 0.1, 0.1, 0.2]}]), "x2 and y2 must be larger"),
        (with_(signals=[{"id": "s", "box": [0.1, 0.1, 0.2, 0.2], "stop_line": "q"}]), "which is not drawn"),
        (with_(signals=[head(sections=[section(arrow="up")])]), "signals[s].sections[0].arrow"),
        (with_(signals=[head(sections=[section(box=[0.2, 0.1, 0.1, 0.2])])]), "x2 and y2 must be larger"),
        (with_(signals=[head(sections=[section(), section()])]), "two sections have the same arrow"),
        (with_(calibration={"points": []}), "calibration: there are neither points nor lengths"),
        (with_(calibration=surveyed((0.1, 0.5), (0.9, 0.5), (0.5, 0.9))), "points: there are 3; survey 4"),
        (with_(calibration=surveyed((0.1, 0.5), (0.3, 0.5), (0.6, 0.5), (0.9, 0.5))), "lie on one line by picture"),
        (with_(calibration=surveyed((0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9))), "contradict each other"),
        (with_(calibration=surveyed((0.1, 0.1), (0.9, 0.1), (0.1, 0.1), (0.1, 0.9))), "points[0] and points[2] have"),
        (
            with_(calibration=SQUARE | {"points": [*SQUARE["points"], {"picture": [0.5, 0.5], "ground_m": [0, 0]}]}),
            "points[0] and points[4] have the same ground_m",
        ),
        (with_(calibration=SQUARE | {"height_m": 6.0}), "height_m, focal and level go with lengths"),
        (with_(calibration=SQUARE | {"heigth_m": 6.0}), "unknown key calibration.heigth_m"),
        (with_(calibration=SQUARE | {"lens": {"k1": -0.5}}), "fold the corners of the picture"),
        (
            with_(calibration=SQUARE | {"straight": [[[0.1, 0.1], [0.2, 0.2]]]}),
            "calibration.straight[0] has 2 of the 3",
        ),
        (with_(calibration={"lengths": [{"picture": [[0.1, 0.9], [0.1, 0.9]], "metres": 3}]}), "points are the same"),
        (with_(calibration={"lengths": [{"picture": [[0.1, 0.9], [0.1, 1.9]], "metres": 3}]}), "outside the picture"),
        (with_(latitude=91.0), "latitude"),
        (with_(id="a/b"), "id"),
        (with_(credentials="secret"), 'must be "sealed:NAME", "env:NAME" or "file:PATH"'),
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
