from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from qyran.errors import ConfigError
from vision.classes import CAR, PERSON, ROAD_CLASSES, TRUCK
from vision.detector import Detector, DetectorSpec, decode
from vision.letterbox import fit

WEIGHTS = Path(__file__).resolve().parents[2] / "models" / "weights" / "road.onnx"
THRESHOLDS = (0.3, 0.2, 0.2, 0.4, 0.25, 0.25)


def a_spec(**changes) -> DetectorSpec:
    values = {
        "weights": WEIGHTS, "classes": ROAD_CLASSES, "long_side": 320, "stride": 32, "thresholds": THRESHOLDS,
        "nms_iou": 0.6, "sha256": "",
    }  # fmt: skip
    return DetectorSpec(**(values | changes))


def an_output(*rows: tuple[tuple[float, float, float, float], dict[int, float]]) -> np.ndarray:
    """A network's output with one anchor a row: box as centre and size, raw scores by class."""
    output = np.zeros((1, 4 + len(ROAD_CLASSES), len(rows)), np.float32)
    for anchor, (box, scores) in enumerate(rows):
        output[0, :4, anchor] = box
        for class_id, score in scores.items():
            output[0, 4 + class_id, anchor] = score
    return output


LETTERBOX = fit(320, 320, 320, 32)


@pytest.mark.parametrize(("long_side", "size"), [(320, (256, 160)), (None, (256, 160)), (416, (416, 256))])
def test_who_asks_for_a_larger_input_is_not_held_to_the_usual_number_of_pixels(long_side, size, monkeypatch):
    detector, sizes = Detector(a_spec(most_pixels=256 * 160)), []
    monkeypatch.setattr(
        detector, "_run", lambda pictures, boxes: sizes.append((boxes[0].width, boxes[0].height)) or NONE
    )
    assert not len(detector.detect(np.zeros((720, 1280, 3), np.uint8), long_side=long_side))
    assert sizes == [size]


NONE = np.zeros((1, 4 + len(ROAD_CLASSES), 0), np.float32)
"""The output of a network that sees nothing."""


@pytest.mark.parametrize("class_id", range(len(ROAD_CLASSES)))
def test_a_raw_score_at_its_class_threshold_becomes_one_half(class_id):
    seen = decode(an_output(((100, 100, 40, 40), {class_id: THRESHOLDS[class_id]})), LETTERBOX, a_spec())
    assert seen.class_id.tolist() == [class_id]
    np.testing.assert_allclose(seen.score, [0.5], atol=1e-6)
    np.testing.assert_allclose(seen.box, [[80, 80, 120, 120]])


def test_calibration_keeps_the_order_within_a_class():
    raw = np.linspace(0.01, 0.99, 12)
    rows = [((30 + 20 * i, 100, 10, 10), {CAR: float(score)}) for i, score in enumerate(raw)]
    seen = decode(an_output(*rows), LETTERBOX, a_spec(), min_score=0.0)
    assert (np.diff(seen.score) < 0).all()
    assert (np.diff(seen.box[:, 0]) < 0).all()


def test_the_class_is_chosen_by_calibrated_score():
    # person is above its threshold, car is higher in raw score but below its own
    seen = decode(an_output(((100, 100, 40, 40), {PERSON: 0.35, CAR: 0.38})), LETTERBOX, a_spec())
    assert seen.class_id.tolist() == [PERSON]


def test_one_vehicle_seen_as_car_and_truck_is_given_once():
    output = an_output(((100, 100, 40, 40), {CAR: 0.9}), ((100, 100, 40, 39), {TRUCK: 0.8}))
    assert decode(output, LETTERBOX, a_spec()).class_id.tolist() == [CAR]


def test_weak_thin_and_outside_boxes_are_dropped_and_the_rest_clipped():
    output = an_output(
        ((100, 100, 40, 40), {CAR: 0.0001}),
        ((200, 100, 0.2, 40), {CAR: 0.9}),
        ((-50, 100, 40, 40), {CAR: 0.9}),
        ((310, 310, 40, 40), {CAR: 0.9}),
    )
    seen = decode(output, LETTERBOX, a_spec())
    np.testing.assert_allclose(seen.box, [[290, 290, 320, 320]])


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_scores_at_the_ends_stay_finite(score):
    seen = decode(an_output(((100, 100, 40, 40), {CAR: score})), LETTERBOX, a_spec(), min_score=0.0)
    assert np.isfinite(seen.score).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"classes": ("car", "car", "bus", "truck", "a", "b")}, "once"),
        ({"thresholds": (0.5,)}, "threshold"),
        ({"thresholds": (0.0,) * 6}, "threshold"),
        ({"nms_iou": 0.0}, "nms_iou"),
        ({"long_side": 16}, "long side"),
    ],
)
def test_a_wrong_spec_is_refused(changes, words):
    with pytest.raises(ConfigError, match=words):
        a_spec(**changes)


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.onnx are missing"):
        Detector(a_spec(weights=tmp_path / "none.onnx"))


def test_a_file_that_is_no_model_is_named(tmp_path):
    wrong = tmp_path / "wrong.onnx"
    wrong.write_bytes(b"not a model")
    with pytest.raises(ConfigError, match=r"wrong\.onnx are no ONNX model"):
        Detector(a_spec(weights=wrong))


@pytest.mark.parametrize(("engine", "words"), [("quantum", "unknown"), ("cuda", "not installed")])
def test_an_engine_that_is_not_there_is_named(engine, words):
    if engine == "cuda" and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this installation has CUDA")
    with pytest.raises(ConfigError, match=words):
        Detector(a_spec(), engine=engine)


class TestShippedWeights:
    def test_pictures_of_any_size_give_boxes_inside_them(self):
        detector = Detector(a_spec())
        rng = np.random.default_rng(1)
        for height, width in ((240, 426), (90, 33), (352, 640), (352, 640)):
            seen = detector.detect(rng.integers(0, 256, (height, width, 3), np.uint8))
            assert (seen.box >= 0).all()
            assert (seen.box <= (width, height, width, height)).all()
            assert ((seen.score >= 0.01) & (seen.score <= 1)).all()
            assert (np.diff(seen.score) <= 0).all()

    def test_the_same_picture_gives_the_same_boxes_whatever_came_between(self):
        detector = Detector(a_spec())
        rng = np.random.default_rng(2)
        picture, other = (rng.integers(0, 256, size, np.uint8) for size in ((200, 320, 3), (320, 200, 3)))
        first = detector.detect(picture)
        detector.detect(other)
        again = detector.detect(picture)
        np.testing.assert_array_equal(first.box, again.box)

    def test_weights_with_other_classes_are_refused(self):
        with pytest.raises(ConfigError, match="does not fit 2 classes"):
            Detector(a_spec(classes=("fire", "smoke"), thresholds=(0.5, 0.5)))


def test_twins_share_the_network_and_see_what_one_alone_sees_in_threads_of_their_own():
    rng = np.random.default_rng(8)
    pictures = [rng.integers(0, 255, (90 + 30 * (i % 3), 160, 3), np.uint8) for i in range(12)]
    own = Detector(a_spec())
    alone = [own.detect(picture) for picture in pictures]
    twins = [own.twin() for _ in range(3)]
    assert all(twin._engine is own._engine for twin in twins)
    with ThreadPoolExecutor(3) as threads:
        halves = [threads.submit(lambda i=i: [twins[i].detect(p) for p in pictures[i::3]]) for i in range(3)]
    for i, half in enumerate(halves):
        for seen, wanted in zip(half.result(), alone[i::3], strict=True):
            np.testing.assert_array_equal(seen.box, wanted.box)
            np.testing.assert_array_equal(seen.score, wanted.score)
