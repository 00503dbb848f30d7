"""What one camera sees has a place; the region around it holds the truth 95 times in 100."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from shapely import Point, Polygon

from incidents.where.eye import Eye
from incidents.where.seen import Sighting, line_of_sight, where_seen
from qyran.earth import Plane, distance_m
from scenarios.camera import Pinhole
from vision.camera import parse_camera

ALMATY = (43.2389, 76.8897)
WIDTH, HEIGHT = 1920, 1080
DAY = date(2026, 11, 22)
MAST = Plane(*ALMATY)


def pinhole(height=9.0, yaw=0.0, reach=45.0, fov=62.0):
    target = (reach * math.sin(math.radians(yaw)), reach * math.cos(math.radians(yaw)), 0.0)
    return Pinhole.look_at((0.0, 0.0, height), target, fov, (WIDTH, HEIGHT))


def surveyed(camera, rng=None, sigma_px=0.5, sigma_m=0.05, yaw=0.0):
    """Points on the road as a surveyor would give them, from the first."""
    c, s = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
    grid = np.array([(x * c + y * s, y * c - x * s) for y in (18.0, 32.0, 60.0) for x in (-8.0, 0.0, 8.0)])
    pixels, depth = camera.project(np.column_stack((grid, np.zeros(len(grid)))))
    seen = (depth > 1) & (pixels > 0).all(1) & (pixels < (WIDTH, HEIGHT)).all(1)
    grid, pixels = grid[seen], pixels[seen]
    if rng is not None:
        pixels, noisy = pixels + rng.normal(0, sigma_px, pixels.shape), grid + rng.normal(0, sigma_m, grid.shape)
    else:
        noisy = grid
    points = [
        {"picture": [float(p[0] / WIDTH), float(p[1] / HEIGHT)], "ground_m": [float(v) for v in g - noisy[0]]}
        for p, g in zip(pixels, noisy, strict=True)
    ]
    return points, grid[0]


def camera_file(points, **changes):
    given = {
        "id": "abay-12", "name": "Абай 12", "stream": "rtsp://camera/1", "heading_deg": 0.0,
        "latitude": ALMATY[0], "longitude": ALMATY[1],
    }  # fmt: skip
    if points is not None:
        given["calibration"] = {"points": points, "picture_sigma": 0.5 / WIDTH, "ground_sigma_m": 0.05}
    anchor = changes.pop("anchor", None)
    if anchor is not None:
        given["calibration"]["anchor"] = anchor
    return parse_camera({**given, **changes}, source="test")


def eye_of(points, **changes):
    return Eye.of(camera_file(points, **changes), WIDTH, HEIGHT, DAY)


def person_at(camera, x, y):
    """The box of somebody who stands at a place of the road."""
    corners = np.array([(x + dx, y, z) for dx in (-0.25, 0.25) for z in (0.0, 1.72)])
    pixels, _ = camera.project(corners)
    return [*pixels.min(axis=0), *pixels.max(axis=0)]


def holds(place, there):
    plane = Plane(place.latitude, place.longitude)
    if place.region is None:
        return math.hypot(*plane.metres(*there)) <= place.radius_m
    return Polygon([plane.metres(*one) for one in place.region]).covers(Point(plane.metres(*there)))


@pytest.mark.parametrize("yaw", [0.0, 90.0, 210.0])
def test_what_stands_on_the_road_is_where_its_foot_is(yaw):
    camera = pinhole(yaw=yaw)
    eye = eye_of(surveyed(camera, yaw=yaw)[0], heading_deg=yaw)
    for ahead, side in ((22.0, -4.0), (40.0, 3.0), (55.0, 0.0)):
        c, s = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
        x, y = side * c + ahead * s, ahead * c - side * s

        place = where_seen(eye, Sighting("pedestrian", person_at(camera, x, y), "person"))

        assert place is not None
        assert place.source == "plane"
        assert distance_m((place.latitude, place.longitude), MAST.degrees(x, y)) < 1.5
        assert holds(place, MAST.degrees(x, y))


@pytest.mark.parametrize("tied", ["anchor", "camera"])
def test_the_region_of_a_foot_holds_the_truth_in_95_of_100_cases(tied):
    rng, held, areas, camera = np.random.default_rng(5), [], [], pinhole()
    for _ in range(50):
        points, first = surveyed(camera, rng)
        turned = np.radians(rng.normal(0, 1.0))  # the surveyor's north
        c, s = math.cos(turned), math.sin(turned)
        for one in points:
            x, y = one["ground_m"]
            one["ground_m"] = [x * c - y * s, x * s + y * c]
        if tied == "anchor":
            lat, lon = MAST.degrees(*(first + rng.normal(0, 1.0, 2)))
            eye = eye_of(points, anchor={"latitude": lat, "longitude": lon})
        else:
            lat, lon = MAST.degrees(*rng.normal(0, 5.0, 2))
            eye = eye_of(points, latitude=lat, longitude=lon)
        for _ in range(8):
            x, y = rng.uniform(-5, 5), rng.uniform(20, 60)
            box = np.array(person_at(camera, x, y))
            box += rng.normal(0, 1.0 + 0.03 * np.array([box[2] - box[0], box[3] - box[1]] * 2))
            place = where_seen(eye, Sighting("pedestrian", list(box), "person"))
            assert place.source == "plane"
            held.append(holds(place, MAST.degrees(x, y)))
            areas.append(place.radius_m)

    assert 0.92 <= np.mean(held) <= 0.99
    assert np.median(areas) < 20.0


def test_an_anchor_places_better_than_the_camera_does():
    camera = pinhole()
    points, first = surveyed(camera)
    lat, lon = MAST.degrees(*first)
    seen = Sighting("pedestrian", person_at(camera, 2.0, 35.0), "person")

    anchored = where_seen(eye_of(points, anchor={"latitude": lat, "longitude": lon}), seen)
    by_camera = where_seen(eye_of(points), seen)

    assert anchored.radius_m < by_camera.radius_m / 2


def test_lengths_are_turned_to_where_the_camera_is_headed():
    """A plane made by lengths counts along the road; the camera's heading says where that is."""
    camera = pinhole(yaw=0.0)

    def seen(*ground):
        pixels, _ = camera.project(np.array([(*ground, 0.0)]))
        return [float(pixels[0, 0] / WIDTH), float(pixels[0, 1] / HEIGHT)]

    along = [[seen(x, 20.0), seen(x, 60.0)] for x in (-3.5, 3.5)]
    across = [[seen(-6.0, y), seen(6.0, y)] for y in (22.0, 45.0)]
    lengths = [{"picture": [seen(-3.5, 25.0), seen(3.5, 25.0)], "metres": 7.0}]
    calibration = {"along": along, "across": across, "lengths": lengths, "height_m": 9.0}
    eye = eye_of(None, calibration=calibration, heading_deg=270.0)
    place = where_seen(eye, Sighting("pedestrian", person_at(camera, 0.0, 40.0), "person"))

    east, north = MAST.metres(place.latitude, place.longitude)
    assert (east, north) == (pytest.approx(-40.0, abs=1.5), pytest.approx(0.0, abs=1.5))
    assert where_seen(eye_of(None, calibration=calibration, heading_deg=None), Sighting("pedestrian", None)).source == (
        "camera"
    )


def test_smoke_is_looked_for_along_the_line_of_sight():
    rng, held, cases, camera = np.random.default_rng(9), 0, 300, pinhole(height=12.0)
    eye = eye_of(surveyed(camera)[0])
    for _ in range(cases):
        ahead, side, base = rng.uniform(25, 400), rng.uniform(-0.4, 0.4), rng.uniform(0, 30)
        x, y = side * ahead, ahead
        wide = rng.uniform(1, 6)
        pixels, _ = camera.project(np.array([(x - wide / 2, y, base), (x + wide / 2, y, base + 12)]))
        (x1, y2), (x2, y1) = pixels
        off = rng.uniform(-0.5, 0.5) * (x2 - x1)  # the source lies anywhere under the plume
        box = [x1 + off, max(y1, 0.0), x2 + off, min(y2, HEIGHT)]
        if not (0 < (x1 + x2) / 2 < WIDTH) or box[3] <= 0:
            held += 1
            continue
        place = where_seen(eye, Sighting("smoke", box))
        held += holds(place, MAST.degrees(x, y))

    assert held / cases >= 0.95


def test_smoke_over_the_horizon_has_the_bearing_of_its_column():
    camera = pinhole()
    eye = eye_of(surveyed(camera)[0])
    pixels, _ = camera.project(np.array([(300.0, 900.0, 60.0)]))
    x, y = pixels[0]

    sight = line_of_sight(eye, Sighting("smoke", [x - 40, y - 80, x + 40, y]))

    assert sight.bearing_deg == pytest.approx(math.degrees(math.atan2(300, 900)), abs=0.2)
    assert sight.range_m == 2000.0
    place = where_seen(eye, Sighting("smoke", [x - 40, y - 80, x + 40, y]))
    assert place.source == "bearing"
    assert holds(place, MAST.degrees(300.0, 900.0))


def test_without_a_calibration_heading_and_field_of_view_tell_the_bearing():
    eye = eye_of(None, heading_deg=90.0, field_of_view_deg=60.0, sight_m=1200.0)

    middle = where_seen(eye, Sighting("smoke", [910, 100, 1010, 400]))
    left = line_of_sight(eye, Sighting("smoke", [0, 100, 100, 400]))

    assert middle.source == "bearing"
    assert holds(middle, MAST.degrees(1000.0, 0.0))
    assert not holds(middle, MAST.degrees(1000.0, 250.0))
    assert left.bearing_deg == pytest.approx(61.6, abs=0.3)


@pytest.mark.parametrize(
    ("changes", "kind", "source", "least", "most"),
    [
        ({"heading_deg": None}, "smoke", "camera", 2000, 2100),
        ({"heading_deg": None}, "stopped_vehicle", "camera", 150, 170),
        ({}, "camera_tampering", "camera", 12, 13),
        ({}, "crowd", "camera", 100, 160),
    ],
)
def test_what_nobody_can_tell_is_said_to_be_in_the_view(changes, kind, source, least, most):
    place = where_seen(eye_of(None, **changes), Sighting(kind))

    assert place.source == source
    assert least <= place.radius_m <= most


def test_an_expired_calibration_places_nothing_on_the_road():
    camera = pinhole()
    points, _ = surveyed(camera)
    old = camera_file(points)
    calibration = old.calibration.model_copy(update={"valid_until": date(2026, 11, 21)})
    eye = Eye.of(old.model_copy(update={"calibration": calibration}), WIDTH, HEIGHT, DAY)

    assert where_seen(eye, Sighting("pedestrian", person_at(camera, 0, 30), "person")).source == "bearing"


def test_a_camera_nobody_placed_places_nothing():
    assert where_seen(eye_of(None, latitude=None, longitude=None), Sighting("smoke", [0, 0, 9, 9])) is None


def test_an_anchor_alone_tells_where_the_camera_hangs():
    camera = pinhole()
    points, first = surveyed(camera)
    lat, lon = MAST.degrees(*first)
    eye = eye_of(points, latitude=None, longitude=None, anchor={"latitude": lat, "longitude": lon})

    assert distance_m(eye.place, ALMATY) < 1.0


def test_a_zone_is_the_ground_of_a_crowd():
    camera = pinhole()
    square = np.array([(-6.0, 25.0, 0.0), (6.0, 25.0, 0.0), (6.0, 40.0, 0.0), (-6.0, 40.0, 0.0)])
    pixels, _ = camera.project(square)
    zone = {"id": "square", "kind": "public_space", "points": (pixels / (WIDTH, HEIGHT)).tolist()}
    eye = eye_of(surveyed(camera)[0], zones=[zone])

    place = where_seen(eye, Sighting("crowd", None, zone="square"))

    assert place.source == "plane"
    assert distance_m((place.latitude, place.longitude), MAST.degrees(0.0, 32.5)) < 1.0


def test_the_view_of_a_camera_is_its_field_of_view():
    camera = pinhole(fov=62.0)
    left, right = eye_of(surveyed(camera)[0]).view

    assert (right - left) % 360 == pytest.approx(64.5, abs=2.0)  # 62 degrees, and wider seen from above
