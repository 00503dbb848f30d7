from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import av
import pytest

from vision.camera import load_camera

HERE = Path(__file__).parent
TRUTHS = sorted(path for path in HERE.glob("*.toml") if not path.name.endswith(".camera.toml"))
COUNTED = [path for path in TRUTHS if "crossings" in tomllib.loads(path.read_text(encoding="utf-8"))]
VEHICLES = {"motorcycle", "car", "bus", "truck"}


def read(path: Path) -> dict:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(HERE.glob("*.camera.toml")), ids=lambda path: path.name)
def test_every_camera_file_keeps_the_contract(path):
    camera = load_camera(path)
    assert camera.stream.endswith(".mp4")


@pytest.mark.parametrize("path", COUNTED, ids=lambda path: path.stem)
def test_totals_agree_with_the_listed_crossings(path):
    truth = read(path)
    classes = [crossing["class"] for crossing in truth["crossings"]]
    assert sum(name in VEHICLES for name in classes) == truth["total"]
    assert classes.count("bicycle") == truth["bicycles"]
    assert all(crossing["class"] in crossing["accept"] for crossing in truth["crossings"])
    times = [crossing["time_s"] for crossing in truth["crossings"]]
    assert times == sorted(times)
    assert 0 < times[0] <= times[-1] < truth["duration_s"]


@pytest.mark.parametrize("path", COUNTED, ids=lambda path: path.stem)
def test_the_counted_line_is_the_one_of_the_camera_file(path):
    truth = read(path)
    (line,) = [line for line in load_camera(HERE / truth["camera"]).lines if line.id == truth["line"]]
    assert line.kind == "control"
    assert [list(point) for point in line.points] == truth["line_points"]
    (x1, y1), (x2, y2) = truth["line_points"]
    for crossing in truth["crossings"]:
        x, y = crossing["at"]
        assert min(x1, x2) <= x <= max(x1, x2)
        assert min(y1, y2) <= y <= max(y1, y2)


@pytest.mark.data
@pytest.mark.parametrize("path", TRUTHS, ids=lambda path: path.stem)
def test_the_truth_belongs_to_this_very_video(path, shared_data):
    truth = read(path)
    video = shared_data / "video" / truth["video"]
    assert hashlib.sha256(video.read_bytes()).hexdigest() == truth["sha256"]
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (truth["width"], truth["height"])
        assert sum(1 for _ in container.decode(stream)) == truth["frames"]
