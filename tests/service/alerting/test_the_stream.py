from __future__ import annotations

import threading

import pytest

from incidents.alert import Verdict
from qyran.errors import TransitionError
from qyran.roles import Role
from service import alerts
from service.store.alert_stream import BELL, last_number


def told(world, actor, after: int | None) -> tuple[list[tuple[str, str]], int]:
    """Which alerts a listener is told of, in what state, and the number it is at then."""
    with world.store.read(actor) as work:
        found, number = alerts.changed_after(work, after)
    return [(one.id, one.state) for _, one in found], number


def test_a_listener_that_comes_back_is_told_what_it_missed_and_nothing_twice(both):
    operator = both.person(Role.SITUATIONAL_OPERATOR)
    first, second = both.alert(), both.alert("crash")
    assert {one for one, _ in told(both, operator, None)[0]} == {first, second}
    _, number = told(both, operator, None)
    assert told(both, operator, number) == ([], number)
    both.do(operator, alerts.acknowledge, second)
    both.do(operator, alerts.acknowledge, first)
    both.do(operator, alerts.verdict, first, Verdict.TRUE)
    missed, later = told(both, operator, number)
    assert missed == [(second, "acknowledged"), (first, "confirmed")]
    assert told(both, operator, later) == ([], later)


def test_every_event_has_a_number_of_its_own(world):
    operator = world.person(Role.SITUATIONAL_OPERATOR)
    for kind in ("crash", "fire", "debris"):
        world.alert(kind)
    with world.store.read(operator) as work:
        found, number = alerts.changed_after(work, None)
    numbers = [one for one, _ in found]
    assert numbers == sorted(set(numbers))
    assert number >= numbers[-1]
    # Told the first only, a listener comes back with its number and is told the others.
    assert len(told(world, operator, numbers[0])[0]) == 2


def test_a_number_of_another_store_begins_anew(world):
    operator = world.person(Role.SITUATIONAL_OPERATOR)
    alert_id = world.alert()
    assert told(world, operator, 10_000)[0] == [(alert_id, "notified")]


def test_a_service_is_told_of_its_own_alerts_only(world):
    operator, police = world.person(Role.SITUATIONAL_OPERATOR), world.person(Role.SERVICE_DISPATCHER, service="102")
    mine, others = world.alert("crash"), world.alert("fire", "fire_alert")
    _, number = told(world, police, None)
    for alert_id, service in ((mine, "102"), (others, "101")):
        world.do(operator, alerts.acknowledge, alert_id)
        world.do(operator, alerts.verdict, alert_id, Verdict.TRUE)
        world.do(operator, alerts.dispatch, alert_id, service)
    assert told(world, police, number)[0] == [(mine, "dispatched")]


def _acknowledged_twice(work, alert_id: str) -> None:
    for _ in range(2):
        alerts.acknowledge(work, alert_id)


def test_what_is_undone_takes_no_number_and_rings_no_bell(world):
    alert_id = world.alert()
    operator = world.person(Role.SITUATIONAL_OPERATOR)
    _, number = told(world, operator, None)
    rung = BELL.rung
    with pytest.raises(TransitionError), world.store.write(operator) as work:
        _acknowledged_twice(work, alert_id)
    assert (told(world, operator, None)[1], BELL.rung) == (number, rung)
    world.do(operator, alerts.acknowledge, alert_id)
    assert BELL.rung == rung + 1


def test_whoever_reads_a_number_has_read_every_smaller_one(both):
    """Writers at once: no change is committed under a number that a listener has passed already."""
    operator = both.person(Role.SITUATIONAL_OPERATOR)
    kinds = ["crash", "fire", "debris", "crowd", "intrusion", "animal"]
    ids = [both.alert(kind) for kind in kinds]
    heard: dict[str, str] = {}
    _, number = told(both, operator, None)
    done = threading.Event()

    def listen() -> None:
        nonlocal number
        last = False
        while not last:
            last = done.is_set()
            found, number = told(both, operator, number)
            heard.update(dict(found))

    listener = threading.Thread(target=listen)
    listener.start()
    writers = [threading.Thread(target=both.do, args=(operator, alerts.acknowledge, one)) for one in ids]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    listener.join()
    assert heard == dict.fromkeys(ids, "acknowledged")
    with both.store.read() as work:
        assert last_number(work.session) == number
