from __future__ import annotations

import numpy as np
import pytest

from scenarios.fires.clips import FILLED, FIRE_NEAR, PLACES, SMOKE_NEAR, STREETS, clips
from scenarios.fires.lookalikes import Cloth, Foliage, Lamp, Trail
from scenarios.fires.particles import Billow, Blaze
from scenarios.ordinary import SEGMENT_S, segments

STREET = np.full((360, 640, 3), 120, np.uint8)
PLUME = Billow(320, 300, 18, seed=3, width_m=2.0)
FLAMES = Blaze(320, 250, 90, 120, seed=3)


@pytest.mark.parametrize("one", [PLUME, FLAMES])
def test_what_burns_grows_and_is_always_drawn_alike(one) -> None:
    first, again = STREET.copy(), STREET.copy()
    regions = [one.draw(STREET.copy(), age) for age in (1.0, 3.0, 8.0)]
    sizes = [0 if region is None else region.pixels for region in regions]
    assert sizes == sorted(sizes)
    assert sizes[-1] > FILLED * STREET.shape[0] * STREET.shape[1]
    assert one.draw(first, 5.0) == one.draw(again, 5.0)
    assert (first == again).all()


@pytest.mark.parametrize("one", [PLUME, FLAMES])
def test_nothing_is_drawn_before_it_begins(one) -> None:
    picture = STREET.copy()
    assert one.draw(picture, 0.0) is None
    assert (picture == STREET).all()


def test_the_region_bounds_what_was_changed() -> None:
    picture = STREET.copy()
    region = PLUME.draw(picture, 6.0)
    assert region is not None
    x1, y1, x2, y2 = (int(value) for value in region.box)
    outside = np.abs(picture.astype(int) - STREET).max(axis=2)
    outside[y1:y2, x1:x2] = 0
    assert outside.max() < 40


def test_flames_flicker_and_cloth_does_not_burn() -> None:
    def unrest(one):
        pictures = [STREET.copy() for _ in range(2)]
        for picture, second in zip(pictures, (9.0, 9.17), strict=True):
            one(picture, second)
        return np.abs(pictures[0].astype(int) - pictures[1]).mean()

    cloth = Cloth((270, 150, 370, 250), (20.0, 60.0, 220.0), 3)
    leaves = Foliage(320, 200, 50, 3)
    burning = unrest(FLAMES.draw)
    assert burning > 3 * unrest(lambda picture, second: cloth.draw(picture, second, ()))
    assert burning > 3 * unrest(lambda picture, second: leaves.draw(picture, second, ()))


def test_dust_needs_a_vehicle_and_lamps_stay_where_they_are() -> None:
    assert Trail(3, (120.0, 150.0, 170.0), 10.0, 200.0).draw(STREET.copy(), 1.0, ()) is None
    boxes = {
        Lamp(200, 200, 20, "beacon", (255.0, 90.0, 30.0), 3).draw(STREET.copy(), t, ()).box for t in (0.0, 1.0, 2.3)
    }
    assert len(boxes) == 1


def test_a_run_shows_every_place_and_every_look_alike_in_every_light() -> None:
    run = clips(100, 200, 2)
    assert len({clip.id for clip in run}) == len(run) == 600
    for kind, near in (("fire", FIRE_NEAR), ("smoke", SMOKE_NEAR)):
        assert {clip.name for clip in run if clip.kind == kind and clip.burns} == set(PLACES)
        assert {clip.name for clip in run if clip.kind == kind and not clip.burns} == set(near)
        lights = {clip.condition for clip in run if clip.kind == kind and clip.burns}
        assert lights == {"day", "dusk", "night", "rain", "fog"}
    assert {clip.street for clip in run} == set(range(STREETS))


def test_hours_of_traffic_plant_nothing_and_are_always_the_same() -> None:
    run = segments(2.0, 6, 4.0)
    assert len(run) * SEGMENT_S == 7200
    assert run == segments(2.0, 6, 4.0)
    assert all(not one.scene.placed and one.scene.smoke is None for one in run)
    assert {one.scene.weather for one in run} >= {"rain", "fog", "night", "rain_night", "snow", "dusk", "clear"}
    assert {extra for one in run for extra in one.extras} >= {"steam", "dust", "sun", "fog_bank", "lamps"}
