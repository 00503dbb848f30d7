from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest

from scenarios.camera_file import write_camera
from scenarios.render import FULL, _place, adjusted, rehearse
from scenarios.scene import load_scene
from vision.classes import ROAD_CLASSES
from vision.passage import PassageCounter
from vision.road_plane import RoadPlane
from vision.speed import measure
from vision.tracker import Tracker
from vision.types import Detections

WIDTH, HEIGHT = FULL
RATE_HZ = 8.0
SCENES = ("quiet", "arterial")


@pytest.fixture(scope="module", params=SCENES)
def rehearsal(request, tmp_path_factory):
    """Exact truth of a rendered scene at the analysis rate, and its camera file."""
    scene = adjusted(load_scene(request.param), fps=RATE_HZ)
    layout, pinhole, _ = _place(scene, FULL)
    camera = write_camera(scene, layout, pinhole, tmp_path_factory.mktemp("scene") / "camera.toml")
    return rehearse(scene), camera


def a_look(frame, rng, miss, noise):
    """What a detector with these faults would see of a frame, and the true objects behind it."""
    objects = [one for one in frame.objects if one.cls in ROAD_CLASSES]
    box = np.array([one.box for one in objects], np.float64).reshape(-1, 4)
    size = np.sqrt(np.maximum((box[:, 2] - box[:, 0]) * (box[:, 3] - box[:, 1]), 1.0))
    kept = (rng.random(len(objects)) >= miss) & (size > 6)
    box = np.clip(box + rng.normal(0, 1, box.shape) * (noise * size)[:, None], 0, [WIDTH, HEIGHT, WIDTH, HEIGHT])
    score = np.where(rng.random(len(objects)) < miss, 0.25, 0.85).astype(np.float32)
    class_id = np.array([ROAD_CLASSES.index(one.cls) for one in objects], np.int16)
    seen = Detections(box[kept].astype(np.float32), score[kept], class_id[kept])
    return seen, [one for one, keep in zip(objects, kept, strict=True) if keep]


def follow(truth, camera, miss, noise):
    """Passages, the true objects behind each track (by id, counted), and (speed error, sigma) of moving vehicles."""
    rng = np.random.default_rng(1)
    tracker, counter = Tracker(WIDTH, HEIGHT), PassageCounter(camera.lines_of("control"), WIDTH, HEIGHT)
    plane = RoadPlane.from_camera(camera, WIDTH, HEIGHT)
    passages, behind, speeds = [], defaultdict(Counter), []
    for frame in truth.frames:
        seen, objects = a_look(frame, rng, miss, noise)
        tracks = tracker.step(seen, frame.video_s)
        passages += counter.step(tracks, frame.video_s, tracker.fresh, tracker.trails(tracker.fresh))
        motion = measure(tracker.trails(tracks.id), plane, frame.video_s, WIDTH, HEIGHT)
        for row in np.flatnonzero(tracks.seen):
            one = objects[int(np.abs(seen.box - tracks.box[row]).sum(axis=1).argmin())]
            behind[int(tracks.id[row])][one.id] += 1
            if np.isfinite(motion.sigma_ms[row]) and one.cls in {"car", "bus", "truck"}:
                error = np.hypot(*motion.velocity_ms[row]) - one.speed_kmh / 3.6
                speeds.append((error, motion.sigma_ms[row]))
    return passages, behind, np.array(speeds)


@pytest.mark.parametrize(("miss", "noise"), [(0.0, 0.0), (0.15, 0.02)], ids=["perfect", "faulty"])
def test_every_passage_is_found_and_every_track_is_of_one_object(rehearsal, miss, noise):
    truth, camera = rehearsal
    passages, behind, speeds = follow(truth, camera, miss, noise)
    expected = sorted((one.line, one.video_s) for one in truth.passages)
    found = sorted((one.line, one.video_s) for one in passages)
    assert [line for line, _ in found] == [line for line, _ in expected]
    np.testing.assert_allclose([s for _, s in found], [s for _, s in expected], atol=0.25)
    pure = sum(max(objects.values()) for objects in behind.values()) / sum(sum(o.values()) for o in behind.values())
    assert pure >= 0.99
    assert len(behind) <= len({one for objects in behind.values() for one in objects}) + 1
    assert np.mean(np.abs(speeds[:, 0]) <= 2 * speeds[:, 1]) >= 0.9
    assert np.median(np.abs(speeds[:, 0])) * 3.6 <= 3.0  # km/h


def test_directions_of_passages_are_the_true_ones(rehearsal):
    truth, camera = rehearsal
    passages, _, _ = follow(truth, camera, 0.0, 0.0)
    for one in passages:
        nearest = min(truth.passages, key=lambda true: abs(true.video_s - one.video_s) + 9 * (true.line != one.line))
        assert one.forward == nearest.forward
