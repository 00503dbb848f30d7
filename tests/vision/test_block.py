from __future__ import annotations

import numpy as np
import pytest

from tests.vision.road_camera import CAR_M, CORNERS_M, HEIGHT, PLANE, UP_M, WIDTH, block_box, project
from vision.block import camera_place, middles
from vision.classes import CAR
from vision.geometry import foot
from vision.road_plane import RoadPlane


def test_the_camera_hangs_where_its_plane_says():
    np.testing.assert_allclose(camera_place(PLANE, WIDTH, HEIGHT), (0, 0, UP_M), atol=0.01)


@pytest.mark.parametrize(
    "corners", [CORNERS_M * (1, -1), CORNERS_M[:, ::-1] * (1, -1) + (100, -40)], ids=["mirrored", "turned and moved"]
)
def test_other_axes_of_the_ground_move_the_camera_with_them(corners):
    place = camera_place(RoadPlane.from_points(project(CORNERS_M), corners), WIDTH, HEIGHT)
    middle = (0, 0) if corners[0, 0] < 50 else (100, -40)
    np.testing.assert_allclose(place, (*middle, UP_M), atol=0.01)


def test_a_plane_that_no_such_camera_sees_tells_no_place():
    flat = np.array([[0, 0], [1280, 0], [1280, 720], [0, 720]], float)  # straight from above: any height will do
    assert camera_place(RoadPlane.from_points(flat, flat / 50), WIDTH, HEIGHT) is None


@pytest.mark.parametrize("middle", [(0, 12), (-4, 18), (5, 30), (0, 60)])
@pytest.mark.parametrize("ahead", [(0, 1), (0, -1), (1, 0), (0.6, 0.8)])
def test_the_box_of_a_car_leads_back_to_the_middle_of_its_plan(middle, ahead):
    seen = foot(block_box(np.array(middle, float), ahead, CAR_M)[None])
    on_road = PLANE.to_ground(seen)
    found = middles(on_road, np.array([ahead], float), np.array([CAR]), PLANE, camera_place(PLANE, WIDTH, HEIGHT))
    assert np.hypot(*(found[0] - middle)) < 0.12
    assert np.hypot(*(on_road[0] - middle)) > 2 * np.hypot(*(found[0] - middle))
