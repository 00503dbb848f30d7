from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests run in .venv-train")

import onnxruntime  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from models import torch_shim  # noqa: E402, F401
from models.augment import Augmentation, Batches, collate, ignore_weight  # noqa: E402
from models.data.records import ANY_CLASS, Record, array  # noqa: E402
from models.export import export_onnx  # noqa: E402
from models.look import look, raw_detector  # noqa: E402
from models.masked_loss import MaskedDetectionLoss  # noqa: E402
from models.quantise import quantise  # noqa: E402
from models.recipes import RECIPES, Phase  # noqa: E402
from models.start import COCO_ROWS, coco_start, new_network  # noqa: E402
from models.train import draw_epoch, run_phase, step  # noqa: E402

SIDE = 160
CALM = Augmentation(
    canvases=((SIDE, SIDE),), mosaic=0.0, zoom=(1.0, 1.0), hue=0.0, saturation=0.0, value=0.0, night=0.0, spoil=0.0
)


def scene(path: Path, seed: int, split: str = "train") -> Record:
    """A grey road with one red and one blue block: class 0 and class 1."""
    rng = np.random.default_rng(seed)
    picture = rng.normal(110, 6, (SIDE, SIDE, 3)).clip(0, 255).astype(np.uint8)
    boxes = []
    for class_id, colour in enumerate(((30, 30, 220), (220, 30, 30))):
        x, y = rng.integers((5, 25), (SIDE // 2 - 45, SIDE // 2 - 25)) + np.array((class_id * SIDE // 2, 0))
        w, h = rng.integers(24, 40, 2)
        cv2.rectangle(picture, (int(x), int(y)), (int(x + w), int(y + h)), colour, -1)
        boxes.append((class_id, x, y, x + w, y + h))
    cv2.imwrite(str(path), picture)
    return Record(str(path), "rendered", split, SIDE, SIDE, array(boxes), array([]))


@pytest.fixture(scope="module")
def small_set(tmp_path_factory) -> list[Record]:
    folder = tmp_path_factory.mktemp("pictures")
    return [scene(folder / f"{n}.png", n, "train" if n < 16 else "dev") for n in range(20)]


@pytest.fixture(scope="module")
def trained(small_set, tmp_path_factory):
    torch.set_num_threads(2)
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("run")
    recipe = replace(
        RECIPES["fire"],
        phases=(Phase(epochs=1, rate=1e-3, sources={"rendered": 2.0}),),
        batch=8, stored_side=SIDE, frozen=0, augmentation=CALM, val_side=SIDE,
    )  # fmt: skip
    network = run_phase(recipe, 1, new_network(2), small_set, folder, half=False)
    return recipe, network, folder


def test_one_epoch_leaves_a_checkpoint_and_an_average(trained) -> None:
    _, network, folder = trained
    assert (folder / "phase1.pt").is_file()
    kept = torch.load(folder / "phase1_average.pt", weights_only=True)
    assert set(kept) == set(network.state_dict())
    assert "ap50" in (folder / "log.jsonl").read_text(encoding="utf-8")


def test_a_finished_phase_is_not_trained_again(trained, small_set) -> None:
    recipe, network, folder = trained
    lines = (folder / "log.jsonl").read_text(encoding="utf-8")
    again = run_phase(recipe, 1, new_network(2), small_set, folder, half=False)
    assert (folder / "log.jsonl").read_text(encoding="utf-8") == lines
    for key, value in network.state_dict().items():
        assert torch.equal(value, again.state_dict()[key]), key


@pytest.mark.parametrize(("height", "width"), [(160, 160), (96, 160), (384, 640)])
def test_export_agrees_with_the_network_at_any_multiple_of_32(trained, tmp_path, height: int, width: int) -> None:
    _, network, _ = trained
    path = export_onnx(network, tmp_path / "a.onnx")
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    blob = np.random.default_rng(0).random((1, 3, height, width), np.float32)
    output = session.run(None, {"images": blob})[0]
    with torch.no_grad():
        expected = network.eval()(torch.from_numpy(blob))[0].numpy()
    assert output.shape == (1, 6, height * width * 21 // 1024)
    assert np.abs(output - expected).max() < 0.01


def test_eight_bits_stay_close_to_float_and_run_in_the_products_detector(trained, small_set, tmp_path) -> None:
    recipe, network, _ = trained
    exact = export_onnx(network, tmp_path / "a.onnx")
    small = quantise(exact, tmp_path / "b.onnx", [record.file for record in small_set[:8]], SIDE)
    assert small.stat().st_size < 0.4 * exact.stat().st_size
    record = small_set[-1]
    assert look(raw_detector(small, recipe.classes, SIDE), [record]).boxes[0].shape[1] == 6
    blob = np.ascontiguousarray(cv2.imread(record.file)[None, ..., ::-1].transpose(0, 3, 1, 2), np.float32) / 255
    a, b = (
        onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, {"images": blob})[0]
        for path in (exact, small)
    )
    assert np.abs(a[:, 4:] - b[:, 4:]).mean() < 0.02
    assert np.abs(a[:, :4] - b[:, :4]).mean() < 0.05 * SIDE


def test_the_coco_start_keeps_the_rows_of_our_classes(shared_data: Path) -> None:
    weights = shared_data.parent / "weights" / "yolov8n_coco.safetensors"
    if not weights.is_file():
        pytest.skip("the COCO starting weights are not here")
    state = load_file(str(weights))
    network = coco_start(weights, tuple(COCO_ROWS))
    for level in range(3):
        rows = network.model[-1].cv3[level][-1].weight
        assert torch.equal(rows, state[f"model.22.cv3.{level}.2.weight"].float()[list(COCO_ROWS.values())])


def test_boxes_follow_the_picture_through_augmentation(small_set) -> None:
    batches = Batches(
        small_set, {record.file: cv2.imread(record.file) for record in small_set}, np.arange(16), 8,
        replace(CALM, zoom=(0.6, 1.5), mosaic=0.5), seed=3,
    )  # fmt: skip
    batch = batches[1]
    for position, class_id, box in zip(batch["batch_idx"], batch["cls"], batch["bboxes"], strict=True):
        x, y = (box[:2] * SIDE).int().clamp(0, SIDE - 1).tolist()
        red, _, blue = batch["img"][int(position), :, y, x].int().tolist()
        assert (red > blue) == (int(class_id) == 0)


def test_a_batch_depends_on_its_seed_alone(small_set) -> None:
    cache = {record.file: cv2.imread(record.file) for record in small_set}
    strong = replace(CALM, mosaic=0.5, zoom=(0.5, 2.0), spoil=1.0, night=0.5)
    one, two = (Batches(small_set, cache, np.arange(16), 8, strong, seed=5)[1] for _ in range(2))
    assert all(torch.equal(one[key], two[key]) for key in one)


def test_an_ignore_region_silences_its_class_only() -> None:
    centres = torch.tensor([[10.0, 10.0], [50.0, 50.0]])
    ignore = torch.tensor([[0.0, 1.0, 0.0, 0.0, 20.0, 20.0], [1.0, float(ANY_CLASS), 40.0, 40.0, 60.0, 60.0]])
    weight = ignore_weight(ignore, centres, batch=2, classes=2)
    assert weight.tolist() == [[[1, 0], [1, 1]], [[1, 1], [0, 0]]]


def test_hidden_background_costs_nothing_but_positives_still_count() -> None:
    torch.manual_seed(0)
    network = new_network(2)
    picture = np.zeros((1, SIDE, SIDE, 3), np.uint8)
    whole = np.array([[0, ANY_CLASS, 0, 0, SIDE, SIDE]], np.float32)
    none = np.zeros((0, 6), np.float32)
    box = np.array([[0, 1, 40, 40, 100, 100]], np.float32)
    loss_of = MaskedDetectionLoss(network)
    network.train()
    hidden = step(network, loss_of, collate(picture, none, whole), half=False)[1]["cls_loss"]
    plain = step(network, loss_of, collate(picture, none, none), half=False)[1]["cls_loss"]
    taught = step(network, loss_of, collate(picture, box, whole), half=False)[1]["cls_loss"]
    assert float(hidden) == 0.0
    assert float(plain) > 0.0
    assert float(taught) > 0.0


def test_an_epoch_draws_each_source_as_often_as_asked() -> None:
    empty = array([])
    records = [Record(str(n), "often" if n < 50 else "seldom", "train", 1, 1, empty, empty) for n in range(100)]
    phase = Phase(epochs=1, rate=1e-3, sources={"often": 2.0, "seldom": 0.5})
    order = draw_epoch(records, phase, {}, np.random.default_rng(0))
    often = int((order < 50).sum())
    assert often == 100
    assert 10 <= len(order) - often <= 40
