from __future__ import annotations

import sys

import numpy as np
import pytest

from qyran.errors import ConfigError
from scenarios.truth import FrameTruth, ObjectTruth
from service.bench_speed import (
    ACROSS,
    AWAY,
    DRAWN,
    NEARING,
    SURVEY_M,
    Measured,
    _figures,
    _goals,
    behind_at,
    surveyed,
)
from service.bench_speed_scenes import ALONG, FASTEST_KMH, SLOWEST_KMH, VIEWS, speed_scenes
from service.bench_track import LEAST_PX, Followed, _add, track_scenes
from service.bench_track_time import tables, tracker_ms
from service.cli import main
from service.track_scores import Sequence, scores
from vision.camera import parse_camera
from vision.classes import CAR
from vision.types import Observation, Tracks

BOX = (100.0, 100.0, 180.0, 160.0)


def thing(number, box=BOX, visible=1.0, cls="car") -> ObjectTruth:
    return ObjectTruth(number, cls, "sedan", box, box, visible, 0.0, 0.0, 0.0, 50.0, "")


def seen(boxes, ids) -> Observation:
    n = len(ids)
    tracks = Tracks(
        id=np.asarray(ids, np.int64),
        class_id=np.full(n, CAR, np.int16),
        score=np.full(n, 0.9, np.float32),
        box=np.array(boxes, np.float32).reshape(-1, 4),
        seen=np.ones(n, np.bool_),
        age_s=np.full(n, 5.0, np.float32),
        velocity_px=np.zeros((n, 2), np.float32),
        ground=np.full((n, 2), np.nan),
        velocity_ms=np.full((n, 2), np.nan),
        speed_sigma_ms=np.full(n, np.nan),
    )
    return Observation("cam", 0, 0, 0.0, None, 1280, 720, tracks)


def scored(moments):
    """Scores of (true objects, boxes, ids) moment by moment."""
    out = Followed()
    for objects, boxes, ids in moments:
        _add(out, seen(boxes, ids), FrameTruth(0, 0.0, tuple(objects)))
    return scores([out.sequence])


def test_a_perfect_follower_has_perfect_scores():
    found = scored([([thing(1)], [BOX], [9])] * 10)
    assert (found["hota"], found["idf1"], found["mota"], found["id_switches"]) == (1.0, 1.0, 1.0, 0)


def test_an_identity_that_changes_halfway_is_one_switch():
    found = scored([([thing(1)], [BOX], [9 if i < 5 else 10]) for i in range(10)])
    assert found["id_switches"] == 1
    assert found["mota"] == pytest.approx(0.9)
    assert found["idf1"] == pytest.approx(0.5)
    assert found["hota"] == pytest.approx(np.sqrt(0.5))


SMALL = (500.0, 100.0, 500.0 + LEAST_PX / 2, 100.0 + LEAST_PX)


@pytest.mark.parametrize(
    "beside",
    [thing(2, SMALL), thing(2, (500.0, 100.0, 600.0, 200.0), visible=0.1)],
    ids=["too small", "hidden"],
)
@pytest.mark.parametrize("followed", [True, False])
def test_what_need_not_be_followed_is_neither_right_nor_wrong(beside, followed):
    boxes, ids = ([BOX, beside.visible_box], [9, 10]) if followed else ([BOX], [9])
    found = scored([([thing(1), beside], boxes, ids)] * 4)
    assert (found["hota"], found["mota"], found["true_boxes"]) == (1.0, 1.0, 4)


def test_what_is_missed_or_invented_counts():
    assert scored([([thing(1)], [], [])] * 4)["recall"] == 0.0
    assert scored([([thing(1)], [BOX, (700.0, 300.0, 780.0, 360.0)], [9, 10])] * 4)["precision"] == 0.5


def test_without_its_library_nothing_is_scored_and_the_way_out_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "trackeval.metrics", None)
    with pytest.raises(ConfigError, match="setup-dev"):
        scores([Sequence()])


def test_speed_scenes_are_seeded_and_another_seed_gives_others():
    names = [scene.model_dump_json() for scene, _ in speed_scenes(3, 5)]
    assert names == [scene.model_dump_json() for scene, _ in speed_scenes(3, 5)]
    assert names != [scene.model_dump_json() for scene, _ in speed_scenes(4, 5)]


def test_speed_scenes_hold_every_view_and_all_speeds():
    scenes = [scene for scene, _ in speed_scenes(2031, 10)]
    assert {scene.template for scene in scenes} == {view[0] for view in VIEWS}
    speeds = np.array([placed.speed_kmh for scene in scenes for placed in scene.placed])
    assert speeds.min() >= SLOWEST_KMH
    assert speeds.max() <= FASTEST_KMH
    assert np.histogram(speeds, [20, 45, 70, 95, 120])[0].min() > 20
    assert set(ALONG) <= {placed.path for scene in scenes for placed in scene.placed}


def test_speed_figures_count_only_the_range_and_say_what_has_no_speed():
    ones = [
        Measured("sedan", NEARING, False, False, 50.0, 51.0, 1.0),
        Measured("sedan", ACROSS, True, False, 100.0, 97.0, 1.0),
        Measured("bus", NEARING, False, True, 60.0, float("nan"), float("nan")),
        Measured("bus", AWAY, False, False, 12.0, 30.0, 1.0),
    ]
    figures = _figures(ones)
    assert (figures["scored"], figures["without_speed"]) == (2, 1)
    assert figures["mean_absolute_error_kmh"] == pytest.approx(2.0)
    assert figures["inside_interval"] == pytest.approx(0.5)
    assert not any(goal["met"] for goal in _goals(ones).values())


def test_a_passage_belongs_to_the_vehicle_that_was_behind_the_track_then():
    seen = [(1.0, 7), (2.0, 7), (3.0, 8), (4.0, 8)]  # the track went over to another vehicle
    assert [behind_at(seen, second) for second in (0.5, 2.2, 2.9, 9.0)] == [7, 7, 8, 8]


def test_a_survey_errs_by_what_it_states_and_its_seed_repeats_it():
    ground = [(0.0, 0.0), (0.0, 30.0), (8.0, 0.0), (8.0, 30.0)]
    picture = [(0.1, 0.9), (0.4, 0.4), (0.9, 0.9), (0.6, 0.4)]
    points = [{"picture": list(p), "ground_m": list(g)} for p, g in zip(picture, ground, strict=True)]
    exact = parse_camera({"id": "c", "name": "c", "stream": "x", "calibration": {"points": points}}, source="test")
    found = [surveyed(exact, np.random.default_rng(seed)).calibration for seed in (*range(200), 0)]
    assert found[0] == found[-1] != found[1]
    assert (found[0].ground_sigma_m, found[0].picture_sigma) == (SURVEY_M, DRAWN)
    off_m = np.array([[p.ground_m for p in one.points] for one in found]) - ground
    off = np.array([[p.picture for p in one.points] for one in found]) - picture
    assert off_m.std() == pytest.approx(SURVEY_M, rel=0.1)
    np.testing.assert_allclose(off.std(axis=(0, 1)), (DRAWN, DRAWN * 16 / 9), rtol=0.1)


def test_daylight_scenes_come_first():
    names = [scene.name for scene in track_scenes(7)]
    assert [name.startswith("day-") for name in names] == [True] * 3 + [False] * 3


def test_the_load_of_the_tracker_is_what_it_says():
    shown = [len(table) for table in tables(40, 10)]
    assert 30 < np.mean(shown) < 40
    assert tracker_ms(5)["tracks"] == pytest.approx(5, abs=1.5)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["bench", "track", "--core", "0"], "--core is not for bench track"),
        (["bench", "speed", "--detail", "full"], "--detail is not for bench speed: it takes --keep, --seed, --clips."),
        (["bench", "speed", "--clips", "0"], "1 or more"),
        (["bench", "--seed", "3"], "it takes --camera, --core"),
        (["bench", "no-such-video.mp4"], "together"),
    ],
)
def test_what_does_not_fit_together_is_refused(arguments, reason, capsys):
    assert main(arguments) == 2
    assert reason in capsys.readouterr().err
