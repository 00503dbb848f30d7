from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qyran.errors import CameraFileError
from vision.camera import parse_camera
from vision.lens import Lens
from vision.road_plane import RoadPlane

# A camera 6 m above the road, looking 20 degrees down; focal length 800 px, picture 1280 x 720.
DOWN = np.radians(20)
HEIGHT_M, FOCAL = 6.0, 800.0


def project(ground):
    """Exact pinhole projection of ground points [N, 2] (x right, y ahead of the camera)."""
    x, y = np.asarray(ground, float).T
    depth = y * np.cos(DOWN) + HEIGHT_M * np.sin(DOWN)
    down = HEIGHT_M * np.cos(DOWN) - y * np.sin(DOWN)
    return np.stack((640 + FOCAL * x / depth, 360 + FOCAL * down / depth), axis=1)


SURVEYED = np.array([[-4.0, 10], [4, 10], [5, 40], [-5, 40], [0, 20], [2, 30]])


@cache
def plane() -> RoadPlane:
    return RoadPlane.from_points(project(SURVEYED), SURVEYED)


def camera(points, **changes):
    calibration = {"points": points} | changes
    return parse_camera({"id": "c", "name": "c", "stream": "x.mp4", "calibration": calibration}, source="test")


@given(st.floats(-8, 8), st.floats(6, 60))
def test_the_plane_of_a_pinhole_camera_is_found_exactly(x, y):
    here = plane()
    pixel = project([(x, y)])
    np.testing.assert_allclose(here.to_ground(pixel), [[x, y]], atol=1e-5)
    np.testing.assert_allclose(here.to_picture([(x, y)]), pixel, atol=1e-5)


def test_exact_points_have_no_reprojection_error_and_noisy_ones_have_their_noise():
    assert plane().error_px < 1e-6
    noisy = project(SURVEYED) + np.random.default_rng(0).normal(0, 2, SURVEYED.shape)
    error = RoadPlane.from_points(noisy, SURVEYED).error_px
    assert 0.1 < error < 4


def test_above_the_horizon_there_is_no_ground():
    horizon = 360 - FOCAL * np.tan(DOWN)
    ground = plane().to_ground([(640, horizon + 5), (640, horizon - 5), (640, 0)])
    assert np.isfinite(ground).all(axis=1).tolist() == [True, False, False]


def test_behind_the_camera_there_is_no_picture():
    assert np.isnan(plane().to_picture([(0, -30)])).all()


@given(st.floats(200, 1000), st.floats(250, 700))
def test_the_jacobian_is_the_slope_of_the_projection(u, v):
    here = plane()
    step = 1e-4
    centre = np.array([u, v])
    slope = [
        (here.to_ground(centre + offset) - here.to_ground(centre - offset)) / (2 * step) for offset in np.eye(2) * step
    ]
    np.testing.assert_allclose(here.jacobian(centre), np.transpose(slope), rtol=1e-3, atol=1e-6)


def test_far_away_a_pixel_is_more_metres():
    near, far = plane().jacobian(project([(0, 10), (0, 50)]))
    assert np.linalg.det(far) ** 2 > 100 * np.linalg.det(near) ** 2


def test_a_camera_file_gives_its_plane_at_any_picture_size():
    points = [
        {"picture": list(p / (1280, 720)), "ground_m": list(g)}
        for p, g in zip(project(SURVEYED), SURVEYED, strict=True)
    ]
    small = RoadPlane.from_camera(camera(points), 640, 360)
    np.testing.assert_allclose(small.to_ground(project([(1, 25)]) / 2), [[1, 25]], atol=1e-5)


def test_without_a_calibration_there_is_no_plane():
    assert RoadPlane.from_camera(parse_camera({"id": "c", "name": "c", "stream": "x"}, source="test"), 10, 10) is None


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        ([(100, 500), (300, 500), (600, 500), (900, 500)], "all points lie on one line"),
        ([(100, 500), (300, 500), (600, 500), (900, 900)], "all points but points\\[3\\]"),
        ([(100, 100), (900, 900), (900, 100), (100, 900)], "contradict"),  # two corners exchanged
    ],
)
def test_points_that_fix_no_plane_are_refused_by_name(picture, words):
    corners = [(0, 0), (10, 0), (10, 10), (0, 10)]
    with pytest.raises(ValueError, match=words):
        RoadPlane.from_points(np.array(picture, float), np.array(corners, float))


def test_a_calibration_that_contradicts_itself_is_refused_with_the_camera_named():
    ground = np.array([*SURVEYED, (3.0, 15.0)])
    picture = project(ground)
    picture[[4, 5]] = picture[[5, 4]]
    points = [{"picture": list(p / (1280, 720)), "ground_m": list(g)} for p, g in zip(picture, ground, strict=True)]
    with pytest.raises(CameraFileError, match=r"The camera c has a wrong calibration: points\[4\] and points\[5\]"):
        RoadPlane.from_camera(camera(points), 1280, 720)


def test_the_covariance_of_a_way_is_how_ways_scatter_over_surveys():
    rng, sigma_m = np.random.default_rng(3), 0.1
    start, end = project([(0, 15)]), project([(1, 35)])
    sure = plane().way_covariance(start, end)[0]
    ways = []
    for _ in range(40):
        ground = SURVEYED + rng.normal(0, sigma_m, SURVEYED.shape)
        found = RoadPlane.from_points(project(SURVEYED) + rng.normal(0, 1, SURVEYED.shape), ground)
        ways.append((found.to_ground(end) - found.to_ground(start))[0])
    np.testing.assert_allclose(np.sqrt(np.diag(np.cov(np.transpose(ways)))), np.sqrt(np.diag(sure)), rtol=0.3)


def test_a_way_of_no_length_is_sure_and_a_short_one_is_surer_than_its_ends():
    a, b = project([(0, 20)]), project([(0, 22)])
    assert np.abs(plane().way_covariance(a, a)).max() == 0.0
    assert plane().way_covariance(a, b)[0, 1, 1] < plane().ground_covariance(a)[0, 1, 1]


@pytest.mark.parametrize("k1", [0.0, -0.05])
def test_many_points_at_once_are_seen_where_each_of_them_is(k1):
    here = RoadPlane(replace(plane().fit, lens=Lens(k1)))
    metres = np.random.default_rng(0).uniform((-4, 15), (4, 50), (5, 4, 2))
    metres[0, 0] = (0, -30)  # behind the camera
    columns = here.matrix @ np.swapaxes(np.concatenate((metres, np.ones((5, 4, 1))), axis=-1), -1, -2)
    np.testing.assert_allclose(np.swapaxes(here.seen(columns), -1, -2), here.to_picture(metres))
    assert np.isnan(here.to_picture(metres)).any(axis=-1).sum() == 1


def test_a_calibration_ends_after_its_last_day():
    here = RoadPlane.from_points(project(SURVEYED), SURVEYED, date(2027, 3, 1))
    assert here.valid_at(date(2027, 3, 1))
    assert not here.valid_at(date(2027, 3, 2))
    assert plane().valid_at(date(2999, 1, 1))


@pytest.mark.data
def test_the_surveyed_junction_fits_within_30_cm(shared_data):
    survey = json.loads((shared_data / "video" / "junction_points.json").read_text()).values()
    east, north = next(iter(survey))["lon_utm"], next(iter(survey))["lat_utm"]
    points = [
        {"picture": [p["x_px"] / 800, p["y_px"] / 600], "ground_m": [p["lon_utm"] - east, p["lat_utm"] - north]}
        for p in survey
    ]
    found = RoadPlane.from_camera(camera(points), 800, 600)
    assert found.error_m <= 0.3
    assert found.error_px < 5
    assert max(residual.m for residual in found.fit.residuals) < 0.5
