"""Staff of the object that burns are told by the system, once, and of no other object (KPI 10.4)."""

from __future__ import annotations

from sqlalchemy import select

from service.notifying import deliver
from service.ports.simulator import Simulator, serving
from service.store.tables import AccessLog
from tests.service.notifying.told import messages, notifications, with_receivers
from tests.service.sensors.senses import SCHOOL, a_school, a_sensor, alerts, hear, said

STAFF = """
[[receivers]]
id = "staff"
channel = "sms"
url = "{url}"
to = "object_staff"
kinds = ["fire", "smoke"]
steps = ["raised", "ended"]
drills = false
"""


def test_every_contact_gets_the_message_and_it_counts_as_the_objects_staff(world):
    guard = {"name": "Сейтов Б.", "phone": "+77020000000"}
    a_school(world, contacts=[*SCHOOL["contacts"], guard, {"name": "Почта", "email": "a@school.kz"}])
    a_sensor(world, object_id="UTO-17")
    gateway = Simulator()
    with serving(gateway) as url:
        with_receivers(world, STAFF.format(url=url))
        hear(world, said(at=world.clock(), alarm=True))
        assert deliver(world.store).handed == 1
        deliver(world.store)
    assert len(gateway.messages) == 2
    (alert,) = alerts(world)
    assert ("sms", "object_staff", "system") in {one[:3] for one in notifications(world, alert.id)}
    with world.store.read() as work:
        looks = work.session.scalars(select(AccessLog).where(AccessLog.action == "object_contacts_seen")).all()
    assert {(look.actor, look.record) for look in looks} == {("system", "UTO-17")}


def test_where_nobody_can_be_reached_nothing_is_queued_and_nothing_counts(world):
    a_school(world, contacts=[{"name": "Почта", "email": "a@school.kz"}])
    a_sensor(world, "D-1", object_id="UTO-17")
    a_sensor(world, "D-2")
    with_receivers(world, STAFF.format(url="http://127.0.0.1:1"))
    for name in ("D-1", "D-2"):
        hear(world, said(at=world.clock(), alarm=True), sensor=name)
    assert messages(world) == []
