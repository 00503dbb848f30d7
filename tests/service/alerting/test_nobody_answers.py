from __future__ import annotations

import pytest
from sqlalchemy import select

from incidents.alert import Verdict
from qyran.errors import ConfigError
from qyran.roles import Role
from service import alerts
from service.alerting.drills import mark_drill
from service.alerting.due import ladder_of
from service.alerting.escalating import escalate, rearm
from service.store.alert_tables import Alert, AlertEvent, AlertNotification
from service.store.database import open_store
from tests.service.world import World

HEAD = 'name = "a"\nvalid_from = 2026-11-01\nsource = "s"\n'
RUNG = '[[rungs]]\nid = "a"\nwhen = "{when}"\nafter_s = 1\ntell = ["112"]\nkinds = ["{kind}"]\n'


@pytest.fixture
def operator(both):
    return both.person(Role.SITUATIONAL_OPERATOR)


def told(world, alert_id: str) -> list[str]:
    """Who was told after the console, in order."""
    with world.store.read() as work:
        query = select(AlertNotification.recipient).where(AlertNotification.alert_id == alert_id)
        return list(work.session.scalars(query.order_by(AlertNotification.id)))[1:]


def steps(world, alert_id: str) -> int:
    with world.store.read() as work:
        query = select(AlertEvent).where(AlertEvent.record == alert_id, AlertEvent.kind == "escalated")
        return len(work.session.scalars(query).all())


def run(world, seconds: int, every: int = 1) -> None:
    for _ in range(0, seconds, every):
        world.clock.forward(seconds=every)
        escalate(world.store)


def test_a_grave_alarm_that_nobody_answers_is_passed_on_until_somebody_does(both, operator):
    alert_id = both.alert("fire", "fire_alert")
    run(both, 29)
    assert told(both, alert_id) == []
    run(both, 2)
    assert told(both, alert_id) == ["senior_shift"]
    run(both, 60, 5)
    assert told(both, alert_id) == ["senior_shift", "112"]
    dispatcher = both.person(Role.SERVICE_DISPATCHER, service="112")
    assert [one.id for one in both.do(dispatcher, alerts.listing).items] == [alert_id]
    run(both, 130, 10)
    assert told(both, alert_id) == ["senior_shift", "112", "senior_shift", "senior_shift"]
    found = both.do(operator, alerts.acknowledge, alert_id)
    assert (found.escalation, found.chain_fault) == (4, None)
    run(both, 100, 10)
    assert steps(both, alert_id) == 4


def test_the_ladder_ends(world):
    alert_id = world.alert("fire", "fire_alert")
    run(world, 7200, 60)
    done = steps(world, alert_id)
    run(world, 7200, 600)
    assert steps(world, alert_id) == done == 12


@pytest.mark.parametrize(
    ("kind", "until", "seconds", "expected"),
    [
        ("fire", "acknowledged", 121, 1), ("fire", "acknowledged", 119, 0), ("congestion", "acknowledged", 599, 0),
        ("fire", "confirmed", 61, 1), ("fire", "dispatched", 181, 1), ("fire", "departed", 3600, 0),
        ("fire", "false", 3600, 0),
    ],
)  # fmt: skip
def test_an_alarm_that_was_taken_on_is_followed_up_too(world, kind, until, seconds, expected):
    operator = world.person(Role.SITUATIONAL_OPERATOR)
    alert_id = world.alert(kind, "fire_alert" if kind == "fire" else "incident")
    world.do(operator, alerts.acknowledge, alert_id)
    if until == "false":
        world.do(operator, alerts.verdict, alert_id, Verdict.FALSE, reason="weather")
    elif until != "acknowledged":
        world.do(operator, alerts.verdict, alert_id, Verdict.TRUE)
    if until in {"dispatched", "departed"}:
        world.do(operator, alerts.dispatch, alert_id, "101")
    if until == "departed":
        world.do(operator, alerts.depart, alert_id)
    world.clock.forward(seconds=seconds)
    escalate(world.store)
    assert steps(world, alert_id) == expected


def test_looking_at_it_does_not_stop_the_clock_of_the_verdict(world):
    operator = world.person(Role.SITUATIONAL_OPERATOR)
    alert_id = world.alert("fire", "fire_alert")
    world.do(operator, alerts.acknowledge, alert_id)
    world.clock.forward(seconds=100)
    world.do(operator, alerts.start_verification, alert_id)
    world.clock.forward(seconds=21)
    assert (escalate(world.store), escalate(world.store)) == (1, 0)


def test_after_a_standstill_every_step_is_taken_once(world):
    alert_id = world.alert("fire", "fire_alert")
    world.clock.forward(minutes=30)
    other = open_store(world.settings, clock=world.clock)
    try:
        assert (rearm(other), escalate(other), escalate(world.store), escalate(other)) == (0, 1, 0, 0)
    finally:
        other.close()
    assert told(world, alert_id) == ["senior_shift", "112", "senior_shift"]


def test_a_step_whose_transaction_died_is_taken_by_the_next_round_and_once(world, monkeypatch):
    alert_id = world.alert("fire", "fire_alert")
    world.clock.forward(seconds=31)
    with monkeypatch.context() as broken:
        broken.setattr("service.alerting.escalating.notify", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            escalate(world.store)
    assert (steps(world, alert_id), told(world, alert_id)) == (0, [])
    assert (escalate(world.store), escalate(world.store)) == (1, 0)
    assert told(world, alert_id) == ["senior_shift"]


def test_no_service_is_called_to_an_exercise_by_a_clock(world):
    operator = world.person(Role.SITUATIONAL_OPERATOR)
    alert_id = world.alert("fire", "fire_alert")
    world.do(operator, mark_drill, alert_id, drill=True)
    run(world, 100, 10)
    assert told(world, alert_id) == ["senior_shift"]
    assert steps(world, alert_id) == 2


def test_alarms_of_before_escalations_are_armed_without_being_passed_on_for_the_past(world):
    alert_id = world.alert("fire", "fire_alert")
    with world.store.write() as work:
        row = work.session.get_one(Alert, alert_id)
        row.t_waiting, row.escalation_due, row.escalation_step = None, None, 0
    world.clock.forward(seconds=100)
    assert (rearm(world.store), escalate(world.store)) == (1, 0)
    world.clock.forward(seconds=60)
    assert escalate(world.store) == 1


def test_a_city_writes_its_own_ladder(settings, tmp_path):
    file = tmp_path / "ladder.toml"
    file.write_text(
        'name = "ours"\nvalid_from = 2026-11-01\nsource = "order 5"\n'
        '[[rungs]]\nid = "only"\nwhen = "unacknowledged"\nafter_s = 10\ntell = ["112"]\n'
    )
    with World(settings.model_copy(update={"escalation_file": file})) as world:
        alert_id = world.alert("congestion")
        run(world, 11, 11)
        assert told(world, alert_id) == ["112"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name = ", "is no TOML"),
        (HEAD.replace('"s"', '""') + "rungs = []", "wrong at source"),
        (HEAD + RUNG.format(when="never", kind="fire"), "wrong at rungs.0.when"),
        (HEAD + RUNG.format(when="undecided", kind="ufo"), "names the kind ufo"),
        (HEAD + 2 * RUNG.format(when="undecided", kind="fire"), "two rungs alike"),
        (None, "cannot be read"),
    ],
)  # fmt: skip
def test_a_ladder_that_is_wrong_is_refused_with_the_place(settings, tmp_path, text, fault):
    file = tmp_path / f"{abs(hash(text))}.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError, match=fault):
        ladder_of(settings.model_copy(update={"escalation_file": file}))
