from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.camera import Pinhole

CAMERA = Pinhole.look_at((9.0, -25.0, 8.0), (0.0, 6.0, 0.5), 60.0, (1280, 720))


@given(st.floats(-20, 20), st.floats(-10, 120))
def test_a_ground_point_is_found_again_from_its_pixel(x: float, y: float) -> None:
    pixels, depth = CAMERA.project(np.array([[x, y, 0.0]]))
    assert depth[0] > 0
    np.testing.assert_allclose(CAMERA.ground(pixels)[0], (x, y), atol=1e-6)


def test_the_target_lies_in_the_middle_of_the_picture() -> None:
    pixels, _ = CAMERA.project(np.array([[0.0, 6.0, 0.5]]))
    np.testing.assert_allclose(pixels[0], (640, 360))


def test_higher_things_show_higher_and_the_horizon_is_their_limit() -> None:
    pixels, _ = CAMERA.project(np.array([[0, 20, 0.0], [0, 20, 3.0], [0, 1e7, 0.0]]))
    assert pixels[0, 1] > pixels[1, 1] > pixels[2, 1]
    assert pixels[2, 1] == pytest.approx(CAMERA.horizon, abs=0.5)


def test_the_plane_is_nowhere_above_the_horizon() -> None:
    assert np.isnan(CAMERA.ground(np.array([[640.0, CAMERA.horizon - 5]]))).all()


def test_coordinates_of_all_pixels_agree_with_single_ones() -> None:
    x, y = CAMERA.rays()
    np.testing.assert_allclose(CAMERA.ground(np.array([[100.5, 600.5]]))[0], (x[600, 100], y[600, 100]), rtol=1e-4)


def test_a_scaled_camera_sees_the_same_larger() -> None:
    point = np.array([[3.0, 15.0, 1.0]])
    np.testing.assert_allclose(CAMERA.scaled(2).project(point)[0], 2 * CAMERA.project(point)[0])
