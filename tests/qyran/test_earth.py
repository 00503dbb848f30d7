from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qyran.earth import ECCENTRICITY_2, EQUATOR_M, Plane, distance_m, plane_of

latitudes = st.floats(-60, 60)
longitudes = st.floats(-179.99, 179.99)
city = st.floats(-20_000, 20_000)


def geodesic_m(one, other):
    """Vincenty's inverse formula (Survey Review XXII, 1975): half a millimetre on the ellipsoid."""
    polar = EQUATOR_M * math.sqrt(1 - ECCENTRICITY_2)
    flat = 1 - polar / EQUATOR_M
    u1, u2 = (math.atan((1 - flat) * math.tan(math.radians(place[0]))) for place in (one, other))
    turn = seen = math.radians((other[1] - one[1] + 180) % 360 - 180)
    for _ in range(50):
        sine = math.hypot(
            math.cos(u2) * math.sin(seen), math.cos(u1) * math.sin(u2) - math.sin(u1) * math.cos(u2) * math.cos(seen)
        )
        cosine = math.sin(u1) * math.sin(u2) + math.cos(u1) * math.cos(u2) * math.cos(seen)
        arc, azimuth = math.atan2(sine, cosine), math.cos(u1) * math.cos(u2) * math.sin(seen) / sine
        bend = max(1 - azimuth**2, 1e-12)  # nothing along the equator
        middle = cosine - 2 * math.sin(u1) * math.sin(u2) / bend
        c = flat / 16 * bend * (4 + flat * (4 - 3 * bend))
        swing = arc + c * sine * (middle + c * cosine * (2 * middle**2 - 1))
        seen = turn + (1 - c) * flat * azimuth * swing
    square = bend * (EQUATOR_M**2 - polar**2) / polar**2
    a = 1 + square / 16384 * (4096 + square * (square * (320 - 175 * square) - 768))
    b = square / 1024 * (256 + square * (square * (74 - 47 * square) - 128))
    part = cosine * (2 * middle**2 - 1) - b / 6 * middle * (4 * sine**2 - 3) * (4 * middle**2 - 3)
    return polar * a * (arc - b * sine * (middle + b / 4 * part))


@given(latitudes, longitudes, city, city)
def test_metres_and_degrees_are_each_others_inverse(latitude, longitude, east, north):
    plane = Plane(latitude, longitude)

    assert plane.metres(*plane.degrees(east, north)) == pytest.approx((east, north), abs=1e-6)


@given(latitudes, longitudes, city, city, city, city)
def test_lengths_in_the_plane_are_those_of_the_ellipsoid(latitude, longitude, east, north, further, beyond):
    assume(math.dist((east, north), (further, beyond)) > 100)
    plane = Plane(latitude, longitude)
    apart = geodesic_m(plane.degrees(east, north), plane.degrees(further, beyond))

    assert math.dist((east, north), (further, beyond)) == pytest.approx(apart, rel=1.2e-5)


@given(latitudes, longitudes, city, city)
def test_a_sphere_is_half_a_percent_from_the_ellipsoid(latitude, longitude, east, north):
    assume(math.hypot(east, north) > 1)
    there = Plane(latitude, longitude).degrees(east, north)

    assert distance_m((latitude, longitude), there) == pytest.approx(math.hypot(east, north), rel=6e-3)


def test_a_degree_in_almaty_has_the_length_of_the_tables():
    plane = Plane(43.0, 76.9)

    assert plane.metres(43.01, 76.9)[1] == pytest.approx(1110.9, abs=0.2)  # 111.09 km a degree of latitude at 43°
    assert plane.metres(43.0, 76.91)[0] == pytest.approx(815.4, abs=0.4)  # 81.54 km a degree of longitude
    (east, north), (further, beyond) = plane.line([(77.1, 43.3), (77.1123, 43.3)])
    assert math.hypot(further - east, beyond - north) == pytest.approx(998.1, abs=0.5)  # 0.0123° far from the origin


def test_a_degree_of_latitude_on_the_mean_sphere():
    assert distance_m((43.0, 76.9), (44.0, 76.9)) == pytest.approx(111_195.1, abs=0.1)
    assert distance_m((43.0, 76.9), (43.0, 76.9)) == 0
    assert distance_m((0.0, 179.9), (0.0, -179.9)) == pytest.approx(22_239, abs=1)


@given(latitudes, longitudes, latitudes, longitudes)
def test_a_distance_is_the_same_there_and_back(latitude, longitude, north, east):
    there, back = distance_m((latitude, longitude), (north, east)), distance_m((north, east), (latitude, longitude))

    assert there == pytest.approx(back, abs=1e-6)


def test_the_middle_of_a_city_is_its_origin():
    assert plane_of([(43.2, 76.8), (43.4, 77.0)]) == Plane(pytest.approx(43.3), pytest.approx(76.9))
