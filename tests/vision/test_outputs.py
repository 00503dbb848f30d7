from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qyran.errors import ConfigError
from tests.vision import tiny_onnx
from vision.classes import BUS, CAR, PERSON, ROAD_CLASSES
from vision.detector import Detector, DetectorSpec
from vision.letterbox import PLAIN
from vision.outputs import OUTPUTS, yolox_grid

SIDE = 64
CLASSES = 80
COCO = {0: PERSON, 2: CAR, 5: BUS}
"""A few of COCO's channels and what they are to us."""
CHANNELS = tuple(COCO.get(channel, -1) for channel in range(CLASSES))
CAR_BOX, BUS_BOX = (8.0, 12.0, 24.0, 20.0), (30.0, 30.0, 60.0, 50.0)


def centred(box):
    x1, y1, x2, y2 = box
    return ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1)


def yolo(*seen):
    out = np.zeros((4 + CLASSES, 84), np.float32)
    for row, (box, channel, score) in enumerate(seen):
        out[:4, row], out[4 + channel, row] = centred(box), score
    return out


def end_to_end(*seen):
    out = np.zeros((20, 6), np.float32)
    for row, (box, channel, score) in enumerate(seen):
        out[row] = (*box, score, channel)
    return out


def rt_detr(*seen):
    out = np.zeros((20, 4 + CLASSES), np.float32)
    for row, (box, channel, score) in enumerate(seen):
        out[row, :4], out[row, 4 + channel] = np.array(centred(box)) / SIDE, score
    return out


def rt_detr_end_to_end(*seen):
    out = np.zeros((20, 6), np.float32)
    for row, (box, channel, score) in enumerate(seen):
        out[row] = (*np.array(centred(box)) / SIDE, score, channel)
    return out


def yolox(*seen, height=SIDE):
    grid, step = yolox_grid(SIDE, height)
    out = np.zeros((len(grid), 5 + CLASSES), np.float32)
    for row, (box, channel, score) in zip((3, 9), seen, strict=False):
        x, y, w, h = centred(box)
        out[row, :4] = (*((x, y) / step[row] - grid[row]), *np.log((w, h) / step[row]))
        out[row, 4], out[row, 5 + channel] = 0.9, score / 0.9
    return out


KINDS = {
    "yolo": yolo, "end-to-end": end_to_end, "rt-detr": rt_detr, "rt-detr-end-to-end": rt_detr_end_to_end,
    "yolox": yolox,
}  # fmt: skip


def spec(weights, kind, **changes):
    values = {
        "weights": weights, "classes": ROAD_CLASSES, "long_side": SIDE, "stride": 32, "thresholds": (0.5,) * 6,
        "nms_iou": 0.6, "sha256": "", "output": kind, "pixels": OUTPUTS[kind].pixels, "channels": CHANNELS,
    }  # fmt: skip
    return DetectorSpec(**(values | changes))


@pytest.fixture
def detector(tmp_path):
    def make(kind, out, **changes):
        return Detector(spec(tiny_onnx.write(tmp_path / "tiny.onnx", out), kind, **changes))

    return make


SQUARE = np.zeros((SIDE, SIDE, 3), np.uint8)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_export_gives_the_same_boxes(kind, detector):
    out = KINDS[kind]((CAR_BOX, 2, 0.8), (BUS_BOX, 5, 0.6))
    seen = detector(kind, out).detect(SQUARE)
    assert seen.class_id.tolist() == [CAR, BUS]
    np.testing.assert_allclose(seen.box, [CAR_BOX, BUS_BOX], atol=1e-3)
    np.testing.assert_allclose(seen.score, [0.8, 0.6], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_boxes_come_back_to_a_picture_of_another_shape(kind, detector):
    out = yolox((CAR_BOX, 2, 0.8), height=32) if kind == "yolox" else KINDS[kind]((CAR_BOX, 2, 0.8))
    seen = detector(kind, out).detect(np.zeros((100, 200, 3), np.uint8))
    # RT-DETR's picture is stretched into the square: each side has its own scale.
    down = 100 if kind.startswith("rt-detr") else 200
    np.testing.assert_allclose(seen.box[0], np.array(CAR_BOX) * (200, down, 200, down) / SIDE, atol=1e-2)


def test_yolox_pictures_lie_in_the_corner_and_others_in_the_middle(detector):
    box = (10.0, 4.0, 20.0, 14.0)
    for kind, out, top in (("yolox", yolox((box, 2, 0.8), height=64), 0), ("yolo", yolo((box, 2, 0.8)), 7)):
        seen = detector(kind, out).detect(np.zeros((50, 64, 3), np.uint8))  # 14 rows of the input are grey
        np.testing.assert_allclose(seen.box[0, 1], max(0, 4 - top), atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_of_the_network_that_is_none_of_ours_is_dropped(kind, detector):
    seen = detector(kind, KINDS[kind]((CAR_BOX, 2, 0.6), (BUS_BOX, 16, 0.9))).detect(SQUARE)  # 16 is a dog
    assert seen.class_id.tolist() == [CAR]


def test_several_classes_of_the_network_may_be_one_of_ours(detector):
    channels = tuple(CAR if channel in {2, 7} else -1 for channel in range(CLASSES))
    eye = detector("yolo", yolo((CAR_BOX, 2, 0.6), (BUS_BOX, 7, 0.9)), channels=channels)
    assert eye.detect(SQUARE).class_id.tolist() == [CAR, CAR]


@pytest.mark.parametrize(
    ("kind", "left"), [("yolo", 1), ("yolox", 1), ("end-to-end", 2), ("rt-detr", 2), ("rt-detr-end-to-end", 2)]
)
def test_a_network_that_names_each_object_once_is_believed(kind, left, detector):
    near = (CAR_BOX[0] + 0.5, *CAR_BOX[1:])
    assert len(detector(kind, KINDS[kind]((CAR_BOX, 2, 0.8), (near, 2, 0.7))).detect(SQUARE)) == left


MISFITS = {
    "too few classes": ("yolo", lambda: yolo()[:-1], "does not fit 80 classes"),
    "end to end under the card of a plain export": ("yolo", end_to_end, "does not fit 80 classes"),
    "a plain export under an end-to-end card": ("end-to-end", yolo, "does not fit 80 classes"),
    "logits for scores": ("yolo", lambda: yolo((CAR_BOX, 2, 4.2)), "is no score between 0 and 1"),
    "not a number": ("yolo", lambda: yolo((CAR_BOX, 2, np.nan)), "is no score between 0 and 1"),
    "a class beyond the card's": ("end-to-end", lambda: end_to_end((CAR_BOX, 99, 0.8)), "names a class"),
    "grids of another input": ("yolox", lambda: yolox((CAR_BOX, 2, 0.8))[:-5], "the grids of YOLOX have 84"),
}


@pytest.mark.parametrize(("kind", "out", "words"), MISFITS.values(), ids=MISFITS)
def test_an_output_that_does_not_fit_its_card_is_one_clear_sentence(kind, out, words, detector):
    with pytest.raises(ConfigError, match=words) as refused:
        detector(kind, out()).detect(SQUARE)
    assert "tiny.onnx" in str(refused.value)
    assert str(refused.value).count(". ") == 0


@pytest.mark.parametrize("kind", ["yolo", "end-to-end", "rt-detr"])
def test_pictures_together_are_as_pictures_alone(kind, tmp_path):
    out = KINDS[kind]((CAR_BOX, 2, 0.4))
    gain = KINDS[kind]((CAR_BOX, 2, 0.0)) * 0
    row = {"yolo": (6, 0), "end-to-end": (0, 4), "rt-detr": (0, 6)}[kind]
    gain[row] = 0.5  # the brighter the picture, the surer
    eye = Detector(spec(tiny_onnx.write(tmp_path / "tiny.onnx", out, gain=gain), kind))
    pictures = [np.full((*size, 3), grey, np.uint8) for size, grey in (((64, 64), 20), ((32, 64), 90), ((64, 64), 200))]
    together, alone = eye.detect_many(pictures), [eye.detect(picture) for picture in pictures]
    for a, b in zip(together, alone, strict=True):
        np.testing.assert_array_equal(a.box, b.box)
        np.testing.assert_allclose(a.score, b.score, atol=1e-6)
    assert len({round(float(seen.score[0]), 3) for seen in together}) == 3


@pytest.mark.parametrize("batch", [1, 2, 4])
def test_a_network_for_a_fixed_number_of_pictures_gets_that_many(batch, tmp_path):
    weights = tiny_onnx.write(tmp_path / "tiny.onnx", yolo((CAR_BOX, 2, 0.8)), size=(SIDE, SIDE), batch=batch)
    eye = Detector(spec(weights, "yolo"))
    assert [len(seen) for seen in eye.detect_many([SQUARE] * 5)] == [1] * 5


def test_no_pictures_give_no_detections(detector):
    assert detector("yolo", yolo()).detect_many([]) == []


def test_an_input_of_fixed_size_is_kept(tmp_path):
    weights = tiny_onnx.write(tmp_path / "tiny.onnx", yolo((CAR_BOX, 2, 0.8)), size=(SIDE, SIDE))
    seen = Detector(spec(weights, "yolo", long_side=640)).detect(np.zeros((128, 128, 3), np.uint8))
    np.testing.assert_allclose(seen.box[0], np.array(CAR_BOX) * 2, atol=1e-3)


@settings(deadline=None)
@given(st.integers(1, 12), st.integers(1, 12))
def test_the_grids_of_yolox_cover_the_input(columns, rows):
    grid, step = yolox_grid(32 * columns, 32 * rows)
    assert len(grid) == 21 * columns * rows
    corners = (grid + 1) * step[:, None]
    assert corners.max(axis=0).tolist() == [32 * columns, 32 * rows]


def test_ultralytics_pictures_go_in_as_red_green_blue_up_to_one():
    assert OUTPUTS["yolo"].pixels is PLAIN
    assert (OUTPUTS["yolox"].pixels.colour, OUTPUTS["yolox"].pixels.most) == ("bgr", 255)
