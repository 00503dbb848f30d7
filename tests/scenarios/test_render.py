from __future__ import annotations

import csv
from dataclasses import asdict
from pathlib import Path

import av
import numpy as np
import pytest

from qyran.errors import InputError
from scenarios.camera import Pinhole
from scenarios.render import Rendered, frames, render
from scenarios.scene import load_scene
from scenarios.truth import Truth, load_truth, save_truth
from vision.camera import load_camera
from vision.road_plane import RoadPlane

SIZE = (384, 216)


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = (
        [(p.tobytes(), asdict(t)) for p, t in frames("quiet", size=SIZE, duration_s=0.3)] for _ in range(2)
    )
    assert len(first) == 4
    assert first == second


def test_another_seed_gives_another_picture() -> None:
    (one, _), (other, _) = (next(iter(frames("street", size=SIZE, seed=s, duration_s=0.1))) for s in (1, 2))
    assert (one != other).mean() > 0.3


@pytest.mark.parametrize("weather", ["clear", "overcast", "dusk", "night", "rain", "rain_night", "snow", "fog"])
def test_every_weather_renders(weather: str) -> None:
    picture, truth = next(iter(frames("junction", size=SIZE, weather=weather, duration_s=0.1)))
    assert picture.shape == (216, 384, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 8
    assert truth.objects


def test_boxes_hold_the_middle_of_their_object_and_lie_in_the_picture() -> None:
    scene = load_scene("junction")
    camera = Pinhole.look_at(scene.camera.position_m, scene.camera.look_at_m, scene.camera.fov_deg, SIZE)
    checked = 0
    for _, truth in frames(scene, size=SIZE, duration_s=0.4):
        for o in truth.objects:
            left, top, right, bottom = o.box
            assert 0 <= left < right <= SIZE[0]
            assert 0 <= top < bottom <= SIZE[1]
            assert 0.0 <= o.visible <= 1.0
            vl, vt, vr, vb = o.visible_box
            assert left <= vl < vr <= right
            assert top <= vt < vb <= bottom
            middle = camera.project(np.array([[o.x_m, o.y_m, 0.6]]))[0][0]
            if 5 < middle[0] < SIZE[0] - 5 and 5 < middle[1] < SIZE[1] - 5:
                assert left - 1 <= middle[0] <= right + 1
                assert top - 1 <= middle[1] <= bottom + 1
                checked += 1
    assert checked > 20


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rendered, Truth]:
    done = render("quiet", tmp_path_factory.mktemp("clip"), size=SIZE, duration_s=2.0)
    return done, load_truth(done.truth)


def test_the_clip_is_h264_with_even_pts_and_a_key_frame_each_second(clip: tuple[Rendered, Truth]) -> None:
    with av.open(str(clip[0].video)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        shown = [(float(f.time), f.key_frame) for f in container.decode(stream)]
    assert [t for t, _ in shown] == pytest.approx([k / 12.5 for k in range(25)], abs=1e-4)
    keys = [t for t, key in shown if key]
    assert max(np.diff([*keys, 2.0])) <= 1.0


def test_the_camera_file_is_read_by_the_contract_and_its_points_reproject(clip: tuple[Rendered, Truth]) -> None:
    camera = load_camera(clip[0].camera)
    plane = RoadPlane.from_camera(camera, *SIZE)
    assert plane is not None
    assert plane.error_px < 0.5
    assert camera.lines_of("control")
    assert camera.zones_of("carriageway")
    assert camera.zones_of("lane")[0].direction is not None


def test_truth_survives_its_file(clip: tuple[Rendered, Truth], tmp_path: Path) -> None:
    save_truth(clip[1], tmp_path / "again.json")
    assert load_truth(tmp_path / "again.json") == clip[1]


def test_tracks_have_the_columns_of_motchallenge(clip: tuple[Rendered, Truth]) -> None:
    rows = list(csv.reader(clip[0].tracks.read_text().splitlines()))
    assert len(rows) == sum(len(f.objects) for f in clip[1].frames)
    first, truth = rows[0], clip[1].frames[0].objects[0]
    assert [int(first[0]), int(first[1]), first[7]] == [1, truth.id, truth.cls]
    left, top, right, bottom = truth.box
    assert [float(value) for value in first[2:6]] == pytest.approx([left, top, right - left, bottom - top], abs=0.06)


def test_a_file_that_is_no_truth_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}")
    with pytest.raises(InputError, match=r"x\.json"):
        load_truth(path)


def test_the_signal_head_is_large_enough_to_read(tmp_path: Path) -> None:
    done = render("junction", tmp_path, size=SIZE, duration_s=0.1)
    signal = load_camera(done.camera).signals[0]
    x1, y1, x2, y2 = signal.box
    assert (x2 - x1) * 1280 >= 12
    assert (y2 - y1) * 720 >= 30
    assert signal.stop_line == "stop-n"
