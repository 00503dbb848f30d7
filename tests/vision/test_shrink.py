"""Pictures made smaller keep their means; the median of several is the median of each pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vision.shrink import median_of, shrunk


@pytest.mark.parametrize(
    ("wide", "size"), [((1920, 1080), (192, 108)), ((1920, 1080), (480, 270)), ((641, 361), (641, 361))]
)
def test_where_sizes_divide_a_pixel_is_the_mean_of_what_it_covers(wide, size):
    picture = np.random.default_rng(1).integers(0, 256, (wide[1], wide[0], 3), np.uint8)
    each = wide[0] // size[0]
    means = picture.reshape(size[1], each, size[0], each, 3).mean(axis=(1, 3))
    assert np.abs(shrunk(picture, size) - means).max() <= 1.0  # halving rounds to whole levels once more


@pytest.mark.parametrize(
    ("wide", "size"),
    [((1280, 720), (192, 108)), ((800, 600), (192, 144)), ((1277, 719), (192, 108)), ((768, 432), (480, 270))],
)
def test_where_they_do_not_a_slope_stays_where_it_was(wide, size):
    slope = np.broadcast_to(np.linspace(0, 255, wide[0]).astype(np.uint8), (wide[1], wide[0])).copy()
    found = shrunk(slope, size)
    expected = cv2.resize(slope.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    assert found.shape == (size[1], size[0])
    assert np.abs(found - expected).max() <= 1.0


def test_a_grey_picture_stays_one():
    assert shrunk(np.full((1080, 1920), 7, np.uint8), (240, 136)).tolist() == np.full((136, 240), 7).tolist()


@pytest.mark.parametrize(("count", "there"), [(5, 5), (5, 3), (9, 9), (9, 7), (9, 4), (9, 1)])
def test_the_median_is_that_of_the_pictures_fewer_of_which_are_repeated(count, there):
    pictures = list(np.random.default_rng(there).integers(0, 256, (there, 20, 30), np.uint8))
    repeated = [pictures[k % there] for k in range(count)]
    assert (median_of(pictures, count) == np.median(repeated, axis=0)).all()
