from __future__ import annotations

import numpy as np
import pytest

from scenarios.fleet import KINDS, draw_look, mesh_of
from scenarios.mesh import face_normals
from scenarios.plates import LETTERS, REGIONS, draw_plate, random_plate


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fine", [True, False])
def test_a_mesh_has_the_size_of_its_kind_and_stands_on_the_road(kind: str, fine: bool) -> None:
    spec = KINDS[kind]
    look = draw_look(np.random.default_rng(1), kind)
    low, high = (f(mesh_of(look, 0.3, fine=fine).vertices) for f in (lambda v: v.min(0), lambda v: v.max(0)))
    size = high - low
    assert low[2] == pytest.approx(0.0, abs=0.08)
    assert size[0] == pytest.approx(spec.length, abs=0.45)
    assert size[1] == pytest.approx(spec.width, abs=0.65)  # mirrors and handlebars stick out
    assert size[2] == pytest.approx(spec.height * look.scale, abs=0.30)


@pytest.mark.parametrize("kind", ["sedan", "suv", "van", "bus", "truck_box"])
def test_skins_face_outwards(kind: str) -> None:
    mesh = mesh_of(draw_look(np.random.default_rng(1), kind), 0.0, fine=True)
    centres = mesh.vertices[mesh.faces].mean(1)
    outward = centres - (0, 0, KINDS[kind].height * 0.45)
    outward[:, 0] *= 0.3  # long bodies: look across rather than along
    side = np.abs(centres[:, 1]) > KINDS[kind].width * 0.42
    agree = ((face_normals(mesh.vertices, mesh.faces) * outward).sum(1) > 0)[side]
    assert agree.mean() > 0.9


def test_plates_follow_the_form_of_2012() -> None:
    rng = np.random.default_rng(3)
    for text in (random_plate(rng) for _ in range(200)):
        assert len(text) == 8
        assert text[:3].isdigit()
        assert set(text[3:6]) <= set(LETTERS)
        assert text[6:] in REGIONS


def test_a_drawn_plate_is_dark_on_white_and_differs_by_text() -> None:
    first, second = draw_plate("123ABC02"), draw_plate("987XYZ16")
    assert first.shape == (112, 520, 3)
    assert 140 < first.mean() < 240
    assert (first != second).any()


def test_the_same_seed_draws_the_same_look() -> None:
    assert draw_look(np.random.default_rng(5)) == draw_look(np.random.default_rng(5))
