"""What a sensor's messages come to, on each database."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from qyran.roles import SYSTEM
from service.sensors import registry
from service.sensors.payload import words_of
from service.sensors.silence import forget, watch_silence
from service.store.sensor_tables import FireSensor, SensorMessage, SensorNotice, SensorSpan
from service.store.tables import Evidence
from tests.service.sensors.senses import a_school, a_sensor, alerts, hear, minutes, one, open_notices, said
from tests.service.world import NOON


def test_an_alarm_raises_one_alert_at_once_with_its_message_as_evidence(both):
    a_sensor(both, object_id=a_school(both))
    hear(both, said(at=NOON, alarm=False, battery_percent=90))
    both.clock.forward(seconds=30)
    (outcome,) = hear(both, said(at=NOON + timedelta(seconds=29), alarm=True, id="m-1"))
    (alert,) = alerts(both)
    assert (alert.id, alert.type, alert.kind, alert.state) == (outcome.alert_id, "fire_alert", "smoke", "notified")
    assert (alert.sensor_id, alert.camera_id, alert.sources) == ("D-1", "D-1", ["sensor:D-1"])
    assert (alert.object_id, alert.initiator, alert.certainty) == ("UTO-17", "system", "Likely")
    assert (alert.place_source, alert.latitude, alert.address["en"]) == ("object", 43.2402, "45 Abay Avenue")
    kept = one(both, Evidence, record=alert.id)
    assert kept.intact
    assert {entry["name"] for entry in kept.files} >= {"record.json", "received.txt"}
    assert [step["code"] for step in kept.trace] == ["sensor_alarm_smoke", "sensor_room", "auxiliary_fire_sign"]
    assert one(both).alert_id == alert.id


HARMLESS = {
    "the same message again": [("a", 10, {"alarm": True}), ("a", 10, {"alarm": True})],
    "the alarm repeated": [("a", 10, {"alarm": True}), ("b", 20, {"alarm": True}), ("c", 30, {"alarm": True})],
    "an older one after it": [("b", 20, {"alarm": True}), ("a", 10, {"alarm": False})],
    "heartbeats after it": [("a", 10, {"alarm": True}), ("b", 20, {"battery_percent": 80})],
}


@pytest.mark.parametrize("messages", HARMLESS.values(), ids=HARMLESS)
def test_what_comes_again_or_late_changes_nothing(world, messages):
    a_sensor(world)
    for name, seconds, what in messages:
        world.clock.now = max(world.clock.now, NOON + timedelta(seconds=seconds))
        hear(world, said(id=name, at=NOON + timedelta(seconds=seconds), **what))
    assert len(alerts(world)) == 1
    assert one(world).alarm_since is not None


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(4)), twice=st.lists(st.integers(0, 3), max_size=4))
def test_in_whatever_order_and_however_often_the_newest_word_stands(world, order, twice):
    name = f"s-{uuid4()}"
    a_sensor(world, name)
    start = world.clock() + minutes(10)
    world.clock.now = start + minutes(10)
    says = [{"alarm": False}, {"tampered": True}, {"alarm": False, "battery_percent": 5}, {"tampered": False}]
    for number in [*order, *twice]:
        hear(world, said(id=str(number), at=start + timedelta(seconds=number), **says[number]), sensor=name)
    row = one(world, id=name)
    assert row.reported_at == start + timedelta(seconds=3)
    assert not row.tampered
    assert alerts(world) == []


def test_a_heartbeat_that_overtook_an_alarm_does_not_swallow_it_and_its_end_does(world):
    a_sensor(world)
    world.clock.forward(minutes=5)
    hear(world, said(at=NOON + timedelta(seconds=20), battery_percent=80))
    hear(world, said(at=NOON + timedelta(seconds=10), alarm=True))
    assert len(alerts(world)) == 1
    hear(world, said(at=NOON + timedelta(seconds=60), alarm=False))
    (outcome,) = hear(world, said(at=NOON + timedelta(seconds=50), alarm=True))
    assert (outcome.standing, len(alerts(world))) == ("late", 1)
    assert open_notices(world) == {("D-1", "late_alarm")}


ASIDE = {
    "no JSON": (b"\xff\x00 smoke!", "no_json"),
    "nested without end": (b"[" * 50_000, "no_json"),
    "a number": (b"17", "no_report"),
    "an empty list": (b"[]", "no_report"),
    "a battery of letters": (json.dumps({"battery_percent": "full"}).encode(), "bad_battery_percent"),
    "a time without a zone": (json.dumps({"time": "2026-11-22T07:00:00"}).encode(), "bad_time"),
    "another sensor's id": (said("D-2", alarm=True), "other_sensor"),
    "a flood in one message": (b"[" + b",".join([b"{}"] * 30_000) + b"]", "too_large"),
}


@pytest.mark.parametrize(("data", "reason"), ASIDE.values(), ids=ASIDE)
def test_what_cannot_be_taken_is_put_aside_with_its_reason_and_told(world, data, reason):
    a_sensor(world)
    (outcome,) = hear(world, data)
    assert (outcome.standing, outcome.reason) == ("aside", reason)
    kept = one(world, SensorMessage, outcome="aside")
    assert (kept.reason, kept.sensor_id) == (reason, None)
    assert {subject for subject, _ in open_notices(world)} == {"D-1"}
    assert alerts(world) == []


def test_an_alarm_is_taken_whatever_is_wrong_beside_it(world):
    a_sensor(world)
    (outcome,) = hear(world, said(alarm=True, battery_percent="ninety", fault=17))
    assert (outcome.standing, outcome.reason) == ("taken", "only_alarm_battery_percent")
    assert len(alerts(world)) == 1


@pytest.mark.parametrize(("ahead", "doubt"), [(timedelta(days=400), True), (-timedelta(days=400), True)])
def test_a_bad_clock_costs_no_alarm(world, ahead, doubt):
    a_sensor(world)
    hear(world, said(at=NOON, alarm=False))
    world.clock.forward(minutes=1)
    hear(world, said(at=NOON + ahead, alarm=True))
    (alert,) = alerts(world)
    assert abs(alert.t_detect - world.clock.now) < minutes(1)
    assert one(world).clock_doubt is doubt
    assert ("D-1", "clock") in open_notices(world)
    hear(world, said(at=world.clock(), alarm=False))
    assert not one(world).clock_doubt
    assert one(world).alarm_since is None


def test_a_stranger_raises_nothing_and_is_told_loudly(world):
    (outcome,) = hear(world, said("X-9", alarm=True), sensor="X-9")
    assert (outcome.standing, outcome.reason) == ("aside", "unknown_sensor")
    assert open_notices(world) == {("X-9", "unknown_alarm")}
    assert alerts(world) == []


def test_a_gateway_speaks_for_its_own_sensors_only(world):
    a_sensor(world, "D-1", gateway="gw-1")
    a_sensor(world, "D-2", gateway="gw-2")
    data = json.dumps([{"sensor": "D-1", "alarm": False}, {"sensor": "D-2", "alarm": True}]).encode()
    found = hear(world, data, sensor=None, gateway="gw-1")
    assert [(each.standing, each.reason) for each in found] == [("taken", None), ("aside", "other_gateway")]
    assert alerts(world) == []


RETAINED = {"fresh": (minutes(1), 1, set()), "of last week": (timedelta(days=7), 0, {("D-1", "stale_alarm")})}


@pytest.mark.parametrize(("age", "count", "told"), RETAINED.values(), ids=RETAINED)
def test_an_alarm_that_the_broker_had_kept_raises_while_it_is_news(world, age, count, told):
    a_sensor(world)
    hear(world, said(at=NOON - age, alarm=True), retained=True)
    assert len(alerts(world)) == count
    assert open_notices(world) == told
    assert (one(world).heard_at is None) == (count == 0)


TESTS = {
    "the button": ({}, {"test": True}),
    "works on it": ({"test_minutes": 30}, {}),
    "not in service yet": ({"commissioned": NOON + timedelta(days=1)}, {}),
}


@pytest.mark.parametrize(("state", "what"), TESTS.values(), ids=TESTS)
def test_a_test_raises_nothing(world, state, what):
    a_sensor(world, commissioned=state.get("commissioned"))
    if "test_minutes" in state:
        world.do(SYSTEM, registry.set_test, "D-1", world.clock.now + minutes(state["test_minutes"]))
    (outcome,) = hear(world, said(at=world.clock(), alarm=True, **what))
    assert outcome.events == ("test_alarm",)
    assert alerts(world) == []


def test_a_real_alarm_during_a_test_that_is_over_is_raised(world):
    a_sensor(world)
    world.do(SYSTEM, registry.set_test, "D-1", world.clock.now + minutes(5))
    hear(world, said(at=world.clock(), alarm=True))
    world.clock.forward(minutes=6)
    hear(world, said(at=world.clock(), alarm=True))
    assert len(alerts(world)) == 1


def test_silence_and_a_low_battery_are_notices_no_fires_and_count_as_not_working(both):
    a_sensor(both, "D-1", object_id=a_school(both))
    a_sensor(both, "D-2", object_id="UTO-17", battery_least=30)
    hear(both, said(at=both.clock(), alarm=False), sensor="D-1")
    hear(both, said(at=both.clock(), battery_percent=90), sensor="D-2")
    began = both.clock()
    both.clock.forward(minutes=2)
    hear(both, said(at=both.clock(), battery_percent=12), sensor="D-2")
    assert watch_silence(both.store, {"mqtt": began}) == 0
    both.clock.forward(minutes=2)
    hear(both, said(at=both.clock(), battery_percent=12), sensor="D-2")
    assert watch_silence(both.store, {"mqtt": None}) == 0
    assert watch_silence(both.store, {"mqtt": both.clock.now}) == 0
    assert watch_silence(both.store, {"mqtt": began}) == 1
    assert open_notices(both) == {("D-1", "lost"), ("D-2", "battery_low")}
    assert alerts(both) == []
    with both.store.read() as work:
        spans = work.session.scalars(select(SensorSpan).order_by(SensorSpan.sensor_id)).all()
    assert [(span.sensor_id, span.end is None) for span in spans] == [("D-1", False), ("D-2", False)]
    assert spans[0].end == one(both, id="D-1").heard_at
    hear(both, said(at=both.clock(), alarm=False), sensor="D-1")
    assert open_notices(both) == {("D-2", "battery_low")}
    assert one(both, SensorSpan, sensor_id="D-1", end=None).object_id == "UTO-17"


def test_a_gateway_that_falls_silent_is_one_notice(world):
    for number in range(5):
        a_sensor(world, f"D-{number}", gateway="gw-1")
        hear(world, said(at=world.clock(), alarm=False), sensor=f"D-{number}")
    began = world.clock()
    world.clock.forward(minutes=4)
    assert watch_silence(world.store, {"mqtt": began}) == 5
    assert open_notices(world) == {("gateway:gw-1", "lost")}
    hear(world, said(at=world.clock(), alarm=False), sensor="D-3")
    assert open_notices(world) == set()


def test_messages_go_after_their_term_and_plain_heartbeats_sooner(world):
    a_sensor(world)
    hear(world, said(at=world.clock(), alarm=False))
    hear(world, said(at=world.clock(), alarm=True))
    hear(world, b"rubbish")
    world.clock.forward(hours=25)
    assert forget(world.store, message_days=30, heartbeat_hours=24) == 1
    world.clock.forward(days=30)
    assert forget(world.store, message_days=30, heartbeat_hours=24) == 2


@settings(max_examples=100, deadline=None)
@given(data=st.one_of(st.binary(max_size=200), st.recursive(
    st.one_of(st.none(), st.booleans(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(
        st.sampled_from(["sensor", "id", "time", "alarm", "battery_percent", "fault", "test", "reports", "x"]), inner,
        max_size=6)), max_leaves=12).map(lambda value: json.dumps(value).encode())))  # fmt: skip
def test_no_message_breaks_the_reader_and_no_alarm_of_a_named_sensor_is_lost(data):
    words = words_of(data)
    assert words
    try:
        value = json.loads(data)
    except ValueError:
        return
    if isinstance(value, dict) and value.get("alarm") is True and not isinstance(value.get("reports"), list):
        named = value.get("sensor")
        assert words[0].body is not None or (named is not None and words[0].reason is not None)


def test_notices_are_told_once_and_counted(world):
    for _ in range(3):
        hear(world, b"rubbish")
    assert one(world, SensorNotice).times == 3
    with world.store.read() as work:
        assert work.session.scalars(select(FireSensor)).all() == []
