from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from models.card import WEIGHTS, load_card
from vision.camera import load_camera
from vision.classes import MOTORCYCLE, ROAD_CLASSES, VEHICLE_IDS
from vision.detector import Detector, DetectorSpec
from vision.pipeline import Pipeline, PipelineSettings
from vision.stream import Stream

pytestmark = pytest.mark.data

TRUTH = Path(__file__).resolve().parents[1] / "truth"
TIME_S = 0.3
"""How exactly the truth was read by eye, seconds."""
MARGIN_S = 0.2
"""What a detector's box may add to that, seconds."""
FORWARD = {"down": True, "up": False, "right": False}
"""Whether a way is from the left of the counting line to its right: those of street and car_park are drawn rightwards,
those of the junction downwards."""


def road() -> Detector:
    card = load_card(WEIGHTS / "road.json")
    thresholds = tuple(card.threshold[name] for name in card.classes)
    return Detector(
        DetectorSpec(card.path, card.classes, card.long_side, card.stride, thresholds, card.nms_iou, card.sha256)
    )


@pytest.mark.parametrize("name", ["street", "car_park", "junction_cyclist", "junction_truck"])
def test_the_passages_of_a_real_video_are_those_counted_by_eye(shared_data, name):
    truth = tomllib.loads((TRUTH / f"{name}.toml").read_text())
    settings = PipelineSettings()
    pipeline = Pipeline(load_camera(TRUTH / truth["camera"]), road(), None, settings)
    with Stream(shared_data / "video" / truth["video"]) as stream:
        found = [one for frame in stream.frames(rate_hz=settings.rate_hz) for one in pipeline.observe(frame).passages]
    expected = [one for one in truth["crossings"] if ROAD_CLASSES.index(one["class"]) in VEHICLE_IDS]
    if truth["bicycles"]:
        # a far cyclist may pass for a motorcyclist, which is for the detector's own evaluation to judge
        found = [one for one in found if one.class_id != MOTORCYCLE]
    assert len(found) == truth["total"] == len(expected)
    seconds = np.array([one.video_s for one in found])
    np.testing.assert_allclose(seconds, [one["time_s"] for one in expected], atol=TIME_S + MARGIN_S)
    for one, by_eye in zip(found, expected, strict=True):
        assert one.forward == FORWARD[by_eye["direction"]]
