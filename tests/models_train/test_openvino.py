"""OpenVINO is installed where training is: there its boxes are held to those of ONNX Runtime."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("openvino", reason="training tests run in .venv-train")

from models.card import WEIGHTS, load_detector_card
from models.look import raw_detector
from models.spec import spec_of
from models.start import coco_start_onnx
from qyran.errors import ConfigError
from tests.vision import tiny_onnx
from tests.vision.agreement import TOLERANCES, compared
from vision.classes import ROAD_CLASSES
from vision.detector import Detector, DetectorSpec
from vision.engine import open_engine


@pytest.fixture(scope="module")
def streets(shared_data) -> list[np.ndarray]:
    """Real pictures of streets, of two sizes."""
    files = sorted((shared_data / "road" / "val" / "images").iterdir())[:10]
    pictures = [np.asarray(cv2.imread(str(file)), np.uint8) for file in files]
    return [*pictures, np.asarray(cv2.resize(pictures[0], (480, 360)), np.uint8)]


@pytest.fixture(scope="module")
def floats(shared_data, tmp_path_factory) -> DetectorSpec:
    """A detector with float weights: what the road models start from."""
    weights = coco_start_onnx(tmp_path_factory.mktemp("coco") / "coco_start.onnx")
    return raw_detector(weights, ROAD_CLASSES, 640).spec


@pytest.mark.parametrize("name", ["openvino", "openvino-bf16"])
def test_openvino_gives_the_boxes_of_onnx_runtime(name, floats, streets) -> None:
    assert compared(Detector(floats), Detector(floats, engine=name), streets, TOLERANCES[name]) >= 20


def test_openvino_takes_several_pictures_at_once(floats, streets) -> None:
    eye = Detector(floats, engine="openvino")
    for together, picture in zip(eye.detect_many(streets), streets, strict=True):
        np.testing.assert_allclose(together.box, eye.detect(picture).box, atol=0.05)


def test_openvino_tells_shapes_and_faults_like_the_plain_engine(tmp_path) -> None:
    fixed = open_engine(
        tiny_onnx.write(tmp_path / "b.onnx", np.zeros((10, 21), np.float32), size=(64, 32), batch=2), name="openvino"
    )
    assert (fixed.input_size, fixed.batch, list(fixed.output_shape)) == ((64, 32), 2, [2, 10, 21])
    assert [output.shape for output in fixed.run_all(np.zeros((2, 3, 32, 64), np.float32))] == [(2, 10, 21)]
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(ConfigError, match=r"broken\.onnx are no model that OpenVINO can load"):
        open_engine(tmp_path / "broken.onnx", name="openvino")


def test_weights_of_another_card_are_refused(tmp_path) -> None:
    card = load_detector_card(WEIGHTS / "road.json")
    weights = tiny_onnx.write(tmp_path / "tiny.onnx", np.zeros((9, 21), np.float32))
    with pytest.raises(ConfigError, match="does not fit 6 classes"):
        Detector(spec_of(card).__class__(weights, card.classes, 640, 32, (0.5,) * 6, 0.6, ""), engine="openvino")
