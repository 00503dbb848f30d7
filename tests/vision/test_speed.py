from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vision.road_camera import BUS_M, CAR_M, CORNERS_M, HEIGHT, PLANE, WIDTH, block_box, project
from vision.camera import parse_camera
from vision.classes import BUS, CAR
from vision.road_plane import RoadPlane
from vision.speed import EDGE_PX, WINDOW_S, measure
from vision.trail import LENGTH, Trails


def detected(box):
    """The box that a detector gives for a vehicle: its lower edge ends a little high."""
    return box - (0, 0, 0, EDGE_PX)


def drive(start_m, velocity_ms, rate_s=0.125, n=9, noise_px=0.0, rng=None, acceleration_ms2=0.0, size=CAR_M):
    """Trail of a vehicle that drives straight for n looks; its last look is at the returned second.

    `velocity_ms` is the one at that second.
    """
    seconds = np.arange(n) * rate_s
    velocity = np.asarray(velocity_ms, float)
    speed = np.hypot(*velocity)
    ahead = velocity / speed if speed else np.array((0.0, 1.0))
    back = seconds - seconds[-1]
    way = speed * back + acceleration_ms2 * back**2 / 2
    places = np.asarray(start_m, float) + ahead * (way - way[0])[:, None]
    trails = Trails.empty(1)
    for second, place in zip(seconds, places, strict=True):
        box = detected(block_box(place, ahead, size))
        if rng is not None:
            box = box + rng.normal(0, noise_px, 2)[[0, 1, 0, 1]]
        trails.add(np.array([0]), float(second), box[None].astype(np.float32))
    return trails, float(seconds[-1])


def drive_and_measure(*arguments, class_id=CAR, at_s=None, **options):
    trails, second = drive(*arguments, **options)
    at_s = None if at_s is None else np.array([second + at_s])
    return measure(trails, PLANE, second, WIDTH, HEIGHT, np.array([class_id]), at_s)


@pytest.mark.parametrize("velocity", [(0.0, 15.0), (0.0, -15.0), (3.0, 12.0), (0.0, 0.0), (-8.0, 0.0)])
def test_speed_and_direction_of_a_straight_drive(velocity):
    motion = drive_and_measure((0, 25), velocity)
    np.testing.assert_allclose(motion.velocity_ms, [velocity], atol=0.05)
    assert motion.sigma_ms[0] > 0


@pytest.mark.parametrize("velocity", [(0.0, 20.0), (0.0, -20.0), (6.0, 19.0)])
def test_the_drift_of_the_boxs_bottom_along_the_vehicle_is_taken_out(velocity):
    start = (-3.0, 14.0) if velocity[1] > 0 else (3.0, 40.0)
    right = np.hypot(*velocity)
    as_block = np.hypot(*drive_and_measure(start, velocity).velocity_ms[0])
    trails, _ = drive(start, velocity)
    places = PLANE.to_ground(trails.foot[0])
    known = np.isfinite(places[:, 0])
    slope = np.polyfit(trails.video_s[0][known], places[known], 1)[0]
    assert abs(as_block - right) < 0.25 * abs(np.hypot(*slope) - right)


def test_a_bus_read_as_a_bus_is_measured_as_well_as_a_car():
    motion = drive_and_measure((-3.0, 22.0), (0, 12.0), size=BUS_M, class_id=BUS)
    np.testing.assert_allclose(np.hypot(*motion.velocity_ms[0]), 12.0, atol=0.05)


@pytest.mark.parametrize("acceleration", [-4.0, -2.0, 1.5])
def test_a_driver_who_brakes_or_speeds_up_has_the_speed_of_the_moment_asked_for(acceleration):
    now = drive_and_measure((0, 15), (0, 9.0), n=13, acceleration_ms2=acceleration)
    assert abs(np.hypot(*now.velocity_ms[0]) - 9.0) < 2 * now.sigma_ms[0] < 1.5
    before = drive_and_measure((0, 15), (0, 9.0), n=13, acceleration_ms2=acceleration, at_s=-0.75)
    assert abs(np.hypot(*before.velocity_ms[0]) - (9.0 - 0.75 * acceleration)) < 0.35


def test_a_moment_in_the_middle_is_known_better_than_the_last():
    last = drive_and_measure((0, 15), (0, 12), n=13)
    middle = drive_and_measure((0, 15), (0, 12), n=13, at_s=-0.75)
    assert middle.sigma_ms[0] < last.sigma_ms[0]


def test_far_vehicles_are_known_less_well():
    near, far = drive_and_measure((0, 12), (0, 5)), drive_and_measure((0, 40), (0, 5))
    assert far.sigma_ms[0] > 1.3 * near.sigma_ms[0]


@pytest.mark.parametrize("rate_s", [0.04, 0.125, 0.2])
def test_the_uncertainty_covers_the_error(rate_s):
    rng = np.random.default_rng(7)
    trails, second = Trails.empty(0), 0.0
    for _ in range(300):
        one, second = drive((0, 20), (0, 12), rate_s, round(1.0 / rate_s) + 1, 1.3, rng)
        trails = trails.and_also(one)
    motion = measure(trails, PLANE, second, WIDTH, HEIGHT)
    errors, sigmas = np.hypot(*motion.velocity_ms.T) - 12, motion.sigma_ms
    within_two_sigma = np.mean(np.abs(errors) <= 2 * sigmas)
    assert 0.93 <= within_two_sigma <= 1.0
    assert np.mean(sigmas) < 0.5


def test_what_is_hidden_by_something_nearer_counts_less():
    open_trails, second = drive((0, 25), (0, 12))
    hidden = drive((0, 25), (0, 12))[0]
    hidden.hidden[:] = True
    sigmas = [measure(one, PLANE, second, WIDTH, HEIGHT).sigma_ms[0] for one in (open_trails, hidden)]
    assert sigmas[1] > 1.5 * sigmas[0]


@pytest.mark.parametrize("looks_ago", [1, 4, 9])
def test_one_wild_box_moves_the_speed_little(looks_ago):
    trails, second = drive((0, 25), (0, 12))
    trails.box[0, -looks_ago, 3] += 25
    motion = measure(trails, PLANE, second, WIDTH, HEIGHT)
    assert abs(np.hypot(*motion.velocity_ms[0]) - 12) < 0.3


@pytest.mark.parametrize("looks_ago", [(1, 2, 3), (5, 6), (8, 9)])
def test_boxes_of_a_part_of_the_vehicle_count_little(looks_ago):
    whole, second = drive((-8, 25), (12, 0), n=9)
    part = drive((-8, 25), (12, 0), n=9)[0]
    for ago in looks_ago:  # something tall passes before its rear
        part.box[0, -ago, 0] += 0.4 * (part.box[0, -ago, 2] - part.box[0, -ago, 0])
    motions = [measure(one, PLANE, second, WIDTH, HEIGHT) for one in (whole, part)]
    as_seen = PLANE.to_ground(part.foot[0][-9:])
    by_feet = np.polyfit(part.video_s[0][-9:], as_seen, 1)[0]
    assert abs(np.hypot(*motions[1].velocity_ms[0]) - 12) < 0.3 * abs(np.hypot(*by_feet) - 12)
    assert motions[1].sigma_ms[0] > motions[0].sigma_ms[0]


def test_looks_more_often_tell_little_more_since_neighbours_err_alike():
    few, many = (
        drive_and_measure((0, 25), (0, 12), rate_s=rate_s, n=round(1.0 / rate_s) + 1) for rate_s in (0.125, 0.04)
    )
    assert many.sigma_ms[0] == pytest.approx(few.sigma_ms[0], rel=0.2)


def test_a_poorer_survey_makes_speeds_less_sure_by_what_the_way_is_then_uncertain():
    pixels = project(CORNERS_M) / (WIDTH, HEIGHT)
    points = [{"picture": p, "ground_m": g} for p, g in zip(pixels.tolist(), CORNERS_M.tolist(), strict=True)]
    trails, second = drive((0, 15), (0, 12))
    motions, ways = [], []
    for ground_sigma_m in (0.01, 0.3):
        calibration = {"points": points, "ground_sigma_m": ground_sigma_m}
        camera = parse_camera({"id": "c", "name": "c", "stream": "x", "calibration": calibration}, source="test")
        plane = RoadPlane.from_camera(camera, WIDTH, HEIGHT)
        motions.append(measure(trails, plane, second, WIDTH, HEIGHT))
        foot = trails.foot[0][-9:]
        ways.append(plane.way_covariance(foot[0], foot[-1])[1, 1] / 1.0**2)
    np.testing.assert_allclose(motions[0].velocity_ms, motions[1].velocity_ms, atol=0.02)
    grown = motions[1].sigma_ms[0] ** 2 - motions[0].sigma_ms[0] ** 2
    assert grown == pytest.approx(ways[1] - ways[0], rel=0.15)


def round_a_bend(n=11, rate_s=0.125, speed=8.0, radius=15.0, size=BUS_M):
    """A vehicle that turns left at an even speed."""
    trails = Trails.empty(1)
    for i in range(n):
        turned = speed * rate_s * i / radius
        place = np.array((radius * (np.cos(turned) - 0.5), 25 + radius * np.sin(turned)))
        ahead = np.array((-np.sin(turned), np.cos(turned)))
        trails.add(np.array([0]), i * rate_s, detected(block_box(place, ahead, size))[None].astype(np.float32))
    return trails, (n - 1) * rate_s


@pytest.mark.parametrize(("size", "class_id"), [(CAR_M, CAR), (BUS_M, BUS)])
def test_who_turns_is_known_less_well_by_the_length_of_the_class(size, class_id):
    trails, second = round_a_bend(size=size)
    turning = measure(trails, PLANE, second, WIDTH, HEIGHT, np.array([class_id]), second / 2)
    straight = drive_and_measure((0, 25), (0, 8), n=11, size=size, class_id=class_id, at_s=-0.625)
    assert turning.sigma_ms[0] > (1.3 if class_id == BUS else 1.0) * straight.sigma_ms[0]
    assert abs(np.hypot(*turning.velocity_ms[0]) - 8.0) < 2 * turning.sigma_ms[0]


def test_too_few_looks_or_boxes_cut_by_the_border_give_no_speed():
    assert np.isnan(drive_and_measure((0, 25), (0, 12), n=3).sigma_ms[0])
    trails, second = drive((0, 25), (0, 12))
    trails.box[0, :, 3] = HEIGHT
    motion = measure(trails, PLANE, second, WIDTH, HEIGHT)
    assert np.isnan(motion.velocity_ms).all()


def test_a_part_seen_before_the_vehicle_came_in_whole_plays_no_part():
    trails, second = drive((0, 25), (0, 12))
    trails.box[0, -8] += 150  # a part, somewhere else
    trails.box[0, -7, 3] = HEIGHT  # then the vehicle, cut by the border
    motion = measure(trails, PLANE, second, WIDTH, HEIGHT)
    np.testing.assert_allclose(motion.velocity_ms, [(0, 12)], atol=0.05)


def test_old_looks_are_forgotten():
    trails, second = drive((0, 25), (0, 12))
    assert np.isnan(measure(trails, PLANE, second + WINDOW_S + 1, WIDTH, HEIGHT).sigma_ms[0])


def test_many_tracks_are_measured_at_once_and_apart():
    one, second = drive((0, 25), (0, 12))
    two, _ = drive((2, 30), (1, -9))
    motion = measure(one.and_also(Trails.empty(1)).and_also(two), PLANE, second, WIDTH, HEIGHT)
    np.testing.assert_allclose(motion.velocity_ms[[0, 2]], [(0, 12), (1, -9)], atol=0.05)
    assert np.isnan(motion.velocity_ms[1]).all()


def test_no_tracks_are_fine():
    assert measure(Trails.empty(0), PLANE, 0.0, WIDTH, HEIGHT).velocity_ms.shape == (0, 2)


speeds = st.tuples(st.floats(-4, 4), st.one_of(st.floats(4, 25), st.floats(-25, -4)))


@settings(max_examples=30, deadline=None)
@given(speeds, st.lists(st.floats(0.04, 0.3), min_size=7, max_size=14), st.floats(0, 1e5))
def test_mirrored_and_later_drives_at_uneven_looks_have_mirrored_speeds(velocity, steps, later_s):
    seconds = np.cumsum(steps)
    seconds -= seconds[-1]
    start = np.array((1.0, 26.0))
    ahead = np.asarray(velocity) / np.hypot(*velocity)
    trails = {name: Trails.empty(1) for name in ("as it is", "mirrored")}
    for second in seconds:
        place = start + np.asarray(velocity) * second * 0.5
        box = detected(block_box(place, ahead))
        mirrored = np.array((WIDTH - box[2], box[1], WIDTH - box[0], box[3]))
        for trail, one in zip(trails.values(), (box, mirrored), strict=True):
            trail.add(np.array([0]), float(second), one[None].astype(np.float32))
    here = measure(trails["as it is"], PLANE, 0.0, WIDTH, HEIGHT)
    there = measure(trails["mirrored"], PLANE, 0.0, WIDTH, HEIGHT)
    np.testing.assert_allclose(there.velocity_ms, here.velocity_ms * (-1, 1), atol=1e-3)
    np.testing.assert_allclose(there.sigma_ms, here.sigma_ms, rtol=1e-3)
    trails["as it is"].video_s += later_s
    later = measure(trails["as it is"], PLANE, later_s, WIDTH, HEIGHT)
    np.testing.assert_allclose(later.velocity_ms, here.velocity_ms, atol=1e-4)


def test_a_trail_keeps_the_latest_looks():
    trails = Trails.empty(1)
    for i in range(LENGTH + 5):
        trails.add(np.array([0]), float(i), np.full((1, 4), i, np.float32))
    assert trails.video_s[0].tolist() == list(range(5, LENGTH + 5))
