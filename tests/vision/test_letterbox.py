from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.letterbox import PAD, fit, fit_into


@pytest.mark.parametrize(
    ("picture", "long_side", "network"),
    [
        ((640, 352), 640, (640, 352)),
        ((1920, 1080), 640, (640, 384)),
        ((1080, 1920), 640, (384, 640)),
        ((640, 352), 416, (416, 256)),
        ((500, 500), 640, (640, 640)),
        ((4000, 3), 640, (640, 32)),
    ],
)
def test_the_input_fits_the_pictures_aspect(picture, long_side, network):
    letterbox = fit(*picture, long_side, 32)
    assert (letterbox.width, letterbox.height) == network


def test_a_fixed_input_holds_the_whole_picture():
    letterbox = fit_into(1920, 1080, 416, 416)
    assert (letterbox.width, letterbox.height) == (416, 416)
    assert (letterbox.inner_width, letterbox.inner_height) == (416, 234)


@given(st.integers(1, 3000), st.integers(1, 3000), st.sampled_from([320, 416, 640]))
def test_boxes_come_back_to_where_they_were(width, height, long_side):
    letterbox = fit(width, height, long_side, 32)
    assert letterbox.width % 32 == 0 == letterbox.height % 32
    assert letterbox.inner_width <= letterbox.width
    assert letterbox.inner_height <= letterbox.height
    inner = np.array([[0.0, 0, letterbox.inner_width, letterbox.inner_height]])
    offset = (letterbox.left, letterbox.top, letterbox.left, letterbox.top)
    np.testing.assert_allclose(letterbox.to_picture(inner + offset), [[0, 0, width, height]], rtol=1e-6)


def test_boxes_are_clipped_to_the_picture():
    letterbox = fit(100, 50, 320, 32)
    np.testing.assert_allclose(letterbox.to_picture(np.array([[-50.0, -50, 999, 999]])), [[0, 0, 100, 50]])


def test_filling_equals_the_plain_way_of_doing_it():
    picture = np.random.default_rng(3).integers(0, 256, (90, 200, 3), np.uint8)
    letterbox = fit(200, 90, 160, 32)
    blob = letterbox.blank()
    letterbox.fill(picture, blob)
    resized = cv2.resize(picture, (letterbox.inner_width, letterbox.inner_height), interpolation=cv2.INTER_LINEAR)
    plain = np.full((letterbox.height, letterbox.width, 3), PAD, np.float32)
    top, left = letterbox.top, letterbox.left
    plain[top : top + resized.shape[0], left : left + resized.shape[1]] = resized
    np.testing.assert_allclose(blob, plain[None, :, :, ::-1].transpose(0, 3, 1, 2) / 255, atol=1e-6)
