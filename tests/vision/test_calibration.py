"""Cameras drawn at random, seen exactly or with noise: their calibration must come back to them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import Phase, assume, given, reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.vision.pinholes import HEIGHT, WIDTH, Pinhole
from vision.calibration import calibrate
from vision.calibration_parts import Calibration
from vision.lens import Lens
from vision.road_plane import RoadPlane

LOOKED_AT = np.array([[0.3, 0.7], [0.7, 0.95], [0.5, 0.62], [0.15, 0.85]])
# Without shrinking: an example takes a tenth of a second, and its numbers say enough as they are.
QUICK = settings(max_examples=6, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
CAMERAS = st.builds(
    Pinhole,
    focal=st.floats(0.9, 2.5),
    tilt=st.floats(14, 40),
    roll=st.floats(-4, 4),
    yaw=st.floats(-40, 40),
    height_m=st.floats(4, 14),
)
BARREL = Lens(-0.2, 0.04)


def plane(**parts) -> RoadPlane:
    return RoadPlane(calibrate(Calibration(**parts), WIDTH, HEIGHT))


def plane_if_fixed(**parts) -> RoadPlane:
    """What was drawn by chance may hardly fix the camera: such a calibration is refused, never wrong."""
    try:
        return plane(**parts)
    except ValueError as error:
        if "leave the road plane open" not in str(error):
            raise
        reject()


def distances(found: RoadPlane, camera: Pinhole) -> np.ndarray:
    """Distances between the places looked at, relative to the truth."""
    here, true = found.to_ground(LOOKED_AT * (WIDTH, HEIGHT)), camera.ground(LOOKED_AT)
    visible = np.isfinite(true).all(axis=1) & (np.hypot(*true.T) < 12 * camera.height_m)
    gaps = [np.hypot(*(p[visible][:, None] - p[visible][None]).transpose(2, 0, 1)) for p in (here, true)]
    pairs = np.triu_indices(int(visible.sum()), 1)
    return gaps[0][pairs] / gaps[1][pairs] - 1


def seeded(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@QUICK
@given(CAMERAS, st.integers(0, 1000))
def test_two_directions_at_right_angles_and_lengths_give_the_camera_back(camera, seed):
    rng = seeded(seed)
    along, across = camera.segments(rng, (0, 9.0), 3), camera.segments(rng, (5.0, 0), 3)
    dash, lane = camera.segments(rng, (0, 6.0), 1), camera.segments(rng, (3.5, 0), 1)
    assume(len(along) == len(across) == 3 and dash and lane)
    lengths = [{"picture": dash[0], "metres": 6.0}, {"picture": lane[0], "metres": 3.5}]
    found = plane_if_fixed(along=along, across=across, lengths=lengths)
    assert np.abs(distances(found, camera)).max(initial=0) < 1e-6
    assert found.fit.height_m == pytest.approx(camera.height_m, rel=1e-6)
    assert found.fit.focal_px == pytest.approx(camera.focal * np.hypot(WIDTH, HEIGHT) / 2, rel=1e-6)
    # The ground's y axis runs along the road.
    ends = found.to_ground(np.array(along[0]) * (WIDTH, HEIGHT))
    assert abs(ends[1, 0] - ends[0, 0]) < 1e-5
    np.testing.assert_allclose(ends[0], (0, 0), atol=1e-6)  # metres count from the first point drawn


@QUICK
@given(CAMERAS, st.integers(0, 1000))
def test_lengths_and_the_height_give_a_level_camera_back(camera, seed):
    camera, rng = replace(camera, roll=0.0, yaw=0.0), seeded(seed)
    lengths = [
        {"picture": segment, "metres": float(np.hypot(*vector))}
        for vector in ((3.5, 0), (0, 6.0), (2.0, 2.0))
        for segment in camera.segments(rng, vector, 2)
    ]
    assume(len(lengths) == 6)
    found = plane_if_fixed(lengths=lengths, height_m=camera.height_m, level=True)
    assert np.abs(distances(found, camera)).max(initial=0) < 1e-5


@QUICK
@given(CAMERAS, st.integers(0, 1000))
def test_one_length_scales_what_two_vanishing_points_and_the_focal_length_shape(camera, seed):
    rng = seeded(seed)
    along, across = camera.segments(rng, (0, 9.0), 3), camera.segments(rng, (5.0, 0), 3)
    wheelbase = camera.segments(rng, (0, 2.7), 1)
    assume(len(along) == len(across) == 3 and wheelbase)
    focal = camera.focal * np.hypot(WIDTH, HEIGHT) / 2 / WIDTH
    found = plane_if_fixed(along=along, across=across, focal=focal, lengths=[{"picture": wheelbase[0], "metres": 2.7}])
    assert np.abs(distances(found, camera)).max(initial=0) < 1e-5


@QUICK
@given(CAMERAS, st.integers(0, 1000))
def test_surveyed_points_give_the_plane_back_through_a_known_lens(camera, seed):
    camera = replace(camera, lens=BARREL)
    points = camera.points(seeded(seed), 6)
    assume(len(points) == 6)
    found = plane(points=points, lens={"k1": BARREL.k1, "k2": BARREL.k2})
    assert np.abs(distances(found, camera)).max(initial=0) < 1e-6
    assert found.error_px < 1e-5
    there = found.to_ground(LOOKED_AT * (WIDTH, HEIGHT))
    visible = np.isfinite(there).all(axis=1)
    np.testing.assert_allclose(found.to_picture(there[visible]), (LOOKED_AT * (WIDTH, HEIGHT))[visible], atol=1e-4)


@QUICK
@given(CAMERAS, st.floats(-0.25, 0.05), st.integers(0, 1000))
def test_the_lens_is_found_from_lines_that_are_straight_on_the_road(camera, k1, seed):
    camera = replace(camera, lens=Lens(k1, 0.05))
    rng = seeded(seed)
    points = camera.points(rng, 6)
    lines = []
    for _ in range(40):
        start, end = camera.ground(rng.uniform((0.02, 0.35), (0.98, 0.98), (2, 2)))
        line = camera.picture(start + np.linspace(0, 1, 7)[:, None] * (end - start))
        if np.isfinite(line).all() and np.hypot(*(line[-1] - line[0])) > 0.5 and len(lines) < 5:
            lines.append(line.tolist())
    assume(len(points) == 6 and len(lines) == 5)
    found = plane(points=points, straight=lines)
    assert (found.fit.lens.k1, found.fit.lens.k2) == pytest.approx((k1, 0.05), abs=1e-5)
    assert np.abs(distances(found, camera)).max(initial=0) < 1e-5


def test_the_stated_uncertainty_is_the_scatter_of_noisy_calibrations():
    camera, rng = Pinhole(focal=1.4, tilt=22, yaw=15), seeded(3)
    exact = camera.points(rng, 8)
    pixels = LOOKED_AT * (WIDTH, HEIGHT)
    sigma_px, places, stated = 2.0, [], []
    for _ in range(25):
        noise = rng.normal(0, sigma_px, (8, 2)) / (WIDTH, HEIGHT)
        points = [one | {"picture": (one["picture"] + off).tolist()} for one, off in zip(exact, noise, strict=True)]
        found = plane(points=points, picture_sigma=sigma_px / WIDTH, ground_sigma_m=0)
        places.append(found.to_ground(pixels))
        stated.append(found.ground_covariance(pixels).trace(axis1=1, axis2=2))
    scatter = np.var(places, axis=0).sum(axis=1)
    assert np.sqrt(np.mean(stated, axis=0) / scatter) == pytest.approx(np.ones(4), rel=0.4)


def test_the_stated_uncertainty_of_a_camera_from_lengths_is_the_scatter_too():
    camera, rng = Pinhole(focal=1.2, tilt=25, yaw=-25, roll=1.0), seeded(5)
    along, across = camera.segments(rng, (0, 9.0), 4), camera.segments(rng, (5.0, 0), 4)
    known = [(s, 6.0) for s in camera.segments(rng, (0, 6.0), 3)] + [
        (s, 3.5) for s in camera.segments(rng, (3.5, 0), 3)
    ]
    pixels = LOOKED_AT[:2] * (WIDTH, HEIGHT)
    apart, stated = [], []

    def noisy(segment):
        return (np.array(segment) + rng.normal(0, 1.0, (2, 2)) / (WIDTH, HEIGHT)).tolist()

    for _ in range(6):
        found = plane(along=[noisy(s) for s in along], across=[noisy(s) for s in across],
            lengths=[{"picture": noisy(s), "metres": m} for s, m in known], picture_sigma=1 / WIDTH,
        )  # fmt: skip
        apart.append(found.fit.height_m)
        stated.append(found.sigma_m(pixels))
    assert np.std(apart) < 0.6  # about the 7 m of the truth
    assert np.mean(apart) == pytest.approx(7.0, abs=0.3)
    assert np.isfinite(stated).all()
    assert np.max(stated) < 3


def test_far_from_the_survey_the_plane_is_less_certain():
    camera = Pinhole()
    found = plane(points=camera.points(seeded(1), 6))
    near, far = found.sigma_m(camera.picture([(0, 15), (0, 90)]) * (WIDTH, HEIGHT))
    assert far > 3 * near > 0
    assert np.isnan(found.sigma_m((640, 0)))


def test_scatter_beyond_the_stated_noise_widens_the_uncertainty():
    camera, rng = Pinhole(), seeded(2)
    exact = camera.points(rng, 8)
    rough = [one | {"picture": (one["picture"] + rng.normal(0, 0.006, 2)).tolist()} for one in exact]
    at = LOOKED_AT * (WIDTH, HEIGHT)
    parts = {"picture_sigma": 0.001, "ground_sigma_m": 0.0}
    assert (plane(points=rough, **parts).sigma_m(at) > 2 * plane(points=exact, **parts).sigma_m(at)).all()


def test_a_length_beside_surveyed_points_is_a_check_with_a_residual():
    camera, rng = Pinhole(), seeded(4)
    lane = camera.segments(rng, (3.5, 0), 1)[0]
    found = plane(points=camera.points(rng, 6), lengths=[{"picture": lane, "metres": 3.5}])
    residual = found.fit.residuals[-1]
    assert (residual.part, residual.px) == ("lengths[0]", None)
    assert residual.m == pytest.approx(0, abs=1e-6)


def exchanged(points, i, j):
    points = [dict(point) for point in points]
    points[i]["picture"], points[j]["picture"] = points[j]["picture"], points[i]["picture"]
    return points


def moved(points, i, metres):
    points = [dict(point) for point in points]
    points[i]["ground_m"] = [points[i]["ground_m"][0] + metres, points[i]["ground_m"][1]]
    return points


POINTS = Pinhole().points(seeded(7), 7)
LANE = Pinhole().segments(seeded(8), (3.5, 0), 1)[0]
ALONG, ACROSS = Pinhole(yaw=20).segments(seeded(9), (0, 9), 3), Pinhole(yaw=20).segments(seeded(9), (5, 0), 3)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"points": exchanged(POINTS, 2, 4)}, r"points\[2\] and points\[4\] are exchanged"),
        ({"points": moved(POINTS, 3, 6.0)}, r"points\[3\] contradicts the others"),
        ({"points": POINTS, "lengths": [{"picture": LANE, "metres": 5.0}]},
         r"lengths\[0\] is stated as 5 m, but is 3\.[45]\d m by everything else"),
        ({"along": ALONG, "across": ACROSS,
          "lengths": [{"picture": s, "metres": m} for s, m in zip(ALONG, (9, 9, 4), strict=True)]},
         r"lengths\[2\] is stated as 4 m, but is 9.00 m"),
        ({"along": [*ALONG, [[0.3, 0.8], [0.7, 0.8]]], "across": ACROSS,
          "lengths": [{"picture": ALONG[0], "metres": 9}]}, "runs in another direction"),
        ({"lengths": [{"picture": LANE, "metres": 3.5}]}, "leave the road plane open"),
        ({"along": ALONG, "height_m": 7.0}, "leave the road plane open"),
        ({"along": ALONG, "lengths": [{"picture": ALONG[0], "metres": 9}, {"picture": ALONG[1], "metres": 9}]},
         "leave the road plane open"),
    ],
)  # fmt: skip
def test_facts_that_contradict_or_leave_the_plane_open_are_refused_by_name(parts, words):
    with pytest.raises(ValueError, match=words):
        calibrate(Calibration(**parts), WIDTH, HEIGHT)


def test_two_directions_and_the_height_suffice():
    found = calibrate(Calibration(along=ALONG, across=ACROSS, height_m=7.0), WIDTH, HEIGHT)
    assert (found.height_m, found.method) == (pytest.approx(7.0), "lengths")


def test_nothing_that_tells_the_scale_is_refused():
    with pytest.raises(ValidationError, match="neither points nor lengths"):
        Calibration(along=ALONG, across=ACROSS)


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080)])
def test_the_same_calibration_means_the_same_road_at_any_size_of_the_picture(size):
    camera, rng = Pinhole(yaw=20), seeded(9)
    dash = camera.segments(rng, (0, 6.0), 1)[0]
    parts = Calibration(along=ALONG, across=ACROSS, lengths=[{"picture": dash, "metres": 6.0}])
    here, there = (RoadPlane(calibrate(parts, *s)).to_ground(LOOKED_AT * s) for s in ((WIDTH, HEIGHT), size))
    np.testing.assert_allclose(here, there, rtol=1e-5)
