from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from shapely import Point, Polygon

from incidents.where.fix import Sight, Source, at, bearing_of, from_many, from_one
from qyran.earth import Plane
from qyran.errors import InputError

ALMATY = Plane(43.2389, 76.8897)
FAR_M = 10_000.0


def sight(east, north, target, sigma_deg=0.5, off_deg=0.0, range_m=FAR_M):
    latitude, longitude = ALMATY.degrees(east, north)
    bearing = math.degrees(math.atan2(target[0] - east, target[1] - north)) + off_deg
    return Sight(latitude, longitude, bearing % 360, sigma_deg, range_m)


def metres(fix):
    return ALMATY.metres(fix.latitude, fix.longitude)


@pytest.mark.parametrize(
    ("heading", "view", "x", "bearing"),
    [
        (270.0, 60.0, 0.5, 270.0),
        (270.0, 60.0, 1.0, 300.0),
        (270.0, 60.0, 0.0, 240.0),
        (10.0, 90.0, 0.0, 325.0),
        (0.0, 90.0, 0.75, math.degrees(math.atan(0.5))),
    ],
)
def test_a_column_of_the_picture_has_the_bearing_of_a_pinhole(heading, view, x, bearing):
    assert bearing_of(heading, view, x) == pytest.approx(bearing)


@pytest.mark.parametrize(("view", "x"), [(0.0, 0.5), (180.0, 0.5), (60.0, 1.01), (60.0, -0.01)])
def test_a_view_or_a_column_that_cannot_be_is_refused(view, x):
    with pytest.raises(InputError, match=r"field of view|column"):
        bearing_of(0.0, view, x)


@given(
    st.floats(-3000, 3000), st.floats(-3000, 3000), st.integers(2, 5), st.integers(0, 10_000),
)  # fmt: skip
def test_true_bearings_cross_where_the_thing_is(east, north, number, seed):
    masts = np.random.default_rng(seed).uniform(-3000, 3000, (number, 2))
    bearings = [math.atan2(east - x, north - y) for x, y in masts]
    assume(min(math.hypot(east - x, north - y) for x, y in masts) > 50)
    assume(max(abs(math.sin(a - b)) for a in bearings for b in bearings) > 0.1)

    fix = from_many([sight(x, y, (east, north)) for x, y in masts])

    assert fix is not None
    assert metres(fix) == pytest.approx((east, north), abs=5.0)  # planes of two origins
    assert fix.source is Source.CROSSED


@pytest.mark.parametrize("number", [2, 3, 5])
def test_the_region_holds_the_thing_in_95_of_100_cases(number):
    rng = np.random.default_rng(number)
    target, held, cases = (400.0, 900.0), 0, 700
    masts = rng.uniform(-2000, 2000, (number, 2)) if number > 2 else np.array([[-1500.0, 0.0], [1500.0, -200.0]])
    for _ in range(cases):
        fix = from_many([sight(x, y, target, 1.0, rng.normal(0, 1.0)) for x, y in masts])
        assert fix is not None
        held += Polygon([ALMATY.metres(*point) for point in fix.ring]).contains(Point(target))

    assert 0.925 <= held / cases <= 0.975


def test_a_third_camera_makes_the_region_smaller():
    two = [sight(-1000, 0, (0, 1000)), sight(1000, 0, (0, 1000))]

    first, second = from_many(two), from_many([*two, sight(0, -500, (0, 1000))])

    assert first is not None
    assert second is not None
    assert second.major_m * second.minor_m < first.major_m * first.minor_m


@pytest.mark.parametrize(
    "sights",
    [
        [],
        [sight(0, 0, (0, 1000))],
        [sight(0, 0, (0, 1000)), sight(0, 0, (10, 1000))],
        [sight(-500, 0, (-500, 1000)), sight(500, 0, (500, 1000))],
        [sight(-500, 0, (0, 1000), off_deg=180), sight(500, 0, (0, 1000), off_deg=180)],
        [sight(-500, 0, (0, 5000), range_m=800), sight(500, 0, (0, 5000), range_m=800)],
        [sight(-500, 0, (0, 1000)), sight(500, 0, (0, 1000)), sight(0, -800, (0, 1000), off_deg=15)],
    ],
    ids=["none", "one", "one mast", "parallel", "behind them", "too far", "different things"],
)
def test_bearings_that_mean_no_one_place_give_none(sights):
    assert from_many(sights) is None


@given(st.floats(0, 359.9), st.floats(0.1, 10), st.floats(100, 5000))
def test_one_bearing_gives_a_sector_that_holds_the_line_of_sight(bearing, sigma, far):
    fix = from_one(Sight(ALMATY.latitude, ALMATY.longitude, bearing, sigma, far))
    ring = Polygon([ALMATY.metres(*point) for point in fix.ring])

    assert fix.ring[0] == fix.ring[-1]
    for share in (0.1, 0.5, 0.95):
        point = (share * far * math.sin(math.radians(bearing)), share * far * math.cos(math.radians(bearing)))
        assert ring.covers(Point(point))
    assert ring.contains(Point(metres(fix)))


def test_a_point_of_the_road_has_a_round_region():
    fix = at(ALMATY.latitude, ALMATY.longitude, 2.0, Source.PLANE)

    assert (fix.major_m, fix.minor_m) == pytest.approx((4.895, 4.895), abs=0.001)  # 2 m times 2.4477
    assert len(fix.ring) > 30


@given(st.floats(0, 359.9))
def test_turning_the_world_turns_the_fix(turn):
    angle = math.radians(turn)

    def turned(x, y):
        return x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)

    target = (200.0, 900.0)
    masts = [(-1000.0, 0.0), (1200.0, 100.0)]
    plain = from_many([sight(*one, target, 0.5) for one in masts])
    moved = from_many([sight(*turned(*one), turned(*target), 0.5) for one in masts])

    assert plain is not None
    assert moved is not None
    assert metres(moved) == pytest.approx(turned(*metres(plain)), abs=1.5)
    assert moved.major_m == pytest.approx(plain.major_m, rel=0.01)
