"""An alert is placed as it is raised, and better when another camera sees the same."""

from __future__ import annotations

import math
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import select

from incidents.where.place import Place
from qyran.earth import Plane, distance_m
from qyran.errors import AccessError
from qyran.roles import Role
from scenarios.camera import Pinhole
from service.alert_taking import Device, Report, raise_alert
from service.alerting.joining import join, part
from service.places.features import collection
from service.places.locating import camera_of, eye_of
from service.protected_objects.model import ObjectBody
from service.protected_objects.register import add
from service.store.alert_tables import Alert
from service.store.tables import AccessLog
from tests.service.world import NOON

CITY = Plane(43.2389, 76.8897)
SIZE = (1920, 1080)
OPEN = {"height_m": 9.0, "lengths": [{"picture": [[0.1, 0.9], [0.2, 0.9]], "metres": 3.0}]}
POINTS = [(x, y) for y in (18.0, 32.0, 60.0) for x in (-8.0, 0.0, 8.0)]


def pinhole(height=9.0):
    return Pinhole.look_at((0.0, 0.0, height), (0.0, 45.0, 0.0), 62.0, SIZE)


def calibration():
    pixels, _ = pinhole().project(np.array([(*point, 0.0) for point in POINTS]))
    first = np.array(POINTS[0])
    points = [
        {"picture": (pixel / SIZE).tolist(), "ground_m": (np.array(point) - first).tolist()}
        for pixel, point in zip(pixels, POINTS, strict=True)
    ]
    return {"points": points}


def register(world, camera_id, east, north, heading=0.0, **changes):
    latitude, longitude = CITY.degrees(east, north)
    given = {"latitude": latitude, "longitude": longitude, "heading_deg": heading, "field_of_view_deg": 62.0}
    world.register(id=camera_id, name=camera_id, **{**given, **changes})


def smoke_towards(heading, bearing):
    """The box of smoke over the horizon in that direction."""
    off = math.tan(math.radians((bearing - heading + 180) % 360 - 180)) / math.tan(math.radians(31.0))
    x = SIZE[0] / 2 * (1 + off)
    return [x - 30, 120.0, x + 30, 300.0]


def raised(world, camera_id, kind="smoke", *, after=0, box=None, picture=SIZE, **changes):
    report = Report(
        id=str(uuid4()), type="fire_alert" if kind in {"fire", "smoke"} else "incident", kind=kind,
        device=Device("camera", camera_id), t_detect=NOON + timedelta(seconds=after), box=box, picture=picture,
        origin={"camera": camera_id}, **changes,
    )  # fmt: skip
    with world.store.write() as work:
        return raise_alert(work, report).id


def alert(world, alert_id):
    with world.store.read() as work:
        return work.session.get_one(Alert, alert_id)


def off_m(row, east, north):
    return distance_m((row.latitude, row.longitude), CITY.degrees(east, north))


def test_a_car_is_where_it_stands_on_the_road(world):
    register(world, "cam-1", 0, 0, calibration=calibration())
    corners = np.array([(x, y, z) for x in (-0.9, 0.9) for y in (30.0, 34.5) for z in (0.1, 1.5)])
    pixels, _ = pinhole().project(corners)
    box = [*pixels.min(axis=0), *pixels.max(axis=0)]

    row = alert(world, raised(world, "cam-1", "stopped_vehicle", box=box, class_="car"))

    assert row.place_source == "plane"
    assert off_m(row, 0.0, 32.2) < 2.5
    assert row.radius_m < 25
    assert len(row.region) > 10


def test_smoke_that_two_cameras_see_is_one_alert_where_their_lines_cross(both):
    world = both
    fire = (400.0, 600.0)
    for camera_id, east, north, heading in (("cam-1", 0, 0, 30.0), ("cam-2", 900, 0, 320.0)):
        register(world, camera_id, east, north, heading)
    bearings = [math.degrees(math.atan2(fire[0] - x, fire[1])) for x in (0, 900)]

    first = raised(world, "cam-1", box=smoke_towards(30.0, bearings[0]))
    alone = alert(world, first)
    second = raised(world, "cam-2", box=smoke_towards(320.0, bearings[1] % 360), after=40)
    row = alert(world, first)

    assert (alone.place_source, alone.radius_m > 1000) == ("bearing", True)
    assert second == first
    assert row.place_source == "crossed"
    assert off_m(row, *fire) < 10
    assert row.radius_m < 150
    assert sorted(row.sources) == ["camera:cam-1", "camera:cam-2"]


def test_a_report_that_is_parted_takes_its_place_along(world):
    fire = (400.0, 600.0)
    for camera_id, east, north, heading in (("cam-1", 0, 0, 30.0), ("cam-2", 900, 0, 320.0)):
        register(world, camera_id, east, north, heading)
    bearings = [math.degrees(math.atan2(fire[0] - x, fire[1])) for x in (0, 900)]
    first = raised(world, "cam-1", box=smoke_towards(30.0, bearings[0]))
    alone = alert(world, first)
    raised(world, "cam-2", box=smoke_towards(320.0, bearings[1] % 360), after=40)
    with world.store.read() as work:
        merged = work.session.scalars(select(Alert).where(Alert.merged_into == first)).one()
    assert alert(world, first).place_source == "crossed"

    world.do(world.person(Role.SITUATIONAL_OPERATOR), part, merged.id, "another_place")

    now, other = alert(world, first), alert(world, merged.id)
    assert (now.latitude, now.longitude, now.radius_m) == (alone.latitude, alone.longitude, alone.radius_m)
    assert (now.place_source, now.region, now.address) == ("bearing", alone.region, alone.address)
    assert (other.place_source, other.latitude) == ("bearing", merged.latitude)


def test_alerts_that_a_person_joins_are_placed_together(world):
    register(world, "cam-1", 0, 0, 0.0)
    register(world, "cam-2", 900, 0, 0.0)
    first = raised(world, "cam-1", box=smoke_towards(0.0, 20.0))
    second = raised(
        world, "cam-2", "stopped_vehicle", after=5, place=Place(*CITY.degrees(300.0, 800.0), 20.0, None, "person")
    )

    world.do(world.person(Role.SITUATIONAL_OPERATOR), join, second, first)

    assert alert(world, first).radius_m == 20.0
    assert off_m(alert(world, first), 300.0, 800.0) < 0.1


def test_smoke_elsewhere_is_another_alert(world):
    register(world, "cam-1", 0, 0, 0.0)
    register(world, "cam-2", 900, 0, 0.0)

    first = raised(world, "cam-1", box=smoke_towards(0.0, 0.0))
    second = raised(world, "cam-2", box=smoke_towards(0.0, 20.0), after=20)

    assert first != second


def test_a_sensor_sharpens_the_place_that_a_camera_told(world):
    register(world, "cam-1", 0, 0, 0.0)
    first = raised(world, "cam-1", box=smoke_towards(0.0, 0.0))
    latitude, longitude = CITY.degrees(0.0, 500.0)
    report = Report(
        id=str(uuid4()), type="fire_alert", kind="smoke", device=Device("sensor", "S-1"),
        t_detect=NOON + timedelta(seconds=30), place=Place(latitude, longitude, 15.0, None, "sensor"),
    )  # fmt: skip
    with world.store.write() as work:
        assert raise_alert(work, report).id == first

    row = alert(world, first)
    assert (row.place_source, row.radius_m) == ("sensor", 15.0)


@pytest.mark.parametrize(
    ("changes", "source"),
    [
        ({"latitude": None, "longitude": None}, None),
        ({"heading_deg": None, "field_of_view_deg": None}, "camera"),
        ({"calibration": OPEN}, "bearing"),
    ],
    ids=["a camera nobody placed", "nobody knows where it looks", "a calibration that fixes nothing"],
)  # fmt: skip
def test_what_is_not_known_never_keeps_an_alert_from_being_raised(world, changes, source):
    register(world, "cam-1", 0, 0, **changes)

    row = alert(world, raised(world, "cam-1", box=[900, 500, 960, 560]))

    assert row.state == "notified"
    assert row.place_source == source


def test_a_camera_that_is_not_registered_has_alerts_without_a_place(world):
    assert alert(world, raised(world, "cam-9", box=[1, 1, 9, 9])).latitude is None


def test_the_cameras_own_address_says_where_smoke_was_seen_from(world):
    register(world, "cam-1", 0, 0, 0.0, address={"kk": "Абай, 12", "ru": "Абая, 12", "en": "12 Abay"})

    far = alert(world, raised(world, "cam-1", box=smoke_towards(0.0, 0.0)))
    here = alert(world, raised(world, "cam-1", "stopped_vehicle", track=7))

    assert far.address["ru"] == "видно с адреса: Абая, 12"
    assert far.address["en"] == "seen from 12 Abay"
    assert here.address == {"kk": "Абай, 12", "ru": "Абая, 12", "en": "12 Abay"}


def test_a_calibration_is_worked_out_once(world):
    register(world, "cam-1", 0, 0, calibration=calibration())
    with world.store.read() as work:
        camera = camera_of(work, "cam-1")

    assert eye_of(camera, *SIZE, NOON.date()) is eye_of(camera, *SIZE, NOON.date())


def features(world, actor, *layers, lang="en"):
    with world.store.write(actor) as work:
        found = collection(work, layers or ("alerts", "cameras", "objects", "roads"), lang)
    return found, [(one["properties"]["layer"], one["id"]) for one in found["features"]]


def test_the_map_shows_alerts_with_their_regions_cameras_and_roads(world):
    register(world, "cam-1", 0, 0, 0.0, covers=[[76.889, 43.2389], [76.8897, 43.2389]])
    one = raised(world, "cam-1", box=smoke_towards(0.0, 0.0))

    found, names = features(world, world.person(Role.SITUATIONAL_OPERATOR))

    assert names[:2] == [("alert", one), ("region", one)]
    assert {("camera", "cam-1"), ("view", "cam-1"), ("road", "roads")} <= set(names)
    said = found["features"][0]["properties"]
    assert (said["title"], said["fresh"], said["where"]) == ("Smoke", True, "cam-1")
    assert said["source_words"].startswith("along the camera's line of sight")
    for feature in found["features"]:
        if feature["geometry"]["type"] == "Polygon":
            ring = feature["geometry"]["coordinates"][0]
            assert ring[0] == ring[-1]
            assert all(70 < lon < 80 and 40 < lat < 50 for lon, lat in ring)


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_the_map_speaks_the_readers_language(world, lang):
    register(world, "cam-1", 0, 0, 0.0)
    raised(world, "cam-1", box=smoke_towards(0.0, 0.0))

    found, _ = features(world, world.person(Role.SITUATIONAL_OPERATOR), lang=lang)

    assert found["features"][0]["properties"]["title"] == {"kk": "Түтін", "ru": "Дым", "en": "Smoke"}[lang]
    assert all("." not in words or " " in words for words in found["words"].values())


def test_a_dispatcher_sees_neither_cameras_nor_what_was_not_sent_to_him(world):
    register(world, "cam-1", 0, 0, 0.0)
    raised(world, "cam-1", box=smoke_towards(0.0, 0.0))
    fire = world.person(Role.SERVICE_DISPATCHER, service="101")

    _, names = features(world, fire)

    assert [layer for layer, _ in names if layer != "road"] == []


def test_a_report_that_was_merged_is_no_mark_of_its_own(world):
    register(world, "cam-1", 0, 0, 0.0)
    one = raised(world, "cam-1", box=smoke_towards(0.0, 0.0))
    raised(world, "cam-1", box=smoke_towards(0.0, 0.1), after=10)

    _, names = features(world, world.person(Role.SITUATIONAL_OPERATOR), "alerts")

    assert names == [("alert", one), ("region", one)]


def test_who_looks_at_a_merged_report_sees_it_too(world):
    register(world, "cam-1", 0, 0, 0.0)
    one = raised(world, "cam-1", box=smoke_towards(0.0, 0.0))
    other = str(uuid4())
    report = Report(
        id=other, type="fire_alert", kind="smoke", device=Device("camera", "cam-1"), t_detect=NOON, picture=SIZE,
        box=smoke_towards(0.0, 0.0), origin={},
    )  # fmt: skip
    with world.store.write() as work:
        raise_alert(work, report)
    with world.store.read(world.person(Role.SITUATIONAL_OPERATOR)) as work:
        found = collection(work, ["alerts"], "en", also=other)["features"]

    assert {feature["id"] for feature in found} == {one, other}


def test_nobody_else_sees_the_map(world):

    with pytest.raises(AccessError):
        features(world, world.person(Role.POLICE_OFFICER))


def test_a_look_at_objects_is_logged_only_where_there_are_any(world):
    features(world, world.person(Role.SITUATIONAL_OPERATOR))

    with world.store.read() as work:
        assert [one for one in work.session.query(AccessLog) if one.action == "objects_on_map"] == []


def test_an_object_that_somebody_names_is_where_it_is_registered(world):
    latitude, longitude = CITY.degrees(300.0, 0.0)
    body = ObjectBody(details={"name": {"en": "School 12"}, "latitude": latitude, "longitude": longitude})
    world.do(world.person(Role.ADMINISTRATOR), add, "UTO-17", body)
    named = Report(
        id=str(uuid4()), type="fire_alert", kind="fire", device=Device("person", "112"), t_detect=NOON,
        object_id="UTO-17", initiator="human",
    )  # fmt: skip
    with world.store.write(world.person(Role.SITUATIONAL_OPERATOR)) as work:
        told = raise_alert(work, named).id

    row = alert(world, told)
    assert (row.place_source, row.object_id, row.radius_m) == ("object", "UTO-17", 60.0)
    assert off_m(row, 300.0, 0.0) < 0.1


def test_a_fire_at_an_object_is_told_with_it(world):
    latitude, longitude = CITY.degrees(5.0, 40.0)
    body = ObjectBody(details={"name": {"en": "School 12"}, "latitude": latitude, "longitude": longitude})
    world.do(world.person(Role.ADMINISTRATOR), add, "UTO-17", body)
    register(world, "cam-1", 0, 0, calibration=calibration())
    pixels, _ = pinhole().project(np.array([(-1.0, 30.0, 0.0), (1.0, 30.0, 4.0)]))

    row = alert(world, raised(world, "cam-1", "crash", box=[*pixels.min(axis=0), *pixels.max(axis=0)], class_="car"))

    assert row.object_id == "UTO-17"
    found, names = features(world, world.person(Role.SITUATIONAL_OPERATOR), "objects")
    assert names == [("object", "UTO-17")]
    assert found["features"][0]["properties"]["title"] == "School 12"
    with world.store.read() as work:
        assert len([one for one in work.session.query(AccessLog) if one.action == "objects_on_map"]) == 1
