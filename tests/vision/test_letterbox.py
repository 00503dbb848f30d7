from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vision.letterbox import PAD, Pixels, fit, fit_into


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


@settings(deadline=None)
@given(st.integers(1, 3000), st.integers(1, 3000), st.sampled_from([320, 640, 960]), st.integers(1, 600))
def test_the_area_of_the_input_stays_within_its_budget(width, height, long_side, cells):
    most = cells * 32 * 32
    letterbox = fit(width, height, long_side, 32, most)
    free = fit(width, height, long_side, 32)
    assert letterbox.width * letterbox.height <= most
    assert (letterbox.width % 32, letterbox.height % 32) == (0, 0)
    assert letterbox.inner_width <= letterbox.width
    assert letterbox.inner_height <= letterbox.height
    assert letterbox.inner_width <= free.inner_width
    if free.width * free.height <= most:
        assert letterbox == free
    else:  # the next larger step of either side would be too much, or the picture would not grow by it
        scale = min((letterbox.width + 32) / width, (letterbox.height + 32) / height)
        assert (letterbox.width + 32) * (letterbox.height + 32) > most or scale * max(width, height) > long_side


@pytest.mark.parametrize(
    ("picture", "network"),
    [((1920, 1080), (640, 384)), ((960, 540), (640, 384)), ((800, 600), (576, 416)), ((720, 1280), (384, 640))],
)
def test_a_budget_of_area_treats_every_aspect_alike(picture, network):
    letterbox = fit(*picture, 960, 32, 640 * 384)
    assert (letterbox.width, letterbox.height) == network


def test_a_picture_from_the_corner_lies_at_its_upper_left():
    letterbox = fit(200, 90, 160, 32, pixels=Pixels(place="corner"))
    assert (letterbox.left, letterbox.top) == (0, 0)
    np.testing.assert_allclose(letterbox.to_picture(np.array([[0.0, 0, 160, 72]])), [[0, 0, 200, 90]])


def test_a_stretched_picture_fills_the_input():
    letterbox = fit(200, 90, 160, 32, pixels=Pixels(place="stretch"))
    assert (letterbox.inner_width, letterbox.inner_height) == (letterbox.width, letterbox.height) == (160, 160)
    np.testing.assert_allclose(letterbox.to_picture(np.array([[80.0, 80, 160, 160]])), [[100, 45, 200, 90]])


@pytest.mark.parametrize(("colour", "most"), [("rgb", 1), ("bgr", 1), ("rgb", 255), ("bgr", 255)])
def test_colours_and_range_are_those_of_the_network(colour, most):
    picture = np.full((32, 32, 3), (255, 102, 0), np.uint8)  # blue 1, green 0.4, red 0
    letterbox = fit(32, 32, 32, 32, pixels=Pixels(colour, most))
    blob = letterbox.blank()
    letterbox.fill(picture, blob)
    expected = np.array((1.0, 0.4, 0.0) if colour == "bgr" else (0.0, 0.4, 1.0)) * most
    np.testing.assert_allclose(blob[0, :, 5, 5], expected, rtol=1e-6)
    assert letterbox.blank(3).shape == (3, 3, 32, 32)
    np.testing.assert_allclose(letterbox.blank().max(), PAD / 255 * most, rtol=1e-6)
