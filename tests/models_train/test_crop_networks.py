from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training tests run in .venv-train")

import cv2  # noqa: E402

from models.attributes.network import AttributeNetwork  # noqa: E402
from models.attributes.network import WithShares as WithAttributeShares  # noqa: E402
from models.crop_export import export_crops  # noqa: E402
from models.signals.drawn import draw_head  # noqa: E402
from models.signals.heads import BOX, EDGE, PUBLISHED, load_heads  # noqa: E402
from models.signals.network import WithShares  # noqa: E402
from models.signals.train import logits_of, report, train  # noqa: E402
from vision.attributes import COLOURS, KINDS  # noqa: E402
from vision.classifier import Classifier, ClassifierSpec  # noqa: E402
from vision.signal_input import SIZE, STATES  # noqa: E402


@pytest.fixture(scope="module")
def signals(tmp_path_factory):
    """A handful of pictures with one drawn head each, in the layout of the signal set."""
    folder = tmp_path_factory.mktemp("signals")
    rng = np.random.default_rng(0)
    for kind in ("images", "labels"):
        (folder / "train" / kind).mkdir(parents=True)
    for number in range(12):
        state = PUBLISHED[number % 3]
        noise = cv2.GaussianBlur(rng.integers(0, 255, (416, 416, 3)).astype(np.uint8), (0, 0), 6)
        head = draw_head(state, [noise], rng)
        noise[20 : 20 + head.shape[0], 30 : 30 + head.shape[1]] = head
        x, y = (30 + EDGE[0] + BOX[0] / 2) / 416, (20 + EDGE[1] + BOX[1] / 2) / 416
        cv2.imwrite(str(folder / "train" / "images" / f"drawn{number}.png"), noise)
        row = f"{number % 3} {x} {y} {BOX[0] / 416} {BOX[1] / 416}\n"
        (folder / "train" / "labels" / f"drawn{number}.txt").write_text(row)
    return folder


def spec_of(path, lists, size):
    return ClassifierSpec(weights=path, lists=lists, width=size[0], height=size[1], accept=0.5, sha256="0" * 64)


def test_the_signal_network_is_trained_exported_and_served(signals, tmp_path, monkeypatch):
    monkeypatch.setattr("models.signals.mix.POOL", 20)
    monkeypatch.setattr("models.signals.train.DRAWS", 40)
    heads = load_heads(signals, "train")
    assert [head.state for head in heads[:3]] == ["green", "red", "red"]
    network = train(heads, signals, steps=3, seed=1)
    found = report(network, heads, signals, seed=2)
    assert found["photographed"]["n"] == 12
    path = export_crops(WithShares(network, 1.5), tmp_path / "signals.onnx", SIZE, ["state"])
    served = Classifier(spec_of(path, (tuple(STATES),), SIZE))
    for n in (1, 5):
        crops = np.random.default_rng(n).integers(0, 255, (n, SIZE[1], SIZE[0], 3), dtype=np.uint8)
        expected = torch.softmax(logits_of(network, crops) / 1.5, dim=1).numpy()
        np.testing.assert_allclose(served.shares(crops)[0], expected, atol=1e-4)


def test_the_attribute_network_is_exported_with_both_lists(tmp_path):
    torch.manual_seed(0)
    network = AttributeNetwork(len(KINDS), len(COLOURS)).eval()
    path = export_crops(WithAttributeShares(network, (1.0, 2.0)), tmp_path / "a.onnx", (72, 72), ["kind", "colour"])
    served = Classifier(spec_of(path, (KINDS, COLOURS), (72, 72)))
    for n in (1, 3):
        kinds, colours = served.shares(np.full((n, 72, 72, 3), 90, np.uint8))
        assert kinds.shape == (n, len(KINDS))
        np.testing.assert_allclose(colours.sum(axis=1), np.ones(n), atol=1e-5)
