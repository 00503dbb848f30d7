from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.lens import Lens

LENSES = [Lens(-0.1), Lens(0.15), Lens(-0.42, 0.18), Lens(-0.25, 0.06), Lens(0.1, -0.02)]


@pytest.mark.parametrize("lens", LENSES, ids=str)
@given(st.floats(-0.87, 0.87), st.floats(-0.49, 0.49))
def test_what_a_lens_bends_comes_back_straight(lens, x, y):
    seen = np.array([x, y])
    np.testing.assert_allclose(lens.bend(lens.straighten(seen)), seen, atol=1e-8)


@pytest.mark.parametrize("lens", LENSES, ids=str)
@given(st.floats(-0.8, 0.8), st.floats(-0.8, 0.8))
def test_the_jacobian_is_the_slope_of_the_bend(lens, x, y):
    at, step = np.array([x, y]), 1e-6
    slope = [(lens.bend(at + offset) - lens.bend(at - offset)) / (2 * step) for offset in np.eye(2) * step]
    np.testing.assert_allclose(lens.jacobian(at), np.transpose(slope), atol=1e-7)


def test_a_barrel_pulls_the_corners_in_and_a_cushion_pushes_them_out():
    corner = np.array([0.8, 0.6])
    assert np.hypot(*Lens(-0.1).bend(corner)) < 1 < np.hypot(*Lens(0.1).bend(corner))


def test_no_lens_changes_nothing():
    points = np.random.default_rng(0).normal(size=(5, 2))
    assert np.array_equal(Lens().straighten(points), points)
    assert np.array_equal(Lens().bend(points), points)


def test_beyond_its_fold_a_lens_shows_nothing():
    lens = Lens(-0.3)
    assert lens.reach() == pytest.approx(np.sqrt(1 / 0.9) * (1 - 0.3 / 0.9))
    assert np.isfinite(lens.straighten([0.6, 0.0])).all()
    assert np.isnan(lens.straighten([0.8, 0.0])).all()
    assert not lens.grows(1.2)
