"""A rendered camera's file says where on the globe its road lies."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest

from incidents.where.eye import Eye
from qyran.earth import distance_m
from scenarios.camera_file import camera_toml, ground_of
from scenarios.render import FULL, view_of
from scenarios.scene import load_scene, scene_names
from scenarios.templates import TEMPLATES
from vision.camera import parse_camera


@pytest.mark.parametrize("name", scene_names())
def test_the_road_of_a_scene_lies_where_its_metres_say(name):
    scene = load_scene(name)
    layout, (camera, _) = TEMPLATES[scene.template](np.random.default_rng(scene.seed + 1)), view_of(scene, FULL)
    eye = Eye.of(
        parse_camera(tomllib.loads(camera_toml(scene, layout, camera)), source=name), *FULL, scene.start.date()
    )
    globe, pixel = ground_of(scene), (FULL[0] * 0.5, FULL[1] * 0.75)
    x, y = camera.ground(np.array([pixel]))[0]

    assert distance_m(eye.tie.place(eye.ground(pixel)), globe.degrees(x, y)) < 0.3
    assert distance_m(eye.place, globe.degrees(*camera.position[:2])) < 0.2
    assert distance_m(eye.tie.place(eye.road.camera[:2]), eye.place) < 1.5
    bearing, _ = eye.bearing((FULL[0] / 2, FULL[1] / 2))
    assert bearing == pytest.approx(eye.camera.heading_deg, abs=0.5) or abs(bearing - eye.camera.heading_deg) > 359.5
