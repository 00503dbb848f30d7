"""Two reports are of one happening where kind and place allow it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.where.fix import Sight, Source, at, from_one
from incidents.where.place import Place
from incidents.where.same import kin, near_m, same_place
from qyran.earth import Plane

ALMATY = Plane(43.2389, 76.8897)
angles = st.floats(0, 359.9)


def exact(east, north, sigma_m=2.0):
    return at(*ALMATY.degrees(east, north), sigma_m, Source.PLANE).place


def sector(east, north, target, sigma_deg=3.0, range_m=2000.0):
    bearing = math.degrees(math.atan2(target[0] - east, target[1] - north)) % 360
    return from_one(Sight(*ALMATY.degrees(east, north), bearing, sigma_deg, range_m, sigma_m=5.0)).place


def view(east, north, reach_m=2000.0):
    return Place(*ALMATY.degrees(east, north), reach_m, None, "camera")


places = st.one_of(
    st.builds(exact, st.floats(-3000, 3000), st.floats(-3000, 3000), st.floats(0.5, 60)),
    st.builds(
        lambda x, y, turn, sigma: sector(x, y, (x + math.sin(turn), y + math.cos(turn)), sigma),
        st.floats(-3000, 3000), st.floats(-3000, 3000), angles.map(math.radians), st.floats(0.5, 20),
    ),
    st.builds(view, st.floats(-3000, 3000), st.floats(-3000, 3000), st.floats(50, 3000)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("fire", "fire", True),
        ("fire", "smoke", True),
        ("smoke", "fire", True),
        ("crash", "stopped_vehicle", True),
        ("crash", "congestion", False),
        ("stopped_vehicle", "congestion", False),
        ("fire", "crash", False),
        ("crowd", "person_down", False),
    ],
)
def test_kinds_that_one_happening_shows_by_turns(one, other, same):
    assert kin(one, other) is same


FIRE = (300.0, 700.0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (exact(0, 0), exact(30, 0), True),
        (exact(0, 0), exact(200, 0), False),
        (sector(0, 0, FIRE), sector(900, 100, FIRE), True),
        (sector(0, 0, FIRE), sector(900, 100, (1500, 900)), False),
        (sector(0, 0, FIRE), exact(*FIRE, 20.0), True),
        (sector(0, 0, FIRE), exact(-500, 700, 20.0), False),
        (sector(0, 0, FIRE, range_m=400.0), exact(*FIRE, 5.0), False),
        (view(0, 0), view(200, 100), True),
        (view(0, 0), view(1500, 0), False),
        (view(0, 0), exact(100, 150, 20.0), True),
        (view(0, 0), exact(1200, 0, 20.0), False),
        (view(0, 0), sector(800, 0, (801, 500)), False),
    ],
    ids=[
        "one house", "two houses", "two cameras see one fire", "two cameras see two fires",
        "the line of sight leads to the fire", "it leads elsewhere", "it is nearer than that", "cameras of one square",
        "cameras of two districts", "below a camera that tells nothing", "far from it", "another looks past it",
    ],
)  # fmt: skip
def test_two_fires_are_one_where_their_regions_meet(one, other, same):
    assert same_place(one, other, near_m("fire", "smoke")) is same


def test_two_cars_that_stand_forty_metres_apart_are_two():
    assert not same_place(exact(0, 0, 2.0), exact(40, 0, 2.0), near_m("stopped_vehicle", "stopped_vehicle"))
    assert same_place(exact(0, 0, 2.0), exact(8, 0, 2.0), near_m("stopped_vehicle", "stopped_vehicle"))


def test_an_unknown_place_is_no_place():
    class Nowhere:
        latitude = longitude = radius_m = region = None

    assert not same_place(Nowhere(), exact(0, 0))
    assert not same_place(Nowhere(), Nowhere())


@given(places, places, st.floats(0, 100))
def test_the_order_of_two_reports_does_not_matter(one, other, apart):
    assert same_place(one, other, apart) == same_place(other, one, apart)


@given(places)
def test_a_place_is_the_same_as_itself(one):
    assert same_place(one, one, 0.0)


@given(places, angles, st.lists(st.floats(0, 6000), min_size=2, max_size=5, unique=True))
def test_what_moves_away_never_comes_back(one, bearing, distances):
    """Moved straight away from where it was, a place is the same up to some distance and another from there on."""
    plane = Plane(one.latitude, one.longitude)

    def moved(by):
        east, north = by * math.sin(math.radians(bearing)), by * math.cos(math.radians(bearing))
        ring = None
        if one.region is not None:
            metres = (plane.metres(*point) for point in one.region)
            ring = tuple(plane.degrees(x + east, y + north) for x, y in metres)
        return Place(*plane.degrees(east, north), one.radius_m, ring, one.source)

    told = [same_place(one, moved(by), 20.0) for by in sorted(distances)]
    assert told == sorted(told, reverse=True)


@given(places, places)
def test_more_slack_never_parts_what_less_slack_joined(one, other):
    told = [same_place(one, other, apart) for apart in (0.0, 10.0, 60.0, 300.0)]
    assert told == sorted(told)
