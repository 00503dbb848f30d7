"""Sensors and objects over HTTP: a gateway's deliveries, and what people see."""

from __future__ import annotations

import pytest

from qyran.roles import SYSTEM
from service.feeds import make_feed
from service.store.sensor_tables import SensorNotice
from tests.service.sensors.senses import a_school, a_sensor, alerts, hear, one, said
from tests.service.web.conftest import Visitor

REPORTS = "/api/v1/sensors/reports"


@pytest.fixture
def gateway(world):
    """What a gateway's deliveries are answered."""
    token = world.do(SYSTEM, make_feed, "gw-1", ["sensors"])
    visitor = Visitor(world)

    def deliver(data: bytes, bearer: str = token):
        return visitor.send("POST", REPORTS, content=data, headers={"authorization": f"Bearer {bearer}"})

    return deliver


def test_a_gateways_delivery_is_taken_once_and_each_report_answered(world, gateway):
    a_sensor(world, "D-1", gateway="gw-1", object_id=a_school(world))
    a_sensor(world, "D-2")
    batch = b"[" + b",".join([said("D-1", alarm=True, id="m-1"), said("D-2", alarm=True), said(alarm=True)]) + b"]"
    first = gateway(batch)
    assert first.status_code == 200
    assert [(each["standing"], each["reason"]) for each in first.json()] == [
        ("taken", None), ("aside", "other_gateway"), ("aside", "unknown_sensor"),
    ]  # fmt: skip
    (alert,) = alerts(world)
    assert first.json()[0]["alert"] == alert.id
    assert gateway(batch).json()[0]["standing"] == "repeated"
    assert len(alerts(world)) == 1


@pytest.mark.parametrize(
    ("data", "bearer", "status"),
    [(b"{}", "wrong", 401), (b"x" * 70_000, None, 413), (b"no json", None, 200)],
    ids=["a wrong token", "too much", "no JSON"],
)
def test_what_a_gateway_may_not_send(world, gateway, data, bearer, status):
    answer = gateway(data, bearer) if bearer else gateway(data)
    assert answer.status_code == status
    if status == 200:
        assert answer.json()[0]["reason"] == "no_json"


def test_a_sensor_with_a_token_of_its_own_need_not_say_its_name(world):
    token = world.do(SYSTEM, make_feed, "D-7", ["sensors"])
    a_sensor(world, "D-7")
    answer = Visitor(world).send(
        "POST", REPORTS, content=said(alarm=False), headers={"authorization": f"Bearer {token}"}
    )
    assert answer.json()[0] == {
        "standing": "taken",
        "sensor": "D-7",
        "id": None,
        "reason": None,
        "events": [],
        "alert": None,
    }


def test_the_administrator_keeps_sensors_and_objects_by_forms(world):
    admin = Visitor(world).log_in("administrator")
    # fmt: off
    object_form = {"id": "UTO-3", "kind": "health", "name_ru": "Больница", "latitude": "43,25", "longitude": "76,9",
                   "contact0_name": "Дежурный", "contact0_phone": "+77010000001", "contact0_language": "ru"}
    # fmt: on
    assert admin.form("/objects", **object_form).headers["location"] == "/objects/UTO-3"
    assert "+77010000001" in admin.get("/objects/UTO-3").text
    refused = admin.form("/objects/UTO-3", version="1", contact0_name="Дежурный", contact0_phone="8701", name_ru="Б")
    assert refused.status_code == 422
    assert 'value="8701"' in refused.text
    assert admin.form("/objects/UTO-3", version="0", name_ru="Б").status_code == 409
    made = admin.form("/sensors", sensor_id="D-5", kind="heat", object_id="UTO-3", heartbeat_s="30")
    assert made.headers["location"] == "/sensors/D-5"
    assert admin.form("/sensors", sensor_id="abay-12", kind="heat").status_code == 422
    assert admin.form("/sensors", sensor_id="D 5/../x", kind="heat").status_code == 422
    assert admin.form("/sensors/D-5", version="1", kind="heat", object_id="nowhere").status_code == 422
    assert admin.form("/sensors/D-5/retire").status_code == 303
    assert admin.get("/sensors").text.count("D-5") == 0


def test_the_operator_sees_contacts_while_it_burns_and_answers_notices(world):
    a_sensor(world, object_id=a_school(world))
    operator = Visitor(world).log_in("situational_operator")
    assert "+77010000000" not in operator.get("/objects/UTO-17").text
    hear(world, said(at=world.clock(), alarm=True))
    hear(world, b"rubbish")
    assert "+77010000000" in operator.get("/objects/UTO-17").text
    page = operator.get("/sensors").text
    assert "Unreadable messages" in page
    assert "not a certified fire alarm" in page
    notice = one(world, SensorNotice)
    assert operator.form(f"/sensors/notices/{notice.id}/seen").status_code == 303
    assert "Unreadable messages" not in operator.get("/sensors").text
    assert operator.form("/objects/UTO-17", version="1").status_code == 403


def test_the_plan_is_a_picture_or_a_paper_and_shown_to_whom_the_object_is(world):
    a_school(world)
    admin = Visitor(world).log_in("administrator")
    token = admin.token("/objects/UTO-17")
    for data, status in ((b"MZ", 422), (b"%PDF-1.7 plan", 303)):
        sent = admin.send("POST", "/objects/UTO-17/plan", data={"csrf": token, "version": "1"},
                          files={"plan": ("plan.pdf", data)}, follow=False)  # fmt: skip
        assert sent.status_code == status
    shown = Visitor(world).log_in("situational_operator").get("/objects/UTO-17/plan")
    assert (shown.headers["content-type"], shown.content) == ("application/pdf", b"%PDF-1.7 plan")
    assert Visitor(world).log_in("police_officer").get("/objects/UTO-17/plan").status_code == 403


def test_the_console_says_that_sensors_need_somebody_until_he_has_seen_it(world):
    a_sensor(world)
    operator = Visitor(world).log_in("situational_operator")
    assert "Sensors need attention" not in operator.get("/alarms").text
    hear(world, said(at=world.clock(), fault="dust"))
    for path in ("/alarms", "/alarms/list"):
        assert "Sensors need attention: 1" in operator.get(path).text
    operator.form(f"/sensors/notices/{one(world, SensorNotice).id}/seen")
    assert "Sensors need attention" not in operator.get("/alarms").text


def test_a_sensors_alarm_says_where_it_hangs_and_opens_the_objects_camera(world):
    a_sensor(world, object_id=a_school(world, cameras=("abay-12",)))
    hear(world, said(at=world.clock(), alarm=True))
    (alert,) = alerts(world)
    operator = Visitor(world).log_in("situational_operator")
    shown = operator.get(f"/alarms/{alert.id}").text
    assert "3 этаж, каб. 301 (D-1)" in shown
    assert "A sensor reported this" in shown
    assert "abay-12" in shown
