"""Camera and sensor: either alone raises, both together confirm, and nothing that is doubtful confirms."""

from __future__ import annotations

import json

import pytest

from qyran.roles import SYSTEM
from service.protected_objects.model import ObjectBody
from service.protected_objects.register import standing
from service.protected_objects.register import write as write_object
from service.sensors import registry
from service.store.alert_tables import AlertEvent
from tests.service.sensors.senses import a_school, a_sensor, alerts, hear, minutes, open_notices, said


def seen(world, kind: str = "smoke") -> str:
    return world.alert(kind, "fire_alert", camera="abay-12", time=world.clock(), **{"class": None, "track": None})


def felt(world, **what: object):
    return hear(world, said(at=world.clock(), **{"alarm": True, **what}))


def agreed(world, alert) -> list[dict]:
    with world.store.read() as work:
        rows = work.session.query(AlertEvent).filter_by(record=alert.id, kind="agreed").all()
    return [json.loads(row.header)["data"] for row in rows]


@pytest.fixture
def school(world):
    a_school(world, cameras=("abay-12",))
    return a_sensor(world, object_id="UTO-17")


@pytest.mark.parametrize("order", [("camera", "sensor"), ("sensor", "camera")])
@pytest.mark.parametrize("kind", ["fire", "smoke"])
def test_both_together_are_one_alert_that_is_observed(world, school, order, kind):
    act = {"camera": lambda: seen(world, kind), "sensor": lambda: felt(world)}
    act[order[0]]()
    (alone,) = alerts(world)
    assert (alone.certainty, alone.object_id) == ("Likely", "UTO-17")
    world.clock.forward(minutes=2)
    act[order[1]]()
    (both,) = alerts(world)
    assert both.id == alone.id
    assert both.certainty == "Observed"
    assert set(both.sources) == {"camera:abay-12", f"sensor:{school}"}
    assert [set(one["sources"]) for one in agreed(world, both)] == [set(both.sources)]


DOUBTFUL = {
    "a fault": lambda world: hear(world, said(at=world.clock(), fault="dust")),
    "taken off its socket": lambda world: hear(world, said(at=world.clock(), tampered=True)),
    "works on it": lambda world: world.do(SYSTEM, registry.set_test, "D-1", world.clock.now + minutes(60)),
}


@pytest.mark.parametrize("doubt", DOUBTFUL.values(), ids=DOUBTFUL)
def test_what_is_doubtful_confirms_nothing(world, school, doubt):
    seen(world)
    doubt(world)
    world.clock.forward(seconds=20)
    felt(world)
    (alert,) = alerts(world)
    assert alert.certainty == "Likely"
    assert agreed(world, alert) == []


def test_a_button_pressed_for_a_test_while_a_camera_sees_smoke_confirms_nothing(world, school):
    seen(world)
    felt(world, test=True)
    (alert,) = alerts(world)
    assert (alert.certainty, alert.sources) == ("Likely", ["camera:abay-12"])


@pytest.mark.parametrize("apart", ["time", "object"])
def test_what_does_not_belong_together_stays_apart(world, school, apart):
    seen(world)
    if apart == "time":
        world.clock.forward(minutes=12)
        felt(world)
    else:
        a_school(world, "UTO-18", details={"latitude": 43.30, "longitude": 76.99})
        a_sensor(world, "D-9", object_id="UTO-18")
        hear(world, said(at=world.clock(), alarm=True), sensor="D-9")
    assert [one.certainty for one in alerts(world)] == ["Likely", "Likely"]


def test_two_sensors_of_one_room_are_one_alert_and_confirm_nothing(world, school):
    a_sensor(world, "D-2", object_id="UTO-17")
    felt(world)
    hear(world, said(at=world.clock(), alarm=True), sensor="D-2")
    (alert,) = alerts(world)
    assert alert.sources == ["sensor:D-1", "sensor:D-2"]
    assert alert.certainty == "Likely"


def test_an_alarm_that_ends_leaves_the_alert_to_the_operator(world, school):
    felt(world)
    world.clock.forward(seconds=40)
    hear(world, said(at=world.clock(), alarm=False))
    (alert,) = alerts(world)
    assert alert.state == "notified"
    assert open_notices(world) == set()


def test_an_object_that_left_the_register_lends_no_place(world, school):
    with world.store.write(SYSTEM) as work:
        body: ObjectBody = standing(work, "UTO-17").body.model_copy(update={"until": world.clock()})
        write_object(work, "UTO-17", body, "hand", "closed")
    world.clock.forward(minutes=1)
    seen(world)
    (alert,) = alerts(world)
    assert alert.object_id is None
