"""What pixels tell, on small pictures made by hand: a textured street, and on it what burns and what does not."""

from __future__ import annotations

import numpy as np

from vision.classes import FIRE, SMOKE
from vision.plume import PlumeWatch
from vision.types import Detections, Tracks

WIDTH, HEIGHT = 192, 108
PLACE = (70.0, 30.0, 120.0, 80.0)
CUT = (slice(30, 80), slice(70, 120))
STREET = np.repeat(np.random.default_rng(1).integers(60, 160, (HEIGHT // 4, WIDTH // 4, 1)), 3, axis=2)
STREET = np.kron(STREET, np.ones((4, 4, 1))).astype(np.float32)
USUAL_S = 12.0


def cloud(k, picture):
    """Grey that hides most of what is behind it, torn anew in every picture."""
    veil = 60 + 25 * np.kron(np.random.default_rng(100 + k).standard_normal((10, 10, 1)), np.ones((5, 5, 1)))
    picture[CUT] = 0.25 * picture[CUT] + 0.75 * veil


def flames(k, picture):
    rng = np.random.default_rng(200 + k)
    lit = np.kron(rng.random((10, 10, 1)), np.ones((5, 5, 1)))
    picture[CUT] = np.where(lit > 0.4, np.array([40, 150, 250]), picture[CUT])


def paint(_, picture):
    picture[CUT] = (30, 90, 230)


def shadow(_, picture):
    picture[CUT] *= 0.6


def nothing(_, picture):
    del picture


def look(act, class_id, *, since_s=USUAL_S, tracks=None):
    """The measurements of a place (first) and of clouds, two seconds after something began there."""
    watch = PlumeWatch()
    for k in range(round((since_s + 2.0) * 6)):
        picture = STREET.copy()
        if k / 6 >= since_s:
            act(k, picture)
        watch.see(np.clip(picture, 0, 255).astype(np.uint8), k / 6)
    box = Detections(np.array([PLACE], np.float32), np.array([0.5], np.float32), np.array([class_id], np.int16))
    return watch.measure(box, tracks or Tracks.empty())


def test_a_cloud_is_new_grey_restless_and_takes_contrast_away() -> None:
    told = look(cloud, SMOKE)[0]
    assert told.known
    assert told.new > 0.7
    assert told.tint < 15
    assert told.stir > told.around + 5
    assert told.tie < 0.8


def test_a_cloud_is_found_without_the_detector() -> None:
    clouds = [plume for plume in look(cloud, SMOKE) if plume.score == 0]
    assert len(clouds) == 1
    assert np.abs(np.subtract(clouds[0].box, PLACE)).max() <= 8


def test_flames_have_their_colours_and_flicker() -> None:
    told = look(flames, FIRE)[0]
    assert told.flame > 0.3
    assert told.flicker > 0.3


def test_paint_has_the_colours_and_stands_still() -> None:
    told = look(paint, FIRE)[0]
    assert told.flame > 0.9
    assert told.flicker < 0.05
    assert told.stir < 0.5


def test_a_shadow_leaves_the_picture_behind_it_whole() -> None:
    assert look(shadow, SMOKE)[0].tie > 0.9


def test_a_quiet_street_has_no_clouds() -> None:
    assert len(look(nothing, SMOKE)) == 1


def test_before_the_street_is_known_nothing_is_said_of_what_is_new() -> None:
    told = look(cloud, SMOKE, since_s=0.0)
    assert not told[0].known or told[0].new < 0.9
    watch = PlumeWatch()
    watch.see(STREET.astype(np.uint8), 0.0)
    assert watch.measure(Detections.empty(), Tracks.empty()) == ()


def test_a_picture_of_another_size_begins_anew() -> None:
    watch = PlumeWatch()
    for k in range(20):
        watch.see(STREET.astype(np.uint8), k / 2)
    watch.see(np.zeros((64, 64, 3), np.uint8), 20.0)
    assert watch.measure(Detections.empty(), Tracks.empty()) == ()
