from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from qyran.errors import InputError
from scenarios.fleet import KINDS
from scenarios.render import SceneError, planned, rehearse
from scenarios.scene import SCENES, Scene, load_scene, scene_names
from scenarios.truth import Truth


@cache
def rehearsed(name: str) -> Truth:
    return rehearse(load_scene(name), (640, 360))


@pytest.mark.parametrize("name", scene_names())
def test_the_planted_events_are_exactly_those_that_physics_shows(name: str) -> None:
    scene, truth = load_scene(name), rehearsed(name)
    assert sorted(e.kind for e in truth.events) == planned(scene)
    for event in truth.events:
        assert 0 < event.onset_s <= event.moment_s < scene.duration_s


def test_the_four_scenes_of_the_demo_are_there() -> None:
    assert {"junction", "arterial", "street", "quiet"} <= set(scene_names())
    assert planned(load_scene("junction")) == ["red_light", "red_light"]
    assert planned(load_scene("arterial")) == ["stopped_vehicle", "wrong_way"]
    assert planned(load_scene("street")) == ["fire", "smoke"]
    assert planned(load_scene("quiet")) == []


def test_runners_cross_in_different_reds_and_everyone_else_lawfully() -> None:
    truth = rehearsed("junction")
    reds = [c for c in truth.crossings if c.state == "red"]
    assert len({c.object_id for c in reds}) == len(reds) == 2
    assert reds[1].video_s - reds[0].video_s > 20
    assert {c.state for c in truth.crossings} >= {"green", "yellow", "red"}


def test_hard_negatives_enter_on_yellow_and_leave_the_junction_on_red() -> None:
    truth = rehearsed("junction")
    late = [c for c in truth.crossings if c.state == "yellow"]
    inside = [
        o.id
        for f in truth.frames
        if f.signals["north-over"] == "red"
        for o in f.objects
        if o.id in {c.object_id for c in late} and 3 < o.y_m < 17 and abs(o.x_m) < 7
    ]
    assert inside


def test_the_stopped_vehicle_stays_and_the_traffic_flows_past_it() -> None:
    truth = rehearsed("arterial")
    stop = next(e for e in truth.events if e.kind == "stopped_vehicle")
    after = [o for f in truth.frames if f.video_s > stop.onset_s + 0.5 for o in f.objects if o.id == stop.object_id]
    assert max(o.speed_kmh for o in after) < 0.5
    assert truth.frames[-1].video_s - stop.onset_s >= 20
    late = {
        o.id
        for f in truth.frames
        if f.video_s > stop.onset_s + 5
        for o in f.objects
        if abs(o.y_m - 60) < 10 and 0 < o.x_m < 7
    }
    assert len(late) >= 2


def test_the_arterial_and_the_quiet_road_give_many_passages() -> None:
    assert len(rehearsed("arterial").passages) >= 15
    assert len(rehearsed("quiet").passages) >= 12
    for truth in (rehearsed("arterial"), rehearsed("quiet")):
        assert len({(p.line, p.object_id) for p in truth.passages}) == len(truth.passages)


@pytest.mark.parametrize("name", scene_names())
def test_speed_is_displacement_over_time(name: str) -> None:
    truth = rehearsed(name)
    last: dict[int, tuple[float, float, float, float]] = {}
    gaps = []
    for frame in truth.frames:
        for o in frame.objects:
            if o.id in last and last[o.id][0] == pytest.approx(frame.video_s - 1 / truth.fps):
                _, x, y, speed = last[o.id]
                moved = np.hypot(o.x_m - x, o.y_m - y) * truth.fps * 3.6
                gaps.append(abs(moved - (o.speed_kmh + speed) / 2))
            last[o.id] = (frame.video_s, o.x_m, o.y_m, o.speed_kmh)
    assert len(gaps) > 500
    assert np.percentile(gaps, 99) < 2.5  # lane changes and turns cut corners


@pytest.mark.parametrize("name", scene_names())
def test_no_two_vehicles_are_in_one_place(name: str) -> None:
    for frame in rehearsed(name).frames[::5]:
        vehicles = [o for o in frame.objects if o.cls != "person"]
        for i, a in enumerate(vehicles):
            for b in vehicles[i + 1 :]:
                along = np.array([np.cos(a.heading), np.sin(a.heading)])
                if abs(np.cos(a.heading - b.heading)) < 0.95:
                    continue
                gap = np.array([b.x_m - a.x_m, b.y_m - a.y_m])
                ahead, beside = abs(gap @ along), abs(along[0] * gap[1] - along[1] * gap[0])
                lengths = (KINDS[a.kind].length + KINDS[b.kind].length) / 2
                assert ahead > lengths - 0.3 or beside > 1.2, (name, frame.video_s, a, b)


def test_a_scene_that_does_not_do_what_it_says_is_refused() -> None:
    raw = load_scene("arterial").model_dump()
    raw["placed"] = [{"kind": "stopped_vehicle", "path": "n2", "at_s": 5.0, "stop_m": 99.0, "hold_s": 1.0}]
    raw["duration_s"] = 12.0
    with pytest.raises(SceneError, match="plants"):
        rehearse(Scene.model_validate(raw), (320, 180))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = 3\n", "title|name"),
        ("nonsense = [", "scene file"),
        ((SCENES / "quiet.toml").read_text() + "\ncolour = 1\n", "colour|walkers"),
    ],
)
def test_a_bad_scene_file_names_itself_and_the_fault(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        load_scene(path)
    assert "bad.toml" in str(caught.value)


def test_an_unknown_scene_lists_those_there_are() -> None:
    with pytest.raises(InputError, match="junction"):
        load_scene("nowhere")
