from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest

from models.card import WEIGHTS, load_detector_card
from models.spec import spec_of
from qyran.errors import ConfigError
from scenarios.pictures import sample
from tests.vision import tiny_onnx
from tests.vision.agreement import FOUND_AGAIN, TOLERANCES, compared, found_again, road_detector
from vision import engine
from vision.detector import Detector
from vision.engine import AUTO, ENGINES, available, open_engine, suiting
from vision.engine import _multiplies_bfloat16 as suits


@pytest.fixture
def tiny(tmp_path) -> Path:
    return tiny_onnx.write(tmp_path / "tiny.onnx", np.zeros((10, 21), np.float32))


def test_the_plain_engine_tells_the_shapes_of_its_network(tmp_path, tiny):
    free = open_engine(tiny)
    assert (free.input_size, free.batch, list(free.output_shape)[1:]) == (None, None, [10, 21])
    fixed = open_engine(tiny_onnx.write(tmp_path / "b.onnx", np.zeros((10, 21), np.float32), size=(64, 32), batch=2))
    assert (fixed.input_size, fixed.batch) == ((64, 32), 2)


def test_all_outputs_come_in_order(tiny):
    blob = np.zeros((2, 3, 32, 32), np.float32)
    outputs = open_engine(tiny).run_all(blob)
    assert [output.shape for output in outputs] == [(2, 10, 21)]
    np.testing.assert_array_equal(open_engine(tiny).run(blob), outputs[0])


@pytest.mark.parametrize("name", ["cpu", "openvino"])
def test_threads_that_run_one_network_at_once_get_each_their_own_answer(name, tmp_path):
    if not available(name):
        pytest.skip(f"this installation has no {name}")
    answer = np.zeros((10, 21), np.float32)
    shared = open_engine(tiny_onnx.write(tmp_path / "tiny.onnx", answer, gain=answer + 1), name=name, at_once=2)

    def means(number: int) -> set[float]:
        blob = np.full((1, 3, 32, 32), number, np.float32)
        return {float(shared.run(blob)[0, 0, 0]) for _ in range(40)}

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(means, range(4))) == [{float(number)} for number in range(4)]


BROKEN = {
    "no model": lambda good: b"no model",
    "nothing": lambda good: b"",
    "cut short": lambda good: good[: len(good) // 2],
    "noise at its end": lambda good: good[:-40] + bytes(range(40)),
}


@pytest.mark.parametrize("spoil", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named_in_one_sentence(spoil, tiny):
    tiny.write_bytes(spoil(tiny.read_bytes()))
    with pytest.raises(ConfigError, match=r"tiny\.onnx are no ONNX model that can be loaded\.$"):
        open_engine(tiny)


def test_a_network_that_fails_on_its_input_is_named(tmp_path):
    weights = tiny_onnx.write(tmp_path / "tiny.onnx", np.zeros((10, 21), np.float32), size=(64, 64))
    with pytest.raises(ConfigError, match=r"tiny\.onnx fail on an input of 1x3x32x32"):
        open_engine(weights).run(np.zeros((1, 3, 32, 32), np.float32))


@pytest.mark.parametrize("name", [name for name in ENGINES if name not in {"cpu", AUTO}])
def test_an_engine_that_is_not_there_names_the_extra_that_brings_it(name, tiny):
    if available(name):
        pytest.skip(f"this installation has {name}")
    extra = "openvino" if name.startswith("openvino") else "gpu"
    with pytest.raises(ConfigError, match=f"'{name}' is not installed here; install the extra '{extra}'"):
        open_engine(tiny, name=name)


def test_an_unknown_engine_lists_the_known(tiny):
    with pytest.raises(ConfigError, match=r"'quantum' is unknown; choose one of auto, cpu, cuda, tensorrt, openvino"):
        open_engine(tiny, name="quantum")


class FakeSession:
    """A run-time with graphics cards, as far as choosing goes."""

    asked: tuple = ()
    given: tuple = ("CPUExecutionProvider",)

    def __init__(self, weights, options, providers):
        type(self).asked = tuple(name for name, _ in providers)
        self.options = options

    def get_inputs(self):
        class Source:
            name, shape, type = "images", ["n", 3, "h", "w"], "tensor(float)"

        return [Source]

    get_outputs = get_inputs

    def get_providers(self):
        return list(self.given)


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("cpu", ("CPUExecutionProvider",)),
        ("cuda", ("CUDAExecutionProvider",)),
        ("tensorrt", ("TensorrtExecutionProvider", "CUDAExecutionProvider")),
    ],
)
def test_each_engine_asks_for_its_providers(name, asked, monkeypatch, tiny):
    class Willing(FakeSession):
        given = (*asked, "CPUExecutionProvider")

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: list(Willing.given))
    monkeypatch.setattr(onnxruntime, "InferenceSession", Willing)
    open_engine(tiny, name=name)
    assert Willing.asked == asked


@pytest.mark.parametrize("name", ["cuda", "tensorrt"])
def test_an_engine_that_falls_back_without_a_word_is_refused(name, monkeypatch, tiny):
    wanted = engine.PROVIDERS[name][0][0]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [wanted, "CPUExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "InferenceSession", FakeSession)
    with pytest.raises(ConfigError, match=f"'{name}' is installed but does not start on this machine"):
        open_engine(tiny, name=name)


@pytest.fixture(scope="module")
def streets() -> list[np.ndarray]:
    """Rendered streets."""
    return [picture for picture, _, _ in sample(4, 10, "road", (640, 360))]


@pytest.mark.parametrize("name", TOLERANCES)
def test_every_engine_gives_the_boxes_of_the_plain_one(name, streets):
    if not available(name):
        pytest.skip(f"{name} is not installed here")
    if name.startswith("openvino"):
        assert found_again(road_detector("cpu"), road_detector(name), streets) >= FOUND_AGAIN
    else:
        assert compared(road_detector("cpu"), road_detector(name), streets, TOLERANCES[name]) >= 5


needs_openvino = pytest.mark.skipif(not available("openvino"), reason="this installation has no openvino")


@needs_openvino
def test_every_load_for_several_threads_gives_the_same_numbers(streets):
    first = road_detector("openvino-bf16").detect(streets[0])
    for _ in range(4):
        card = load_detector_card(WEIGHTS / "road.json")
        again = Detector(spec_of(card), engine="openvino-bf16", at_once=2).detect(streets[0])
        np.testing.assert_array_equal(again.box, first.box)
        np.testing.assert_array_equal(again.score, first.score)


@needs_openvino
def test_nobody_is_told_that_openvino_is_used(tiny):
    open_engine(tiny, name="openvino")
    assert sys.modules["openvino_telemetry"] is None


@needs_openvino
@pytest.mark.parametrize("often", [1, 100])
def test_a_size_that_is_compiled_apart_gives_what_any_size_gives(often, streets, monkeypatch):
    monkeypatch.setattr("vision.openvino_engine.OFTEN", often)
    free, apart = (open_engine(WEIGHTS / "road.onnx", name="openvino") for _ in range(2))
    blob = np.random.default_rng(1).random((1, 3, 96, 160), np.float32)
    apart.prepare(blob.shape)
    np.testing.assert_allclose(apart.run(blob), free.run(blob), atol=1e-3)
    assert free.run(np.repeat(blob, 2, axis=0)).shape[0] == 2


@needs_openvino
def test_a_size_that_a_network_does_not_take_is_named(tmp_path):
    weights = tiny_onnx.write(tmp_path / "tiny.onnx", np.zeros((10, 21), np.float32), size=(64, 64))
    network = open_engine(weights, name="openvino")
    network.prepare((1, 3, 32, 32))
    with pytest.raises(ConfigError, match=r"tiny\.onnx fail on an input of 1x3x32x32"):
        network.run(np.zeros((1, 3, 32, 32), np.float32))


@pytest.mark.parametrize(
    ("flags", "bfloat16", "engine"),
    [
        ("fpu avx512f amx_bf16 amx_tile", True, "openvino-bf16"),
        ("fpu avx512f amx_bf16 amx_tile", False, "cpu"),
        ("fpu avx2", True, "cpu"),
    ],
)
def test_the_engine_that_suits_is_by_the_network_and_the_processor(flags, bfloat16, engine, monkeypatch, tmp_path):
    told = tmp_path / "cpuinfo"
    told.write_text(f"processor\t: 0\nflags\t\t: {flags}\n", encoding="utf-8")
    monkeypatch.setattr("vision.engine.CPUINFO", told)
    monkeypatch.setattr("vision.engine.available", lambda _: True)
    suits.cache_clear()
    assert suiting(bfloat16=bfloat16) == engine
    suits.cache_clear()


def test_where_openvino_is_not_installed_the_plain_engine_suits(monkeypatch):
    monkeypatch.setattr("vision.engine.available", lambda name: name == "cpu")
    assert suiting(bfloat16=True) == "cpu"


def test_pictures_of_several_sizes_together_are_as_alone(streets):
    eye = road_detector("cpu")
    pictures = [streets[0], cv2.resize(streets[1], (320, 320)), streets[2]]
    for together, picture in zip(eye.detect_many(pictures), pictures, strict=True):
        alone = eye.detect(picture)
        np.testing.assert_allclose(together.box, alone.box, atol=0.05)
        np.testing.assert_allclose(together.score, alone.score, atol=1e-3)
