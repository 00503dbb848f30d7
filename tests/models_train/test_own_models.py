"""A user's own network, from the file Ultralytics leaves to boxes, by a card alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests run in .venv-train")

from models import torch_shim  # noqa: E402, F401
from models.ap import iou  # noqa: E402
from models.card import load_detector_card  # noqa: E402
from models.export_own import main as export  # noqa: E402
from models.quantise_own import main as quantise  # noqa: E402
from models.spec import spec_of  # noqa: E402
from models.start import new_network  # noqa: E402
from vision.detector import Detector  # noqa: E402

ultralytics = pytest.importorskip("ultralytics")

SIDE = 96
NAMES = {0: "person", 1: "automobile", 2: "lorry"}
OURS = {"person": "person", "automobile": "car", "lorry": "truck"}
AS = tuple(word for pair in OURS.items() for word in ("--as", "=".join(pair)))
RT_DETR = {
    "nc": len(NAMES),
    "backbone": [[-1, 1, "Conv", [16, 3, 2]], [-1, 1, "Conv", [16, 3, 2]],
                 *([-1, 1, "Conv", [32, 3, 2]] for _ in range(3))],
    "head": [[[2, 3, 4], 1, "RTDETRDecoder", ["nc", 32, 20, 2, 2, 1, 64]]],
}  # fmt: skip
"""The smallest RT-DETR that has all its parts."""


def picture() -> np.ndarray:
    rng = np.random.default_rng(5)
    small = rng.integers(0, 256, (12, 12, 3), np.uint8)
    return cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)


def sure(model) -> None:
    """Random weights that see something everywhere."""
    head = model.model.model[-1]
    with torch.no_grad():
        for name in ("cv3", "one2one_cv3"):
            for branch in getattr(head, name, None) or ():
                branch[-1].bias.zero_()
                branch[-1].weight.mul_(40)
        for layer in getattr(head, "dec_score_head", ()):
            layer.bias.zero_()
            layer.weight.mul_(10)


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The .pt of a network that was never trained."""
    folder = tmp_path_factory.mktemp("own")
    torch.set_num_threads(1)

    def make(kind: str) -> Path:
        path = folder / f"{kind}.pt"
        if path.is_file():
            return path
        torch.manual_seed(1)
        if kind == "rt-detr":
            (folder / "tiny.yaml").write_text(json.dumps(RT_DETR), encoding="utf-8")
            model = ultralytics.RTDETR(str(folder / "tiny.yaml"))
        else:
            raw = ultralytics.nn.tasks.yaml_model_load(f"{kind}.yaml") | {"nc": len(NAMES)}
            (folder / f"{kind}.yaml").write_text(json.dumps(raw), encoding="utf-8")
            model = ultralytics.YOLO(str(folder / f"{kind}.yaml"))
        model.model.names = NAMES
        sure(model)
        model.save(path)
        return path

    return make


def boxes_of(card: Path) -> list[tuple]:
    """Class name and box of all the product's detector sees before suppression."""
    read = load_detector_card(card)
    seen = Detector(replace(spec_of(read), nms_iou=1.0)).detect(picture(), min_score=0.25)
    return [(read.finds[int(c)], *b.tolist()) for c, b in zip(seen.class_id, seen.box, strict=True)]


def theirs(path: Path) -> list[tuple]:
    """The same from Ultralytics itself."""
    raw = 0.1  # 0.25 of the calibrated score where the threshold is 0.25
    model = ultralytics.YOLO(str(path))
    if path.stem == "rt-detr":
        blob = torch.from_numpy(np.ascontiguousarray(picture()[None, ..., ::-1].transpose(0, 3, 1, 2))).float() / 255
        with torch.no_grad():
            rows = model.model.float().eval()(blob)[0][0].numpy()
        centre, half = rows[:, :2] * SIDE, rows[:, 2:4] * SIDE / 2
        corners = np.concatenate((centre - half, centre + half), axis=1).tolist()
        return [(OURS[NAMES[int(row[5])]], *box) for row, box in zip(rows, corners, strict=True) if row[4] >= raw]
    result = model.predict(picture(), imgsz=SIDE, conf=raw, iou=1.0, verbose=False, max_det=300)[0].boxes
    ours = {"person": "person", "automobile": "car"}
    return [
        (ours[NAMES[int(c)]], *b.tolist())
        for c, b in zip(result.cls, result.xyxy, strict=True)
        if NAMES[int(c)] in ours
    ]


@pytest.mark.parametrize(
    ("kind", "words", "output"),
    [
        ("yolov8n", (), "yolo"),
        ("yolo11n", (), "yolo"),
        ("yolo26n", (), "yolo"),
        ("yolo26n", ("--nms-free", "--name", "free"), "end-to-end"),
        ("rt-detr", (), "rt-detr-end-to-end"),
    ],
)
def test_a_network_of_ultralytics_works_through_its_card_alone(kind, words, output, own, tmp_path, capsys) -> None:
    path = own(kind)
    assert export([str(path), "--out", str(tmp_path), "--side", str(SIDE), *AS, *words]) == 0
    card = Path(capsys.readouterr().out.strip().splitlines()[-1])
    raw = json.loads(card.read_text(encoding="utf-8"))
    assert raw["output"] == output
    assert raw["classes"] == list(NAMES.values())
    seen = boxes_of(card)
    assert len(seen) > 2
    if output == "end-to-end":  # Ultralytics itself takes the other head
        return
    expected = theirs(path)
    overlap = iou(np.array([row[1:] for row in seen], np.float32), np.array([row[1:] for row in expected], np.float32))
    same = np.array([[row[0] == other[0] for other in expected] for row in seen])
    assert (overlap.max(axis=1) > 0.9).mean() > 0.9
    # On random weights classes lie so near each other that rounding decides between some of them.
    assert ((overlap > 0.9) & same).any(axis=1).mean() > 0.7


def test_a_checkpoint_of_our_own_training_is_exported(tmp_path, capsys) -> None:
    torch.save(new_network(2).state_dict(), tmp_path / "phase1_average.pt")
    assert export([str(tmp_path / "phase1_average.pt"), "--name", "mine", "--side", "64"]) == 0
    card = load_detector_card(tmp_path / "mine.json")
    assert card.finds == ("fire", "smoke")


def test_eight_bits_of_a_users_own_network_say_what_they_lose(own, tmp_path, capsys) -> None:
    export([str(own("yolo11n")), "--out", str(tmp_path), "--side", str(SIDE), *AS])
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number in range(8):
        turned = np.rot90(picture(), number % 4)
        cv2.imwrite(str(pictures / f"{number}.png"), np.ascontiguousarray(turned if number < 4 else turned[:, ::-1]))
    capsys.readouterr()
    assert quantise([str(tmp_path / "yolo11n.json"), "--pictures", str(pictures)]) == 0
    lost = json.loads(capsys.readouterr().out)
    assert lost["bytes"] < 0.5 * lost["bytes_before"]
    assert lost["boxes"] > 0
    assert 0 <= lost["ap50"] <= 1
    card = load_detector_card(tmp_path / "yolo11n_int8.json")
    assert (card.precision, card.name) == ("int8-qdq", "yolo11n_int8")
    assert quantise([str(tmp_path / "yolo11n_int8.json"), "--pictures", str(pictures)]) == 2
    assert "in 8 bits already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words", "fault"),
    [
        (None, (), "cannot be read"),
        (b"no network", (), "is no network of Ultralytics"),
        ("tensors", (), "holds no checkpoint of our own training"),
        ("yolov8n", ("--as", "bus=bus"), "the model has no class 'bus'"),
        ("yolov8n", ("--as", "lorry=lion"), "Qyran does not know the class 'lion'"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(content, words, fault, own, tmp_path, capsys) -> None:
    path = tmp_path / "given.pt"
    if content == "tensors":
        torch.save({"a": torch.zeros(1)}, path)
    elif content == "yolov8n":
        path = own(content)
    elif content is not None:
        path.write_bytes(content)
    assert export([str(path), "--out", str(tmp_path), "--side", "64", *words]) == 2
    err = capsys.readouterr().err.strip().splitlines()[-1]
    assert err.startswith("qyran: ")
    assert fault in err
