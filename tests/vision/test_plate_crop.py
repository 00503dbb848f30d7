"""Cutting plates out of pictures."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.plate_crop import HEIGHT, WIDTH, box_quad, flat, normalised, patch, placed, unrolled, widened


def ramp(width=400, height=200):
    """A picture whose grey value tells the place: x / 2 in even rows."""
    return np.tile((np.arange(width) // 2).astype(np.uint8), (height, 1))


def test_a_box_comes_out_with_its_left_at_the_left():
    crop = flat(ramp(), box_quad(np.array([100, 20, 300, 70], np.float32)))
    assert crop.shape == (HEIGHT, WIDTH)
    assert abs(int(crop[10, 1]) - 50) <= 2
    assert abs(int(crop[10, -2]) - 150) <= 2


def test_a_box_beyond_the_picture_is_filled_from_its_edge():
    crop = flat(ramp(), box_quad(np.array([-100, -50, 100, 50], np.float32)))
    assert (crop[:, 0] == 0).all()


@given(st.floats(0, 0.5), st.floats(0, 0.5))
def test_widening_a_box_adds_its_shares_on_each_side(across, down):
    quad = widened(box_quad(np.array([100, 50, 200, 80], np.float32)), across, down)
    assert quad[0] == pytest.approx([100 - 100 * across, 50 - 30 * down], abs=1e-3)
    assert quad[2] == pytest.approx([200 + 100 * across, 80 + 30 * down], abs=1e-3)


def test_two_lines_come_side_by_side():
    picture = np.zeros((100, 100), np.uint8)
    picture[:50] = 200
    line = unrolled(picture, box_quad(np.array([0, 0, 100, 100], np.float32)))
    assert line.shape == (HEIGHT, WIDTH)
    assert line[:40, : WIDTH // 2].mean() > 195
    assert line[8:, WIDTH // 2 :].mean() < 5


def test_points_of_a_crop_go_back_to_the_picture():
    quad = np.array([[10, 10], [110, 20], [105, 60], [8, 50]], np.float32)
    assert placed(np.array([[0, 0], [1, 1]], np.float32), quad) == pytest.approx(quad[[0, 2]], abs=1e-3)


@pytest.mark.parametrize("colour", [False, True])
def test_a_large_plate_is_shrunk_first(colour):
    picture = np.dstack([ramp(1600, 800)] * 3) if colour else ramp(1600, 800)
    grey, quad = patch(picture, box_quad(np.array([400, 200, 1200, 400], np.float32)))
    assert grey.ndim == 2
    assert float(np.ptp(quad[:, 0])) == pytest.approx(288, abs=1)
    assert grey.shape[1] < 700


@pytest.mark.parametrize("box", [(0, 0, 5, 3), (-50, -50, -10, -20), (395, 195, 500, 300), (10, 10, 10, 10)])
def test_odd_boxes_give_a_patch_all_the_same(box):
    grey, quad = patch(ramp(), box_quad(np.array(box, np.float32)))
    assert grey.size > 0
    assert np.isfinite(quad).all()


def test_night_and_day_look_alike_once_normalised():
    day = np.random.default_rng(0).integers(60, 220, (1, HEIGHT, WIDTH)).astype(np.uint8)
    night = (day * 0.5).astype(np.uint8)
    both = normalised(np.concatenate([day, night]))
    assert both.shape == (2, 1, HEIGHT, WIDTH)
    assert abs(float(both.mean())) < 1e-5
    assert float(np.abs(both[0] - both[1]).mean()) < 0.1
