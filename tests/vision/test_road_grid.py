from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.vision.pinholes import HEIGHT, WIDTH, Pinhole
from vision.calibration import calibrate
from vision.calibration_parts import Calibration
from vision.lens import Lens
from vision.road_grid import MESHES, STEPS_M, road_grid
from vision.road_plane import RoadPlane

BARREL = Lens(-0.2, 0.04)


@cache
def plane(lens: Lens) -> RoadPlane:
    points = Pinhole(yaw=10, lens=lens).points(np.random.default_rng(2), 6)
    return RoadPlane(calibrate(Calibration(points=points, lens={"k1": lens.k1, "k2": lens.k2}), WIDTH, HEIGHT))


@pytest.mark.parametrize("lens", [Lens(), BARREL], ids=["no lens", "barrel"])
def test_every_line_lies_on_whole_steps_of_the_road_and_in_the_picture(lens):
    lines = road_grid(plane(lens), WIDTH, HEIGHT)
    assert {line.axis for line in lines} == {"x", "y"}
    step = min(abs(a.at_m - b.at_m) for a in lines for b in lines if a.axis == b.axis and a.at_m != b.at_m)
    assert min(abs(step - known) for known in STEPS_M) < 1e-9
    for line in lines:
        points = np.array(line.points)
        assert ((points >= 0) & (points <= 1)).all()
        metres = plane(lens).to_ground(points * (WIDTH, HEIGHT))[:, "xy".index(line.axis)]
        np.testing.assert_allclose(metres, line.at_m, atol=0.3)  # fractions are rounded; far away that is decimetres
        assert abs(line.at_m / step - round(line.at_m / step)) < 1e-9


def test_a_lens_bends_the_lines_and_none_leaves_them_straight():
    def bend(lens):
        longest = max(road_grid(plane(lens), WIDTH, HEIGHT), key=lambda line: len(line.points))
        points = np.array(longest.points) * (WIDTH, HEIGHT)
        centred = points - points.mean(axis=0)
        return np.abs(centred @ np.linalg.svd(centred)[2][1]).max()

    assert bend(Lens()) < 0.1
    assert bend(BARREL) > 2


def test_a_chosen_step_is_kept_and_the_usual_one_is_not_crowded():
    assert {round(line.at_m % 5.0, 6) for line in road_grid(plane(Lens()), WIDTH, HEIGHT, 5.0)} <= {0.0, 5.0}
    usual = road_grid(plane(Lens()), WIDTH, HEIGHT)
    counts = [len({line.at_m for line in usual if line.axis == axis}) for axis in "xy"]
    assert 3 <= min(counts) <= MESHES + 2


def test_a_picture_without_road_has_no_grid():
    assert road_grid(plane(Lens()), WIDTH, round(0.02 * HEIGHT)) == ()
