"""The clips of a real junction, calibrated by five surveyed points: what their speeds must be like."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from service.detectors import SHIPPED
from vision.camera import load_camera
from vision.classes import VEHICLE_IDS
from vision.engine import available, suiting
from vision.pipeline import Pipeline
from vision.road_plane import RoadPlane
from vision.stream import Stream

pytestmark = pytest.mark.data

TRUTH = Path(__file__).resolve().parents[1] / "truth"
SIZE = 800, 600
REPROJECTION_M = 0.3
FASTEST_KMH = 60.0
"""The limit there is 50."""
JERKY_MS2 = 6.0
"""No driver of these clips brakes hard; a change of speed beyond this is the measurement's."""


@pytest.mark.parametrize("name", ["junction_cyclist", "junction_truck"])
def test_the_surveyed_points_are_met_to_a_foot(name):
    camera = load_camera(TRUTH / f"{name}.camera.toml")
    assert RoadPlane.from_camera(camera, *SIZE).error_m <= REPROJECTION_M


@pytest.mark.parametrize("name", ["junction_cyclist", "junction_truck"])
@pytest.mark.parametrize(("engine", "within"), [("cpu", 1), ("openvino-bf16", 2)])
def test_speeds_are_plausible_and_smooth(shared_data, name, engine, within):
    if not available(engine):
        pytest.skip(f"this installation has no {engine}")
    if engine == "openvino-bf16" and suiting(bfloat16=True) != engine:
        pytest.skip("this processor multiplies no matrices of bfloat16: `auto` never chooses that engine here")
    road = replace(SHIPPED, engine=engine).detector("road")
    pipeline = Pipeline(load_camera(TRUTH / f"{name}.camera.toml"), road, None)
    history = defaultdict(list)
    with Stream(shared_data / "video" / f"{name}.mp4") as stream:
        for frame in stream.frames(rate_hz=pipeline.settings.rate_hz):
            tracks = pipeline.observe(frame).tracks
            for i in np.flatnonzero(np.isfinite(tracks.speed_sigma_ms) & tracks.seen):
                if int(tracks.class_id[i]) in VEHICLE_IDS:
                    speed, sigma = np.hypot(*tracks.velocity_ms[i]), tracks.speed_sigma_ms[i]
                    history[int(tracks.id[i])].append((frame.video_s, speed, sigma))
    assert history
    moving = 0
    for looks in history.values():
        seconds, speed, sigma = np.array(looks).T
        assert (speed - 2 * sigma).max() * 3.6 <= FASTEST_KMH
        moving += speed.max() > 3.0
        # Smooth: from look to look no more than a driver does, beyond what the uncertainty allows: its standard value
        # where the figures were first taken, its 95 % interval in coarser numbers.
        jump = np.abs(np.diff(speed)) - JERKY_MS2 * np.diff(seconds) - within * np.hypot(sigma[1:], sigma[:-1])
        assert (jump <= 0).all()
    assert moving >= 1
