"""A head that decodes its boxes in fewer steps says what it said before."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

pytest.importorskip("torch", reason="training tests run in .venv-train")

import torch

from models.export import export_onnx
from models.lean_head import lean_file
from models.start import new_network
from qyran.errors import ConfigError

MOST_PX = 0.005


def outputs(path, pictures):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return [session.run(None, {"images": picture})[0] for picture in pictures]


def test_the_lean_head_gives_the_same_boxes_and_scores_at_any_size(tmp_path) -> None:
    torch.manual_seed(1)
    file = export_onnx(new_network(6), tmp_path / "network.onnx")
    rng = np.random.default_rng(1)
    pictures = [rng.random((n, 3, h, w), np.float32) for n, h, w in ((1, 96, 160), (2, 64, 64), (1, 128, 96))]
    before = outputs(file, pictures)
    lean_file(file)
    for old, new in zip(before, outputs(file, pictures), strict=True):
        assert old.shape == new.shape
        np.testing.assert_allclose(new[:, :4], old[:, :4], atol=MOST_PX)
        np.testing.assert_array_equal(new[:, 4:], old[:, 4:])


def test_it_is_done_once_and_only_to_such_a_head(tmp_path) -> None:
    file = export_onnx(new_network(2), tmp_path / "network.onnx")
    lean_file(file)
    with pytest.raises(ConfigError, match="no head of Ultralytics v8"):
        lean_file(file)
