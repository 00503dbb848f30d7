from __future__ import annotations

import numpy as np
import pytest

from tests.vision.worlds import boxes_at, straight
from vision.road_plane import RoadPlane
from vision.speed import measure
from vision.trail import LENGTH, Trails

WIDTH, HEIGHT = 1280, 720
# 6 m above the road, 20 degrees down, focal length 800 px.
CORNERS_M = np.array([[-4.0, 10], [4, 10], [6, 45], [-6, 45]])


def project(ground):
    x, y = np.asarray(ground, float).T
    down = np.radians(20)
    depth = y * np.cos(down) + 6 * np.sin(down)
    return np.stack((640 + 800 * x / depth, 360 + 800 * (6 * np.cos(down) - y * np.sin(down)) / depth), axis=1)


PLANE = RoadPlane.from_points(project(CORNERS_M), CORNERS_M)


def drive(start_m, velocity_ms, rate_s=0.125, n=9, noise_px=0.0, rng=None, size=(90.0, 60.0)):
    """Trail of a vehicle that drives straight for n looks; its last look is at the returned second."""
    seconds = np.arange(n) * rate_s
    feet = project(straight(start_m, velocity_ms, seconds))
    if rng is not None:
        feet += rng.normal(0, noise_px, feet.shape)
    trails = Trails.empty(1)
    for second, foot in zip(seconds, feet, strict=True):
        trails.add(np.array([0]), float(second), boxes_at(foot, size))
    return trails, float(seconds[-1])


@pytest.mark.parametrize("velocity", [(0.0, 15.0), (0.0, -15.0), (3.0, 12.0), (0.0, 0.0), (-8.0, 0.0)])
def test_speed_and_direction_of_a_straight_drive(velocity):
    motion = measure(*_args(drive((0, 25), velocity)))
    np.testing.assert_allclose(motion.velocity_ms, [velocity], atol=1e-3)
    assert motion.sigma_ms[0] > 0


def _args(trail_and_second):
    trails, second = trail_and_second
    return trails, PLANE, second, WIDTH, HEIGHT


def test_far_vehicles_are_known_less_well():
    near = measure(*_args(drive((0, 12), (0, 5))))
    far = measure(*_args(drive((0, 40), (0, 5))))
    assert far.sigma_ms[0] > 1.3 * near.sigma_ms[0]


@pytest.mark.parametrize("rate_s", [0.04, 0.125, 0.2])
def test_the_uncertainty_covers_the_error(rate_s):
    rng = np.random.default_rng(7)
    errors, sigmas = [], []
    for _ in range(300):
        n = round(1.0 / rate_s) + 1
        motion = measure(*_args(drive((0, 20), (0, 12), rate_s, n, 1.2, rng)))
        errors.append(np.hypot(*motion.velocity_ms[0]) - 12)
        sigmas.append(motion.sigma_ms[0])
    within_two_sigma = np.mean(np.abs(errors) <= 2 * np.array(sigmas))
    assert 0.92 <= within_two_sigma <= 1.0
    # what remains is the allowance for a driver who brakes, see ACCELERATION_MS2
    assert np.mean(sigmas) < 0.65


def test_one_wild_box_moves_the_speed_little():
    trails, second = drive((0, 25), (0, 12))
    trails.box[0, -4, 3] += 25
    motion = measure(trails, PLANE, second, WIDTH, HEIGHT)
    assert abs(np.hypot(*motion.velocity_ms[0]) - 12) < 1.5


def test_too_few_looks_or_boxes_cut_by_the_border_give_no_speed():
    assert np.isnan(measure(*_args(drive((0, 25), (0, 12), n=3))).sigma_ms[0])
    trails, second = drive((0, 25), (0, 12))
    trails.box[0, :, 3] = HEIGHT
    motion = measure(trails, PLANE, second, WIDTH, HEIGHT)
    assert np.isnan(motion.velocity_ms).all()


def test_a_part_seen_before_the_vehicle_came_in_whole_plays_no_part():
    trails, second = drive((0, 25), (0, 12))
    trails.box[0, -8] += 150  # a part, somewhere else
    trails.box[0, -7, 3] = HEIGHT  # then the vehicle, cut by the border
    motion = measure(trails, PLANE, second, WIDTH, HEIGHT)
    np.testing.assert_allclose(motion.velocity_ms, [(0, 12)], atol=1e-2)


def test_old_looks_are_forgotten():
    trails, second = drive((0, 25), (0, 12))
    assert np.isnan(measure(trails, PLANE, second + 5, WIDTH, HEIGHT).sigma_ms[0])


def test_many_tracks_are_measured_at_once_and_apart():
    one, second = drive((0, 25), (0, 12))
    two, _ = drive((2, 30), (1, -9))
    motion = measure(one.and_also(Trails.empty(1)).and_also(two), PLANE, second, WIDTH, HEIGHT)
    np.testing.assert_allclose(motion.velocity_ms[[0, 2]], [(0, 12), (1, -9)], atol=1e-2)
    assert np.isnan(motion.velocity_ms[1]).all()


def test_no_tracks_are_fine():
    assert measure(Trails.empty(0), PLANE, 0.0, WIDTH, HEIGHT).velocity_ms.shape == (0, 2)


def test_a_trail_keeps_the_latest_looks():
    trails = Trails.empty(1)
    for i in range(LENGTH + 5):
        trails.add(np.array([0]), float(i), np.full((1, 4), i, np.float32))
    assert trails.video_s[0].tolist() == list(range(5, LENGTH + 5))
